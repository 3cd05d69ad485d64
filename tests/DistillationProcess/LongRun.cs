using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DistillationProcess;

/// <summary>What a process holds in the course of a long run, without a forced collection.</summary>
/// <param name="Steps">Steps taken.</param>
/// <param name="Resident">MiB of physical memory.</param>
/// <param name="Managed">MiB of the managed heap, garbage included.</param>
/// <param name="Tensors">Tensors that are not disposed.</param>
public readonly record struct Held(long Steps, double Resident, double Managed, long Tensors);

/// <summary>
/// Long runs whose memory is looked at. The managed heap first grows to its budget, which may be as large as the processor's cache; a
/// process that is to show more than that is started with a small one (<see cref="BudgetVariable"/>).
/// </summary>
public static class LongRun
{
    /// <summary>The environment variable for the bytes, in hexadecimal, that are allocated between two collections.</summary>
    public const string BudgetVariable = "DOTNET_GCgen0size";

    /// <summary>4 MiB.</summary>
    public const string SmallBudget = "400000";

    private const int Images = 1000, InnerSteps = 25, Batch = 50;

    /// <summary>What is held after each share of the steps of an unrolled distillation's inner loops.</summary>
    public static IEnumerable<Held> Distill(Network network, int steps, int shares)
    {
        using var data = SyntheticDigits.Create(Images, seed: 1);
        var distiller = new UnrolledDistiller { Network = network, Epochs = InnerSteps, BatchSize = Batch };
        using var state = distiller.Initialize(data, seed: 1);
        long done = 0;
        for (var share = 1; share <= shares; share++)
        {
            for (; done < (long)steps * share / shares; done += InnerSteps)
                distiller.Step(state, data);
            yield return Now(done);
        }
    }

    /// <summary>What is held after each share of the steps of a training.</summary>
    public static IReadOnlyList<Held> Train(Network network, int steps, int shares)
    {
        using var data = SyntheticDigits.Create(Images, seed: 1);
        var held = new List<Held>();
        var trainer = new Trainer
        {
            Epochs = steps * Batch / Images,
            BatchSize = Batch,
            StepProgress = new Progress(report =>
            {
                if (report.Step % (steps / shares) == 0)
                    held.Add(Now(report.Step));
            }),
        };
        using var result = trainer.Fit(network, data);
        return held;
    }

    /// <summary>What is held now.</summary>
    private static Held Now(long steps) => new(
        steps,
        Environment.WorkingSet / (double)(1 << 20),
        GC.GetTotalMemory(forceFullCollection: false) / (double)(1 << 20),
        Tensor.TotalCount);

    private sealed class Progress(Action<(long Step, long Steps, int Epoch, double Loss)> report)
        : IProgress<(long Step, long Steps, int Epoch, double Loss)>
    {
        public void Report((long Step, long Steps, int Epoch, double Loss) value) => report(value);
    }
}
