using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Kernels;
using DatasetDistillation.Models;
using DatasetDistillation.Training;

namespace Benchmarks;

/// <summary>
/// Runs the loops of distillers and of training while another thread collects garbage without pause, so that whatever native object
/// is freed while a call still reads it shows: as an exception, the end of the process, or another result than without that thread.
/// </summary>
internal static class GarbageStress
{
    private const int Steps = 6;

    /// <summary>The loops by name; each gives the losses of its first steps, always the same ones.</summary>
    public static IReadOnlyList<(string Name, Func<ImageDataset, double[]> Losses)> Loops { get; } =
    [
        ("unrolled", Of(new UnrolledDistiller { Network = Small, Epochs = 3, BatchSize = 20 })),
        ("unrolled, momentum, window", Of(new UnrolledDistiller
        {
            Network = Small, Inner = InnerOptimizer.Momentum(), Epochs = 6, Window = 3, ClipFactor = 1, LearnLabels = true, BatchSize = 20,
            InnerLoss = LossFunction.SquaredError,
        })),
        ("unrolled, Adam", Of(new UnrolledDistiller
        {
            Network = Small, Inner = InnerOptimizer.Adam(), Epochs = 2, NetworksPerStep = 2, BatchSize = 20,
        })),
        ("features", Of(new FeatureRegression
        {
            Network = Networks.ConvNet(2, 8), BatchSize = 20, OuterLoss = LossFunction.CrossEntropy, ActiveImages = 5,
            Augmentation = Augmentation.Shift(2), SupportAugmentation = Augmentation.Rotate(),
            Pool = new FeaturePool { Size = 2, Lifetime = 5 },
        })),
        ("kernel inducing points", Of(new KernelInducingPoints { BatchSize = 20, Augmentation = Augmentation.Cutout() })),
        ("kernel inducing points, convolutional", Of(new KernelInducingPoints
        {
            Kernel = new ConvolutionalKernel(1, poolRadius: 0), BatchSize = 10,
        })),
        ("logistic", Of(new LogisticDistiller { LearnLabels = true, LearnScale = true })),
        ("logistic, L-BFGS", Of(new LogisticDistiller { Method = OuterMethod.LBfgs })),
        ("logistic, Adam, full space", Of(new LogisticDistiller { Method = OuterMethod.Adam, Space = InnerSpace.Full })),
        ("training", Training),
    ];

    private static Network Small => Networks.Mlp(16);

    /// <summary>Repeats a loop for a time.</summary>
    /// <param name="losses">The loop.</param>
    /// <param name="data">What it runs on.</param>
    /// <param name="time">How long.</param>
    /// <returns>How often it ran, and how many of those failed, with the first failure.</returns>
    public static (int Runs, int Failures, string? First) Run(Func<ImageDataset, double[]> losses, ImageDataset data, TimeSpan time)
    {
        var expected = losses(data);
        using var end = new CancellationTokenSource(time);
        var collector = new Thread(() =>
        {
            while (!end.IsCancellationRequested)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        var (runs, failures, first) = (0, 0, (string?)null);
        for (; !end.IsCancellationRequested; runs++)
        {
            try
            {
                var found = losses(data);
                if (found.SequenceEqual(expected))
                    continue;
                first ??= $"losses {string.Join(", ", found)} instead of {string.Join(", ", expected)}";
            }
            catch (Exception exception)
            {
                first ??= Describe(exception);
            }
            failures++;
        }
        collector.Join();
        return (runs, failures, first);
    }

    /// <summary>The first line, without libtorch's own stack, and where in the library it came from.</summary>
    private static string Describe(Exception exception) =>
        exception.Message.Split('\n')[0]
        + exception.StackTrace!.Split('\n').FirstOrDefault(static line => line.Contains("DatasetDistillation", StringComparison.Ordinal));

    private static Func<ImageDataset, double[]> Of(IDistiller distiller) => data =>
    {
        using var state = distiller.Initialize(data, seed: 1);
        return [.. Enumerable.Range(0, Steps).Select(_ => distiller.Step(state, data))];
    };

    private static double[] Training(ImageDataset data)
    {
        var trainer = new Trainer { Epochs = 1, BatchSize = 20, Averaging = 0.9, Augmentation = Augmentation.Zoom(), WeightDecay = 1e-4 };
        using var result = trainer.Fit(Networks.ConvNet(1, 4), data);
        return [.. result.History.Select(static epoch => epoch.TrainingLoss)];
    }
}
