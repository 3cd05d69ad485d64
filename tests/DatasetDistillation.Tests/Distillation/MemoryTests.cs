using System.Diagnostics;
using System.Globalization;
using DistillationProcess;
using Xunit;

namespace DatasetDistillation.Tests.Distillation;

public class MemoryTests
{
    /// <summary>
    /// The share by which resident memory may grow after the first third of a run, when every buffer and the managed heap have their size.
    /// </summary>
    private const double Growth = 0.02;

    [Theory]
    [InlineData("distill", 15_000)]
    [InlineData("train", 3_000)]
    public void A_long_run_holds_no_more_memory_at_its_end_than_near_its_beginning(string what, int steps)
    {
        var held = Held(what, steps, shares: 6);
        var (first, last) = (held[1], held[^1]);
        Assert.True(last.Resident <= first.Resident * (1 + Growth), $"From {first.Resident:F1} MiB to {last.Resident:F1}.");
        Assert.True(last.Tensors <= first.Tensors, $"From {first.Tensors} tensors to {last.Tensors}.");
    }

    /// <summary>Resident MiB and living tensors after each share of a run in a process of its own.</summary>
    private static (double Resident, long Tensors)[] Held(string what, int steps, int shares)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
            [typeof(LongRun).Assembly.Location, "memory", what, $"{steps}", $"{shares}"])
        { RedirectStandardOutput = true };
        start.Environment[LongRun.BudgetVariable] = LongRun.SmallBudget;
        using var process = Process.Start(start)!;
        var lines = process.StandardOutput.ReadToEnd().TrimEnd().Split('\n');
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(shares, lines.Length);
        return Array.ConvertAll(lines, static line =>
        {
            var words = line.Split(' ');
            return (double.Parse(words[0], CultureInfo.InvariantCulture), long.Parse(words[1], CultureInfo.InvariantCulture));
        });
    }
}
