using System.Formats.Tar;
using DatasetDistillation.Data;
using Xunit;

namespace DatasetDistillation.Tests.Data;

/// <summary>Fashion-MNIST and CIFAR-10, small ones in the same form and, where there are, the published ones.</summary>
public sealed class PublishedDataTests : IDisposable
{
    private const int Record = 3073, PerFile = 20;
    private readonly TemporaryFolder folder = new();
    private readonly List<string> notices = [];

    public void Dispose() => folder.Dispose();

    private DataOptions Options => new() { Folders = [folder.Path], AllowDownload = false, Notice = notices.Add };

    [Fact]
    public void Clothes_are_found_with_their_names_or_downloaded()
    {
        var (source, contents) = IdxFiles.SmallMnist();
        using var mirror = new LoopbackMirror(contents);
        var options = Options with { Source = source with { Folders = ["fashion-mnist"], Mirrors = [mirror.Address] } };
        foreach (var (name, content) in contents)
            folder.Write(name, content); // MNIST's files have the same names: what lies there is not taken for clothes

        Assert.Contains(
            "There is no MNIST", Assert.Throws<FileNotFoundException>(() => FashionMnist.Load(options)).Message, StringComparison.Ordinal);
        using var training = FashionMnist.Load(options with { AllowDownload = true });
        using var test = FashionMnist.LoadTest(options);

        Assert.Equal((20, "Fashion-MNIST training set", 10), (training.Count, training.Name, training.ClassCount));
        Assert.Equal((10, "Ankle boot"), (test.Count, test.ClassNames[9]));
        Assert.True(training.MayBeMirrored);
        Assert.Equal(4, mirror.Requests.Count);
    }

    [Theory]
    [InlineData("cifar-10/", true)]
    [InlineData("cifar-10-batches-bin/", false)]
    [InlineData("cifar-10/cifar-10-batches-bin/", false)]
    [InlineData("", true)]
    public void Color_photographs_are_found_in_the_data_folder(string place, bool gzip)
    {
        var (source, contents) = SmallCifar();
        foreach (var (name, content) in contents)
            folder.Write(place + name + (gzip ? ".gz" : ""), gzip ? IdxFiles.Gzip(content) : content);

        using var training = Cifar10.Load(Options with { Source = source });
        using var test = Cifar10.LoadTest(Options with { Source = source });

        Assert.Equal([5 * PerFile, 3, 32, 32], training.Images.shape);
        Assert.Equal((PerFile, "CIFAR-10 test set", "truck"), (test.Count, test.Name, test.ClassNames[9]));
        byte[] third = contents["data_batch_3.bin"];
        int number = (2 * PerFile) + 7, at = 7 * Record;
        Assert.Equal(third[at], training.LabelValues()[number]);
        Assert.Equal(
            third[at + 1 + (2 * 1024) + (5 * 32) + 4] / 255f, training.Images[number, 2, 5, 4].item<float>()); // blue, row 5, column 4
        Assert.True(training.MayBeMirrored);
        Assert.Empty(notices);
    }

    [Fact]
    public void The_first_test_photographs_stand_in_for_all_and_the_data_set_says_so()
    {
        var (source, contents) = SmallCifar();
        byte[] first = contents["test_batch.bin"][..(10 * Record)];
        var options = Options with { Source = source with { FirstTestImages = IdxFiles.Expected("test_batch_first_1000.bin", first) } };
        folder.Write("cifar-10/test_batch_first_1000.bin.gz", IdxFiles.Gzip(first));

        using var part = Cifar10.LoadTest(options);
        folder.Write("cifar-10/test_batch.bin", contents["test_batch.bin"]);
        using var all = Cifar10.LoadTest(options);

        Assert.Equal((10, "CIFAR-10 test set, first 1,000"), (part.Count, part.Name));
        Assert.Contains("first 10 of CIFAR-10's 10,000", Assert.Single(notices), StringComparison.Ordinal);
        Assert.Equal((PerFile, "CIFAR-10 test set"), (all.Count, all.Name));
    }

    [Fact]
    public void Color_photographs_are_downloaded_as_an_archive()
    {
        var (source, contents) = SmallCifar();
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, leaveOpen: true))
            foreach (var (name, content) in contents)
                writer.WriteEntry(
                    new PaxTarEntry(TarEntryType.RegularFile, $"cifar-10-batches-bin/{name}") { DataStream = new MemoryStream(content) });
        using var mirror = new LoopbackMirror(new Dictionary<string, byte[]> { ["cifar.tar.gz"] = IdxFiles.Gzip(tar.ToArray()) });
        var options = Options with { AllowDownload = true, Source = source with { Mirrors = [new Uri(mirror.Address, "cifar.tar.gz")] } };

        using var training = Cifar10.Load(options);
        using var test = Cifar10.LoadTest(options);

        Assert.Equal((5 * PerFile, PerFile), (training.Count, test.Count));
        Assert.Single(mirror.Requests);
    }

    [Fact]
    public void A_batch_that_is_another_is_refused_by_its_checksum()
    {
        var (source, contents) = SmallCifar();
        contents["data_batch_2.bin"][9] ^= 1;
        foreach (var (name, content) in contents)
            folder.Write("cifar-10/" + name, content);
        folder.Write("cifar-10/test_batch.bin", contents["test_batch.bin"][1..]);

        Assert.Contains(
            "data_batch_2.bin' is not the file that it should be",
            Assert.Throws<InvalidDataException>(() => Cifar10.Load(Options with { Source = source })).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "test_batch.bin' is not",
            Assert.Throws<InvalidDataException>(() => Cifar10.LoadTest(Options with { Source = source })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_missing_says_where_it_was_looked_for_and_where_it_is_got()
    {
        var error = Assert.Throws<FileNotFoundException>(() => Cifar10.Load(Options));

        Assert.Contains("There is no CIFAR-10 ('data_batch_1.bin.gz'", error.Message, StringComparison.Ordinal);
        Assert.Contains(folder["cifar-10"], error.Message, StringComparison.Ordinal);
        Assert.Contains("downloading is forbidden", error.Message, StringComparison.Ordinal);
        Assert.Contains("https://", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Fashion_mnist_itself_is_as_published()
    {
        var options = Published(DataSource.FashionMnist);

        using var training = FashionMnist.Load(options);
        using var test = FashionMnist.LoadTest(options);

        Assert.All(training.ClassHistogram(), static count => Assert.Equal(6000, count));
        Assert.All(test.ClassHistogram(), static count => Assert.Equal(1000, count));
        var statistics = Standardization.Of(training);
        Assert.Equal(0.2860, statistics.Mean[0], 1e-3);
        Assert.Equal(0.3530, statistics.StandardDeviation[0], 1e-3);
    }

    [SkippableFact]
    public void Cifar_10_itself_is_as_published()
    {
        var options = Published(DataSource.Cifar10 with { Files = [.. DataSource.Cifar10.Files.Take(5)] });

        using var training = Cifar10.Load(options);
        using var test = Cifar10.LoadTest(options);

        Assert.All(training.ClassHistogram(), static count => Assert.Equal(5000, count));
        Assert.Equal(notices.Count == 0 ? 10_000 : 1000, test.Count);
        Assert.Equal([0.4914, 0.4822, 0.4465], Standardization.Of(training).Mean.Select(static mean => Math.Round(mean, 4)));
        Assert.Equal([3L, 8, 8, 0, 6], test.LabelValues()[..5]); // cat, ship, ship, airplane, frog
    }

    private DataOptions Published(DataSource source)
    {
        string? data = Environment.GetEnvironmentVariable("DISTILLATION_DATA");
        Skip.If(data is null || source.Find([data], source.Files) is null, $"DISTILLATION_DATA does not lead to {source.Title}.");
        return Options with { Folders = [data!] };
    }

    /// <summary>Six batches of twenty photographs.</summary>
    private static (DataSource Source, Dictionary<string, byte[]> Contents) SmallCifar()
    {
        var contents = DataSource.Cifar10.Files.ToDictionary(static file => file.Name, static file =>
        {
            var content = new byte[PerFile * Record];
            new Random(file.Name.Length + file.Name[^5]).NextBytes(content);
            for (int i = 0; i < PerFile; i++)
                content[i * Record] = (byte)(i % 10);
            return content;
        });
        return (DataSource.Cifar10 with { Files = [.. contents.Select(static file => IdxFiles.Expected(file.Key, file.Value))] }, contents);
    }
}
