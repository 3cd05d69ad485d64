using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>What is measured.</summary>
internal enum Side
{
    /// <summary>The library, as it sets itself up.</summary>
    Ours,

    /// <summary>libtorch alone, at its best setting.</summary>
    Libtorch,
}

/// <summary>Measuring in a process of its own: the settings of libtorch and of the allocator hold from a process's start.</summary>
internal static class OwnProcess
{
    private const string Variable = "BENCHMARK_SIDE";

    // All processors, spinning while they wait, and no block of memory that goes back to the system before the end.
    private static readonly (string Name, string? Value)[] BestForLibtorch =
    [
        ("DISTILLATION_FUSED", "0"),
        ("OMP_WAIT_POLICY", null),
        ("MALLOC_TRIM_THRESHOLD_", "1000000000"),
        ("MALLOC_MMAP_THRESHOLD_", "1000000000"),
    ];

    /// <summary>What this process has been started to measure; null in a process that a user has started.</summary>
    public static Side? Side { get; } = Enum.TryParse(Environment.GetEnvironmentVariable(Variable), out Side side) ? side : null;

    /// <summary>The most memory that this process has held.</summary>
    public static double PeakMebibytes
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64 / (double)(1 << 20);
        }
    }

    /// <summary>Runs a command line of this program in a process of its own.</summary>
    /// <param name="side">What it measures, which decides its environment.</param>
    /// <param name="threads">The threads of libtorch; null: one for each processor.</param>
    /// <param name="arguments">The command line; none: that of this process.</param>
    /// <returns>What it has printed.</returns>
    /// <exception cref="InvalidOperationException">It has failed.</exception>
    public static string Run(Side side, int? threads, params string[] arguments)
    {
        var own = Environment.GetCommandLineArgs();
        var program = Environment.ProcessPath!;
        string[] host = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [own[0]] : [];
        var start = new ProcessStartInfo(program, [.. host, .. arguments.Length == 0 ? own[1..] : arguments])
        {
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in BestForLibtorch)
            start.Environment[name] = side == Benchmarks.Side.Libtorch ? value : null;
        start.Environment["OMP_NUM_THREADS"] = side == Benchmarks.Side.Libtorch
            ? (threads ?? Environment.ProcessorCount).ToString(CultureInfo.InvariantCulture)
            : null;
        start.Environment[Variable] = side.ToString();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"Measuring {side} ended with exit code {process.ExitCode}: {string.Join(' ', start.ArgumentList)}");
    }

    /// <summary>The figure in the last line that a benchmark has printed.</summary>
    public static double Figure(string name, string output)
    {
        var line = output.TrimEnd().Split('\n')[^1];
        var words = line.Split(' ');
        return words.Length > 1 && words[0] == name + ":" && double.TryParse(words[1], CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new InvalidOperationException($"Wanted a line '{name}: FIGURE …'; got: {line}");
    }
}
