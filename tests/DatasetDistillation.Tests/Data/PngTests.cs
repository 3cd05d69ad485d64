using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using DatasetDistillation.Data;
using SkiaSharp;
using Xunit;

namespace DatasetDistillation.Tests.Data;

public class PngTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(28, 28, 1)]
    [InlineData(7, 5, 3)]
    [InlineData(5, 9, 4)]
    public void What_is_encoded_is_decoded(int width, int height, int channels)
    {
        var pixels = RandomBytes(width * height * channels);

        var image = Png.Decode(Png.Encode(width, height, channels, pixels));

        Assert.Equal((width, height, channels), (image.Width, image.Height, image.Channels));
        Assert.Equal(pixels, image.Pixels);
    }

    [Theory]
    [InlineData(1, new byte[] { 0, 0b1011_0000 }, new byte[] { 255, 0, 255 })]
    [InlineData(2, new byte[] { 0, 0b1100_0100 }, new byte[] { 255, 0, 85 })]
    [InlineData(4, new byte[] { 0, 0x0F, 0x30 }, new byte[] { 0, 255, 51 })]
    [InlineData(16, new byte[] { 0, 1, 2, 0xFF, 0, 0x80, 0xFF }, new byte[] { 1, 255, 128 })]
    public void Gray_samples_of_any_depth_become_bytes(int bitDepth, byte[] rows, byte[] expected)
    {
        var image = Png.Decode(File(3, 1, bitDepth, 0, rows));

        Assert.Equal(expected, image.Pixels);
    }

    [Fact]
    public void Palette_colors_are_looked_up_with_their_transparency()
    {
        byte[] palette = [10, 20, 30, 40, 50, 60];

        var opaque = Png.Decode(File(3, 1, 1, 3, [0, 0b0100_0000], ("PLTE", palette)));
        var transparent = Png.Decode(File(3, 1, 1, 3, [0, 0b0100_0000], ("PLTE", palette), ("tRNS", [99])));

        Assert.Equal([10, 20, 30, 40, 50, 60, 10, 20, 30], opaque.Pixels);
        Assert.Equal([10, 20, 30, 99, 40, 50, 60, 255, 10, 20, 30, 99], transparent.Pixels);
    }

    [Fact]
    public void A_transparent_gray_becomes_an_alpha_channel()
    {
        var image = Png.Decode(File(2, 1, 8, 0, [0, 7, 8], ("tRNS", [0, 7])));

        Assert.Equal([7, 7, 7, 0, 8, 8, 8, 255], image.Pixels);
    }

    [Fact]
    public void An_interlaced_image_is_read()
    {
        // Adam7: of 2×2 pixels the first pass has the first, the sixth the second, the seventh the lower row.
        var image = Png.Decode(File(2, 2, 8, 0, [0, 1, 0, 2, 0, 3, 4], interlace: 1));

        Assert.Equal([1, 2, 3, 4], image.Pixels);
    }

    [Fact]
    public void Gray_is_the_luma_over_black_and_color_repeats_gray()
    {
        Assert.Equal([76, 150, 29], new PngImage(3, 1, 3, [255, 0, 0, 0, 255, 0, 0, 0, 255]).ToGray());
        Assert.Equal([255, 0], new PngImage(2, 1, 4, [255, 255, 255, 255, 255, 255, 255, 0]).ToGray());
        Assert.Equal([7, 7, 7, 8, 8, 8], new PngImage(2, 1, 1, [7, 8]).ToRgb());
        Assert.Equal([100, 50, 0], new PngImage(1, 1, 4, [200, 100, 0, 128]).ToRgb());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_jpeg_is_read(int channels)
    {
        var image = Png.Decode(Jpeg(channels));

        Assert.Equal((16, 8, channels), (image.Width, image.Height, image.Channels));
        Assert.InRange(image.ToGray()[0], 0, 8); // black at the left, white at the right
        Assert.InRange(image.ToGray()[15], 247, 255);
    }

    [Theory]
    [InlineData(1, 16, 8, false, false)]
    [InlineData(2, 16, 8, true, true)]
    [InlineData(3, 16, 8, true, true)]
    [InlineData(4, 16, 8, false, false)]
    [InlineData(5, 8, 16, false, false)]
    [InlineData(6, 8, 16, false, false)]
    [InlineData(7, 8, 16, true, true)]
    [InlineData(8, 8, 16, true, true)]
    public void A_photograph_is_turned_as_its_camera_was(
        byte orientation, int width, int height, bool isFirstWhite, bool isFirstOfLastRowWhiteIfWide)
    {
        byte[] jpeg = Jpeg(3);
        byte[] exif = [.. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];

        var image = Png.Decode([.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]]);

        Assert.Equal((width, height), (image.Width, image.Height));
        byte[] gray = image.ToGray();
        Assert.Equal(isFirstWhite, gray[0] > 127);
        if (width > height)
            Assert.Equal(isFirstOfLastRowWhiteIfWide, gray[^width] > 127);
        else
            Assert.Equal(isFirstWhite, gray[width - 1] > 127); // black and white lie above each other
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        var file = Png.Encode(4, 4, 1, RandomBytes(16));

        for (int length = 0; length < file.Length; length++)
            Assert.Throws<InvalidDataException>(() => Png.Decode(file.AsSpan(0, length)));
    }

    [Fact]
    public void A_flipped_bit_or_a_missing_row_is_refused()
    {
        var file = Png.Encode(4, 4, 1, RandomBytes(16));
        file[45] ^= 1;

        Assert.Contains("damaged", Assert.Throws<InvalidDataException>(() => Png.Decode(file)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => Png.Decode(File(3, 3, 8, 0, [0, 1, 2, 3, 0, 1])));
    }

    [Theory]
    [InlineData(12_000, 12_000)]
    [InlineData(40_000, 40_000)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void An_image_that_is_too_large_is_refused_before_memory_is_taken(int width, int height)
    {
        var file = File(width, height, 8, 0, [0, 1, 2, 3]);
        long before = GC.GetTotalAllocatedBytes();

        Assert.Throws<InvalidDataException>(() => Png.Decode(file));

        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 1 << 20);
    }

    [Fact]
    public void Another_file_is_refused()
    {
        var error = Assert.Throws<InvalidDataException>(() => Png.Decode("GIF89a.........."u8));
        Assert.Contains("no PNG or JPEG", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encoding_checks_the_number_of_samples()
    {
        Assert.Throws<ArgumentException>(() => Png.Encode(2, 2, 3, new byte[11]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Png.Encode(2, 2, 2, new byte[8]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Png.Encode(0, 2, 1, []));
    }

    /// <summary>16×8 pixels, the left half black and the right half white.</summary>
    private static byte[] Jpeg(int channels)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(
            16, 8, channels == 1 ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int x = 0; x < 16; x++)
            for (int y = 0; y < 8; y++)
                bitmap.SetPixel(x, y, x < 8 ? SKColors.Black : SKColors.White);
        using var encoded = bitmap.Encode(SKEncodedImageFormat.Jpeg, 95);
        return encoded.ToArray();
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A PNG file of filtered rows, as another encoder would write it.</summary>
    private static byte[] File(int width, int height, int bitDepth, int color, byte[] rows, params (string Type, byte[] Data)[] chunks) =>
        File(width, height, bitDepth, color, rows, 0, chunks);

    private static byte[] File(
        int width, int height, int bitDepth, int color, byte[] rows, int interlace, params (string Type, byte[] Data)[] chunks)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = (byte)bitDepth;
        header[9] = (byte)color;
        header[12] = (byte)interlace;

        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(rows);

        var file = new List<byte>([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        (string, byte[])[] all = [("IHDR", header), .. chunks, ("IDAT", compressed.ToArray()), ("IEND", [])];
        foreach (var (type, data) in all)
        {
            byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
            file.AddRange(BigEndian((uint)data.Length));
            file.AddRange(body);
            file.AddRange(BigEndian(Crc(body)));
        }
        return [.. file];
    }

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>CRC-32, bit by bit.</summary>
    private static uint Crc(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
