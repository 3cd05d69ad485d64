using System.CommandLine;
using DatasetDistillation.Data;

namespace Benchmarks;

/// <summary>Every distiller for a time with a thread that collects garbage beside it; the exit code is 1 if any fails.</summary>
internal static class StressCommand
{
    private const int Images = 200;

    public static Command Command()
    {
        var seconds = new Option<double>("--seconds") { Description = "How long each loop runs.", DefaultValueFactory = _ => 30 };
        var only = new Option<string>("--only") { Description = "Only loops whose names contain this.", DefaultValueFactory = _ => "" };
        var command = new Command("stress", "Every distiller beside a thread that collects garbage without pause.") { seconds, only };
        command.SetAction(parsed => Run(TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(only)!));
        return command;
    }

    private static int Run(TimeSpan time, string only)
    {
        using var digits = SyntheticDigits.Create(Images, seed: 1);
        var failed = false;
        foreach (var (name, losses) in GarbageStress.Loops.Where(loop => loop.Name.Contains(only, StringComparison.OrdinalIgnoreCase)))
        {
            var (runs, failures, first) = GarbageStress.Run(losses, digits, time);
            Console.WriteLine($"stress: {name}: {failures} failures in {runs} runs{(first is null ? "" : $"; the first: {first}")}");
            failed |= failures > 0;
        }
        return failed ? 1 : 0;
    }
}
