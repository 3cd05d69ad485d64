using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <content>The simplest reading of a few images.</content>
public sealed partial class DistilledSet
{
    /// <summary>
    /// The share of the test images, in [0, 1], whose nearest image of the
    /// set (Euclidean distance) has their class, that of its largest label.
    /// </summary>
    /// <param name="test">Test images, standardized as the training images were.</param>
    /// <exception cref="ArgumentException">Size, classes or scale of the images differ.</exception>
    public double NearestNeighborAccuracy(ImageDataset test)
    {
        ArgumentNullException.ThrowIfNull(test);
        RequireSpace(test);
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var centers = Images.to(test.Device).flatten(1);
        var classes = Labels.to(test.Device).argmax(1);
        long right = 0;
        foreach (var (first, size) in Blocks.Of(test.Count, Blocks.Comparison))
        {
            using var inner = NewDisposeScope();
            var points = test.Images.narrow(0, first, size).flatten(1);
            var nearest = KMeans.SquaredDistances(points, points.Squared().sum([1]), centers).argmin(1);
            right += classes.index_select(0, nearest).eq(test.Labels.narrow(0, first, size)).sum().WholeNumber();
        }
        return (double)right / test.Count;
    }
}
