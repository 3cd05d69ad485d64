using DatasetDistillation.Data;
using DatasetDistillation.Distillation;

namespace DistilledSets;

/// <summary>All that decides what a distilled set becomes.</summary>
/// <param name="Name">What it is called, also the name of its files.</param>
/// <param name="Corpus">What it is distilled from.</param>
/// <param name="Steps">Outer steps.</param>
/// <param name="Method">The distiller, for the training images and the set that it starts from, if any.</param>
/// <param name="ReadOuts">How the set is judged: networks that the images were not made with, trained on it in these ways.</param>
internal sealed record Recipe(
    string Name, Corpus Corpus, long Steps, Func<ImageDataset, DistilledSet?, IDistiller> Method,
    Func<ImageDataset, IReadOnlyList<NetworkReadOut>> ReadOuts)
{
    /// <summary>The seed of everything random.</summary>
    public long Seed { get; init; }

    /// <summary>The name of the set that it starts from, which is made first; null: none.</summary>
    public string? From { get; init; }

    /// <summary>
    /// How candidates are judged on held-out images while it is made, in fewer steps or by fewer networks; null: as <see cref="ReadOuts"/>.
    /// The mean accuracy decides.
    /// </summary>
    public Func<ImageDataset, IReadOnlyList<NetworkReadOut>>? Judges { get; init; }

    /// <summary>How often candidates are judged.</summary>
    public int Looks { get; init; } = 10;
}
