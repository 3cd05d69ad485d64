using System.CommandLine;
using Benchmarks.Peers;
using DatasetDistillation.Distillation;
using DatasetDistillation.Kernels;

namespace Benchmarks;

/// <summary>
/// One outer step of kernel inducing points: the NTK of a network with three hidden layers, the ridge regression of a real batch, the
/// gradient with respect to images and labels, one step of Adam.
/// </summary>
internal sealed class KipBenchmark : Benchmark
{
    private const int Classes = 10, Depth = 3;
    private readonly Option<int> m, batch, iterations;

    public KipBenchmark()
        : base("kip", "One outer step of kernel inducing points.", "ms/outer step")
    {
        m = Add("--m", "Distilled images, a multiple of ten.", 10);
        batch = Add("--batch", "Real images per step.", 1024);
        iterations = Add("--iters", "Outer steps.", 20);
    }

    protected override Figure Measure(ParseResult parsed, Inputs inputs, Side side)
    {
        using var images = inputs.Standardized();
        var kip = new KernelInducingPoints
        {
            Kernel = side == Side.Ours ? new FullyConnectedKernel(Depth) : new ArcCosineByAutograd(Depth),
            ImagesPerClass = parsed.GetValue(m) / Classes,
            BatchSize = parsed.GetValue(batch),
            Outer = new OuterAdam { LearningRate = 1e-3 },
        };
        using var state = kip.Initialize(images, seed: 0);
        var time = Timing.MedianMilliseconds(parsed.GetValue(iterations), () => kip.Step(state, images));
        return new Figure(time, $"m={parsed.GetValue(m)} batch={kip.BatchSize}");
    }
}
