namespace DatasetDistillation.Data;

public static partial class Digits
{
    // Besides those of DataSource.Usps: LIBSVM's, and what is recognized to say what to do with it.
    private static readonly string[][] OtherUsps = [["usps.gz", "usps", "usps.bz2", "usps.h5"],
        ["usps.t.gz", "usps.t", "usps.t.bz2", "usps.h5"]];

    /// <summary>Whether the training and the test images of USPS lie in a data folder, so that they need no download.</summary>
    /// <param name="options">Where to look; null: the defaults.</param>
    public static bool HasUsps(DataOptions? options = null) =>
        FindUsps(options ?? new DataOptions(), 0) is not null && FindUsps(options ?? new DataOptions(), 1) is not null;

    /// <summary>
    /// The 7,291 training images of USPS, digits from envelopes of the United States Postal Service, resized from 16×16 to 28×28
    /// pixels (bilinear), in [0, 1], for use beside MNIST. They are looked for in the data folders, in <c>usps/</c> or directly,
    /// as <c>zip.train.gz</c> of "The Elements of Statistical Learning" or as LIBSVM's <c>usps</c>, and else downloaded (2 MB).
    /// </summary>
    /// <param name="options">Where to look; null: the defaults.</param>
    /// <param name="cancellation">Ends a download.</param>
    /// <exception cref="FileNotFoundException">It is not there and cannot be downloaded; the message says why and what to do.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or of another kind.</exception>
    /// <exception cref="IOException">A download cannot be stored.</exception>
    public static ImageDataset LoadUsps(DataOptions? options = null, CancellationToken cancellation = default) =>
        ReadUsps(options, 0, "USPS training set", cancellation);

    /// <summary>
    /// The 2,007 test images of USPS, from <c>zip.test.gz</c> or LIBSVM's <c>usps.t</c>. They are harder than the training images.
    /// </summary>
    /// <inheritdoc cref="LoadUsps"/>
    public static ImageDataset LoadUspsTest(DataOptions? options = null, CancellationToken cancellation = default) =>
        ReadUsps(options, 1, "USPS test set", cancellation);

    private static ImageDataset ReadUsps(DataOptions? options, int half, string name, CancellationToken cancellation)
    {
        options ??= new DataOptions();
        var source = options.Source ?? DataSource.Usps;
        string path = FindUsps(options, half) ?? options.Get(source, [source.Files[half]], cancellation)[0];
        return ImageDataset.FromPixels(UspsReader.Read(path), name,
            "USPS, handwritten digits from envelopes, resized from 16×16 to 28×28 pixels", ClassCount);
    }

    private static string? FindUsps(DataOptions options, int half)
    {
        var source = options.Source ?? DataSource.Usps;
        return source.Find(options.FoldersToSearch, source.Files[half]) is [var found]
            ? found
            : options.FoldersToSearch.SelectMany(folder => (string[])[Path.Combine(folder, source.Folders[0]), folder])
                .SelectMany(folder => OtherUsps[half].Select(file => Path.Combine(folder, file))).FirstOrDefault(File.Exists);
    }
}
