using DatasetDistillation.Data;
using DatasetDistillation.Training;

namespace DatasetDistillation.Distillation;

/// <summary>How well distilled sets train networks that they were not made for: the accuracy of every network from every set.</summary>
public sealed class CrossArchitecture
{
    private readonly Spread?[,] cells;

    private CrossArchitecture(IReadOnlyList<string> sets, IReadOnlyList<int> images, IReadOnlyList<string> networks, Spread?[,] cells) =>
        (Sets, Images, Networks, this.cells) = (sets, images, networks, cells);

    /// <summary>The names of the sets: the rows.</summary>
    public IReadOnlyList<string> Sets { get; }

    /// <summary>How many images each set has.</summary>
    public IReadOnlyList<int> Images { get; }

    /// <summary>The names of the networks: the columns.</summary>
    public IReadOnlyList<string> Networks { get; }

    /// <summary>The accuracies, in [0, 1], of a network from a set; null where the measurement was stopped before.</summary>
    public Spread? this[int set, int network] => cells[set, network];

    /// <summary>Trains every network from scratch on every set, several times.</summary>
    /// <param name="sets">The sets and their names.</param>
    /// <param name="readOuts">The networks, each with the way in which it is trained.</param>
    /// <param name="test">Test images in [0, 1], or in the space of all sets; for each set they are standardized as it says.</param>
    /// <param name="seeds">How many networks of each kind, drawn with the seeds 0, 1, …</param>
    /// <param name="progress">Receives the share done, in [0, 1].</param>
    /// <param name="cancellation">Stops; the cells that are not complete are then null.</param>
    /// <exception cref="ArgumentException">A set, a network and the test images do not fit together.</exception>
    /// <exception cref="TrainingDivergedException">A network diverged.</exception>
    public static CrossArchitecture Measure(
        IReadOnlyList<(string Name, DistilledSet Set)> sets, IReadOnlyList<NetworkReadOut> readOuts, ImageDataset test, int seeds = 5,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sets);
        ArgumentNullException.ThrowIfNull(readOuts);
        ArgumentOutOfRangeException.ThrowIfLessThan(seeds, 1);
        if (sets.Count == 0 || readOuts.Count == 0)
            throw new ArgumentException($"A matrix needs sets and networks; got {sets.Count} and {readOuts.Count}.");
        foreach (var (_, set) in sets)
            foreach (var readOut in readOuts)
                set.RequireFit(readOut.Network);

        var cells = new Spread?[sets.Count, readOuts.Count];
        for (var row = 0; row < sets.Count; row++)
        {
            using var prepared = sets[row].Set.Prepare(test);
            for (var column = 0; column < readOuts.Count && !cancellation.IsCancellationRequested; column++)
            {
                var done = (row * readOuts.Count) + column;
                var share = new Share(progress, done, sets.Count * readOuts.Count);
                cells[row, column] = Complete(readOuts[column], sets[row].Set, prepared, seeds, share, cancellation);
            }
        }
        return new CrossArchitecture([.. sets.Select(static s => s.Name)], [.. sets.Select(static s => s.Set.Count)],
            [.. readOuts.Select(static r => r.Network.Name)], cells);
    }

    private static Spread? Complete(
        NetworkReadOut readOut, DistilledSet set, ImageDataset test, int seeds, Share share, CancellationToken cancellation)
    {
        try
        {
            var spread = readOut.Accuracy(set, test, seeds, share, cancellation);
            return spread.Count == seeds ? spread : null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private sealed class Share(IProgress<double>? whole, int done, int count) : IProgress<double>
    {
        public void Report(double value) => whole?.Report((done + value) / count);
    }
}
