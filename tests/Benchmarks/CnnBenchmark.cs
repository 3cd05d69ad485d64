using System.CommandLine;
using DatasetDistillation.Models;
using DatasetDistillation.Training;

namespace Benchmarks;

/// <summary>Epochs of the convolutional network for digits, as a notebook trains it: Adam, batches of 250.</summary>
internal sealed class CnnBenchmark : Benchmark
{
    private readonly Option<int> count, repeat;

    public CnnBenchmark()
        : base("cnn", "Training of a convolutional network.", "images/s")
    {
        count = Add("--n", "Images in an epoch.", 5000);
        repeat = Add("--repeat", "Epochs, of which the best counts.", 3);
    }

    protected override Figure Measure(ParseResult parsed, Inputs inputs, Side side)
    {
        using var all = inputs.Train();
        using var images = all.Take(parsed.GetValue(count));
        var epochs = parsed.GetValue(repeat);
        using var result = new Trainer { Epochs = epochs }.Fit(Networks.DigitCnn(), images);
        var best = result.History.Min(static epoch => epoch.TrainingTime.TotalSeconds);
        return new Figure(images.Count / best, $"best of {epochs} epochs of {images.Count}");
    }
}
