using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace DatasetDistillation.Data;

/// <summary>What a data set must be.</summary>
internal static class DatasetChecks
{
    private const int LongestName = 256;

    public static void Shapes(Tensor images, Tensor labels)
    {
        if (images.dtype != ScalarType.Float32 || images.shape.Length != 4 || images.shape.Any(size => size < 1))
            throw new ArgumentException(
                $"Images must be Float32 [n, channels, height, width] with at least one image, but these are {Describe(images)}. "
                + $"Use reshape and to(ScalarType.Float32).", nameof(images));
        if (labels.dtype != ScalarType.Int64 || labels.shape.Length != 1)
            throw new ArgumentException(
                $"Labels must be Int64 [n], but these are {Describe(labels)}. "
                + "Use argmax(1) for one-hot labels and to(ScalarType.Int64).", nameof(labels));
        if (labels.shape[0] != images.shape[0])
            throw new ArgumentException($"There are {images.shape[0]} images, but {labels.shape[0]} labels.", nameof(labels));
    }

    /// <summary>The number of classes: the declared one, else the largest label + 1, where every label up to it occurs.</summary>
    /// <exception cref="ArgumentException">It is impossible, or the labels do not fit it.</exception>
    public static int Classes(ReadOnlySpan<long> labels, int? declared)
    {
        if (declared is int count)
            ClassCount(count);
        if (labels.IsEmpty)
            throw new ArgumentException("A data set needs at least one image.", nameof(labels));
        long most = declared ?? DataLimits.MaximumClasses;
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] < 0 || labels[i] >= most)
                throw new ArgumentException(
                    $"Label {i} is {labels[i]}; "
                    + $"{(declared is null ? "" : $"with {most} classes, ")}labels must be 0 to {most - 1}.", nameof(labels));
        }
        return declared ?? Counted(labels);
    }

    /// <summary>Checks a number of classes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is below 2 or too large.</exception>
    public static void ClassCount(int classCount)
    {
        if (classCount is < 2 or > DataLimits.MaximumClasses)
            throw new ArgumentOutOfRangeException(nameof(classCount), classCount,
                $"A data set has 2 to {DataLimits.MaximumClasses:N0} classes.");
    }

    /// <summary>Checks the height and the width of an image.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is below 1, or the two make too large an image.</exception>
    public static void Size(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if ((long)height * width > Png.MaximumPixels)
            throw new ArgumentOutOfRangeException(nameof(height), height,
                $"An image has at most {Png.MaximumPixels:N0} pixels, but {height}×{width} are wanted.");
    }

    public static void ClassNames(IReadOnlyList<string> classNames, int classCount)
    {
        if (classNames.Count != classCount)
            throw new ArgumentException($"There are {classCount} classes, but {classNames.Count} names for them.", nameof(classNames));
        if (classNames.FirstOrDefault(static name => string.IsNullOrWhiteSpace(name) || name.Length > LongestName) is { } bad)
            throw new ArgumentException(
                $"A class name has 1 to {LongestName} characters, "
                + $"but one is '{bad[..Math.Min(bad.Length, LongestName)]}'.", nameof(classNames));
        if (classNames.GroupBy(static name => name, StringComparer.Ordinal).FirstOrDefault(static same => same.Count() > 1) is { } twice)
            throw new ArgumentException($"Two classes are called '{twice.Key}'.", nameof(classNames));
    }

    /// <summary>Checks that images <c>[n, …]</c> are in [0, 1].</summary>
    public static void Pixels(Tensor images)
    {
        using var scope = NewDisposeScope();
        var values = MemoryMarshal.Cast<byte, float>(images.cpu().contiguous().bytes);
        int perImage = (int)(images.numel() / images.shape[0]);
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] is >= 0 and <= 1)
                continue;
            string advice = float.IsFinite(values[i])
                ? "Divide by the largest value (255 for bytes) first." : "Remove or repair the image.";
            throw new ArgumentException(
                $"Image {i / perImage} has the value {values[i]} at pixel {i % perImage}; pixels must be in [0, 1]. "
                + $"{advice}", nameof(images));
        }
    }

    private static int Counted(ReadOnlySpan<long> labels)
    {
        long greatest = 0;
        foreach (long label in labels)
            greatest = Math.Max(greatest, label);
        var occurs = new bool[greatest + 1];
        foreach (long label in labels)
            occurs[label] = true;
        int missing = Array.IndexOf(occurs, false);
        if (missing >= 0)
            throw new ArgumentException(
                $"No image has the label {missing}, though one has {greatest}. "
                + "Number the classes without gaps, or say how many there are (classCount).", nameof(labels));
        ClassCount(occurs.Length);
        return occurs.Length;
    }

    private static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]";
}
