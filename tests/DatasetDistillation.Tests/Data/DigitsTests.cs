using DatasetDistillation.Data;
using Xunit;

namespace DatasetDistillation.Tests.Data;

public sealed class DigitsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly DataSource mnist;
    private readonly Dictionary<string, byte[]> contents;
    private readonly List<string> notices = [];

    public DigitsTests() => (mnist, contents) = IdxFiles.SmallMnist();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("mnist/")]
    [InlineData("")]
    public void Mnist_is_found_in_the_data_folder(string place)
    {
        WriteMnist(place);

        using var training = Digits.Load(Options());
        using var test = Digits.LoadTest(Options());

        Assert.Equal((20, "MNIST training set"), (training.Count, training.Name));
        Assert.Equal((10, "MNIST test set"), (test.Count, test.Name));
        Assert.StartsWith("MNIST", training.Source, StringComparison.Ordinal);
        Assert.Empty(notices);
    }

    [Fact]
    public void A_file_that_is_not_mnists_fails_its_checksum()
    {
        WriteMnist("mnist/");
        var images = IdxFiles.Images(20);
        images[^1] ^= 1;
        folder.Write("mnist/train-images-idx3-ubyte.gz", IdxFiles.Gzip(images));

        var error = Assert.Throws<InvalidDataException>(() => Digits.Load(Options()));

        Assert.Contains("checksum", error.Message, StringComparison.Ordinal);
        Assert.Contains("train-images", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Kaggles_file_serves_where_mnist_is_not_and_is_split_without_overlap()
    {
        WriteKaggle(70);

        using var training = Digits.Load(Options());
        using var test = Digits.LoadTest(Options());
        using var all = Digits.LoadKaggle(Options());

        Assert.Equal((60, 10, 70), (training.Count, test.Count, all.Count));
        Assert.All(test.ClassHistogram(), count => Assert.Equal(1, count));
        Assert.Equal(
            all.PixelValues().Chunk(784).Select(Number).Order(),
            training.PixelValues().Chunk(784).Concat(test.PixelValues().Chunk(784)).Select(Number).Order());
        Assert.Empty(notices);

        static float Number(float[] image) => image[0];
    }

    [Fact]
    public void Mnist_stands_in_for_kaggles_file()
    {
        WriteMnist("mnist/");

        using var images = Digits.LoadKaggle(Options());

        Assert.Equal((20, "MNIST, first 42,000"), (images.Count, images.Name));
    }

    [Fact]
    public void Half_of_mnist_is_never_completed_from_elsewhere()
    {
        WriteMnist("mnist/");
        File.Delete(folder["mnist/t10k-images-idx3-ubyte.gz"]);
        WriteKaggle(70);

        var error = Assert.Throws<FileNotFoundException>(() => Digits.LoadTest(Options()));

        Assert.Contains("t10k-images-idx3-ubyte.gz", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mnist_is_downloaded_where_there_is_none()
    {
        using var mirror = new LoopbackMirror(contents);
        var options = Options(mirror.Address);

        using var training = Digits.Load(options);
        using var test = Digits.LoadTest(options);

        Assert.Equal((20, 10), (training.Count, test.Count));
        Assert.Equal(4, mirror.Requests.Count);
        Assert.True(File.Exists(folder["mnist/train-images-idx3-ubyte.gz"]));
        Assert.Empty(notices);
    }

    [Fact]
    public void Without_files_or_network_the_digits_are_synthetic_and_say_so()
    {
        Uri gone;
        using (var mirror = new LoopbackMirror(contents))
            gone = mirror.Address;

        using var unreachable = Digits.LoadTest(Options(gone));
        using var forbidden = Digits.LoadTest(Options());

        Assert.Equal((10_000, "synthetic digits (test)"), (unreachable.Count, unreachable.Name));
        Assert.Equal(unreachable.LabelValues(), forbidden.LabelValues());
        Assert.StartsWith("synthetic digits", forbidden.Source, StringComparison.Ordinal);
        Assert.Equal(2, notices.Count);
        Assert.All(notices, notice => Assert.Contains("synthetic digits, not MNIST", notice, StringComparison.Ordinal));
        Assert.Contains(folder.Path, notices[0], StringComparison.Ordinal);
        Assert.Contains("could not be downloaded", notices[0], StringComparison.Ordinal);
        Assert.Contains("downloading is forbidden", notices[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_network_wants_a_login_the_digits_are_synthetic_and_say_so()
    {
        using var portal = new LoopbackMirror(contents.ToDictionary(file => file.Key, _ => "\r\n<!DOCTYPE html>Please log in"u8.ToArray()));
        var options = Options(portal.Address);

        using var images = Digits.LoadTest(options);

        Assert.Equal("synthetic digits (test)", images.Name);
        string notice = Assert.Single(notices);
        Assert.Contains($"{portal.Address.Authority} serves a web page", notice, StringComparison.Ordinal);
        Assert.Contains("login", notice, StringComparison.Ordinal);
        Assert.Contains(folder.Path, notice, StringComparison.Ordinal);
    }

    [Fact]
    public void Test_images_belong_to_the_training_images_though_the_network_is_back()
    {
        using var half = new LoopbackMirror(contents.Where(file => file.Key.StartsWith("train", StringComparison.Ordinal)).ToDictionary());
        using var whole = new LoopbackMirror(contents);

        using var training = Digits.Load(Options(half.Address));
        using var test = Digits.LoadTest(Options(whole.Address));
        Assert.Equal(("synthetic digits (training)", "synthetic digits (test)"), (training.Name, test.Name));

        using var trainingAgain = Digits.Load(Options(whole.Address));
        using var testAgain = Digits.LoadTest(Options(whole.Address));
        Assert.Equal(("MNIST training set", "MNIST test set"), (trainingAgain.Name, testAgain.Name));
    }

    [Fact]
    public void A_data_folder_that_cannot_be_written_to_is_an_error()
    {
        using var mirror = new LoopbackMirror(contents);
        string blocked = Path.Combine(folder.Write("file", "no folder"), "data");

        var error = Assert.Throws<IOException>(() => Digits.Load(Options(mirror.Address) with { Folders = [blocked] }));

        Assert.Contains("DISTILLATION_DATA", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Mnist_itself_is_as_published()
    {
        string? data = Environment.GetEnvironmentVariable("DISTILLATION_DATA");
        Skip.If(data is null || DataSource.Mnist.Find([data], DataSource.Mnist.Files) is null, "DISTILLATION_DATA does not lead to MNIST.");
        var options = new DataOptions { Folders = [data], AllowDownload = false, Notice = notices.Add };

        using var training = Digits.Load(options);
        using var test = Digits.LoadTest(options);
        using var first = Digits.LoadKaggle(options);
        var (seen, heldOut) = first.StratifiedSplit(0.8);

        Assert.Equal([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949], training.ClassHistogram());
        Assert.Equal([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009], test.ClassHistogram());
        Assert.Equal([60_000L, 1, 28, 28], training.Images.shape);
        Assert.Equal((33_600, 8_400), (seen.Count, heldOut.Count));
        var statistics = Standardization.Of(training);
        Assert.Equal(0.1307, statistics.Mean[0], 1e-4);
        Assert.Equal(0.3081, statistics.StandardDeviation[0], 1e-4);
        seen.Dispose();
        heldOut.Dispose();
    }

    private DataOptions Options(params Uri[] mirrors) => new()
    {
        Folders = [folder.Path],
        AllowDownload = mirrors.Length > 0,
        Notice = notices.Add,
        Source = mnist with { Mirrors = mirrors },
    };

    private void WriteMnist(string place)
    {
        foreach (var (name, content) in contents)
            folder.Write(place + name, content);
    }

    /// <summary>A file of Kaggle's kind whose images are told apart by their first pixel.</summary>
    private void WriteKaggle(int count)
    {
        var lines = Enumerable.Range(0, count).Select(i => $"{i % 10},{i}{string.Concat(Enumerable.Repeat(",0", 783))}");
        folder.Write(
            "digit-recognizer/train.csv",
            string.Join('\n', [$"label,{string.Join(',', Enumerable.Range(0, 784).Select(i => $"pixel{i}"))}", .. lines]));
    }
}
