using System.Diagnostics;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Reporting;
using DatasetDistillation.Training;

namespace DistilledSets;

/// <summary>Makes sets by their recipes, and measures them.</summary>
/// <param name="folder">Where sets are kept.</param>
/// <param name="checkpoints">Where unfinished runs are kept.</param>
/// <param name="log">Is told how it goes, line by line.</param>
internal sealed class Maker(string folder, string checkpoints, Action<string> log)
{
    // Judges and read-outs never see the same networks.
    private const long JudgeSeed = 1_000_000;
    private const int JudgeNetworks = 2;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>Distils a set, or goes on where a former run was stopped, and writes it with its picture and its record.</summary>
    /// <param name="recipe">What is made.</param>
    /// <param name="find">Finds the recipe of the set that it starts from.</param>
    /// <param name="networks">How many networks of each kind read it out.</param>
    /// <param name="cancellation">Stops after the current step; the same call then goes on from there.</param>
    /// <returns>Whether it is complete.</returns>
    public bool Make(Recipe recipe, Func<string, Recipe> find, int networks, CancellationToken cancellation)
    {
        if (recipe.From is { } from && !File.Exists(SetPath(from)) && !Make(find(from), find, networks, cancellation))
            return false;
        using var start = recipe.From is null ? null : DistilledSet.Load(SetPath(recipe.From));
        var (training, heldOut) = recipe.Corpus.Load();
        using (training)
        using (heldOut)
        {
            var distiller = recipe.Method(training, start);
            log($"{recipe.Name}: {distiller.Name}, {recipe.Steps:N0} steps, from {training.Count:N0} images of {training.Name}");
            Directory.CreateDirectory(checkpoints);
            using var run = Driver(recipe, heldOut).Run(distiller, training, Progress(), cancellation);
            if (run.IsCanceled)
            {
                log($"{recipe.Name}: stopped at step {run.Losses.Count:N0}; the same command goes on from there.");
                return false;
            }
            var record = SetRecord.Of(recipe, run) with { ReadOuts = ReadOut(recipe, run.Best, networks, cancellation) };
            if (cancellation.IsCancellationRequested)
                return false;
            Directory.CreateDirectory(folder);
            run.Best.Save(SetPath(recipe.Name));
            run.Best.SavePng(Path.Combine(folder, recipe.Name + ".png"));
            record.Save(Path.Combine(folder, recipe.Name + ".json"));
            log($"{recipe.Name}: written to {SetPath(recipe.Name)}");
            return true;
        }
    }

    /// <summary>Measures a set that was made, on the test images.</summary>
    /// <exception cref="FileNotFoundException">It was not made.</exception>
    public void ReadOut(Recipe recipe, int networks, CancellationToken cancellation)
    {
        if (!File.Exists(SetPath(recipe.Name)))
            throw new FileNotFoundException($"There is no '{SetPath(recipe.Name)}'. Make it first: make {recipe.Name}.");
        using var set = DistilledSet.Load(SetPath(recipe.Name));
        log($"{recipe.Name}: {set.Count} images; {set.Method}");
        ReadOut(recipe, set, networks, cancellation);
    }

    private List<ReadOutRecord> ReadOut(Recipe recipe, DistilledSet set, int networks, CancellationToken cancellation)
    {
        using var raw = recipe.Corpus.LoadTest();
        using var test = set.Prepare(raw);
        var records = new List<ReadOutRecord>();
        foreach (var readOut in recipe.ReadOuts(test))
        {
            if (cancellation.IsCancellationRequested)
                break;
            var clock = Stopwatch.StartNew();
            var spread = readOut.Accuracy(set, test, networks, cancellation: cancellation);
            records.Add(new ReadOutRecord(readOut.Network.Name, $"{readOut}", [.. spread.Values]));
            var time = Text($"{spread.Count} networks in {clock.Elapsed.TotalSeconds:F0} s");
            log($"  {Percent(spread)} on {test.Count:N0} test images, {time}: {readOut}");
        }
        return records;
    }

    private DistillationDriver Driver(Recipe recipe, ImageDataset heldOut)
    {
        var judges = (recipe.Judges ?? recipe.ReadOuts)(heldOut);
        return new DistillationDriver
        {
            Steps = recipe.Steps,
            Seed = recipe.Seed,
            Checkpoint = Path.Combine(checkpoints, recipe.Name + ".npz"),
            EvaluateEvery = Math.Max(1, recipe.Steps / recipe.Looks),
            Evaluate = set => judges.Average(
                judge => judge.Accuracy(set, heldOut, [.. Enumerable.Range(0, JudgeNetworks).Select(i => JudgeSeed + i)]).Mean),
        };
    }

    /// <summary>A line for each evaluation and message, and now and then one in between.</summary>
    private Action<DistillationProgress> Progress()
    {
        var since = Stopwatch.StartNew();
        return progress =>
        {
            if (progress.Evaluation is null && progress.Message is null && since.Elapsed < Pause)
                return;
            since.Restart();
            var evaluation = progress.Evaluation is { } found ? Text($"; held-out accuracy {100 * found.Score:F2} %") : "";
            var time = Text($"{progress.Elapsed.TotalSeconds:F0} s, {progress.Remaining.TotalSeconds:F0} s to go");
            var message = progress.Message is null ? "" : $"; {progress.Message}";
            log(Text($"  step {progress.Step:N0} of {progress.Steps:N0}, loss {progress.Loss:F4}, {time}{evaluation}{message}"));
        };
    }

    private string SetPath(string name) => Path.Combine(folder, name + ".npz");

    private static string Percent(Spread spread) =>
        Text($"{100 * spread.Mean:F2}") + (spread.Count > 1 ? Text($" ± {100 * spread.StandardDeviation:F2} %") : " %");

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
