using System.Security.Cryptography;
using System.Text;

namespace DatasetDistillation.Data;

/// <summary>A file of a data set.</summary>
/// <param name="Name">Its name, without <c>.gz</c>.</param>
/// <param name="Bytes">Its length, unpacked.</param>
/// <param name="Hash">The SHA-256 of its unpacked content, or its name as a blob of Git, which is SHA-1 (hexadecimal, lower case).</param>
internal sealed record DataFile(string Name, long Bytes, string Hash)
{
    /// <summary>The name under which it is downloaded.</summary>
    public string PackedName => Name + ".gz";

    /// <summary>Where the file lies in the folder, gzipped or not, or null.</summary>
    public string? FindIn(string folder)
    {
        string dotted = Name.Replace("-idx", ".idx", StringComparison.Ordinal); // as some sites serve MNIST
        return ((string[])[PackedName, Name, $"{dotted}.gz", dotted])
            .Select(name => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>The unpacked content of a file that is to be this one.</summary>
    /// <exception cref="InvalidDataException">It is another, or damaged.</exception>
    public byte[] Read(string path)
    {
        var content = new byte[Bytes];
        try
        {
            using var stream = Unpacking.Open(path, out _, out _);
            stream.ReadExactly(content);
            if (stream.ReadByte() >= 0)
                throw new InvalidDataException($"it has more than {Bytes:N0} bytes.");
        }
        catch (Exception exception) when (exception is EndOfStreamException or InvalidDataException)
        {
            throw new InvalidDataException($"'{path}' is not the file that it should be: {exception.Message} {Advice}", exception);
        }
        Require(path, content);
        return content;
    }

    /// <summary>Checks the unpacked content of a file.</summary>
    /// <exception cref="InvalidDataException">It is another's.</exception>
    public void Require(string path, params ReadOnlySpan<byte[]> content)
    {
        using var hash = Begin();
        foreach (byte[] part in content)
            hash.AppendData(part);
        string found = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (found != Hash)
            throw new InvalidDataException(
                $"'{path}' is not the file that it should be: the checksum of its content is {found}, but {Hash} is wanted. {Advice}");
    }

    /// <summary>Copies the unpacked content, as long as it is not longer than it should be; returns its checksum.</summary>
    /// <exception cref="InvalidDataException">It is too long, or damaged.</exception>
    public async Task<string> HashAsync(Stream content, Stream to, CancellationToken cancellation)
    {
        using var hash = Begin();
        var buffer = new byte[1 << 16];
        long length = 0;
        int count;
        while ((count = await content.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0)
        {
            if ((length += count) > Bytes)
                throw new InvalidDataException($"it has more than the {Bytes:N0} bytes of {Name}");
            hash.AppendData(buffer.AsSpan(0, count));
            await to.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private const string Advice = "Delete it and get it again.";

    private IncrementalHash Begin()
    {
        bool isBlob = Hash.Length == 2 * SHA1.HashSizeInBytes;
        var hash = IncrementalHash.CreateHash(isBlob ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);
        if (isBlob)
            hash.AppendData(Encoding.ASCII.GetBytes($"blob {Bytes}\0"));
        return hash;
    }
}

/// <summary>What a published data set consists of and where it is served.</summary>
/// <param name="Title">What it is called.</param>
/// <param name="Folders">The folders that it may lie in, below a data folder; "" is that itself, and a download goes to the first.</param>
/// <param name="Files">Its files.</param>
/// <param name="Mirrors">
/// Folders of its files, gzipped, or archives (<c>.tar.gz</c>) of all of them; the first that serves them right is taken.
/// </param>
internal sealed record DataSource(string Title, IReadOnlyList<string> Folders, IReadOnlyList<DataFile> Files, IReadOnlyList<Uri> Mirrors)
{
    /// <summary>LeCun, Cortes and Burges' database of handwritten digits: images and labels for training, then for testing.</summary>
    public static DataSource Mnist { get; } = new(
        "MNIST", ["mnist", ""],
        [
            new DataFile("train-images-idx3-ubyte", 47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            new DataFile("train-labels-idx1-ubyte", 60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            new DataFile("t10k-images-idx3-ubyte", 7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            new DataFile("t10k-labels-idx1-ubyte", 10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        ],
        [
            new Uri("https://storage.googleapis.com/cvdf-datasets/mnist/"),
            new Uri("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            new Uri("https://raw.githubusercontent.com/fgnt/mnist/master/"),
        ]);

    /// <summary>Xiao, Rasul and Vollgraf's photographs of clothes, in the form of MNIST.</summary>
    public static DataSource FashionMnist { get; } = new(
        "Fashion-MNIST", ["fashion-mnist"],
        [
            new DataFile("train-images-idx3-ubyte", 47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
            new DataFile("train-labels-idx1-ubyte", 60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
            new DataFile("t10k-images-idx3-ubyte", 7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
            new DataFile("t10k-labels-idx1-ubyte", 10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
        ],
        [
            new Uri("https://storage.googleapis.com/tensorflow/tf-keras-datasets/"),
            new Uri("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"),
        ]);

    /// <summary>The digits of the United States Postal Service, as text: for training, then for testing.</summary>
    public static DataSource Usps { get; } = new(
        "USPS", ["usps", ""],
        [
            new DataFile("zip.train", 14_512_253, "abc9f5c75b997cabe66b5d01727d5a681c69298e1641a8d37b55433a52129dc0"),
            new DataFile("zip.test", 2_029_542, "6bde17b4f1cd68e0630cd2751d6495b5795d9165ab2dc4a0be8b7002b732f4cc"),
        ],
        [
            new Uri("https://hastie.su.domains/ElemStatLearn/datasets/"),
            new Uri("https://web.stanford.edu/~hastie/ElemStatLearn/datasets/"),
        ]);

    /// <summary>Krizhevsky's small color photographs, in the binary version: five batches for training, then one for testing.</summary>
    public static DataSource Cifar10 { get; } = new(
        "CIFAR-10", ["cifar-10", "cifar-10/cifar-10-batches-bin", "cifar-10-batches-bin", ""],
        [
            new DataFile("data_batch_1.bin", 30_730_000, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
            new DataFile("data_batch_2.bin", 30_730_000, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
            new DataFile("data_batch_3.bin", 30_730_000, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
            new DataFile("data_batch_4.bin", 30_730_000, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
            new DataFile("data_batch_5.bin", 30_730_000, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
            new DataFile("test_batch.bin", 30_730_000, "e3f3b4653f18f27ada1558cabc3352a3ed1b25cc"),
        ],
        [
            new Uri("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"),
            new Uri("https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/cifar-10-binary.tar.gz"),
        ])
    {
        FirstTestImages = new DataFile("test_batch_first_1000.bin", 3_073_000,
            "8314c96d7cd65618193bab23acdd5d4c4af15bf6dd00a1781d55beedf3be1ef5"),
    };

    /// <summary>A part of the test images that some machines have in place of all; it is not served.</summary>
    public DataFile? FirstTestImages { get; init; }

    /// <summary>Where the files lie, all in one folder; null where they do not.</summary>
    public string[]? Find(IEnumerable<string> dataFolders, params IReadOnlyList<DataFile> files)
    {
        foreach (string folder in dataFolders.SelectMany(data => Folders.Select(own => Path.Combine(data, own))))
        {
            var found = files.Select(file => file.FindIn(folder)).OfType<string>().ToArray();
            if (found.Length == files.Count)
                return found;
        }
        return null;
    }
}
