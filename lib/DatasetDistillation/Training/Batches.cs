using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>What training and evaluation both ask of images and labels.</summary>
internal static class Batches
{
    /// <summary>Checks that labeled images fit a classifier, before native code ends the process over them.</summary>
    public static void Check(Network network, Tensor images, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        CheckImages(network, images);
        long count = images.shape[0], classes = network.OutputShape[0];
        if (labels.dtype != ScalarType.Int64)
        {
            if (!labels.shape.SequenceEqual([count, classes]) || labels.dtype != images.dtype)
            {
                throw new ArgumentException(
                    $"Soft labels of {count} images for {network.Name} are {images.dtype} [{count}, {classes}]; "
                    + $"got {labels.dtype} {Layer.Text(labels.shape)}. Class numbers are Int64 [{count}].", nameof(labels));
            }
            return;
        }
        if (!labels.shape.SequenceEqual([count]))
            throw new ArgumentException($"{count} images need labels [{count}]; got {Layer.Text(labels.shape)}.", nameof(labels));
        using var scope = NewDisposeScope();
        var (least, greatest) = (labels.min().WholeNumber(), labels.max().WholeNumber());
        if (least < 0 || greatest >= classes)
            throw new ArgumentException(
                $"Labels for {network.Name} are from 0 to {classes - 1}; got {(least < 0 ? least : greatest)}.", nameof(labels));
    }

    /// <summary>Checks that images fit a classifier.</summary>
    public static void CheckImages(Network network, Tensor images)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        if (network.OutputShape.Count != 1)
            throw new ArgumentException(
                $"{network.Name} is no classifier: its output is [{string.Join(", ", network.OutputShape)}].", nameof(network));
        if (!images.shape.AsSpan().EndsWith([.. network.InputShape]) || images.shape.Length != network.InputShape.Count + 1
            || images.shape[0] == 0)
            throw new ArgumentException(
                $"{network.Name} takes at least one image, [n, {string.Join(", ", network.InputShape)}]; "
                + $"got {Layer.Text(images.shape)}.", nameof(images));
    }

    /// <summary>Class numbers, of labels or of soft labels.</summary>
    public static Tensor ClassesOf(Tensor labels) => labels.dtype == ScalarType.Int64 ? labels : labels.argmax(1);

    /// <summary>For how many of a batch the largest output is that of the label.</summary>
    public static long CountRight(Tensor outputs, Tensor labels) => outputs.argmax(1).eq(ClassesOf(labels)).sum().WholeNumber();
}
