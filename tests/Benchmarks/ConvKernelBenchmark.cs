using System.CommandLine;
using System.Diagnostics;
using DatasetDistillation.Kernels;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>
/// The NTK of a convolutional network with one average pooling, of targets with a support set, and its gradient with respect to the
/// support images; libtorch computes it by tensor operations, blocks of pairs at a time, which go back by autograd.
/// </summary>
internal sealed class ConvKernelBenchmark : Benchmark
{
    private const int PairsPerBlock = 500; // What libtorch is fastest with: a block's tensors stay in the cache.
    private readonly Option<int> m, batch, depth, radius;

    public ConvKernelBenchmark()
        : base("convkernel", "A convolutional kernel with its gradient.", "s")
    {
        m = Add("--m", "Support images.", 20);
        batch = Add("--batch", "Targets.", 200);
        depth = Add("--depth", "Convolutions.", 2);
        radius = Add("--radius", "The pool radius; 0: no pooling.", 2);
    }

    protected override Figure Measure(ParseResult parsed, Inputs inputs, Side side)
    {
        using var scope = NewDisposeScope();
        var (rows, columns) = (parsed.GetValue(batch), parsed.GetValue(m));
        var (targets, support) = (randn([rows, 1, 28, 28]), randn([columns, 1, 28, 28]));
        var kernel = new ConvolutionalKernel(parsed.GetValue(depth), poolRadius: parsed.GetValue(radius));
        var start = Stopwatch.GetTimestamp();
        using var matrix = side == Side.Ours
            ? kernel.Cross(targets, support)
            : KernelMatrix.ByRecomputation(kernel, targets, support, PairsPerBlock);
        using var gradient = matrix.Backward(matrix.Value);
        var time = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Figure(time, $"{rows}×{columns}, {kernel.Name}, peak memory {OwnProcess.PeakMebibytes:F0} MiB");
    }
}
