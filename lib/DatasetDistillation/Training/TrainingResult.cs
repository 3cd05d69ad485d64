using System.Globalization;
using DatasetDistillation.Models;

namespace DatasetDistillation.Training;

/// <summary>The outcome of a training run, complete or stopped.</summary>
/// <param name="Network">The network that was trained.</param>
/// <param name="Parameters">The parameters after the last step.</param>
/// <param name="Best">
/// The parameters after the epoch of the highest validation accuracy; without a validation set, or before the first epoch
/// is over, <paramref name="Parameters"/> itself.
/// </param>
/// <param name="BestEpoch">The epoch of <paramref name="Best"/>, from 1; 0 where there is none.</param>
/// <param name="History">The epochs that were completed.</param>
/// <param name="IsCanceled">Whether the run was stopped before its end.</param>
public sealed record TrainingResult(
    Network Network, Parameters Parameters, Parameters Best, int BestEpoch, TrainingHistory History, bool IsCanceled) : IDisposable
{
    /// <summary>Frees both sets of parameters.</summary>
    public void Dispose()
    {
        Parameters.Dispose();
        Best.Dispose();
    }

    /// <summary>How many epochs, and the last of them.</summary>
    public override string ToString() =>
        $"{Network.Name}, {(IsCanceled ? "stopped" : "trained")} after {History.Count} epochs"
        + (History.Count == 0 ? "" : $": {History[^1]}");
}

/// <summary>The loss of a training run became infinite or NaN. <see cref="Result"/> keeps what was learned before.</summary>
public sealed class TrainingDivergedException : Exception
{
    internal TrainingDivergedException(double loss, long step, int epoch, double rate, TrainingResult result)
        : base(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Network.Name} diverged: its loss is {loss} at step {step} (epoch {epoch}) with learning rate {rate:G4}. "
            + $"Try a learning rate of {rate / 10:G2}, a warm-up (LearningRateSchedule.Cosine), or standardized images. "
            + $"Result holds the {result.History.Count} epochs that were completed."))
    {
        (Loss, Step, LearningRate, Result) = (loss, step, rate, result);
    }

    /// <summary>The loss, infinite or NaN.</summary>
    public double Loss { get; }

    /// <summary>The step, from 1, whose batch had that loss.</summary>
    public long Step { get; }

    /// <summary>The learning rate of that step.</summary>
    public double LearningRate { get; }

    /// <summary>The history so far and the parameters; those of the best epoch are finite.</summary>
    public TrainingResult Result { get; }
}
