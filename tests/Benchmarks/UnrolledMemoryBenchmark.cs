using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;

namespace Benchmarks;

/// <summary>
/// The memory that a process has held at most after outer steps through T inner ones, for a short and a long T, each in a process
/// of its own: the difference should be that of the weights kept for each inner step, T·|θ| numbers.
/// </summary>
internal static class UnrolledMemoryBenchmark
{
    private const int Steps = 10;
    private const double Allowance = 1.3;

    public static Command Command()
    {
        var lengths = new Option<int[]>("--lengths") { Description = "The two T, multiples of ten.", DefaultValueFactory = _ => [30, 300], Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true };
        var own = new Option<int?>("--only") { Description = "Measures this T alone, in this process, and prints its peak in bytes." };
        var iterations = new Option<int>("--iters") { Description = "Outer steps.", DefaultValueFactory = _ => 5 };
        var command = new Command("unrolled_memory", "Peak memory of unrolled distillation against the length of its inner loop.") { lengths, own, iterations };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(own) is { } length)
                Console.WriteLine(Peak(length, parsed.GetValue(iterations)));
            else
                Compare(parsed.GetRequiredValue(lengths), parsed.GetValue(iterations));
        });
        return command;
    }

    private static UnrolledDistiller Distiller(int length) => new() { Steps = Steps, Epochs = length / Steps };

    private static long Peak(int length, int iterations)
    {
        using var digits = SyntheticDigits.Create(2000, seed: 1);
        using var images = digits.Standardize();
        var distiller = Distiller(length);
        using var state = distiller.Initialize(images, seed: 1);
        for (var i = 0; i < iterations; i++)
            distiller.Step(state, images);
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    private static void Compare(int[] lengths, int iterations)
    {
        const double MiB = 1 << 20;
        var peaks = Array.ConvertAll(lengths, length => InOwnProcess(length, iterations) / MiB);
        var iterate = Distiller(Steps).Network.ParameterCount * sizeof(float) / MiB;
        Console.WriteLine(
            $"unrolled_memory: {peaks[0]:F0} MiB at T = {lengths[0]}, {peaks[1]:F0} MiB at T = {lengths[1]}: {peaks[1] - peaks[0]:F0} MiB more; " +
            $"at most {Allowance * (lengths[1] - lengths[0]) * iterate:F0} MiB ({Allowance} times the weights of {lengths[1] - lengths[0]} steps)");
    }

    private static long InOwnProcess(int length, int iterations)
    {
        string[] program = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        string[] arguments = [.. program, "unrolled_memory", "--only", length.ToString(CultureInfo.InvariantCulture), "--iters", iterations.ToString(CultureInfo.InvariantCulture)];
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? long.Parse(output, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"Measuring T = {length} ended with exit code {process.ExitCode}.");
    }
}
