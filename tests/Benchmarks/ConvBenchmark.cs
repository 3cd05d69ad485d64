using System.CommandLine;
using System.Runtime.InteropServices;
using FusedNetworks;

namespace Benchmarks;

/// <summary>
/// The three passes of convolutions in float32: milliseconds and GFLOP/s
/// of the definition's arithmetic, the best of a number of repetitions.
/// </summary>
internal static unsafe class ConvBenchmark
{
    private static readonly (string Name, ConvShape Shape)[] Cases =
    [
        ("LeNet 1, batch 10", new(10, 1, 28, 28, 6, 5, 5, 1, 1, 2, 2)),
        ("LeNet 1, batch 1024", new(1024, 1, 28, 28, 6, 5, 5, 1, 1, 2, 2)),
        ("LeNet 2, batch 10", new(10, 6, 14, 14, 16, 5, 5, 1, 1, 0, 0)),
        ("LeNet 2, batch 1024", new(1024, 6, 14, 14, 16, 5, 5, 1, 1, 0, 0)),
        ("CNN 1, batch 250", new(250, 1, 28, 28, 64, 5, 5, 1, 1, 2, 2)),
        ("CNN 2, batch 250", new(250, 64, 14, 14, 128, 3, 3, 1, 1, 1, 1)),
        ("ConvNet 1, batch 256", new(256, 1, 28, 28, 128, 3, 3, 1, 1, 1, 1)),
        ("ConvNet 2, batch 256", new(256, 128, 14, 14, 128, 3, 3, 1, 1, 1, 1)),
        ("ConvNet 3, batch 256", new(256, 128, 7, 7, 128, 3, 3, 1, 1, 1, 1)),
        ("ConvNet wide, batch 256", new(256, 128, 28, 28, 128, 3, 3, 1, 1, 1, 1)),
    ];

    public static Command Command()
    {
        var iterations = new Option<int>("--iters") { Description = "Repetitions.", DefaultValueFactory = _ => 10 };
        var threads = new Option<int>("--threads") { Description = "Threads.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var only = new Option<string>("--only") { Description = "Only the cases whose names contain this.", DefaultValueFactory = _ => "" };
        var command = new Command("conv", "Convolutions and their gradients in float32.") { iterations, threads, only };
        command.SetAction(parsed =>
        {
            WorkPool.Threads = parsed.GetValue(threads);
            foreach ((string name, ConvShape shape) in Cases)
                if (name.Contains(parsed.GetValue(only)!, StringComparison.OrdinalIgnoreCase))
                    Print(name, shape, parsed.GetValue(iterations));
        });
        return command;
    }

    private static void Print(string name, ConvShape s, int iterations)
    {
        long multiplyAdds = (long)s.N * s.O * s.OH * s.OW * s.C * s.KH * s.KW;
        iterations = (int)Math.Max(iterations, Math.Min(50L * iterations, 10_000_000_000 / multiplyAdds));
        float* x = GemmBenchmark.Random(s.N * s.C * s.H * s.W), w = GemmBenchmark.Random(s.O * s.C * s.KH * s.KW);
        float* y = GemmBenchmark.Random(s.N * s.O * s.OH * s.OW), bias = GemmBenchmark.Random(s.O);
        double work = 2e-9 * multiplyAdds;
        double forward = Timing.Best(iterations, () => Conv.Forward(in s, x, w, bias, y));
        double input = Timing.Best(iterations, () => Conv.InputGradient(in s, y, w, x));
        double weight = Timing.Best(iterations, () => Conv.WeightGradient(in s, x, y, w));
        Console.WriteLine(
            $"conv: {name}: forward {1e3 * forward:F3} ms, {work / forward:F0} GFLOP/s; " +
            $"input gradient {1e3 * input:F3} ms, {work / input:F0} GFLOP/s; " +
            $"weight gradient {1e3 * weight:F3} ms, {work / weight:F0} GFLOP/s");
        foreach (nint pointer in new[] { (nint)x, (nint)w, (nint)y, (nint)bias })
            NativeMemory.AlignedFree((void*)pointer);
    }
}
