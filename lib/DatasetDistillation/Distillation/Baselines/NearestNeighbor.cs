using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>The simplest reading of a few images: an image is of the class of the nearest of them (Euclidean distance).</summary>
public static class NearestNeighbor
{
    private const int BatchSize = 2000;

    /// <summary>The share of the test images, in [0, 1], whose nearest image of the set has their class.</summary>
    /// <param name="set">A set; the class of an image is that with the largest label.</param>
    /// <param name="test">Test images, standardized as the training images were.</param>
    /// <exception cref="ArgumentException">Size, classes or scale of the images differ.</exception>
    public static double Accuracy(DistilledSet set, ImageDataset test)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(test);
        set.RequireSpace(test);
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var centers = set.Images.to(test.Device).flatten(1);
        var classes = set.Labels.to(test.Device).argmax(1);
        long right = 0;
        for (long first = 0; first < test.Count; first += BatchSize)
        {
            using var inner = NewDisposeScope();
            var size = Math.Min(BatchSize, test.Count - first);
            var points = test.Images.narrow(0, first, size).flatten(1);
            var nearest = KMeans.SquaredDistances(points, points.Squared().sum([1]), centers).argmin(1);
            right += classes.index_select(0, nearest).eq(test.Labels.narrow(0, first, size)).sum().WholeNumber();
        }
        return (double)right / test.Count;
    }
}
