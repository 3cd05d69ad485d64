using System.CommandLine;
using System.Globalization;
using DatasetDistillation.Models;
using DistillationProcess;

namespace Benchmarks;

/// <summary>Whether memory stays flat in a long run: what a process of its own holds after each tenth of it.</summary>
internal static class MemoryBenchmark
{
    private const int Lines = 10;

    public static Command Command()
    {
        var inner = new Option<int>("--inner") { Description = "Steps of inner loops.", DefaultValueFactory = _ => 10_000 };
        var training = new Option<int>("--training") { Description = "Steps of training.", DefaultValueFactory = _ => 1000 };
        var command = new Command("memory", "Memory over a long unrolled distillation and over a long training, LeNet.")
        {
            inner, training
        };
        command.SetAction(parsed =>
        {
            if (OwnProcess.Side is null)
            {
                Environment.SetEnvironmentVariable(LongRun.BudgetVariable, LongRun.SmallBudget);
                Console.Write(OwnProcess.Run(Side.Ours, null));
                return;
            }
            Print("inner steps", LongRun.Distill(Networks.LeNet(), parsed.GetValue(inner), Lines));
            Print("training steps", LongRun.Train(Networks.LeNet(), parsed.GetValue(training), Lines));
        });
        return command;
    }

    private static void Print(string name, IEnumerable<Held> run)
    {
        Console.WriteLine($"{name,14}   resident MiB   managed MiB   tensors");
        var all = new List<Held>();
        foreach (var held in run)
        {
            all.Add(held);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{held.Steps,14} {held.Resident,14:F1} {held.Managed,13:F1} {held.Tensors,9}"));
        }
        var growth = 100 * (all[^1].Resident / all[0].Resident - 1);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"memory: {growth:F1} % from {name} {all[0].Steps} to {all[^1].Steps}"));
    }
}
