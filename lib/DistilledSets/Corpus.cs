using DatasetDistillation.Data;

namespace DistilledSets;

/// <summary>A data set that sets are distilled from.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="LoadTraining">Loads the training images, in [0, 1].</param>
/// <param name="LoadTest">Loads the test images.</param>
internal sealed record Corpus(string Name, Func<ImageDataset> LoadTraining, Func<ImageDataset> LoadTest)
{
    private const double HeldOut = 1.0 / 12; // 5,000 of 60,000

    /// <summary>MNIST, and nothing else in its place.</summary>
    public static Corpus Mnist { get; } = new(
        "MNIST", static () => Only("MNIST", Digits.Load()), static () => Only("MNIST", Digits.LoadTest()));

    /// <summary>Fashion-MNIST.</summary>
    public static Corpus Fashion { get; } = new("Fashion-MNIST", static () => FashionMnist.Load(), static () => FashionMnist.LoadTest());

    /// <summary>CIFAR-10.</summary>
    public static Corpus Cifar { get; } = new("CIFAR-10", static () => Cifar10.Load(), static () => Cifar10.LoadTest());

    /// <summary>
    /// The training images, standardized, in two parts: what is distilled, and a
    /// twelfth that is held out, by which settings and the best step are chosen.
    /// </summary>
    public (ImageDataset Training, ImageDataset HeldOut) Load()
    {
        using var raw = LoadTraining();
        using var all = raw.Standardize();
        return all.StratifiedSplit(1 - HeldOut, seed: 0);
    }

    /// <exception cref="InvalidDataException">There is another data set instead.</exception>
    private static ImageDataset Only(string name, ImageDataset data) => data.Name.StartsWith(name, StringComparison.Ordinal)
        ? data
        : throw new InvalidDataException(
            $"{name} is wanted, but there is only {data.Name}. Let it be downloaded, or see data/README.md for where to put it.");
}
