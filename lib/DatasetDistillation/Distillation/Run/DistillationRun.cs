namespace DatasetDistillation.Distillation;

/// <summary>The state of a run, sent after every step.</summary>
/// <param name="Step">Outer steps taken.</param>
/// <param name="Steps">Outer steps wanted.</param>
/// <param name="Loss">The outer loss of the last step.</param>
/// <param name="Elapsed">Time spent on this run, over all its sessions.</param>
/// <param name="Remaining">Time still needed at the pace so far.</param>
/// <param name="Evaluation">The evaluation after this step, if there was one: outer steps taken, and the score (higher is better).</param>
/// <param name="Message">What happened out of the ordinary (a rollback, a checkpoint that could not be written); else null.</param>
public sealed record DistillationProgress(
    long Step, long Steps, double Loss, TimeSpan Elapsed, TimeSpan Remaining, (long Step, double Score)? Evaluation = null,
    string? Message = null);

/// <summary>The result of a run: the final set, the best of those evaluated, and the course of the run.</summary>
public sealed class DistillationRun : IDisposable
{
    internal DistillationRun(DistilledSet set, DistilledSet best) => (Set, Best) = (set, best);

    /// <summary>The set after the last step.</summary>
    public DistilledSet Set { get; }

    /// <summary>The set with the highest score; the final one when nothing was evaluated.</summary>
    public DistilledSet Best { get; }

    /// <summary>When <see cref="Best"/> was reached and how it scored; null when nothing was evaluated.</summary>
    public (long Step, double Score)? BestEvaluation { get; internal init; }

    /// <summary>The outer loss of every step.</summary>
    public IReadOnlyList<double> Losses { get; internal init; } = [];

    /// <summary>The evaluations in order: outer steps taken, and the score (higher is better, usually an accuracy in [0, 1]).</summary>
    public IReadOnlyList<(long Step, double Score)> Evaluations { get; internal init; } = [];

    /// <summary>Time spent, over all sessions of a resumed run.</summary>
    public TimeSpan Elapsed { get; internal init; }

    /// <summary>How often the run was rolled back because it had diverged.</summary>
    public int Divergences { get; internal init; }

    /// <summary>Whether the run was stopped before its last step.</summary>
    public bool IsCanceled { get; internal init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Set.Dispose();
        Best.Dispose();
    }
}

/// <summary>The outer loss or the state became NaN or infinite again and again, although the rates were lowered each time.</summary>
internal sealed class DistillationDivergedException(string message) : ArithmeticException(message);
