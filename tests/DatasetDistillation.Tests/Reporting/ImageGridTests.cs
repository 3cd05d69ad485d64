using DatasetDistillation.Data;
using DatasetDistillation.Reporting;
using Xunit;

namespace DatasetDistillation.Tests.Reporting;

public class ImageGridTests
{
    private static readonly Random Random = new(3);

    [Fact]
    public void EveryPixelOfEveryImageIsASquareAtItsPlace()
    {
        var images = RandomImages(7, 5, 4);
        var grid = ImageGrid.Of(images, Enumerable.Range(0, 7).Select(i => $"image {i}"), columns: 3, zoom: 4, title: "T");
        var png = Decoded(grid);
        for (var k = 0; k < 7; k++)
        {
            var (left, top) = grid.PlaceOf(k);
            for (var y = 0; y < 5; y++)
                for (var x = 0; x < 4; x++)
                    foreach (var (dx, dy) in ((int, int)[])[(0, 0), (3, 3)])
                        Assert.Equal((byte)Math.Round(255 * images[k, y, x]), png.Red(left + 4 * x + dx, top + 4 * y + dy));
        }
    }

    [Fact]
    public void ColorImagesKeepTheirChannels()
    {
        var images = new float[1, 3, 1, 1];
        (images[0, 0, 0, 0], images[0, 1, 0, 0], images[0, 2, 0, 0]) = (1f, 0.4f, 0f);
        var grid = ImageGrid.Of(images, zoom: 2);
        var (png, (x, y)) = (Decoded(grid), grid.PlaceOf(0));
        Assert.Equal([255, 102, 0], png.Pixel(x, y)[..3]);
    }

    [Theory]
    [InlineData(PixelScaling.UnitRange, 0, 64, 255)]
    [InlineData(PixelScaling.EachImage, 0, 85, 255)]
    [InlineData(PixelScaling.AllImages, 0, 76, 229)]
    [InlineData(PixelScaling.Symmetric, 159, 112, 16)]
    public void ScalingTurnsValuesIntoShades(PixelScaling scaling, int first, int second, int third)
    {
        var grid = ImageGrid.Of(new float[,,] { { { -0.5f, 0.25f, 1.75f } }, { { 0, 0, 2 } } }, scaling: scaling, zoom: 1);
        var (png, (x, y)) = (Decoded(grid), grid.PlaceOf(0));
        Assert.All(((int[])[first, second, third]).Select((shade, i) => (shade, Seen: (int)png.Red(x + i, y))),
            pair => Assert.InRange(pair.Seen, pair.shade - 1, pair.shade + 1));
    }

    [Fact]
    public void CaptionsAreWrittenBelowTheirImages()
    {
        var grid = ImageGrid.Of(new float[2, 8, 8], ["7", ""], zoom: 4);
        var png = Decoded(grid);
        Assert.True(DarkPixels(png, grid.PlaceOf(0), 32) > 10);
        Assert.Equal(0, DarkPixels(png, grid.PlaceOf(1), 32));
    }

    [Fact]
    public void ALongCaptionIsNotCutOff()
    {
        var narrow = Decoded(ImageGrid.Of(new float[1, 8, 8], ["a"], zoom: 4));
        var wide = Decoded(ImageGrid.Of(new float[1, 8, 8], ["accuracy 97.3 ± 0.4 % over 20 networks"], zoom: 4));
        Assert.True(wide.Width > narrow.Width + 150);
        for (var y = 0; y < wide.Height; y++)
            Assert.True(wide.Red(wide.Width - 5, y) is 0 or > 230);
    }

    [Fact]
    public void WrongPredictionsAreMarkedInRedWithTheTrueClass()
    {
        var grid = PredictionsGrid.Of(RandomImages(3, 28, 28), [4, 9, 1], [0.98, 0.61, 1], [4, 4, 1]);
        var png = Decoded(grid);
        bool IsFramed(int image) => grid.PlaceOf(image) is var (x, y) && png.Pixel(x - 2, y + 10) is [> 180, < 60, < 60, 255];
        Assert.Equal([false, true, false], Enumerable.Range(0, 3).Select(IsFramed));
        Assert.Equal(1, grid.WrongCount);
        Assert.Contains("✗ 9 · 61 %, true 4", grid.ToString());
        Assert.Contains("4 · 98 %", grid.ToString());
    }

    [Fact]
    public void WithoutTheTruthNothingIsMarked()
    {
        var grid = PredictionsGrid.Of(new float[1, 4, 4], [3], [0.5], classNames: ["a", "b", "c", "d"]);
        Assert.Equal(0, grid.WrongCount);
        Assert.Contains("d · 50 %", grid.ToString());
    }

    [Fact]
    public void TheTextSaysWhatIsThere()
    {
        Assert.Equal("image grid: 10 images of 28×28, 2 rows", ImageGrid.Of(new float[10, 28, 28], columns: 5).ToString());
        Assert.Contains("2 | 3", ImageGrid.Of(new float[4, 2, 2], ["0", "1", "2", "3"], columns: 2).ToString());
    }

    [Fact]
    public void BadInputIsRefusedQuotingIt()
    {
        AssertRefused(() => ImageGrid.Of(new float[3, 2, 2], ["a"]), "3 images", "1 captions");
        AssertRefused(() => ImageGrid.Of(new float[3, 2, 2], columns: 2, rowLabels: ["a"]), "2 rows", "1 row labels");
        AssertRefused(() => ImageGrid.Of(new float[][] { new float[784], new float[100] }), "image 0 has 784", "image 1 has 100");
        AssertRefused(() => ImageGrid.Of(new float[][] { new float[783] }), "783");
        AssertRefused(() => new ImageBatch(new float[10], 1, 2, 2), "10 pixels", "1×2×2");
        AssertRefused(() => new ImageBatch(new float[8], 2, 2, 2), "2 channels");
        AssertRefused(() => PredictionsGrid.Of(new float[2, 2, 2], [1], [1.0, 1]), "2 images", "1 predictions");
        AssertRefused(() => PredictionsGrid.Of(new float[1, 2, 2], [3], [1.0], classNames: ["a"]), "Class 3", "1 class names");
    }

    [Fact]
    public void TheFontHasEveryPrintableAsciiCharacterAndTheSymbolsUsed()
    {
        foreach (var character in Enumerable.Range(32, 95).Select(c => (char)c).Concat("%±→✓✗·−×≤⁻⁵"))
        {
            Assert.True(StrokeFont.Has(character), $"'{character}' has no drawing.");
            Assert.Equal(character != ' ', Ink(character).Length > 0);
        }
    }

    [Fact]
    public void NoTwoCharactersLookTheSame()
    {
        var drawings = Enumerable.Range(33, 94)
            .Select(c => (char)c)
            .GroupBy(Ink)
            .Where(group => group.Count() > 1)
            .Select(group => string.Concat(group));
        Assert.Empty(drawings);
    }

    [Fact]
    public void FilesAreReplacedWhole()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var path = Path.Combine(folder.FullName, "new", "grid.png");
            var grid = ImageGrid.Of(new float[1, 4, 4]);
            grid.SavePng(path);
            grid.SavePng(path);
            Assert.Equal(grid.ToPng(), File.ReadAllBytes(path));
            Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void APictureThatCannotBeWrittenSaysWhereAndWhatToDo()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var file = Path.Combine(folder.FullName, "file");
            File.WriteAllText(file, "no folder");
            var grid = ImageGrid.Of(new float[1, 4, 4]);
            var error = Assert.Throws<IOException>(() => grid.SavePng(Path.Combine(file, "grid.png")));
            Assert.Contains(Path.Combine(file, "grid.png"), error.Message, StringComparison.Ordinal);
            Assert.Contains("Choose a folder", error.Message, StringComparison.Ordinal);
            Assert.Contains(
                "is a folder", Assert.Throws<ArgumentException>(() => grid.SavePng(folder.FullName)).Message, StringComparison.Ordinal);
            Assert.Equal([file], Directory.GetFileSystemEntries(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void AGridThatWouldBeTooLargeIsRefused() =>
        AssertRefused(() => ImageGrid.Of(new ImageBatch(new float[60_000], 1, 1, 1)), "60,000 images", "fewer images");

    private static string Ink(char character)
    {
        var raster = new Raster(24, 24);
        StrokeFont.Draw(raster, character.ToString(), 4, 3, new Rgb(0, 0, 0));
        return raster.Pixels.All(p => p == 0) ? "" : Convert.ToBase64String(raster.Pixels);
    }

    private static int DarkPixels(PngImage png, (int X, int Y) image, int size)
    {
        var count = 0;
        for (var y = image.Y + size + 2; y < png.Height - 10; y++)
            for (var x = image.X; x < image.X + size; x++)
                count += png.Red(x, y) < 120 ? 1 : 0;
        return count;
    }

    private static float[,,] RandomImages(int count, int height, int width)
    {
        var images = new float[count, height, width];
        for (var i = 0; i < images.Length; i++)
            images[i / (height * width), i / width % height, i % width] = Random.NextSingle();
        return images;
    }

    private static PngImage Decoded(IPicture grid) => Png.Decode(grid.ToPng());

    private static void AssertRefused(Func<object> make, params string[] quoted)
    {
        var error = Assert.ThrowsAny<ArgumentException>(make);
        Assert.All(quoted, text => Assert.Contains(text, error.Message));
    }
}

internal static class PngReading
{
    public static byte[] Pixel(this PngImage png, int x, int y) =>
        [.. png.Pixels.AsSpan((y * png.Width + x) * png.Channels, png.Channels)];

    public static byte Red(this PngImage png, int x, int y) => png.Pixel(x, y)[0];
}
