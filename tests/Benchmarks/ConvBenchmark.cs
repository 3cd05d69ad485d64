using System.CommandLine;

namespace Benchmarks;

internal static unsafe class ConvBenchmark
{
    public static Command Command() => new("conv", "Convolutions in float32.");
}
