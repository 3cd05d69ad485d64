using System.Runtime.CompilerServices;
using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>Draws random images, the same number of each class, without going through the whole data set.</summary>
internal sealed class ClassBalance
{
    // Depends on the data alone: it is remembered, not changed.
    private readonly ConditionalWeakTable<ImageDataset, int[][]> places = [];

    /// <summary>The places of as many random images of each class, class by class, none twice (Fisher and Yates, cut short).</summary>
    /// <param name="data">The images.</param>
    /// <param name="perClass">How many of each class; a class with fewer gives all it has.</param>
    /// <param name="random">What they are drawn from.</param>
    /// <returns>Int64 indices.</returns>
    public Tensor Draw(ImageDataset data, int perClass, Generator random)
    {
        var members = places.GetValue(data, PlacesOfClasses);
        var chosen = new List<long>(perClass * data.ClassCount);
        using var draws = rand([data.ClassCount, perClass], float64, generator: random);
        var fractions = draws.data<double>().ToArray();
        for (int c = 0; c < members.Length; c++)
        {
            int[] order = [.. members[c]];
            for (int i = 0; i < Math.Min(perClass, order.Length); i++)
            {
                int other = i + (int)(fractions[c * perClass + i] * (order.Length - i));
                (order[i], order[other]) = (order[other], order[i]);
                chosen.Add(order[i]);
            }
        }
        return tensor(chosen.ToArray(), [chosen.Count], device: data.Device);
    }

    /// <summary>Refuses data with a class that has too few images.</summary>
    /// <exception cref="ArgumentException">A class has fewer than <paramref name="needed"/> images.</exception>
    public static void Require(ImageDataset data, int needed)
    {
        var histogram = data.ClassHistogram();
        int poorest = Array.FindIndex(histogram, count => count < needed);
        if (poorest >= 0)
            throw new ArgumentException($"{needed} images per class are needed, but class {data.ClassNames[poorest]} has {histogram[poorest]}.", nameof(data));
    }

    private static int[][] PlacesOfClasses(ImageDataset data)
    {
        var members = new List<int>[data.ClassCount];
        for (int c = 0; c < members.Length; c++)
            members[c] = [];
        var labels = data.LabelValues();
        for (int i = 0; i < labels.Length; i++)
            members[labels[i]].Add(i);
        return Array.ConvertAll(members, static m => m.ToArray());
    }
}
