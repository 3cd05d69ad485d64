using System.CommandLine;
<<<<<<< HEAD
using DatasetDistillation;
using DatasetDistillation.Data;
=======
>>>>>>> bench
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;

namespace Benchmarks;

/// <summary>
/// One outer step of feature regression: the features of a real batch and of the distilled images from a network with instance
/// normalisation, the ridge regression, the gradient with respect to images and labels, one step of Adam. The network is not trained.
/// </summary>
internal sealed class FeaturesBenchmark : Benchmark
{
    private const int Classes = 10;
    private readonly Option<int> m, width, batch, iterations;

    public FeaturesBenchmark()
        : base("features", "One outer step of feature regression.", "ms/outer step")
    {
<<<<<<< HEAD
        var data = new Option<string>("--data") { Description = "The folder with MNIST in IDX form.", Required = true };
        var m = new Option<int>("--m") { Description = "Distilled images, a multiple of ten.", DefaultValueFactory = _ => 10 };
        var width = new Option<int>("--width") { Description = "Channels of the network.", DefaultValueFactory = _ => 128 };
        var batch = new Option<int>("--batch") { Description = "Real images per step.", DefaultValueFactory = _ => 1024 };
        var iterations = new Option<int>("--iters") { DefaultValueFactory = _ => 20 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("features", "One outer step of feature regression.") { data, m, width, batch, iterations, threads };
        command.SetAction(parsed =>
        {
            Compute.Threads = parsed.GetValue(threads);
            Run(parsed.GetRequiredValue(data), parsed.GetValue(m), parsed.GetValue(width), parsed.GetValue(batch), parsed.GetValue(iterations));
        });
        return command;
=======
        m = Add("--m", "Distilled images, a multiple of ten.", 10);
        width = Add("--width", "Channels of the network.", 128);
        batch = Add("--batch", "Real images per step.", 256);
        iterations = Add("--iters", "Outer steps.", 20);
>>>>>>> bench
    }

    protected override Figure Measure(ParseResult parsed, Inputs inputs, Side side)
    {
        var distiller = new FeatureRegression
        {
<<<<<<< HEAD
            Network = Networks.ConvNet(3, width),
            ImagesPerClass = m / Classes,
            Start = ImageStart.Noise,
            BatchSize = (batch + Classes - 1) / Classes * Classes, // As many of each class, and not fewer in all.
            Regularization = 1e-6,
=======
            Network = Networks.ConvNet(3, parsed.GetValue(width)),
            ImagesPerClass = parsed.GetValue(m) / Classes,
            Start = SupportStart.Noise,
            BatchSize = (parsed.GetValue(batch) + Classes - 1) / Classes * Classes, // As many of each class, and not fewer in all.
            Regularisation = 1e-6,
>>>>>>> bench
            Target = RegressionTarget.SquaredError,
            Margin = 0,
            Averaging = 0,
            Outer = new OuterAdam { LearningRate = 1e-3 },
            Pool = new FeaturePool { Size = 1, TrainingSteps = 0 },
        };
        using var images = inputs.Standardised();
        using var state = distiller.Initialize(images, seed: 0);
        var time = Timing.MedianMilliseconds(parsed.GetValue(iterations), () => distiller.Step(state, images));
        return new Figure(time, $"width={parsed.GetValue(width)} batch={distiller.BatchSize} m={parsed.GetValue(m)}");
    }
}
