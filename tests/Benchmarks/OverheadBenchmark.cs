using System.CommandLine;
using DatasetDistillation;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>What an operation costs beside its arithmetic: a chain of 1,000 element-wise operations on a 10×10 tensor.</summary>
internal static class OverheadBenchmark
{
    public static Command Command()
    {
        var iterations = new Option<int>("--iters") { Description = "Chains.", DefaultValueFactory = _ => 20 };
        var threads = new Option<int>("--threads") { Description = "Threads.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("overhead", "A chain of 1,000 element-wise operations on a 10×10 tensor, with gradients.") { iterations, threads };
        command.SetAction(parsed =>
        {
            Compute.Threads = parsed.GetValue(threads);
            var times = new double[parsed.GetValue(iterations)];
            using var x = randn(10, 10, requires_grad: true);
            Timing.WarmUp(() => Chain(x));
            for (var i = 0; i < times.Length; i++)
                times[i] = Timing.Milliseconds(() => Chain(x));
            Console.WriteLine($"overhead: {Timing.Median(times):F2} ms per chain of 1,000 operations with gradients");
        });
        return command;
    }

    private static void Chain(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = x;
        for (var i = 0; i < 500; i++)
            y = y.tanh() * 1.01;
        y.sum().backward();
        x.grad = null;
    }
}
