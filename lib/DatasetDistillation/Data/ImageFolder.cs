namespace DatasetDistillation.Data;

/// <summary>How an image of another size is fitted.</summary>
public enum ImageFit
{
    /// <summary>The largest part of the wanted proportions, from the middle of the image, is resized.</summary>
    Crop,

    /// <summary>The whole image is resized, whatever its proportions.</summary>
    Stretch,

    /// <summary>It is not: the image must be of the wanted size.</summary>
    Exact,
}

/// <summary>How a folder of images becomes a data set. Only the size must be given.</summary>
/// <param name="Height">The height that the images get, in pixels.</param>
/// <param name="Width">The width that the images get, in pixels.</param>
public sealed record ImageFolderOptions(int Height, int Width)
{
    /// <summary>How images of another size are fitted: resized with antialiasing, bilinear as in Pillow and PyTorch.</summary>
    public ImageFit Fit { get; init; }

    /// <summary>
    /// Whether colors are turned to gray (luma, ITU-R BT.601). Otherwise images have three channels, or one where all of them are gray.
    /// </summary>
    public bool Gray { get; init; }

    /// <summary>
    /// Whether files that cannot be read, or do not fit, are left out, with a notice that names each. By default the first one is an
    /// error that names it.
    /// </summary>
    public bool SkipUnreadable { get; init; }

    /// <summary>
    /// Whether the mirror image of an image belongs to the same class, so that
    /// augmentations may mirror images: true of photographs, false of digits and letters.
    /// </summary>
    public bool MayBeMirrored { get; init; }

    /// <summary>Receives a line of text for each skipped file; by default the console does.</summary>
    public Action<string> Notice { get; init; } = Console.WriteLine;

    /// <summary>
    /// The names of the classes in the order of their labels, such as those of the training images for a folder of test images; a class
    /// without a folder is empty then. By default the folders' names, in numerical order where all are numbers, else in alphabetical.
    /// </summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>The bytes that the images may take in memory, as Float32; by default 1 GiB.</summary>
    public long MaximumBytes { get; init; } = Npz.DefaultMaximumBytes;
}
