using System.Runtime.InteropServices;
using DatasetDistillation.Data;

namespace DatasetDistillation.Distillation;

/// <summary>A run in progress: the state, what has been recorded, and how both are stored and found again.</summary>
internal sealed class Session : IDisposable
{
    private const string GoodPrefix = "good.";
    private const double SecondsOfACentury = 100 * 365.25 * 24 * 3600;

    private readonly IDistiller distiller;
    private readonly ImageDataset data;
    private readonly string? identity;
    private DistillationState good;

    private Session(IDistiller distiller, ImageDataset data, string? identity, DistillationState state, DistillationState good) =>
        (this.distiller, this.data, this.identity, State, this.good) = (distiller, data, identity, state, good);

    public DistillationState State { get; private set; }

    public BestSoFar Best { get; private init; } = new();

    public List<double> Losses { get; private init; } = [];

    public List<(long Step, double Score)> Evaluations { get; private init; } = [];

    public TimeSpan Elapsed { get; set; }

    public int Divergences { get; set; }

    /// <summary>Continues from the checkpoint where there is one, else starts anew.</summary>
    public static Session Begin(DistillationDriver driver, IDistiller distiller, ImageDataset data)
    {
        var identity = driver.Checkpoint is null ? null : RunIdentity.Of(distiller, data, driver.Seed);
        var state = distiller.Initialize(data, driver.Seed);
        if (driver.Checkpoint is { } path)
        {
            DeleteUnfinished(path);
            if (File.Exists(path))
                using (state)
                    return Load(path, driver.Steps, distiller, data, identity!, state);
        }
        return new Session(distiller, data, identity, state, state.Clone());
    }

    public (long Step, double Score) Evaluate(Func<DistilledSet, double> score)
    {
        double value;
        using (var set = distiller.Result(State, data))
            value = score(set);
        var evaluation = (State.Step, value);
        Evaluations.Add(evaluation);
        Best.Offer(evaluation, State);
        return evaluation;
    }

    /// <summary>Makes this state the one that a diverged run returns to.</summary>
    public void MarkGood()
    {
        good.Dispose();
        good = State.Clone();
    }

    /// <summary>Goes back to the last good state and forgets what was recorded after it; the best set so far stays.</summary>
    public void RollBack()
    {
        State.Dispose();
        State = good.Clone();
        Losses.RemoveRange((int)State.Step, Losses.Count - (int)State.Step);
        Evaluations.RemoveAll(e => e.Step > State.Step);
    }

    public DistillationRun Finish(bool canceled)
    {
        var set = distiller.Result(State, data);
        // After a rollback the last evaluation may be of the same step as the best and yet of another set.
        var isBest = Best.State is not { } found || (found.Step == State.Step && Best.Evaluation == Evaluations.LastOrDefault());
        var bestSet = isBest ? set : distiller.Result(Best.State!, data);
        return new DistillationRun(set, bestSet)
        {
            BestEvaluation = Best.Evaluation,
            Losses = [.. Losses],
            Evaluations = [.. Evaluations],
            Elapsed = Elapsed,
            Divergences = Divergences,
            IsCanceled = canceled,
        };
    }

    /// <summary>Writes the checkpoint; what went wrong, if it could not be written (a former one is still whole then).</summary>
    public string? TrySave(string path)
    {
        try
        {
            var archive = new Npz();
            archive.Add("identity", NpyArray.FromText(identity!));
            archive.Add("losses", NpyArray.From(Losses.ToArray(), Losses.Count));
            archive.Add(
                "evaluations",
                NpyArray.From(Evaluations.SelectMany(static e => new[] { e.Step, e.Score }).ToArray(), Evaluations.Count, 2));
            archive.Add("seconds", NpyArray.Scalar(Elapsed.TotalSeconds));
            archive.Add("divergences", NpyArray.Scalar((long)Divergences));
            State.Save(archive);
            good.Save(archive, GoodPrefix);
            Best.Save(archive);
            archive.Save(path, compress: false);
            return null;
        }
        catch (IOException error)
        {
            return $"The checkpoint was not written; the run goes on. {error.Message}";
        }
    }

    public void Dispose()
    {
        State.Dispose();
        good.Dispose();
        Best.Dispose();
    }

    private static Session Load(
        string path, long steps, IDistiller distiller, ImageDataset data, string identity, DistillationState initial)
    {
        Npz archive;
        try
        {
            archive = Npz.Load(path);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException(
                $"The checkpoint cannot be read: {error.Message} Delete it to begin again, or choose another path.", error);
        }
        try
        {
            return Load(archive, path, steps, distiller, data, identity, initial);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or ExternalException
            || (error is InvalidDataException && !error.Message.Contains(path, StringComparison.Ordinal)))
        {
            throw new InvalidDataException(
                $"'{path}' is no checkpoint of a distillation: {error.Message} Delete it or choose another path.", error);
        }
    }

    private static Session Load(
        Npz archive, string path, long steps, IDistiller distiller, ImageDataset data, string identity, DistillationState initial)
    {
        var found = archive.Get("identity").ToText();
        if (found != identity)
            throw new InvalidDataException(
                $"The checkpoint '{path}' belongs to another run. It holds «{found}»; this run is «{identity}». "
                + "Delete it or choose another path.");
        var state = Restored("");
        if (state.Step > steps)
            throw new InvalidDataException(
                $"The checkpoint '{path}' stands at step {state.Step}, but only {steps} steps are wanted. "
                + $"Ask for at least {state.Step}, or delete it to begin again.");
        var (good, divergences) = (Restored(GoodPrefix), archive.Get("divergences").ToInt64s()[0]);
        if (good.Step > state.Step)
            throw new InvalidDataException($"It would return from step {state.Step} to step {good.Step}, which comes later.");
        if (divergences is < 0 or > int.MaxValue)
            throw new InvalidDataException($"A run diverges 0 times or more; this one says {divergences}.");
        double seconds = archive.Get("seconds").ToDoubles()[0];
        if (seconds is not (>= 0 and < SecondsOfACentury))
            throw new InvalidDataException(
                FormattableString.Invariant($"A run takes less than a century; this one says {seconds} seconds."));
        return new Session(distiller, data, identity, state, good)
        {
            Best = BestSoFar.Load(archive, Restored),
            Losses = [.. archive.Get("losses", state.Step).ToDoubles()],
            Evaluations = [.. archive.Get("evaluations", -1, 2).ToDoubles().Chunk(2).Select(static e => ((long)e[0], e[1]))],
            Elapsed = TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond)), // FromSeconds would round down
            Divergences = (int)divergences,
        };

        DistillationState Restored(string prefix)
        {
            var restored = initial.Clone();
            restored.Restore(archive, data.Device, prefix);
            return restored;
        }
    }

    /// <summary>Deletes what a process left that was killed while it wrote this checkpoint.</summary>
    private static void DeleteUnfinished(string path)
    {
        var folder = new DirectoryInfo(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (folder.Exists)
            foreach (var file in folder.EnumerateFiles($".{Path.GetFileName(path)}.*.tmp"))
            {
                try
                {
                    file.Delete();
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    // It is another process's, or the folder is read-only: a run can do without the space.
                }
            }
    }
}
