using static TorchSharp.torch;

namespace DatasetDistillation.Data;

public sealed partial class ImageDataset
{
    /// <summary>The first images.</summary>
    /// <param name="count">How many, from 1 to <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The data set has fewer images.</exception>
    public ImageDataset Take(int count)
    {
        if (count < 1 || count > Count)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"{count} images are wanted of {Count}.");
        return Subset(Enumerable.Range(0, count));
    }

    /// <summary>The images of the given indices, in the order given.</summary>
    /// <param name="indices">Indices from 0 to <see cref="Count"/> − 1, at least one.</param>
    /// <exception cref="ArgumentException">An index is out of range, or there is none.</exception>
    public ImageDataset Subset(IEnumerable<int> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        long[] chosen = [.. indices.Select(index => (long)index)];
        if (chosen.Length == 0)
            throw new ArgumentException("A subset needs at least one index.", nameof(indices));
        foreach (long index in chosen)
        {
            if (index < 0 || index >= Count)
                throw new ArgumentException($"The index {index} is not one of 0 to {Count - 1}.", nameof(indices));
        }

        using var scope = NewDisposeScope();
        var at = tensor(chosen, [chosen.Length], device: Device);
        return With(Images.index_select(0, at), Labels.index_select(0, at), [.. chosen.Select(index => labels[index])], Name,
            Standardization);
    }

    /// <summary>The first images of each class, class by class: the simplest baseline for distilled images.</summary>
    /// <param name="count">How many of each class, at least 1.</param>
    /// <returns><see cref="ClassCount"/> · <paramref name="count"/> images with labels 0 … 0, 1 … 1, and so on.</returns>
    /// <exception cref="ArgumentException">A class has fewer images.</exception>
    public ImageDataset PerClass(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var members = MembersOfClasses();
        int poorest = Array.FindIndex(members, indices => indices.Count < count);
        if (poorest >= 0)
            throw new ArgumentException(
                $"{count} images per class are wanted, but class {ClassNames[poorest]} has {members[poorest].Count}.", nameof(count));
        return Subset(members.SelectMany(indices => indices.Take(count)));
    }

    /// <summary>
    /// Two disjoint data sets that together are this one, each with the classes in the same proportions. The numbers per
    /// class are rounded by largest remainder, so that the totals are exact: 42,000 at 0.8 give 33,600 and 8,400. Which
    /// images go where depends on the seed alone; their order stays.
    /// </summary>
    /// <param name="fraction">The part of the images in the first set, above 0 and below 1.</param>
    /// <param name="seed">Other seeds give other splits.</param>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not between 0 and 1, or leaves one set empty.</exception>
    public (ImageDataset First, ImageDataset Second) StratifiedSplit(double fraction, long seed = 0)
    {
        if (!(fraction > 0 && fraction < 1) || Math.Round(fraction * Count) is var rounded && (rounded < 1 || rounded > Count - 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction,
                $"The first part must be above 0 and below 1, and leave at least one of {Count} images on each side.");

        var members = MembersOfClasses();
        var quotas = Sampling.LargestRemainder([.. members.Select(indices => indices.Count)], (int)Math.Round(fraction * Count));
        var isFirst = new bool[Count];
        for (int label = 0; label < ClassCount; label++)
        {
            int[] order = Sampling.Permutation(members[label].Count, seed, label);
            foreach (int member in order.AsSpan(0, quotas[label]))
                isFirst[members[label][member]] = true;
        }
        var all = Enumerable.Range(0, Count);
        return (Subset(all.Where(index => isFirst[index])), Subset(all.Where(index => !isFirst[index])));
    }

    /// <summary>
    /// One pass over the images in batches. The tensors of a batch are valid until the next batch is asked for; clone
    /// them to keep them longer.
    /// </summary>
    /// <param name="batchSize">Images per batch, at least 1.</param>
    /// <param name="seed">Shuffles the images; take another one for each epoch. Left out, the images come in their order.</param>
    /// <param name="dropLast">Leaves out the last batch where it is smaller than the others.</param>
    /// <returns>Images <c>[b, channels, height, width]</c> and labels <c>[b]</c>, on the data set's device.</returns>
    public IEnumerable<(Tensor Images, Tensor Labels)> Batches(int batchSize, long? seed = null, bool dropLast = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        return Enumerate();

        IEnumerable<(Tensor, Tensor)> Enumerate()
        {
            long[] order = seed is long key
                ? Array.ConvertAll(Sampling.Permutation(Count, key, stream: -1), index => (long)index)
                : [.. Enumerable.Range(0, Count).Select(index => (long)index)];
            for (int start = 0; start < Count; start += batchSize)
            {
                int size = Math.Min(batchSize, Count - start);
                if (dropLast && size < batchSize)
                    yield break;
                var (batchImages, batchLabels) = Gather(order.AsSpan(start, size).ToArray());
                using (batchImages)
                using (batchLabels)
                    yield return (batchImages, batchLabels);
            }
        }
    }

    /// <summary>A standardized copy: (x − mean) / standard deviation, channel by channel.</summary>
    /// <param name="statistics">The statistics of the training images; left out, those of these images, channel by channel.</param>
    /// <exception cref="InvalidOperationException">The images are standardized already.</exception>
    /// <exception cref="ArgumentException">The statistics have another number of channels.</exception>
    public ImageDataset Standardize(Standardization? statistics = null)
    {
        if (Standardization is not null)
            throw new InvalidOperationException($"{Name} is standardized already, with {Standardization}.");
        statistics ??= Standardization.Of(this);
        using var scope = NewDisposeScope();
        return With(statistics.Apply(Images), Labels.clone(), labels, Name, statistics);
    }

    /// <summary>The data set on a device; a copy, even where it is there already.</summary>
    /// <param name="device">Where to.</param>
    public ImageDataset ToDevice(Device device)
    {
        using var scope = NewDisposeScope();
        return With(Images.to(device, copy: true), Labels.to(device, copy: true), labels, Name, Standardization);
    }

    /// <summary>The same images under another name; this data set must not be used any more.</summary>
    internal ImageDataset Named(string name) => With(Images, Labels, labels, name, Standardization);

    private ImageDataset With(Tensor images, Tensor labelTensor, long[] labelValues, string name, Standardization? standardization) =>
        new(images, labelTensor, labelValues, name, Source, ClassCount, ClassNames, standardization) { MayBeMirrored = MayBeMirrored };

    private (Tensor Images, Tensor Labels) Gather(long[] indices)
    {
        using var at = tensor(indices, [indices.Length], device: Device);
        return (Images.index_select(0, at).DetachFromDisposeScope(), Labels.index_select(0, at).DetachFromDisposeScope());
    }

    private List<int>[] MembersOfClasses()
    {
        var members = new List<int>[ClassCount];
        for (int label = 0; label < ClassCount; label++)
            members[label] = [];
        for (int i = 0; i < Count; i++)
            members[labels[i]].Add(i);
        return members;
    }
}
