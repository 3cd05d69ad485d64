using System.CommandLine;
using System.Diagnostics;
using DatasetDistillation;
using DatasetDistillation.Kernels;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>
/// The NTK of a convolutional network with one average pooling, of a support set with itself and with targets, and its gradient with
/// respect to the support images; libtorch computes it by tensor operations, blocks of pairs at a time, which go back by autograd.
/// </summary>
internal sealed class ConvKernelBenchmark : Benchmark
{
    private readonly Option<int> m, batch, depth, radius;

    public ConvKernelBenchmark()
        : base("convkernel", "A convolutional kernel with its gradient.", "s")
    {
<<<<<<< HEAD
        var m = new Option<int>("--m") { Description = "Support images.", DefaultValueFactory = _ => 500 };
        var batch = new Option<int>("--batch") { Description = "Targets.", DefaultValueFactory = _ => 1000 };
        var depth = new Option<int>("--depth") { Description = "Convolutions.", DefaultValueFactory = _ => 2 };
        var radius = new Option<int>("--radius") { Description = "The pool radius; 0: no pooling.", DefaultValueFactory = _ => 2 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("convkernel", "Time and peak memory of a convolutional kernel.") { m, batch, depth, radius, threads };
        command.SetAction(parsed =>
        {
            Compute.Threads = parsed.GetValue(threads);
            Run(parsed.GetValue(m), parsed.GetValue(batch), new ConvolutionalKernel(parsed.GetValue(depth), poolRadius: parsed.GetValue(radius)));
        });
        return command;
=======
        m = Add("--m", "Support images.", 100);
        batch = Add("--batch", "Targets.", 200);
        depth = Add("--depth", "Convolutions.", 2);
        radius = Add("--radius", "The pool radius; 0: no pooling.", 2);
>>>>>>> bench
    }

    protected override Figure Measure(ParseResult parsed, Inputs inputs, Side side)
    {
        using var scope = NewDisposeScope();
        var (rows, columns) = (parsed.GetValue(batch), parsed.GetValue(m));
        var (targets, support) = (randn([rows, 1, 28, 28]), randn([columns, 1, 28, 28]));
        var kernel = new ConvolutionalKernel(parsed.GetValue(depth), poolRadius: parsed.GetValue(radius));
        KernelMatrix Matrix(Tensor? from) =>
            side == Side.Libtorch ? KernelMatrix.ByRecomputation(kernel, from, support)
            : from is null ? kernel.Gram(support) : kernel.Cross(from, support);

        var start = Stopwatch.GetTimestamp();
        foreach (var from in (Tensor?[])[null, targets])
        {
            using var matrix = Matrix(from);
            using var gradient = matrix.Backward(matrix.Value);
        }
        var time = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Figure(time, $"{columns}×{columns} and {rows}×{columns}, {kernel.Name}, peak memory {OwnProcess.PeakMebibytes:F0} MiB");
    }
}
