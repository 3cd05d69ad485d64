using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Models;

namespace DatasetDistillation.Training;

/// <summary>
/// Trains a <see cref="NetworkPool"/>: many networks, each from its own initial weights, on its own order and choice of images.
/// Network i depends on the options, the data and <see cref="Seed"/> + i alone.
/// </summary>
public sealed class PoolTrainer
{
    /// <summary>The architecture.</summary>
    public Network Network { get; init; } = Networks.LeNet();

    /// <summary>How many networks.</summary>
    public int Count { get; init; } = 20;

    /// <summary>How many images of the data, drawn anew, each network learns from; 0: all.</summary>
    public int ImagesEach { get; init; }

    /// <summary>The number of passes over a network's images.</summary>
    public int Epochs { get; init; } = 2;

    /// <summary>The number of images in a step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>The rate of Adam at its highest; it rises at first and falls along a cosine.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>
    /// The seed of the first network. Two pools are disjoint where their seeds differ by at least the number of networks.
    /// </summary>
    public long Seed { get; init; }

    /// <summary>
    /// An .npz file that gets every network as soon as it is trained, and
    /// from which those that are there already are taken; null: none.
    /// </summary>
    public string? File { get; init; }

    /// <summary>Receives the number of networks so far, at first those that the file holds.</summary>
    public IProgress<(int Networks, int Wanted)>? Progress { get; init; }

    /// <summary>Trains the networks that <see cref="File"/> does not hold yet.</summary>
    /// <param name="data">The images to learn from.</param>
    /// <param name="cancellation">Stops at once; the networks trained so far are returned, or those of the file.</param>
    /// <exception cref="ArgumentException">The images do not fit the network, or an option is out of its range.</exception>
    /// <exception cref="NotSupportedException">There is a file, and a layer of the network cannot be described in it.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or its networks were trained otherwise.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public NetworkPool Train(ImageDataset data, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentOutOfRangeException.ThrowIfLessThan(Count, 1);
        if (ImagesEach < 0 || ImagesEach > data.Count)
            throw new ArgumentOutOfRangeException(nameof(data),
                $"Each network is to learn from {ImagesEach} images; {data.Name} has {data.Count}.");
        var identity = File is null ? "" : Identity(data);
        var pool = File is not null && System.IO.File.Exists(File)
            ? NetworkPool.Load(Network, File, identity, Count, data.Device) : new NetworkPool(Network, []);
        if (pool.Count > 0)
            Progress?.Report((pool.Count, Count));
        while (pool.Count < Count && Train(data, Seed + pool.Count, cancellation) is { } theta)
        {
            pool = new NetworkPool(Network, [.. pool, theta]);
            if (File is not null)
                pool.Save(File, identity);
            Progress?.Report((pool.Count, Count));
        }
        return pool;
    }

    private Parameters? Train(ImageDataset data, long seed, CancellationToken cancellation)
    {
        using var own = ImagesEach == 0 ? null : data.Subset(Sampling.Permutation(data.Count, seed, stream: 0).Take(ImagesEach));
        var trainer = new Trainer
        {
            Epochs = Epochs,
            BatchSize = BatchSize,
            LearningRate = LearningRate,
            Schedule = LearningRateSchedule.Cosine(),
            Seed = seed,
        };
        using var result = trainer.Fit(Network, own ?? data, cancellation: cancellation);
        return result.IsCanceled ? null : result.Parameters.With(result.Parameters.Flat.clone().DetachFromDisposeScope());
    }

    /// <summary>What networks must have in common to be of one pool.</summary>
    private string Identity(ImageDataset data) => string.Create(CultureInfo.InvariantCulture,
        $"{Description.Of(Network)} on {(ImagesEach == 0 ? data.Count : ImagesEach)} of {data.Count} images of {data.Name} " +
        $"({Fingerprint.Of(data.Images, data.Labels)}), {Epochs} epochs, batches of {BatchSize}, Adam {LearningRate}, seeds from {Seed}");
}
