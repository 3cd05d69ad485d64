using System.CommandLine;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Training;

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
        m = Add("--m", "Distilled images, a multiple of ten.", 10);
        width = Add("--width", "Channels of the network.", 128);
        batch = Add("--batch", "Real images per step.", 256);
        iterations = Add("--iters", "Outer steps.", 20);
    }

    protected override Figure Measure(ParseResult parsed, Inputs inputs, Side side)
    {
        var distiller = new FeatureRegression
        {
            Network = Networks.ConvNet(3, parsed.GetValue(width)),
            ImagesPerClass = parsed.GetValue(m) / Classes,
            Start = ImageStart.Noise,
            BatchSize = (parsed.GetValue(batch) + Classes - 1) / Classes * Classes, // As many of each class, and not fewer in all.
            Regularization = 1e-6,
            OuterLoss = LossFunction.SquaredError,
            Margin = 0,
            Averaging = 0,
            Outer = new OuterAdam { LearningRate = 1e-3 },
            Pool = new FeaturePool { Size = 1, TrainingSteps = 0 },
        };
        using var images = inputs.Standardized();
        using var state = distiller.Initialize(images, seed: 0);
        var time = Timing.MedianMilliseconds(parsed.GetValue(iterations), () => distiller.Step(state, images));
        return new Figure(time, $"width={parsed.GetValue(width)} batch={distiller.BatchSize} m={parsed.GetValue(m)}");
    }
}
