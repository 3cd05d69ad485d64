using System.Collections.Immutable;
using TorchSharp;

namespace DatasetDistillation.Reporting;

/// <summary>
/// Images to be shown: n of them, all of one size, with 1 (gray) or 3 (red, green, blue) channels. Arrays [n, h, w] and
/// [n, c, h, w] convert to it by themselves, and so do rows of pixels of square gray images. The pixels are copied.
/// </summary>
internal sealed class ImageBatch
{
    private readonly ImmutableArray<float> pixels;

    /// <summary>Copies n·c·h·w pixels, in this order.</summary>
    /// <exception cref="ArgumentException">
    /// The number of pixels is not a multiple of channels × height × width, or a size is not possible.
    /// </exception>
    public ImageBatch(ReadOnlySpan<float> pixels, int channels, int height, int width)
    {
        if (channels is not (1 or 3) || height < 1 || width < 1)
            throw new ArgumentException(
                $"Images have 1 or 3 channels and at least one pixel; these have {channels} channels of {height}×{width}.");
        if (pixels.Length == 0 || pixels.Length % (channels * height * width) != 0)
            throw new ArgumentException(
                $"{pixels.Length} pixels are not one or more images of {channels}×{height}×{width} = {channels * height * width} pixels.");
        (Channels, Height, Width) = (channels, height, width);
        this.pixels = [.. pixels];
    }

    /// <summary>How many images there are.</summary>
    public int Count => pixels.Length / (Channels * Height * Width);

    /// <summary>1 (gray) or 3 (red, green, blue).</summary>
    public int Channels { get; }

    /// <summary>Pixels from top to bottom.</summary>
    public int Height { get; }

    /// <summary>Pixels from left to right.</summary>
    public int Width { get; }

    /// <summary>The pixels of one image, [c, h, w].</summary>
    public ReadOnlySpan<float> this[int image] => pixels.AsSpan(image * Channels * Height * Width, Channels * Height * Width);

    /// <summary>All pixels, [n, c, h, w].</summary>
    public ReadOnlySpan<float> Pixels => pixels.AsSpan();

    /// <summary>Square gray images, one row of pixels for each.</summary>
    /// <exception cref="ArgumentException">The rows differ in length, or the length is not a square.</exception>
    public static implicit operator ImageBatch(float[][] images)
    {
        if (images.Length == 0)
            throw new ArgumentException("There are no images to show.");
        var size = images[0].Length;
        for (var i = 1; i < images.Length; i++)
            if (images[i].Length != size)
                throw new ArgumentException(
                    $"The images differ in size: image 0 has {size} pixels, image {i} has {images[i].Length}. Show images of one size.");
        var side = (int)Math.Round(Math.Sqrt(size));
        if (side * side != size)
            throw new ArgumentException(
                $"{size} pixels are not a square image; give height and width: new ImageBatch(pixels, channels, height, width).");
        return new ImageBatch([.. images.SelectMany(image => image)], 1, side, side);
    }

    /// <summary>Square gray images, one row of pixels for each.</summary>
    public static implicit operator ImageBatch(double[][] images) =>
        images.Select(image => image.Select(v => (float)v).ToArray()).ToArray();

    /// <summary>Gray images [n, h, w].</summary>
    public static implicit operator ImageBatch(float[,,] images) =>
        new([.. images.Cast<float>()], 1, images.GetLength(1), images.GetLength(2));

    /// <summary>Images [n, c, h, w].</summary>
    public static implicit operator ImageBatch(float[,,,] images) =>
        new([.. images.Cast<float>()], images.GetLength(1), images.GetLength(2), images.GetLength(3));

    /// <summary>Copies images [n, c, h, w], or gray ones [n, h, w].</summary>
    /// <exception cref="ArgumentException">
    /// The tensor has another number of dimensions, or a number of channels other than 1 and 3.
    /// </exception>
    public static implicit operator ImageBatch(torch.Tensor images)
    {
        var (channels, height, width) = images.shape switch
        {
            [_, var c, var h, var w] => (c, h, w),
            [_, var h, var w] => (1, h, w),
            var shape => throw new ArgumentException(
                $"Images are [n, channels, height, width] or [n, height, width]; this tensor is [{string.Join(", ", shape)}]."),
        };
        var pixels = TensorValues.Of(images, torch.float32, t => t.data<float>().ToArray());
        return new ImageBatch(pixels, (int)channels, (int)height, (int)width);
    }
}

/// <summary>How pixel values become shades.</summary>
public enum PixelScaling
{
    /// <summary>0 is black and 1 is white; values outside are clipped.</summary>
    UnitRange,

    /// <summary>The least pixel of each image is black, its greatest white.</summary>
    EachImage,

    /// <summary>The least pixel of all images is black, the greatest white.</summary>
    AllImages,

    /// <summary>
    /// The greatest absolute value of all images is black, its negative white, and 0 the gray between: for images learned
    /// without bounds, as jaxopt's data set distillation example shows them.
    /// </summary>
    Symmetric,
}
