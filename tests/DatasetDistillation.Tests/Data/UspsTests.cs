using System.Globalization;
using DatasetDistillation.Data;
using Xunit;

namespace DatasetDistillation.Tests.Data;

public sealed class UspsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private DataOptions Options => new() { Folders = [folder.Path], AllowDownload = false };

    [Theory]
    [InlineData("usps/zip.train.gz", true)]
    [InlineData("zip.train", false)]
    public void The_dense_form_is_read_gzipped_or_not(string place, bool gzip)
    {
        string text = Dense(6, Image(-1)) + "\n" + Dense(0, Image(0.5)) + "\n";
        folder.Write(place, gzip ? IdxFiles.Gzip(System.Text.Encoding.ASCII.GetBytes(text)) : System.Text.Encoding.ASCII.GetBytes(text));

        using var usps = Digits.LoadUsps(Options);

        Assert.Equal([2L, 1, 28, 28], usps.Images.shape);
        Assert.Equal([6L, 0], usps.LabelValues());
        var pixels = usps.PixelValues();
        Assert.All(pixels[..784], static p => Assert.Equal(0f, p));
        Assert.All(pixels[784..], static p => Assert.Equal(0.75f, p, 0.003f));
    }

    [Fact]
    public void Libsvms_form_has_labels_from_one_and_may_leave_out_zeros()
    {
        folder.Write("usps/usps", $"10 {string.Join(' ', Enumerable.Range(1, 256).Select(static i => $"{i}:-1"))} \n1 1:1\n");
        folder.Write("usps/usps.t", "1 256:1 \n");

        using var training = Digits.LoadUsps(Options);
        using var test = Digits.LoadUspsTest(Options);

        Assert.Equal([9L, 0], training.LabelValues());
        Assert.Equal([0L], test.LabelValues());
        var pixels = training.PixelValues();
        Assert.Equal((0f, 1f, 0.5f), (pixels[0], pixels[784], MathF.Round(pixels[^1], 1)));
    }

    [Fact]
    public void Images_are_enlarged_by_bilinear_interpolation()
    {
        // A ramp stays one between the centers of its outermost pixels, and is level beyond them.
        var ramp = Enumerable.Range(0, 256).Select(static i => (2.0 * (i % 16) / 15) - 1).ToArray();
        folder.Write("zip.test", Dense(1, ramp));

        using var usps = Digits.LoadUspsTest(Options);

        var pixels = usps.PixelValues();
        for (int x = 0; x < 28; x++)
        {
            double at = Math.Clamp(((x + 0.5) * 16 / 28) - 0.5, 0, 15);
            Assert.Equal(at / 15, pixels[(28 * 13) + x], 0.0025);
        }
    }

    [Fact]
    public void What_is_not_there_is_downloaded()
    {
        byte[] training = System.Text.Encoding.ASCII.GetBytes(Dense(6, Image(-1)));
        byte[] test = System.Text.Encoding.ASCII.GetBytes(Dense(7, Image(1)));
        using var mirror = new LoopbackMirror(
            new Dictionary<string, byte[]> { ["zip.train.gz"] = IdxFiles.Gzip(training), ["zip.test.gz"] = IdxFiles.Gzip(test) });
        var source = new DataSource(
            "USPS", ["usps"], [IdxFiles.Expected("zip.train", training), IdxFiles.Expected("zip.test", test)], [mirror.Address]);

        using var usps = Digits.LoadUspsTest(Options with { AllowDownload = true, Source = source });

        Assert.Equal([7L], usps.LabelValues());
        Assert.True(Digits.HasUsps(Options));
    }

    [SkippableFact]
    public void Usps_itself_is_as_published()
    {
        string? data = Environment.GetEnvironmentVariable("DISTILLATION_DATA");
        Skip.If(data is null || !Digits.HasUsps(new DataOptions { Folders = [data] }), "DISTILLATION_DATA does not lead to USPS.");
        var options = new DataOptions { Folders = [data], AllowDownload = false };

        using var training = Digits.LoadUsps(options);
        using var test = Digits.LoadUspsTest(options);

        Assert.Equal([1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644], training.ClassHistogram());
        Assert.Equal([359, 264, 198, 166, 200, 160, 170, 147, 166, 177], test.ClassHistogram());
    }

    [Fact]
    public void A_missing_file_says_where_it_was_looked_for_and_where_it_is_got()
    {
        var error = Assert.Throws<FileNotFoundException>(() => Digits.LoadUsps(Options));

        Assert.Contains("zip.train.gz", error.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(folder.Path, "usps"), error.Message, StringComparison.Ordinal);
        Assert.Contains("downloading is forbidden", error.Message, StringComparison.Ordinal);
        Assert.Contains("Get it from https://", error.Message, StringComparison.Ordinal);
        Assert.False(Digits.HasUsps(Options));
        folder.Write("usps/zip.train", Dense(1, Image(0)));
        Assert.False(Digits.HasUsps(Options));
        folder.Write("usps/zip.test", Dense(1, Image(0)));
        Assert.True(Digits.HasUsps(Options));
    }

    [Theory]
    [InlineData("6.0000 0.1 0.2", "Line 1 of", "3 numbers")]
    [InlineData("12 1:0.5", "Line 1 of", "the label '12'")]
    [InlineData("3 1:0.5 257:0.5", "Line 1 of", "the index '257'")]
    [InlineData("3 1:0.5\n4 1:7", "Line 2 of", "the value '7'")]
    [InlineData("3 1:0.5\n4 seven", "Line 2 of", "'seven'")]
    [InlineData("", "no images", "get it again")]
    [InlineData("BZh91AY", "bzip2", "bunzip2")]
    [InlineData("\u0089HDF", "HDF5", "zip.train.gz")]
    public void A_line_that_is_not_as_it_must_be_is_quoted(string text, params string[] parts)
    {
        folder.Write("usps/usps", text);

        var error = Assert.Throws<InvalidDataException>(() => Digits.LoadUsps(Options));

        Assert.Contains(folder["usps/usps"], error.Message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_line_without_end_is_refused_before_memory_is_taken()
    {
        folder.Write("zip.train.gz", IdxFiles.Gzip([.. "6 "u8, .. Enumerable.Repeat((byte)'1', 100 << 20)]));
        long before = GC.GetTotalAllocatedBytes();

        var error = Assert.Throws<InvalidDataException>(() => Digits.LoadUsps(Options));

        Assert.Contains("line 1 has more than 16384 characters", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 10 << 20);
    }

    [Fact]
    public void Lines_that_make_more_images_than_the_ceiling_are_refused()
    {
        string path = folder.Write(
            "usps.gz", IdxFiles.Gzip([.. Enumerable.Repeat("1 1:1\n"u8.ToArray(), 1000).SelectMany(static line => line)]));

        var error = Assert.Throws<InvalidDataException>(() => UspsReader.Read(path, maximumBytes: 1 << 20));

        Assert.Contains("Raise maximumBytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(1000, UspsReader.Read(path).Count);
    }

    [Fact]
    public void A_truncated_gzip_is_refused()
    {
        var random = new Random(1);
        string text = string.Join(
            '\n',
            Enumerable.Range(0, 20)
                .Select(i => Dense(i % 10, [.. Enumerable.Range(0, 256).Select(_ => Math.Round((2 * random.NextDouble()) - 1, 3))])));
        var gzip = IdxFiles.Gzip(System.Text.Encoding.ASCII.GetBytes(text));
        folder.Write("zip.train.gz", gzip[..(gzip.Length / 2)]);

        Assert.Contains(
            "zip.train.gz", Assert.Throws<InvalidDataException>(() => Digits.LoadUsps(Options)).Message, StringComparison.Ordinal);
    }

    private static double[] Image(double value) => [.. Enumerable.Repeat(value, 256)];

    private static string Dense(int digit, double[] values) =>
        $"{digit}.0000 {string.Join(' ', values.Select(static v => v.ToString("F6", CultureInfo.InvariantCulture)))} ";
}
