namespace DatasetDistillation.Data;

public static partial class Digits
{
    private static readonly string[] UspsTraining = ["zip.train.gz", "zip.train", "usps.gz", "usps", "usps.bz2", "usps.h5"];
    private static readonly string[] UspsTest = ["zip.test.gz", "zip.test", "usps.t.gz", "usps.t", "usps.t.bz2", "usps.h5"];

    /// <summary>Whether the training and the test images of USPS lie in a data folder; they are never downloaded.</summary>
    /// <param name="options">Where to look; the defaults serve.</param>
    public static bool HasUsps(DataOptions? options = null) =>
        FindUsps(options ?? new DataOptions(), UspsTraining) is not null && FindUsps(options ?? new DataOptions(), UspsTest) is not null;

    /// <summary>
    /// The 7,291 training images of USPS, digits from envelopes of the United States Postal Service, resized from 16×16 to
    /// 28×28 pixels (bilinear) and in [0, 1], so that they stand beside MNIST's. They are looked for in the data folders, in
    /// <c>usps/</c> or directly, as <c>zip.train.gz</c> or as LIBSVM's <c>usps</c>.
    /// </summary>
    /// <param name="options">Where to look; the defaults serve.</param>
    /// <exception cref="FileNotFoundException">There is no such file; the message says where it was looked for and where it can be got.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or of another kind.</exception>
    public static ImageDataset LoadUsps(DataOptions? options = null) => ReadUsps(options, "USPS training set", UspsTraining);

    /// <summary>The 2,007 test images of USPS, from <c>zip.test.gz</c> or LIBSVM's <c>usps.t</c>. They are harder than the training images.</summary>
    /// <inheritdoc cref="LoadUsps"/>
    public static ImageDataset LoadUspsTest(DataOptions? options = null) => ReadUsps(options, "USPS test set", UspsTest);

    private static ImageDataset ReadUsps(DataOptions? options, string name, string[] files)
    {
        options ??= new DataOptions();
        string path = FindUsps(options, files) ?? throw new FileNotFoundException(
            $"There is no '{files[0]}' (nor '{string.Join("', '", files[1..4])}') in {string.Join(" or ", UspsFolders(options).Select(folder => $"'{folder}'"))}. " +
            $"Get zip.train.gz and zip.test.gz, the ZIP code data of \"The Elements of Statistical Learning\", from the book's site, or usps.bz2 and usps.t.bz2 from LIBSVM's data sets (unpacked with bunzip2), " +
            $"and put them into '{UspsFolders(options)[0]}'.",
            files[0]);
        return ImageDataset.FromPixels(UspsReader.Read(path), name, "USPS, handwritten digits from envelopes, resized from 16×16 to 28×28 pixels", ClassCount);
    }

    private static string? FindUsps(DataOptions options, string[] files) =>
        UspsFolders(options).SelectMany(folder => files.Select(file => Path.Combine(folder, file))).FirstOrDefault(File.Exists);

    private static string[] UspsFolders(DataOptions options) =>
        [.. options.FoldersToSearch.SelectMany(folder => (string[])[Path.Combine(folder, "usps"), folder])];
}
