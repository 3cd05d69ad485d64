using System.Buffers.Binary;
using System.IO.Hashing;
using SkiaSharp;

namespace DatasetDistillation.Data;

/// <summary>Writes PNG files, and reads PNG and JPEG files, by SkiaSharp.</summary>
internal static class Png
{
    /// <summary>
    /// The most pixels of an image that is read: 2²⁶, such as 8,192×8,192. Larger ones are refused before they are decoded.
    /// </summary>
    public const int MaximumPixels = 1 << 26;

    private const int Rgba = 4;

    /// <summary>Encodes an image.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="channels">1 (gray), 3 (RGB) or 4 (RGBA).</param>
    /// <param name="pixels">Samples 0–255, row by row, channels interleaved: <c>[height, width, channels]</c>.</param>
    /// <returns>The bytes of a PNG file.</returns>
    /// <exception cref="ArgumentException">The number of channels or of samples is wrong.</exception>
    public static unsafe byte[] Encode(int width, int height, int channels, ReadOnlySpan<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3 or Rgba))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "A PNG has 1 (gray), 3 (RGB) or 4 (RGBA) channels.");
        if (pixels.Length != (long)width * height * channels)
        {
            throw new ArgumentException(
                $"A {width}×{height} image of {channels} channels has {(long)width * height * channels} samples, "
                + $"but {pixels.Length} were given.", nameof(pixels));
        }

        var info = new SKImageInfo(
            width, height, channels == 1 ? SKColorType.Gray8 : SKColorType.Rgba8888, channels == Rgba
                ? SKAlphaType.Unpremul : SKAlphaType.Opaque);
        var samples = channels == 3 ? WithAlpha(pixels) : pixels;
        fixed (byte* first = samples)
        {
            using var pixmap = new SKPixmap(info, (IntPtr)first);
            using var encoded = pixmap.Encode(SKPngEncoderOptions.Default)
                ?? throw new InvalidOperationException($"The {width}×{height} image cannot be encoded.");
            return encoded.ToArray();
        }
    }

    /// <summary>
    /// Decodes a PNG or JPEG file, turned as its EXIF orientation says. Samples of 1, 2 and 4 bits are scaled to 0–255, those of 16 bits
    /// cut to 8; a palette becomes RGB. Color profiles are not applied.
    /// </summary>
    /// <param name="file">The bytes of the file.</param>
    /// <exception cref="InvalidDataException">
    /// The bytes are neither, or a damaged or truncated file, or the image has more pixels than <see cref="MaximumPixels"/>.
    /// </exception>
    public static unsafe PngImage Decode(ReadOnlySpan<byte> file)
    {
        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data);
        if (codec is null || codec.EncodedFormat is not (SKEncodedImageFormat.Png or SKEncodedImageFormat.Jpeg))
            throw new InvalidDataException("This is no PNG or JPEG file, or its beginning is damaged.");
        if (codec.EncodedFormat == SKEncodedImageFormat.Png)
            RequireWholeChunks(file);
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (width < 1 || height < 1 || (long)width * height > MaximumPixels)
            throw new InvalidDataException(
                $"The image has {width:N0}×{height:N0} pixels; at most {MaximumPixels:N0} are read. Make it smaller first.");

        var hasAlpha = codec.Info.AlphaType != SKAlphaType.Opaque;
        var samples = new byte[width * height * Rgba];
        SKCodecResult result;
        fixed (byte* first = samples)
            result = codec.GetPixels(
                new SKImageInfo(width, height, SKColorType.Rgba8888, hasAlpha ? SKAlphaType.Unpremul : SKAlphaType.Opaque), (IntPtr)first);
        if (result != SKCodecResult.Success)
            throw new InvalidDataException(
                $"The image is {(result == SKCodecResult.IncompleteInput ? "truncated" : "damaged")} ({result}). "
                + "Copy or download it again.");

        int channels = hasAlpha ? Rgba : codec.Info.ColorType == SKColorType.Gray8 ? 1 : 3;
        var image = new PngImage(width, height, channels, channels == Rgba ? samples : WithoutAlpha(samples, channels));
        return image.Turned(codec.EncodedOrigin);
    }

    /// <summary>Checks what decoders of PNG let pass: that the file is whole and the checksums of its chunks are right.</summary>
    private static void RequireWholeChunks(ReadOnlySpan<byte> file)
    {
        const int Signature = 8, TypeLength = 4, Overhead = 12; // length, type, checksum
        for (var rest = file[Signature..]; ;)
        {
            uint length = rest.Length < Overhead ? uint.MaxValue : BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - Overhead)
                throw new InvalidDataException("The PNG file is truncated. Copy or download it again.");
            var checkedPart = rest.Slice(4, TypeLength + (int)length);
            if (Crc32.HashToUInt32(checkedPart) != BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + (int)length)..]))
                throw new InvalidDataException("The PNG file is damaged: a checksum is wrong. Copy or download it again.");
            if (checkedPart.StartsWith("IEND"u8))
                return;
            rest = rest[(Overhead + (int)length)..];
        }
    }

    private static byte[] WithAlpha(ReadOnlySpan<byte> rgb)
    {
        var rgba = new byte[rgb.Length / 3 * Rgba];
        for (int from = 0, to = 0; from < rgb.Length; from += 3, to += Rgba)
        {
            rgb.Slice(from, 3).CopyTo(rgba.AsSpan(to));
            rgba[to + 3] = byte.MaxValue;
        }
        return rgba;
    }

    private static byte[] WithoutAlpha(ReadOnlySpan<byte> rgba, int channels)
    {
        var pixels = new byte[rgba.Length / Rgba * channels];
        for (int from = 0, to = 0; from < rgba.Length; from += Rgba, to += channels)
            rgba.Slice(from, channels).CopyTo(pixels.AsSpan(to));
        return pixels;
    }
}

/// <summary>A decoded image of 8 bits per sample.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Channels">1 (gray), 3 (RGB) or 4 (RGBA, not premultiplied).</param>
/// <param name="Pixels">Samples 0–255, channels interleaved: <c>[height, width, channels]</c>.</param>
internal sealed record PngImage(int Width, int Height, int Channels, byte[] Pixels)
{
    /// <summary>
    /// The image in gray, <c>[height, width]</c>, 0–255: colors by their luma (ITU-R BT.601), transparent pixels over black.
    /// </summary>
    public byte[] ToGray()
    {
        var gray = new byte[Width * Height];
        for (int i = 0; i < gray.Length; i++)
        {
            var pixel = Pixels.AsSpan(i * Channels, Channels);
            int value = Channels < 3 ? pixel[0] : ((299 * pixel[0]) + (587 * pixel[1]) + (114 * pixel[2]) + 500) / 1000;
            gray[i] = Channels == 4 ? OverBlack(value, pixel[3]) : (byte)value;
        }
        return gray;
    }

    /// <summary>The image in color, <c>[height, width, 3]</c>, 0–255: gray in all three channels, transparent pixels over black.</summary>
    public byte[] ToRgb()
    {
        var rgb = new byte[Width * Height * 3];
        for (int i = 0; i < rgb.Length; i++)
        {
            var pixel = Pixels.AsSpan(i / 3 * Channels, Channels);
            int value = Channels < 3 ? pixel[0] : pixel[i % 3];
            rgb[i] = Channels == 4 ? OverBlack(value, pixel[3]) : (byte)value;
        }
        return rgb;
    }

    /// <summary>The image as a camera held it that stored it otherwise.</summary>
    public PngImage Turned(SKEncodedOrigin origin)
    {
        if (origin is SKEncodedOrigin.TopLeft)
            return this;
        bool swaps = origin
            is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        bool fromRight = origin
            is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        bool fromBelow = origin
            is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        var (width, height) = swaps ? (Height, Width) : (Width, Height);
        var turned = new byte[Pixels.Length];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                var (across, down) = swaps ? (y, x) : (x, y);
                if (fromRight)
                    across = Width - 1 - across;
                if (fromBelow)
                    down = Height - 1 - down;
                Pixels.AsSpan(((down * Width) + across) * Channels, Channels).CopyTo(turned.AsSpan(((y * width) + x) * Channels));
            }
        }
        return new PngImage(width, height, Channels, turned);
    }

    private static byte OverBlack(int value, byte alpha) => (byte)(((value * alpha) + 127) / 255);
}
