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
    public Tensor Draw(int perClass, Generator random)
    {
        var chosen = new List<long>(perClass * places.Length);
        using var draws = rand([places.Length, perClass], float64, generator: random);
        var fractions = draws.data<double>().ToArray();
        for (int c = 0; c < places.Length; c++)
        {
            int[] order = [.. places[c]];
            for (int i = 0; i < Math.Min(perClass, order.Length); i++)
            {
                int other = i + (int)(fractions[c * perClass + i] * (order.Length - i));
                (order[i], order[other]) = (order[other], order[i]);
                chosen.Add(order[i]);
            }
        }
        return tensor(chosen.ToArray(), [chosen.Count], device: device);
    }

    /// <summary>Refuses data with one class only, or with a class that has too few images.</summary>
    /// <exception cref="ArgumentException">There are no two classes, or a class has fewer than <paramref name="needed"/> images.</exception>
    public static void Require(ImageDataset data, int needed = 1)
    {
        if (data.ClassCount < 2)
            throw new ArgumentException($"{data.Name} has one class, {data.ClassNames[0]}. What is distilled tells classes apart: take images of two at least.", nameof(data));
        var histogram = data.ClassHistogram();
        int poorest = Array.FindIndex(histogram, count => count < needed);
        if (poorest >= 0)
            throw new ArgumentException(
                $"{needed} images per class are needed, but class {data.ClassNames[poorest]} has {histogram[poorest]}. Take fewer, or leave out that class.", nameof(data));
    }
}
