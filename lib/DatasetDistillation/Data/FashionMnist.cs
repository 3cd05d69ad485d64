namespace DatasetDistillation.Data;

/// <summary>
/// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747): photographs of clothes, gray and 28×28 pixels, in ten classes. It is
/// looked for in the data folders, in <c>fashion-mnist/</c> or directly, in MNIST's IDX form, gzipped or not, and else downloaded (31 MB).
/// </summary>
public static class FashionMnist
{
    private static readonly string[] Names =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>The 60,000 training images, 6,000 of each class.</summary>
    /// <param name="options">Where to look; null: the defaults.</param>
    /// <param name="cancellation">Ends a download.</param>
    /// <exception cref="FileNotFoundException">It is not there and cannot be downloaded; the message says why and what to do.</exception>
    /// <exception cref="InvalidDataException">A file is damaged or not what it should be.</exception>
    /// <exception cref="IOException">A download cannot be stored.</exception>
    public static ImageDataset Load(DataOptions? options = null, CancellationToken cancellation = default) =>
        Load(options, ..2, "Fashion-MNIST training set", cancellation);

    /// <summary>The 10,000 test images, 1,000 of each class.</summary>
    /// <inheritdoc cref="Load(DataOptions?, CancellationToken)"/>
    public static ImageDataset LoadTest(DataOptions? options = null, CancellationToken cancellation = default) =>
        Load(options, 2.., "Fashion-MNIST test set", cancellation);

    private static ImageDataset Load(DataOptions? options, Range half, string name, CancellationToken cancellation)
    {
        options ??= new DataOptions();
        var source = options.Source ?? DataSource.FashionMnist;
        DataFile[] files = [.. source.Files.Take(half)];
        var images = IdxReader.Read(options.Get(source, files, cancellation), files, Names.Length);
        var read = ImageDataset.FromPixels(images, name, "Fashion-MNIST, photographs of clothes by Zalando", classNames: Names);
        read.MayBeMirrored = true;
        return read;
    }
}
