using System.Buffers;
using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>Draws random images, the same number of each class, without going through the whole data set.</summary>
internal sealed class ClassBalance
{
    private readonly int[][] places;
    private readonly Device device;

    private ClassBalance(int[][] places, Device device) => (this.places, this.device) = (places, device);

    /// <summary>Of the images of a data set.</summary>
    public static ClassBalance Of(ImageDataset data)
    {
        var members = Enumerable.Range(0, data.ClassCount).Select(static _ => new List<int>()).ToArray();
        foreach (var (place, label) in data.LabelValues().Index())
            members[label].Add(place);
        return new ClassBalance(Array.ConvertAll(members, static m => m.ToArray()), data.Device);
    }

    /// <summary>The places of as many random images of each class, class by class, none twice (Fisher and Yates, cut short).</summary>
    /// <param name="perClass">How many of each class; a class with fewer gives all it has.</param>
    /// <param name="random">What they are drawn from.</param>
    /// <returns>Int64 indices.</returns>
    public unsafe Tensor Draw(int perClass, Generator random)
    {
        using var draws = rand([places.Length, perClass], float64, generator: random);
        var fractions = new ReadOnlySpan<double>(Memory.Of<double>(draws), perClass * places.Length);
        var chosen = new long[places.Sum(own => Math.Min(perClass, own.Length))];
        int count = 0;
        var order = ArrayPool<int>.Shared.Rent(places.Max(static own => own.Length));
        for (int c = 0; c < places.Length; c++)
        {
            int length = places[c].Length;
            places[c].CopyTo(order, 0);
            for (int i = 0; i < Math.Min(perClass, length); i++)
            {
                int other = i + (int)(fractions[c * perClass + i] * (length - i));
                (order[i], order[other]) = (order[other], order[i]);
                chosen[count++] = order[i];
            }
        }
        ArrayPool<int>.Shared.Return(order);
        return tensor(chosen, [count], device: device);
    }

    /// <summary>Refuses data with one class only, or with a class that has too few images.</summary>
    /// <exception cref="ArgumentException">
    /// There are no two classes, or a class has fewer than <paramref name="needed"/> images.
    /// </exception>
    public static void Require(ImageDataset data, int needed = 1)
    {
        if (data.ClassCount < 2)
            throw new ArgumentException(
                $"{data.Name} has one class, {data.ClassNames[0]}. " +
                "What is distilled tells classes apart: take images of two at least.", nameof(data));
        var histogram = data.ClassHistogram();
        int poorest = Array.FindIndex(histogram, count => count < needed);
        if (poorest >= 0)
            throw new ArgumentException(
                $"{needed} images per class are needed, but class {data.ClassNames[poorest]} has {histogram[poorest]}. " +
                "Take fewer, or leave out that class.", nameof(data));
    }
}
