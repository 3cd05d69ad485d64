using static TorchSharp.torch;

namespace DatasetDistillation.Data;

/// <summary>
/// Labeled images. The tensors belong to the data set: they outlive the dispose scope in which it was
/// made, and <see cref="Dispose"/> frees them. Methods that derive a data set leave the original as it is.
/// </summary>
public sealed partial class ImageDataset : IDisposable
{
    private readonly long[] labels;

    /// <summary>A data set of the given tensors, which it takes over.</summary>
    /// <param name="images">Float32 <c>[n, channels, height, width]</c>, finite and in [0, 1], n at least 1.</param>
    /// <param name="labels">Int64 <c>[n]</c>, from 0 to <paramref name="classCount"/> − 1.</param>
    /// <param name="name">What it is called, in a few words.</param>
    /// <param name="source">Where the images come from, in a sentence without a full stop.</param>
    /// <param name="classCount">
    /// The number of classes, 2 to 65,536; left out, the largest label + 1, and every label up to it must occur.
    /// </param>
    /// <param name="classNames">What the classes are called, all differently; left out, their numbers.</param>
    /// <exception cref="ArgumentException">A tensor is not as it must be; the message says which value is wrong.</exception>
    public ImageDataset(Tensor images, Tensor labels, string name, string source = "", int? classCount = null,
        IReadOnlyList<string>? classNames = null)
        : this(images, labels, Checked(images, labels), name, source, classCount, classNames, standardization: null)
    {
    }

    private ImageDataset(
        Tensor images, Tensor labelTensor, long[] labels, string name, string source, int? classCount, IReadOnlyList<string>? classNames,
        Standardization? standardization)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(source);
        ClassCount = DatasetChecks.Classes(labels, classCount ?? classNames?.Count);
        if (classNames is not null)
            DatasetChecks.ClassNames(classNames, ClassCount);

        Images = images.DetachFromDisposeScope();
        Labels = labelTensor.DetachFromDisposeScope();
        this.labels = labels;
        Name = name;
        Source = source;
        ClassNames = classNames ?? [.. Enumerable.Range(0, ClassCount).Select(label => $"{label}")];
        Standardization = standardization;
    }

    /// <summary>The images, Float32 <c>[n, channels, height, width]</c>, in [0, 1] unless they are standardized.</summary>
    public Tensor Images { get; }

    /// <summary>The labels, Int64 <c>[n]</c>, from 0 to <see cref="ClassCount"/> − 1.</summary>
    public Tensor Labels { get; }

    /// <summary>What the data set is called.</summary>
    public string Name { get; }

    /// <summary>Where the images come from.</summary>
    public string Source { get; }

    /// <summary>The number of classes.</summary>
    public int ClassCount { get; }

    /// <summary>What the classes are called.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>How the images were standardized, or null where they are in [0, 1].</summary>
    public Standardization? Standardization { get; }

    /// <summary>
    /// Whether the mirror image of an image belongs to the same class: true of photographs
    /// (<see cref="FashionMnist"/>, <see cref="Cifar10"/>, and folders with
    /// <see cref="ImageFolderOptions.MayBeMirrored"/>), false of digits and letters. False by default.
    /// </summary>
    public bool MayBeMirrored { get; set; }

    /// <summary>The number of images.</summary>
    public int Count => labels.Length;

    /// <summary>The number of channels of an image.</summary>
    public int Channels => (int)Images.shape[1];

    /// <summary>The height of an image in pixels.</summary>
    public int Height => (int)Images.shape[2];

    /// <summary>The width of an image in pixels.</summary>
    public int Width => (int)Images.shape[3];

    /// <summary>Where the tensors lie.</summary>
    public Device Device => Images.device;

    /// <summary>The labels as an array, a copy.</summary>
    public long[] LabelValues() => [.. labels];

    /// <summary>The pixels as an array in C order, a copy.</summary>
    public float[] PixelValues()
    {
        using var scope = NewDisposeScope();
        return Images.cpu().data<float>().ToArray();
    }

    /// <summary>How many images there are of each class.</summary>
    public int[] ClassHistogram()
    {
        var counts = new int[ClassCount];
        foreach (long label in labels)
            counts[label]++;
        return counts;
    }

    /// <summary>Name, number and size of the images.</summary>
    public override string ToString()
    {
        string standardized = Standardization is null ? "" : ", standardized";
        return FormattableString.Invariant($"{Name}: {Count:N0} images {Channels}×{Height}×{Width}, {ClassCount} classes{standardized}");
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }

    /// <summary>A data set of what a reader read.</summary>
    internal static ImageDataset FromPixels(LabeledPixels read, string name, string source, int? classCount = null,
        IReadOnlyList<string>? classNames = null)
    {
        using var scope = NewDisposeScope();
        var images = tensor(read.Pixels, [read.Count, read.Channels, read.Height, read.Width])
            .to(ScalarType.Float32).OverInPlace(255).to(Compute.Device);
        return new ImageDataset(images, tensor(read.Labels, [read.Count], device: Compute.Device), read.Labels, name, source, classCount,
            classNames, standardization: null);
    }

    /// <summary>Checks the tensors; returns the labels as an array.</summary>
    private static long[] Checked(Tensor images, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(labels);
        DatasetChecks.Shapes(images, labels);
        DatasetChecks.Pixels(images);
        using var scope = NewDisposeScope();
        return labels.cpu().data<long>().ToArray();
    }
}
