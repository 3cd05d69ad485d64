using System.Collections;

namespace DatasetDistillation.Training;

/// <summary>The outcome of one epoch of training.</summary>
/// <param name="Epoch">The number of the epoch, from 1.</param>
/// <param name="Epochs">How many there are to be.</param>
/// <param name="TrainingLoss">The mean loss of the epoch's images, each as the network was when it learned from it.</param>
/// <param name="TrainingAccuracy">The share of them, in [0, 1], that it then classified correctly.</param>
/// <param name="ValidationLoss">The mean loss on the validation set after the epoch; null without one.</param>
/// <param name="ValidationAccuracy">The share of the validation set, in [0, 1], classified correctly; null without one.</param>
/// <param name="LearningRate">The learning rate of the epoch's last step.</param>
/// <param name="TrainingTime">How long the epoch took, without its validation.</param>
/// <param name="Elapsed">The time since the start of the run.</param>
public sealed record EpochReport(
    int Epoch,
    int Epochs,
    double TrainingLoss,
    double TrainingAccuracy,
    double? ValidationLoss,
    double? ValidationAccuracy,
    double LearningRate,
    TimeSpan TrainingTime,
    TimeSpan Elapsed)
{
    /// <summary>The epoch in one line.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"epoch {Epoch}/{Epochs}: loss {TrainingLoss:F4}, accuracy {TrainingAccuracy:P2}")
        + (ValidationLoss is null ? "" : FormattableString.Invariant($"; validation {ValidationLoss:F4}, {ValidationAccuracy:P2}"))
        + FormattableString.Invariant($" ({Elapsed.TotalSeconds:F1} s)");
}

/// <summary>The epochs of a training run in order.</summary>
public sealed class TrainingHistory : IReadOnlyList<EpochReport>
{
    private readonly EpochReport[] epochs;

    /// <summary>A history of the given epochs.</summary>
    public TrainingHistory(IEnumerable<EpochReport> epochs) => this.epochs = [.. epochs];

    /// <summary>The number of epochs.</summary>
    public int Count => epochs.Length;

    /// <summary>The epoch at a position, from 0.</summary>
    public EpochReport this[int index] => epochs[index];

    /// <summary>The training loss of each epoch.</summary>
    public IReadOnlyList<double> TrainingLoss => [.. epochs.Select(static e => e.TrainingLoss)];

    /// <summary>The training accuracy of each epoch, in [0, 1].</summary>
    public IReadOnlyList<double> TrainingAccuracy => [.. epochs.Select(static e => e.TrainingAccuracy)];

    /// <summary>The validation loss of each epoch; empty without a validation set.</summary>
    public IReadOnlyList<double> ValidationLoss => [.. epochs.Select(static e => e.ValidationLoss).OfType<double>()];

    /// <summary>The validation accuracy of each epoch, in [0, 1]; empty without a validation set.</summary>
    public IReadOnlyList<double> ValidationAccuracy => [.. epochs.Select(static e => e.ValidationAccuracy).OfType<double>()];

    /// <summary>The time from the start of the run to the end of its last epoch.</summary>
    public TimeSpan Elapsed => epochs.Length == 0 ? TimeSpan.Zero : epochs[^1].Elapsed;

    /// <inheritdoc/>
    public IEnumerator<EpochReport> GetEnumerator() => ((IEnumerable<EpochReport>)epochs).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>One line for each epoch.</summary>
    public override string ToString() => string.Join(Environment.NewLine, epochs.Select(static e => e.ToString()));
}
