namespace DatasetDistillation.Data;

/// <summary>A file of MNIST: its name without <c>.gz</c>, and the SHA-256 of its unpacked content.</summary>
internal sealed record MnistFile(string Name, string Sha256)
{
    /// <summary>The names under which the file is met, the one that it is downloaded as first.</summary>
    public IEnumerable<string> FileNames
    {
        get
        {
            string dotted = Name.Replace("-idx", ".idx", StringComparison.Ordinal);
            return [$"{Name}.gz", Name, $"{dotted}.gz", dotted];
        }
    }

    /// <summary>Where the file lies in the folder, or null.</summary>
    public string? FindIn(string folder) => FileNames.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}

/// <summary>The images and the labels of one half of MNIST.</summary>
internal sealed record MnistPair(MnistFile Images, MnistFile Labels);

/// <summary>What MNIST consists of and where it is served.</summary>
internal sealed record MnistFiles(MnistPair Training, MnistPair Test, IReadOnlyList<Uri> Mirrors)
{
    /// <summary>LeCun, Cortes and Burges' database of handwritten digits.</summary>
    public static MnistFiles Official { get; } = new(
        new MnistPair(
            new MnistFile("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            new MnistFile("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5")),
        new MnistPair(
            new MnistFile("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            new MnistFile("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")),
        [
            new Uri("https://storage.googleapis.com/cvdf-datasets/mnist/"),
            new Uri("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            new Uri("https://raw.githubusercontent.com/fgnt/mnist/master/"),
        ]);

    public IReadOnlyList<MnistFile> All => [Training.Images, Training.Labels, Test.Images, Test.Labels];
}
