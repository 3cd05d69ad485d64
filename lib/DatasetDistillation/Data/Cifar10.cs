namespace DatasetDistillation.Data;

/// <summary>
/// CIFAR-10 (Krizhevsky 2009, "Learning multiple layers of features from tiny images"): photographs in color, 32×32 pixels, in ten classes.
/// It is looked for in the data folders, in <c>cifar-10/</c>, <c>cifar-10-batches-bin/</c> or directly, in its binary version, gzipped or
/// not, and else downloaded (170 MB).
/// </summary>
public static class Cifar10
{
    private const int Side = 32, Channels = 3, Record = 1 + (Channels * Side * Side); // a label and the pixels, channel by channel
    private const int Training = 5; // files
    private static readonly string[] Names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>The 50,000 training images, 5,000 of each class.</summary>
    /// <param name="options">Where to look; null: the defaults.</param>
    /// <param name="cancellation">Ends a download.</param>
    /// <exception cref="FileNotFoundException">It is not there and cannot be downloaded; the message says why and what to do.</exception>
    /// <exception cref="InvalidDataException">A file is damaged or not what it should be.</exception>
    /// <exception cref="IOException">A download cannot be stored.</exception>
    public static ImageDataset Load(DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        var source = Source(options);
        DataFile[] files = [.. source.Files.Take(Training)];
        return Read(options.Get(source, files, cancellation), files, "CIFAR-10 training set");
    }

    /// <summary>
    /// The 10,000 test images. Where only their first thousand lie in the data folders (<c>test_batch_first_1000.bin</c>), these, without a
    /// download; the name of the data set and a notice say so, since accuracies on them are uncertain by about 1.5 points.
    /// </summary>
    /// <inheritdoc cref="Load"/>
    public static ImageDataset LoadTest(DataOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new DataOptions();
        var source = Source(options);
        DataFile[] files = [.. source.Files.Skip(Training)];
        if (source.Find(options.FoldersToSearch, files) is null && source.FirstTestImages is { } part
            && source.Find(options.FoldersToSearch, part) is { } found)
        {
            var images = Read(found, [part], "CIFAR-10 test set, first 1,000");
            options.Notice($"These are the first {images.Count:N0} of CIFAR-10's 10,000 test images: " +
                $"'{files[0].Name}' is not in the data folder.");
            return images;
        }
        return Read(options.Get(source, files, cancellation), files, "CIFAR-10 test set");
    }

    private static DataSource Source(DataOptions options) => options.Source ?? DataSource.Cifar10;

    private static ImageDataset Read(string[] paths, DataFile[] files, string name)
    {
        int count = files.Sum(static file => (int)(file.Bytes / Record));
        var (pixels, labels, next) = (new byte[count * (Record - 1)], new long[count], 0);
        foreach (var (path, file) in paths.Zip(files))
        {
            byte[] content = file.Read(path);
            for (int at = 0; at < content.Length; at += Record, next++)
            {
                labels[next] = content[at];
                content.AsSpan(at + 1, Record - 1).CopyTo(pixels.AsSpan(next * (Record - 1)));
            }
        }
        var images = ImageDataset.FromPixels(new LabeledPixels(Side, Side, pixels, labels) { Channels = Channels }, name,
            "CIFAR-10, photographs collected by Krizhevsky, Nair and Hinton", classNames: Names);
        images.MayBeMirrored = true;
        return images;
    }
}
