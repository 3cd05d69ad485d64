using DatasetDistillation.Data;
using DatasetDistillation.Distillation;

namespace DatasetDistillation.Reporting;

/// <content>A distillation on show while it runs.</content>
public static partial class Reports
{
    private const int GuardEvery = 100;

    /// <summary>
    /// Runs a distiller with a progress bar and, where it is judged, with its images on show, new at every look. The run has a checkpoint in
    /// the full profile (<see cref="Saved.Checkpoint"/>), and its set is kept (<see cref="Saved.Write(string, DistilledSet)"/>).
    /// </summary>
    /// <param name="distiller">The method.</param>
    /// <param name="data">The real images, already standardized if the method wants them so.</param>
    /// <param name="name">What the checkpoint and the set are called, beginning with the notebook's number, such as "03-kip".</param>
    /// <param name="steps">Outer steps in all.</param>
    /// <param name="judge">Scores a set, higher is better; null: the run is not judged.</param>
    /// <param name="looks">How often it is judged.</param>
    /// <param name="rows">The rows of the picture at most.</param>
    /// <param name="seed">The seed of everything random.</param>
    /// <param name="keepBest">Whether the set with the highest score is shown at the end and kept, not the last one.</param>
    /// <inheritdoc cref="DistillationDriver.Run" path="/exception"/>
    public static DistillationRun RunLive(
        this IDistiller distiller, ImageDataset data, string name, long steps, Func<DistilledSet, double>? judge = null, int looks = 20,
        int rows = 10, long seed = 0, bool keepBest = false)
    {
        ArgumentNullException.ThrowIfNull(distiller);
        ArgumentOutOfRangeException.ThrowIfLessThan(looks, 1);
        var bar = ProgressDisplay.Show(name);
        var picture = judge is null ? null : Live.Show(Start(distiller, data, seed).Grid(rows));
        var run = new DistillationDriver
        {
            Steps = steps,
            Seed = seed,
            Evaluate = judge is null ? null : Look,
            EvaluateEvery = Math.Max(1, steps / looks),
            GuardEvery = GuardEvery,
            Checkpoint = Saved.Checkpoint(name),
        }.Run(distiller, data, bar.Report);
        var kept = keepBest ? run.Best : run.Set;
        bar.Complete(null, run.Elapsed);
        picture?.Complete(kept.Grid(rows));
        Saved.Write(name, kept);
        return run;

        double Look(DistilledSet set)
        {
            picture!.Update(set.Grid(rows));
            return judge(set);
        }
    }

    private static DistilledSet Start(IDistiller distiller, ImageDataset data, long seed)
    {
        using var state = distiller.Initialize(data, seed);
        return distiller.Result(state, data);
    }
}
