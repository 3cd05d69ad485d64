using System.Buffers.Binary;

namespace DatasetDistillation.Data;

/// <summary>A decoded PNG image of 8 bits per sample.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Channels">1 (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGBA).</param>
/// <param name="Pixels">Samples 0–255, channels interleaved: <c>[height, width, channels]</c>.</param>
public sealed record PngImage(int Width, int Height, int Channels, byte[] Pixels)
{
    /// <summary>
    /// The image in grey, <c>[height, width]</c>, 0–255: colours by their luma (ITU-R BT.601), transparent pixels over black.
    /// </summary>
    /// <returns>The grey samples; a copy, even where the image is grey.</returns>
    public byte[] ToGrey()
    {
        var grey = new byte[Width * Height];
        for (int i = 0; i < grey.Length; i++)
        {
            var pixel = Pixels.AsSpan(i * Channels, Channels);
            int value = Channels < 3 ? pixel[0] : ((299 * pixel[0]) + (587 * pixel[1]) + (114 * pixel[2]) + 500) / 1000;
            bool hasAlpha = Channels is 2 or 4;
            grey[i] = hasAlpha ? (byte)(((value * pixel[^1]) + 127) / 255) : (byte)value;
        }
        return grey;
    }
}

/// <summary>The IHDR chunk: size and sample format of a PNG image.</summary>
internal sealed record PngHeader(int Width, int Height, int BitDepth, PngColour Colour)
{
    public int SamplesPerPixel => Colour switch
    {
        PngColour.GreyAlpha => 2,
        PngColour.Rgb => 3,
        PngColour.Rgba => 4,
        _ => 1,
    };

    /// <summary>Bytes per row, without the filter byte.</summary>
    public long Stride => (((long)Width * SamplesPerPixel * BitDepth) + 7) / 8;

    public static PngHeader Parse(ReadOnlySpan<byte> data)
    {
        if (data.Length != 13)
            throw new InvalidDataException($"The PNG header has {data.Length} bytes, but it must have 13.");
        var header = new PngHeader(
            BinaryPrimitives.ReadInt32BigEndian(data), BinaryPrimitives.ReadInt32BigEndian(data[4..]), data[8], (PngColour)data[9]);

        if (header.Width < 1 || header.Height < 1)
            throw new InvalidDataException($"The PNG file declares {header.Width}×{header.Height} pixels.");
        bool valid = header.Colour switch
        {
            PngColour.Grey => header.BitDepth is 1 or 2 or 4 or 8 or 16,
            PngColour.Palette => header.BitDepth is 1 or 2 or 4 or 8,
            PngColour.Rgb or PngColour.GreyAlpha or PngColour.Rgba => header.BitDepth is 8 or 16,
            _ => false,
        };
        if (!valid || data[10] != 0 || data[11] != 0)
        {
            throw new InvalidDataException(
                $"The PNG header is damaged: colour type {data[9]} with {data[8]} bits, compression {data[10]}, filter {data[11]} does not exist.");
        }
        if (data[12] != 0)
            throw new NotSupportedException("Interlaced PNG files are not read. Save the image without interlacing.");
        return header;
    }
}

/// <summary>The colour types of the PNG standard.</summary>
internal enum PngColour : byte
{
    Grey = 0,
    Rgb = 2,
    Palette = 3,
    GreyAlpha = 4,
    Rgba = 6,
}

/// <summary>Unpacks the samples of a PNG image to 8 bits.</summary>
internal static class PngSamples
{
    public static PngImage ToImage(PngHeader header, byte[] palette, byte[] transparency, byte[] packed)
    {
        bool isPalette = header.Colour == PngColour.Palette;
        bool addsAlpha = transparency.Length > 0 && header.Colour is PngColour.Grey or PngColour.Rgb or PngColour.Palette;
        if (isPalette && palette.Length == 0)
            throw new InvalidDataException("The PNG file has palette colours but no palette.");
        if (addsAlpha && !isPalette && transparency.Length != 2 * header.SamplesPerPixel)
            throw new InvalidDataException($"The PNG file's transparent colour has {transparency.Length} bytes, but it must have {2 * header.SamplesPerPixel}.");

        int colours = isPalette ? 3 : header.SamplesPerPixel;
        int channels = colours + (addsAlpha ? 1 : 0);
        if ((long)header.Width * header.Height * channels > Array.MaxLength)
            throw new InvalidDataException($"The PNG file's {header.Width}×{header.Height} pixels are more than fit into one array.");

        var pixels = new byte[header.Width * header.Height * channels];
        int maximum = (1 << header.BitDepth) - 1;
        Span<int> samples = stackalloc int[4];
        for (int y = 0, to = 0; y < header.Height; y++)
        {
            var row = packed.AsSpan(y * (int)header.Stride, (int)header.Stride);
            for (int x = 0; x < header.Width; x++, to += channels)
            {
                for (int s = 0; s < header.SamplesPerPixel; s++)
                    samples[s] = Sample(row, (x * header.SamplesPerPixel) + s, header.BitDepth);

                var pixel = pixels.AsSpan(to, channels);
                if (isPalette)
                {
                    int entry = samples[0];
                    if (3 * entry >= palette.Length)
                        throw new InvalidDataException($"A pixel of the PNG file has palette entry {entry}, but the palette has {palette.Length / 3} entries.");
                    palette.AsSpan(3 * entry, 3).CopyTo(pixel);
                    if (addsAlpha)
                        pixel[3] = entry < transparency.Length ? transparency[entry] : (byte)255;
                    continue;
                }
                bool isTransparent = addsAlpha;
                for (int s = 0; s < colours; s++)
                {
                    pixel[s] = header.BitDepth == 16 ? (byte)(samples[s] >> 8) : (byte)(samples[s] * 255 / maximum);
                    isTransparent &= addsAlpha && samples[s] == BinaryPrimitives.ReadUInt16BigEndian(transparency.AsSpan(2 * s));
                }
                if (addsAlpha)
                    pixel[colours] = isTransparent ? (byte)0 : (byte)255;
            }
        }
        return new PngImage(header.Width, header.Height, channels, pixels);
    }

    private static int Sample(ReadOnlySpan<byte> row, int index, int bitDepth)
    {
        switch (bitDepth)
        {
            case 8:
                return row[index];
            case 16:
                return BinaryPrimitives.ReadUInt16BigEndian(row[(2 * index)..]);
            default:
                int bit = index * bitDepth;
                return (row[bit / 8] >> (8 - bitDepth - (bit % 8))) & ((1 << bitDepth) - 1);
        }
    }
}
