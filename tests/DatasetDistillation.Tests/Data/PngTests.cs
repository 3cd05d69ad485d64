using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using DatasetDistillation.Data;
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
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_row_filter_is_undone(int filter)
    {
        const int Width = 6, Height = 4, Channels = 3, Stride = Width * Channels;
        var pixels = RandomBytes(Stride * Height);
        var rows = new List<byte>();
        for (int y = 0; y < Height; y++)
        {
            rows.Add((byte)filter);
            for (int i = 0; i < Stride; i++)
            {
                int left = i < Channels ? 0 : pixels[(y * Stride) + i - Channels];
                int above = y == 0 ? 0 : pixels[((y - 1) * Stride) + i];
                int corner = y == 0 || i < Channels ? 0 : pixels[((y - 1) * Stride) + i - Channels];
                int estimate = left + above - corner;
                int paeth = new[] { left, above, corner }.MinBy(c => Math.Abs(estimate - c));
                int predicted = filter switch { 1 => left, 2 => above, 3 => (left + above) / 2, _ => paeth };
                rows.Add((byte)(pixels[(y * Stride) + i] - predicted));
            }
        }

        var image = Png.Decode(File(Width, Height, 8, 2, [.. rows]));

        Assert.Equal(pixels, image.Pixels);
    }

    [Theory]
    [InlineData(1, new byte[] { 0, 0b1011_0000 }, new byte[] { 255, 0, 255 })]
    [InlineData(2, new byte[] { 0, 0b1100_0100 }, new byte[] { 255, 0, 85 })]
    [InlineData(4, new byte[] { 0, 0x0F, 0x30 }, new byte[] { 0, 255, 51 })]
    [InlineData(16, new byte[] { 0, 1, 2, 0xFF, 0, 0x80, 0xFF }, new byte[] { 1, 255, 128 })]
    public void Grey_samples_of_any_depth_become_bytes(int bitDepth, byte[] rows, byte[] expected)
    {
        var image = Png.Decode(File(3, 1, bitDepth, 0, rows));

        Assert.Equal(expected, image.Pixels);
    }

    [Fact]
    public void Palette_colours_are_looked_up_with_their_transparency()
    {
        byte[] palette = [10, 20, 30, 40, 50, 60];

        var opaque = Png.Decode(File(3, 1, 1, 3, [0, 0b0100_0000], ("PLTE", palette)));
        var transparent = Png.Decode(File(3, 1, 1, 3, [0, 0b0100_0000], ("PLTE", palette), ("tRNS", [99])));

        Assert.Equal([10, 20, 30, 40, 50, 60, 10, 20, 30], opaque.Pixels);
        Assert.Equal([10, 20, 30, 99, 40, 50, 60, 255, 10, 20, 30, 99], transparent.Pixels);
    }

    [Fact]
    public void A_transparent_grey_becomes_an_alpha_channel()
    {
        var image = Png.Decode(File(2, 1, 8, 0, [0, 7, 8], ("tRNS", [0, 7])));

        Assert.Equal([7, 0, 8, 255], image.Pixels);
    }

    [Fact]
    public void Grey_is_the_luma_over_black()
    {
        Assert.Equal([76, 150, 29], new PngImage(3, 1, 3, [255, 0, 0, 0, 255, 0, 0, 0, 255]).ToGrey());
        Assert.Equal([200, 100], new PngImage(2, 1, 2, [200, 255, 200, 128]).ToGrey());
        Assert.Equal([255, 0], new PngImage(2, 1, 4, [255, 255, 255, 255, 255, 255, 255, 0]).ToGrey());
    }

    [Fact]
    public void A_file_cut_anywhere_is_called_truncated()
    {
        var file = Png.Encode(4, 4, 1, RandomBytes(16));

        for (int length = 8; length < file.Length; length++)
        {
            var error = Assert.Throws<InvalidDataException>(() => Png.Decode(file.AsSpan(0, length)));
            Assert.Contains("truncated", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_flipped_bit_fails_the_checksum()
    {
        var file = Png.Encode(4, 4, 1, RandomBytes(16));
        file[45] ^= 1;

        var error = Assert.Throws<InvalidDataException>(() => Png.Decode(file));

        Assert.Contains("checksum of its IDAT chunk", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_rows_are_an_error()
    {
        var error = Assert.Throws<InvalidDataException>(() => Png.Decode(File(3, 3, 8, 0, [0, 1, 2, 3, 0, 1])));

        Assert.Contains("row 1 of 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_that_the_data_cannot_hold_is_refused_before_memory_is_taken()
    {
        var error = Assert.Throws<InvalidDataException>(() => Png.Decode(File(40000, 40000, 8, 0, [0, 1, 2, 3])));

        Assert.Contains("40000×40000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Interlaced_images_and_other_files_are_refused_by_name()
    {
        var interlaced = Assert.Throws<NotSupportedException>(() => Png.Decode(File(1, 1, 8, 0, [0, 1], interlace: 1)));
        var other = Assert.Throws<InvalidDataException>(() => Png.Decode("GIF89a.........."u8));

        Assert.Contains("Interlaced", interlaced.Message, StringComparison.Ordinal);
        Assert.Contains("signature", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encoding_checks_the_number_of_samples()
    {
        Assert.Throws<ArgumentException>(() => Png.Encode(2, 2, 3, new byte[11]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Png.Encode(2, 2, 2, new byte[8]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Png.Encode(0, 2, 1, []));
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A PNG file of filtered rows, as another encoder would write it.</summary>
    private static byte[] File(int width, int height, int bitDepth, int colour, byte[] rows, params (string Type, byte[] Data)[] chunks) =>
        File(width, height, bitDepth, colour, rows, 0, chunks);

    private static byte[] File(
        int width, int height, int bitDepth, int colour, byte[] rows, int interlace, params (string Type, byte[] Data)[] chunks)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = (byte)bitDepth;
        header[9] = (byte)colour;
        header[12] = (byte)interlace;

        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(rows);

        var file = new List<byte>([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        foreach (var (type, data) in (IEnumerable<(string, byte[])>)[("IHDR", header), .. chunks, ("IDAT", compressed.ToArray()), ("IEND", [])])
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
