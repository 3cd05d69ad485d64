using System.CommandLine;
using System.Globalization;
using DatasetDistillation.Distillation;

namespace Benchmarks;

/// <summary>
/// One outer step of Wang et al. 2018: inner gradient descent on distilled batches of 10, unrolled; the loss on a real batch;
/// its gradient with respect to images and learning rates; one step of Adam.
/// </summary>
internal sealed class WangBenchmark : Benchmark
{
    private readonly Option<int> steps, epochs, batch, iterations;
    private readonly Option<bool> isFixed;

    public WangBenchmark()
        : base("wang", "One outer step of unrolled distillation of LeNet.", "ms/outer step")
    {
        steps = Add("--steps", "Steps with images of their own.", 1);
        epochs = Add("--epochs", "How often the steps are gone through.", 3);
        batch = Add("--batch", "Real images in an outer step.", 1024);
        iterations = Add("--iters", "Outer steps.", 20);
        isFixed = Add("--fixed", "Always start from the same weights.", false);
    }

    protected override Figure Measure(ParseResult parsed, Inputs inputs, Side side)
    {
        var distiller = new UnrolledDistiller
        {
            Steps = parsed.GetValue(steps),
            Epochs = parsed.GetValue(epochs),
            BatchSize = parsed.GetValue(batch),
            InitialWeights = parsed.GetValue(isFixed) ? InitialWeights.Fixed() : InitialWeights.Fresh,
        };
        using var digits = inputs.Standardized();
        using var state = distiller.Initialize(digits, seed: 1);
        var losses = new List<double>();
        var first = Timing.Milliseconds(() => losses.Add(distiller.Step(state, digits)));
        var time = Timing.MedianMilliseconds(parsed.GetValue(iterations), () => losses.Add(distiller.Step(state, digits)));
        var loss = losses.TakeLast(20).Average();
        return new Figure(time, string.Create(
            CultureInfo.InvariantCulture,
            $"steps={distiller.Steps} epochs={distiller.Epochs} batch={distiller.BatchSize}, " +
            $"last loss {loss:F3}, the process's first step {first:F0} ms"));
    }
}
