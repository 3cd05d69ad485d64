using System.Buffers.Binary;
using System.IO.Compression;

namespace DatasetDistillation.Data;

/// <summary>
/// Reads and writes PNG images (ISO/IEC 15948). Written: 8 bits per sample, grey, RGB or RGBA. Read: every colour type
/// and bit depth that is not interlaced, delivered with 8 bits per sample.
/// </summary>
public static class Png
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    /// <summary>Encodes an image.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="channels">1 (grey), 3 (RGB) or 4 (RGBA).</param>
    /// <param name="pixels">Samples 0–255, row by row, channels interleaved: <c>[height, width, channels]</c>.</param>
    /// <returns>The bytes of a PNG file.</returns>
    /// <exception cref="ArgumentException">The number of channels or of samples is wrong.</exception>
    public static byte[] Encode(int width, int height, int channels, ReadOnlySpan<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        byte colourType = channels switch
        {
            1 => 0,
            3 => 2,
            4 => 6,
            _ => throw new ArgumentOutOfRangeException(nameof(channels), channels, "A PNG has 1 (grey), 3 (RGB) or 4 (RGBA) channels."),
        };
        if (pixels.Length != (long)width * height * channels)
        {
            throw new ArgumentException(
                $"A {width}×{height} image of {channels} channels has {(long)width * height * channels} samples, but {pixels.Length} were given.", nameof(pixels));
        }

        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            int stride = width * channels;
            for (int y = 0; y < height; y++)
            {
                zlib.WriteByte((byte)Filter.None);
                zlib.Write(pixels.Slice(y * stride, stride));
            }
        }

        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;
        header[9] = colourType;
        header[10..].Clear();

        using var file = new MemoryStream();
        file.Write(Signature);
        WriteChunk(file, "IHDR"u8, header);
        WriteChunk(file, "IDAT"u8, compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    /// <summary>
    /// Decodes an image. Samples of 1, 2 and 4 bits are scaled to 0–255, those of 16 bits rounded down to 8; a palette
    /// becomes RGB, and a transparent colour or palette entry becomes an alpha channel.
    /// </summary>
    /// <param name="file">The bytes of a PNG file.</param>
    /// <returns>The image, 8 bits per sample.</returns>
    /// <exception cref="InvalidDataException">The bytes are no PNG file, or a damaged or truncated one.</exception>
    /// <exception cref="NotSupportedException">The image is interlaced.</exception>
    public static PngImage Decode(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith(Signature))
            throw new InvalidDataException("This is no PNG file: it does not begin with the PNG signature.");

        PngHeader? header = null;
        byte[] palette = [];
        byte[] transparency = [];
        using var compressed = new MemoryStream();
        for (var rest = file[Signature.Length..]; ;)
        {
            var (type, data) = ReadChunk(ref rest);
            if (header is null != (type == "IHDR"))
                throw new InvalidDataException("The PNG file must begin with its only IHDR chunk.");
            switch (type)
            {
                case "IHDR":
                    header = PngHeader.Parse(data);
                    break;
                case "PLTE":
                    if (data.Length is 0 or > 768 || data.Length % 3 != 0)
                        throw new InvalidDataException($"The palette of the PNG file has {data.Length} bytes; it must hold 1 to 256 RGB entries.");
                    palette = data.ToArray();
                    break;
                case "tRNS":
                    transparency = data.ToArray();
                    break;
                case "IDAT":
                    compressed.Write(data);
                    break;
                case "IEND":
                    compressed.Position = 0;
                    return PngSamples.ToImage(header!, palette, transparency, Unfilter(header!, compressed));
                default:
                    if (char.IsAsciiLetterUpper(type[0]))
                        throw new InvalidDataException($"The PNG file needs the unknown chunk '{type}' to be understood.");
                    break;
            }
        }
    }

    private static (string Type, byte[] Data) ReadChunk(ref ReadOnlySpan<byte> rest)
    {
        const int Overhead = 12; // length, type, CRC
        uint length = rest.Length < Overhead ? uint.MaxValue : BinaryPrimitives.ReadUInt32BigEndian(rest);
        if (length > rest.Length - Overhead)
            throw new InvalidDataException("The PNG file is truncated: it ends inside a chunk or before its IEND chunk. Copy or download it again.");

        var checkedPart = rest.Slice(4, 4 + (int)length);
        string type = System.Text.Encoding.ASCII.GetString(checkedPart[..4]);
        if (Crc32.Of(checkedPart) != BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + (int)length)..]))
            throw new InvalidDataException($"The PNG file is damaged: the checksum of its {type} chunk is wrong. Copy or download it again.");
        rest = rest[(Overhead + (int)length)..];
        return (type, checkedPart[4..].ToArray());
    }

    /// <summary>Inflates the image data and undoes the row filters: packed samples, <c>[height, stride]</c>.</summary>
    private static byte[] Unfilter(PngHeader header, MemoryStream compressed)
    {
        long size = (header.Stride + 1) * header.Height;
        const int BestDeflateRatio = 1032;
        if (size > Array.MaxLength || size > BestDeflateRatio * (compressed.Length + 64))
        {
            throw new InvalidDataException(
                $"The PNG file declares {header.Width}×{header.Height} pixels, more than its {compressed.Length} bytes of image data can hold.");
        }

        int stride = (int)header.Stride;
        int step = Math.Max(1, header.SamplesPerPixel * header.BitDepth / 8);
        var pixels = new byte[stride * header.Height];
        ReadOnlySpan<byte> above = new byte[stride];
        using var zlib = new ZLibStream(compressed, CompressionMode.Decompress);
        for (int y = 0; y < header.Height; y++)
        {
            var row = pixels.AsSpan(y * stride, stride);
            try
            {
                int filter = zlib.ReadByte();
                zlib.ReadExactly(row);
                Unfilter((Filter)filter, row, above, step);
            }
            catch (EndOfStreamException exception)
            {
                throw new InvalidDataException($"The PNG file's image data ends in row {y} of {header.Height}.", exception);
            }
            above = row;
        }
        return pixels;
    }

    private static void Unfilter(Filter filter, Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        switch (filter)
        {
            case Filter.None:
                break;
            case Filter.Sub:
                for (int i = step; i < row.Length; i++)
                    row[i] += row[i - step];
                break;
            case Filter.Up:
                for (int i = 0; i < row.Length; i++)
                    row[i] += above[i];
                break;
            case Filter.Average:
                for (int i = 0; i < row.Length; i++)
                    row[i] += (byte)(((i < step ? 0 : row[i - step]) + above[i]) / 2);
                break;
            case Filter.Paeth:
                for (int i = 0; i < row.Length; i++)
                    row[i] += i < step ? above[i] : Paeth(row[i - step], above[i], above[i - step]);
                break;
            default:
                throw new InvalidDataException($"The PNG file's image data is damaged: row filter {(int)filter} does not exist.");
        }
    }

    private static byte Paeth(byte left, byte above, byte aboveLeft)
    {
        int estimate = left + above - aboveLeft;
        int toLeft = Math.Abs(estimate - left), toAbove = Math.Abs(estimate - above), toAboveLeft = Math.Abs(estimate - aboveLeft);
        return toLeft <= toAbove && toLeft <= toAboveLeft ? left : toAbove <= toAboveLeft ? above : aboveLeft;
    }

    private static void WriteChunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        int start = (int)file.Position;
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Of(file.GetBuffer().AsSpan(start, (int)file.Position - start)));
        file.Write(number);
    }

    private enum Filter
    {
        None,
        Sub,
        Up,
        Average,
        Paeth,
    }
}
