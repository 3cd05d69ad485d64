using DatasetDistillation.Data;
using SkiaSharp;
using Xunit;

namespace DatasetDistillation.Tests.Data;

public sealed class ImageFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<string> notices = [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Classes_are_called_as_their_folders_in_numerical_order()
    {
        foreach (string label in (string[])["10", "9", "2"])
            WriteGray($"{label}/{label}.png", 2, 2, byte.Parse(label, System.Globalization.CultureInfo.InvariantCulture));
        folder.Write("2/notes.txt", "no image");
        folder.Write("2/._2.png", "no image either");
        folder.Write(".hidden/x", "no class");

        using var data = ImageDataset.FromFolder(folder.Path, 2, 2);

        Assert.Equal(["2", "9", "10"], data.ClassNames);
        Assert.Equal([0L, 1, 2], data.LabelValues());
        Assert.Equal([2, 2, 2, 2, 9, 9, 9, 9, 10, 10, 10, 10], data.PixelValues().Select(static pixel => MathF.Round(pixel * 255)));
    }

    [Fact]
    public void Classes_are_called_as_their_folders_in_alphabetical_order_or_as_they_are_given()
    {
        foreach (string name in (string[])["shirt", "bag", "coat"])
            WriteGray($"{name}/1.png", 2, 2, (byte)name.Length);

        using var data = ImageDataset.FromFolder(folder.Path, 2, 2);
        using var others = ImageDataset.FromFolder(
            folder.Path, new ImageFolderOptions(2, 2) { ClassNames = ["shirt", "hat", "coat", "bag"], MayBeMirrored = true });
        var error = Assert.Throws<InvalidDataException>(
            () => ImageDataset.FromFolder(folder.Path, new ImageFolderOptions(2, 2) { ClassNames = ["shirt", "coat"] }));

        Assert.Equal(["bag", "coat", "shirt"], data.ClassNames);
        Assert.Equal((false, true), (data.MayBeMirrored, others.MayBeMirrored));
        Assert.Equal([0L, 1, 2], data.LabelValues());
        Assert.Equal([3L, 2, 0], others.LabelValues());
        Assert.Equal([1, 0, 1, 1], others.ClassHistogram());
        Assert.Contains("bag' is none of the classes shirt, coat", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Colors_are_kept_unless_gray_is_asked_for_or_all_is_gray()
    {
        folder.Write("a/1.png", Png.Encode(2, 1, 3, [255, 0, 0, 10, 20, 30]));
        folder.Write("b/1.png", Png.Encode(2, 1, 1, [7, 8]));

        using var color = ImageDataset.FromFolder(folder.Path, 1, 2);
        using var gray = ImageDataset.FromFolder(folder.Path, new ImageFolderOptions(1, 2) { Gray = true });
        folder.Write("a/1.png", Png.Encode(2, 1, 3, [9, 9, 9, 6, 6, 6]));
        using var allGray = ImageDataset.FromFolder(folder.Path, 1, 2);

        Assert.Equal([2L, 3, 1, 2], color.Images.shape);
        Assert.Equal([255, 10, 0, 20, 0, 30, 7, 8, 7, 8, 7, 8], Bytes(color));
        Assert.Equal([76, 18, 7, 8], Bytes(gray));
        Assert.Equal([2L, 1, 1, 2], allGray.Images.shape);
        Assert.Equal([9, 6, 7, 8], Bytes(allGray));
    }

    [Fact]
    public void Images_of_any_size_are_cropped_or_stretched_and_antialiased()
    {
        // 40 columns: black at the outer thirds, stripes of 0 and 200 in the middle; resized without antialiasing it would be 0 or 200.
        var pixels = new byte[20 * 40];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(i % 40 is >= 10 and < 30 && i % 2 == 0 ? 200 : 0);
        folder.Write("a/wide.png", Png.Encode(40, 20, 1, pixels));
        folder.Write("b/tall.png", Png.Encode(20, 40, 1, new byte[800]));

        using var cropped = ImageDataset.FromFolder(folder.Path, 5, 5);
        using var stretched = ImageDataset.FromFolder(folder.Path, new ImageFolderOptions(5, 5) { Fit = ImageFit.Stretch });

        Assert.All(Bytes(cropped)[6..9], static value => Assert.InRange(value, 90, 110)); // the second row, but for its ends
        Assert.All(Bytes(stretched)[..1], static value => Assert.InRange(value, 0, 20));
        Assert.InRange(Bytes(stretched)[2], 90, 110);
    }

    [Theory]
    [InlineData(3, 2, false, new[] { 71, 59, 102, 130, 86, 126 })]
    [InlineData(3, 2, true, new[] { 69, 61, 99, 128, 75, 112 })]
    [InlineData(11, 2, false, new[] { 73, 80, 83, 49, 42, 54, 67, 81, 96, 112, 123, 128, 147, 160, 85, 70, 100, 79, 81, 113, 147, 171 })]
    public void Resizing_agrees_with_pillow(int width, int height, bool cropped, int[] expected)
    {
        // Image.fromarray((numpy.arange(35) ** 2 % 256).astype("u1").reshape(5, 7)).resize((width, height), Image.BILINEAR, box) of Pillow
        // 9.4, which rounds twice.
        byte[] ramp = [.. Enumerable.Range(0, 7 * 5).Select(static i => (byte)(i * i))];

        var resized = Resampling.Resize<byte>(
            ramp, 7, 1, cropped ? new Part(1, 0.5, 5, 4) : new Part(0, 0, 7, 5), height, width, antialias: true);

        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], resized[i], 1f);
    }

    [Fact]
    public void A_jpeg_is_read_beside_pngs_whatever_its_extension()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(16, 16, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor(200, 100, 50));
        using var jpeg = bitmap.Encode(SKEncodedImageFormat.Jpeg, 95);
        folder.Write("a/1.JPG", jpeg.ToArray());
        folder.Write("a/2.jpeg", jpeg.ToArray());
        WriteGray("b/1.png", 16, 16, 0);

        using var data = ImageDataset.FromFolder(folder.Path, 8, 8);

        Assert.Equal([0L, 0, 1], data.LabelValues());
        Assert.Equal(200 / 255f, data.Images[0, 0, 3, 3].item<float>(), 0.02f);
        Assert.Equal(50 / 255f, data.Images[1, 2, 3, 3].item<float>(), 0.02f);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_named_and_refused_or_skipped()
    {
        WriteGray("0/right.png", 28, 28, 0);
        WriteGray("1/right.png", 28, 28, 0);
        WriteGray("1/wrong.png", 28, 27, 0);
        folder.Write("1/damaged.png", "no image");
        var options = new ImageFolderOptions(28, 28) { Fit = ImageFit.Exact, Notice = notices.Add };

        var error = Assert.Throws<InvalidDataException>(() => ImageDataset.FromFolder(folder.Path, options));
        using var rest = ImageDataset.FromFolder(folder.Path, options with { SkipUnreadable = true });

        Assert.Contains("damaged.png' cannot be read", error.Message, StringComparison.Ordinal);
        Assert.Contains("SkipUnreadable = true", error.Message, StringComparison.Ordinal);
        Assert.Equal([0L, 1], rest.LabelValues());
        Assert.Contains("damaged.png", notices[0], StringComparison.Ordinal);
        Assert.Contains("wrong.png' is left out. It has 28×27 pixels, but 28×28 are wanted", notices[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_classes_or_images_is_refused()
    {
        Assert.Throws<DirectoryNotFoundException>(() => ImageDataset.FromFolder(folder["none"], 28, 28));
        var noClasses = Assert.Throws<InvalidDataException>(() => ImageDataset.FromFolder(folder.Path, 28, 28));
        folder.Write("0/notes.txt", "no image");
        var noImages = Assert.Throws<InvalidDataException>(() => ImageDataset.FromFolder(folder.Path, 28, 28));
        WriteGray("0/1.png", 2, 2, 0);
        var oneClass = Assert.Throws<InvalidDataException>(() => ImageDataset.FromFolder(folder.Path, 28, 28));

        Assert.Contains("no class folders", noClasses.Message, StringComparison.Ordinal);
        Assert.Contains("no PNG or JPEG files", noImages.Message, StringComparison.Ordinal);
        Assert.Contains("2 to 65,536 classes", oneClass.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_images_than_the_ceiling_are_refused_before_they_are_read()
    {
        folder.Write("a/1.png", "not read");
        folder.Write("b/1.png", "not read");

        var error = Assert.Throws<InvalidDataException>(
            () => ImageDataset.FromFolder(folder.Path, new ImageFolderOptions(100, 100) { MaximumBytes = 200_000 }));

        Assert.Contains("takes 240,000 bytes", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(ImageDataset data) => [.. data.PixelValues().Select(static pixel => (byte)MathF.Round(pixel * 255))];

    private void WriteGray(string name, int width, int height, byte value)
    {
        var pixels = new byte[width * height];
        Array.Fill(pixels, value);
        folder.Write(name, Png.Encode(width, height, 1, pixels));
    }
}
