using System.CommandLine;
<<<<<<< HEAD
using DatasetDistillation;
using DatasetDistillation.Data;
=======
using Benchmarks.Peers;
>>>>>>> bench
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
<<<<<<< HEAD
        var data = new Option<string>("--data") { Description = "The folder with MNIST in IDX form; without it, random images of its size." };
        var m = new Option<int>("--m") { Description = "Distilled images, a multiple of ten.", DefaultValueFactory = _ => 10 };
        var batch = new Option<int>("--batch") { Description = "Real images per step.", DefaultValueFactory = _ => 1024 };
        var iterations = new Option<int>("--iters") { DefaultValueFactory = _ => 20 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("kip", "One outer step of kernel inducing points.") { data, m, batch, iterations, threads };
        command.SetAction(parsed =>
        {
            Compute.Threads = parsed.GetValue(threads);
            using var images = Load(parsed.GetValue(data));
            Run(images, parsed.GetValue(m), parsed.GetValue(batch), parsed.GetValue(iterations));
        });
        return command;
=======
        m = Add("--m", "Distilled images, a multiple of ten.", 10);
        batch = Add("--batch", "Real images per step.", 1024);
        iterations = Add("--iters", "Outer steps.", 20);
>>>>>>> bench
    }

    protected override Figure Measure(ParseResult parsed, Inputs inputs, Side side)
    {
        using var images = inputs.Standardised();
        var kip = new KernelInducingPoints
        {
<<<<<<< HEAD
            Kernel = new FullyConnectedKernel(3),
            ImagesPerClass = m / Classes,
            BatchSize = batch,
            Outer = new OuterAdam { LearningRate = 1e-3 },
=======
            Kernel = side == Side.Ours ? new FullyConnectedKernel(Depth) : new ArcCosineByAutograd(Depth),
            ImagesPerClass = parsed.GetValue(m) / Classes,
            BatchSize = parsed.GetValue(batch),
            Optimizer = new OuterAdam { Rate = 1e-3 },
>>>>>>> bench
        };
        using var state = kip.Initialize(images, seed: 0);
        var time = Timing.MedianMilliseconds(parsed.GetValue(iterations), () => kip.Step(state, images));
        return new Figure(time, $"m={parsed.GetValue(m)} batch={kip.BatchSize}");
    }
}
