using DatasetDistillation.Data;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

public sealed partial record UnrolledDistiller
{
    /// <summary>The first seed of networks that judge a set, far from the seeds that distillation draws with.</summary>
    public const long HeldOutSeed = 2_018_000_000;

    /// <summary>Trains the network on a distilled set by its stored schedule, with the inner optimizer and loss of this method.</summary>
    /// <inheritdoc cref="DistilledSet.Replay" path="/exception"/>
    /// <param name="set">A set that this method made, or one with a schedule.</param>
    /// <param name="start">The weights to start from; they stay as they are.</param>
    /// <returns>The weights after the last step.</returns>
    public Parameters Replay(DistilledSet set, Parameters start)
    {
        ArgumentNullException.ThrowIfNull(set);
        return set.Replay(Network, start, Inner, InnerLoss);
    }

    /// <summary>
    /// The accuracy, in [0, 1], of networks trained on a distilled set by its schedule, as published: freshly drawn ones, none of
    /// which the distillation has seen, or the fixed one.
    /// </summary>
    /// <param name="set">The distilled set.</param>
    /// <param name="test">Test images, standardized as the training images were; a part of them is faster.</param>
    /// <param name="networks">How many networks are drawn; fixed weights are one network whatever this says.</param>
    /// <param name="seed">Network i is drawn with seed + i.</param>
    /// <param name="progress">Receives the share done, in [0, 1].</param>
    /// <param name="cancellation">Stops between two networks; the spread is then that of the ones done.</param>
    /// <exception cref="InvalidOperationException">The set was distilled for a pool: networks that are not in it must be given.</exception>
    /// <exception cref="ArgumentException">Set, test images and network do not fit together.</exception>
    /// <exception cref="OperationCanceledException">It was canceled before the first network was done.</exception>
    public Spread Accuracy(
        DistilledSet set, ImageDataset test, int networks = 200, long seed = HeldOutSeed, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(test);
        ArgumentOutOfRangeException.ThrowIfLessThan(networks, 1);
        if (InitialWeights.Count > 1)
            throw new InvalidOperationException(
                $"The set was distilled for {InitialWeights.Count} given networks. Judge it with others of their kind: "
                + $"{nameof(Accuracy)}(set, test, heldOutNetworks).");
        var count = InitialWeights.Count ?? networks;
        return Measure(set, test, count, i =>
        {
            using var random = new Generator((ulong)(seed + i));
            return new Parameters(Network.Layout, InitialWeights.Draw(Network, random, ScalarType.Float32, test.Device));
        }, progress, cancellation);
    }

    /// <summary>The accuracy, in [0, 1], of given networks once they are trained on a distilled set by its schedule.</summary>
    /// <param name="set">The distilled set.</param>
    /// <param name="test">Test images, standardized as the training images were.</param>
    /// <param name="starts">Weights that the distillation has not seen; they stay as they are and belong to the caller.</param>
    /// <param name="progress">Receives the share done, in [0, 1].</param>
    /// <param name="cancellation">Stops between two networks; the spread is then that of the ones done.</param>
    /// <inheritdoc cref="Accuracy(DistilledSet, ImageDataset, int, long, IProgress{double}?, CancellationToken)" path="/exception"/>
    public Spread Accuracy(
        DistilledSet set, ImageDataset test, IEnumerable<Parameters> starts, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(starts);
        Parameters[] all = [.. starts];
        return Measure(set, test, all.Length, i => all[i].With(all[i].Flat.detach()), progress, cancellation);
    }

    private Spread Measure(
        DistilledSet set, ImageDataset test, int count, Func<long, Parameters> start, IProgress<double>? progress,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(set);
        set.RequireSpace(test);
        return Spread.Over(Enumerable.Range(0, count).Select(static i => (long)i), i =>
        {
            using var scope = NewDisposeScope();
            var accuracy = Evaluation.Evaluate(
                Network, Replay(set, start(i)), test.Images, test.Labels, batchSize: Blocks.Judgement).Accuracy;
            progress?.Report((i + 1.0) / count);
            return accuracy;
        }, cancellation);
    }
}
