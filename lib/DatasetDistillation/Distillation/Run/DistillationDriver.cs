using System.Diagnostics;
using DatasetDistillation.Data;

namespace DatasetDistillation.Distillation;

/// <summary>
/// Runs any distiller: progress, cancellation, evaluation with a best-so-far, checkpoints from which a killed run resumes
/// bit-identically, and a guard that rolls back and lowers the rates when a run diverges.
/// </summary>
public sealed class DistillationDriver
{
    /// <summary>Outer steps in all.</summary>
    public long Steps { get; init; } = 1000;

    /// <summary>The seed of everything random.</summary>
    public long Seed { get; init; }

    /// <summary>Scores a set, higher is better; null: none is evaluated. It must not touch the random numbers of the run.</summary>
    public Func<DistilledSet, double>? Evaluate { get; init; }

    /// <summary>Steps between evaluations; the last step is always evaluated.</summary>
    public long EvaluateEvery { get; init; } = 100;

    /// <summary>Where checkpoints are written and looked for; null: none.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Steps between checkpoints; 0: by time alone.</summary>
    public long CheckpointEvery { get; init; }

    /// <summary>Time between checkpoints.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Steps between the states in memory that a diverged run returns to.</summary>
    public long GuardEvery { get; init; } = 25;

    /// <summary>Divergences after which the run gives up.</summary>
    public int MaximumDivergences { get; init; } = 3;

    /// <summary>The factor of all rates after a divergence.</summary>
    public double LearningRateDecay { get; init; } = 0.5;

    /// <summary>Runs the distiller to its last step, or from where its checkpoint stands.</summary>
    /// <param name="distiller">The method.</param>
    /// <param name="data">The real images, already standardized if the method wants them so.</param>
    /// <param name="progress">Told after every step, on the calling thread.</param>
    /// <param name="cancellation">Stops after the current step; the run so far is returned and its checkpoint written.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ArithmeticException">The run diverged more often than allowed.</exception>
    /// <exception cref="NotSupportedException">There is a checkpoint, and an option of the distiller cannot be described in it.</exception>
    /// <exception cref="InsufficientMemoryException">The estimate does not fit this machine.</exception>
    /// <exception cref="InvalidDataException">
    /// The checkpoint is damaged, of a run with other options or other data, or further than wanted.
    /// </exception>
    public DistillationRun Run(
        IDistiller distiller, ImageDataset data, Action<DistillationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(distiller);
        ArgumentNullException.ThrowIfNull(data);
        Check();
        RequireMemory(distiller, data);
        using var session = Session.Begin(this, distiller, data);
        var clock = Stopwatch.StartNew();
        var before = session.Elapsed;
        var (startStep, lastSaved) = (session.State.Step, TimeSpan.Zero);
        var guard = new DivergenceGuard(this, session);
        while (session.State.Step < Steps && !cancellation.IsCancellationRequested)
        {
            var loss = distiller.Step(session.State, data);
            session.State.Step++;
            session.Losses.Add(loss);
            var message = guard.Check(loss);
            session.Elapsed = before + clock.Elapsed;
            var step = session.State.Step;
            (long Step, double Score)? evaluation = null;
            if (message is null && Evaluate is not null && (step % EvaluateEvery == 0 || step == Steps))
                evaluation = session.Evaluate(Evaluate);
            if (Checkpoint is not null && message is null &&
                ((CheckpointEvery > 0 && step % CheckpointEvery == 0) || clock.Elapsed - lastSaved >= CheckpointInterval || step == Steps))
            {
                message = session.TrySave(Checkpoint);
                lastSaved = clock.Elapsed;
            }
            var pace = clock.Elapsed / Math.Max(1, step - startStep);
            progress?.Invoke(new DistillationProgress(step, Steps, loss, session.Elapsed, pace * (Steps - step), evaluation, message));
        }
        var canceled = session.State.Step < Steps;
        if (canceled && Checkpoint is not null && session.TrySave(Checkpoint) is { } failure)
            progress?.Invoke(new DistillationProgress(
                session.State.Step, Steps, session.Losses.LastOrDefault(double.NaN), session.Elapsed, TimeSpan.Zero, null, failure));
        return session.Finish(canceled);
    }

    private void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Steps);
        ArgumentOutOfRangeException.ThrowIfLessThan(EvaluateEvery, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(CheckpointEvery);
        ArgumentOutOfRangeException.ThrowIfLessThan(GuardEvery, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaximumDivergences);
        if (LearningRateDecay is not (> 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(LearningRateDecay), LearningRateDecay,
                "The factor of the rates must be above 0 and at most 1.");
    }

    private static void RequireMemory(IDistiller distiller, ImageDataset data)
    {
        var needed = distiller.EstimateMemory(data);
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > available)
            throw new InsufficientMemoryException(
                $"{distiller.Name} is expected to need {needed >> 20} MiB and this machine has {available >> 20} MiB. " +
                "Take fewer images, fewer inner steps, a smaller real batch or a smaller network.");
    }
}
