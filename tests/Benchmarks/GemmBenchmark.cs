using System.CommandLine;
using System.Runtime.InteropServices;
using FusedNetworks;

namespace Benchmarks;

/// <summary>Matrix products in float32: GFLOP/s, the best of a number of repetitions.</summary>
internal static unsafe class GemmBenchmark
{
    private static readonly (int M, int N, int K)[] Large = [(1024, 1024, 1024), (128, 1536, 1152), (1024, 288, 784)];
    private static readonly (int M, int N, int K)[] Small =
        [(10, 120, 400), (10, 84, 120), (10, 10, 84), (120, 400, 10), (10, 400, 120), (1024, 120, 400), (1024, 10, 84), (256, 256, 784)];

    public static Command Command()
    {
        var iterations = new Option<int>("--iters") { Description = "Repetitions.", DefaultValueFactory = _ => 40 };
        var threads = new Option<int>("--threads") { Description = "Threads.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var square = new Option<bool>("--square") { Description = "The product of square matrices alone." };
        var small = new Option<bool>("--small") { Description = "The small products of unrolled inner steps as well, transposed too." };
        var command = new Command("gemm", "Matrix products in float32.") { iterations, threads, square, small };
        command.SetAction(parsed =>
        {
            WorkPool.Threads = parsed.GetValue(threads);
            foreach ((int m, int n, int k) in parsed.GetValue(square) ? Large[..1] : Large)
                Print(parsed.GetValue(iterations), m, n, k, false, false);
            if (!parsed.GetValue(small))
                return;
            foreach ((int m, int n, int k) in Small)
                foreach ((bool transA, bool transB) in new[] { (false, false), (false, true), (true, false) })
                    Print(100 * parsed.GetValue(iterations), m, n, k, transA, transB);
        });
        return command;
    }

    private static void Print(int iterations, int m, int n, int k, bool transA, bool transB)
    {
        float* a = Random(m * k), b = Random(k * n), c = Random(m * n);
        double seconds = Timing.Best(
            iterations, () => Gemm.Run(transA, transB, m, n, k, a, transA ? m : k, b, transB ? k : n, c, n, accumulate: false));
        NativeMemory.AlignedFree(a);
        NativeMemory.AlignedFree(b);
        NativeMemory.AlignedFree(c);
        string form = (transA, transB) switch { (true, _) => ", A transposed", (_, true) => ", B transposed", _ => "" };
        Console.WriteLine($"gemm: {2e-9 * m * n * k / seconds:F1} GFLOP/s ({m}x{n}x{k}{form})");
    }

    internal static float* Random(int count)
    {
        var random = new Random(count);
        var values = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
        for (int i = 0; i < count; i++)
            values[i] = random.NextSingle() - 0.5f;
        return values;
    }
}
