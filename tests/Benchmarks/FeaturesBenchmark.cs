using System.CommandLine;
using DatasetDistillation;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;

namespace Benchmarks;

/// <summary>
/// One outer step of feature regression: the features of a real batch and of the distilled images from a network with instance
/// normalisation, the ridge regression, the gradient with respect to images and labels, one step of Adam. The network is not trained.
/// </summary>
internal static class FeaturesBenchmark
{
    private const int Classes = 10;

    public static Command Command()
    {
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
    }

    private static void Run(string data, int m, int width, int batch, int iterations)
    {
        using var digits = Digits.Load(new DigitsOptions { Folders = [data], AllowDownload = false });
        using var images = digits.Standardise();
        var distiller = new FeatureRegression
        {
            Network = Networks.ConvNet(3, width),
            ImagesPerClass = m / Classes,
            Start = ImageStart.Noise,
            BatchSize = (batch + Classes - 1) / Classes * Classes, // As many of each class, and not fewer in all.
            Regularization = 1e-6,
            Target = RegressionTarget.SquaredError,
            Margin = 0,
            Averaging = 0,
            Outer = new OuterAdam { LearningRate = 1e-3 },
            Pool = new FeaturePool { Size = 1, TrainingSteps = 0 },
        };
        using var state = distiller.Initialize(images, seed: 0);
        Timing.WarmUp(() => distiller.Step(state, images));
        var times = Enumerable.Range(0, iterations).Select(_ => Timing.Milliseconds(() => distiller.Step(state, images)));
        Console.WriteLine($"features: {Timing.Median(times):F0} ms/outer step (width={width} batch={batch} m={m})");
    }
}
