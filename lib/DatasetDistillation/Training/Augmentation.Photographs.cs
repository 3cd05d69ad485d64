using System.Globalization;
using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Training;

public sealed partial record Augmentation
{
    /// <summary>
    /// What is usual for data (Zhou et al. 2022, in their program): for each batch one of a change of colors, zoom, rotation, shift and
    /// cutout; and, where images of the data may be mirrored, each is with probability 1/2. For digits it mirrors nothing.
    /// </summary>
    /// <param name="data">The data, of which only <see cref="ImageDataset.MayBeMirrored"/> counts.</param>
    public static Augmentation For(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var change = OneOf(Color(), Zoom(), Rotate(), Translate(), Cutout());
        return data.MayBeMirrored ? Chain(Flip(data), change) : change;
    }

    /// <summary>Mirrors each image, left to right, with probability 1/2.</summary>
    /// <param name="data">The data; digits and other data whose mirror images are of another class, or of none, are refused.</param>
    /// <exception cref="ArgumentException">The data do not say that their images may be mirrored.</exception>
    public static Augmentation Flip(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!data.MayBeMirrored)
        {
            throw new ArgumentException(
                $"{data.Name} does not say that a mirror image of one of its images is of the same class; " +
                $"those of digits and letters are not. If yours are, as for photographs, " +
                $"set {nameof(ImageDataset.MayBeMirrored)} = true of the data, or of {nameof(ImageFolderOptions)}.", nameof(data));
        }
        return new("Flip", Flip);
    }

    /// <summary>Takes a random part of each image, of its proportions, and enlarges it bilinearly to the image's size.</summary>
    /// <param name="share">The least area of the part as a share of the image's, above 0 and at most 1; the greatest is 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public static Augmentation Crop(double share = 0.6)
    {
        if (share is not (> 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "The share must be above 0 and at most 1.");
        return new(string.Create(CultureInfo.InvariantCulture, $"Crop({share})"), (images, generator) => Crop(images, generator, share));
    }

    /// <summary>
    /// Changes brightness, saturation and contrast of each image, in this order (Zhao and Bilen 2021, "Dataset condensation with
    /// differentiable Siamese augmentation"): x + b; then the distance of the channels from their mean is multiplied by a factor; then the
    /// distance of all pixels from theirs. A gray image has no saturation.
    /// </summary>
    /// <param name="brightness">The greatest |b|, on the scale of the images: standardized ones have a standard deviation of 1.</param>
    /// <param name="saturation">The greatest distance of that factor from 1, at most 1, where colors turn to gray.</param>
    /// <param name="contrast">The greatest distance of that factor from 1, at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An amount is negative, or one of the latter two above 1.</exception>
    public static Augmentation Color(double brightness = 0.25, double saturation = 0.25, double contrast = 0.25)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(brightness);
        ArgumentOutOfRangeException.ThrowIfNegative(saturation);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(saturation, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(contrast);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(contrast, 1);
        return new(
            string.Create(CultureInfo.InvariantCulture, $"Color({brightness}, {saturation}, {contrast})"),
            (images, generator) => Color(images, generator, brightness, saturation, contrast));
    }

    private static Tensor Flip(Tensor images, Generator generator)
    {
        using var scope = NewDisposeScope();
        var isMirrored = randint(0, 2, [images.shape[0], 1, 1, 1], generator: generator).to(ScalarType.Bool).to(images.device);
        return where(isMirrored, images.flip(3), images).MoveToOuterDisposeScope();
    }

    private static Tensor Crop(Tensor images, Generator generator, double share)
    {
        using var scope = NewDisposeScope();
        var (n, h, w) = (images.shape[0], images.shape[2], images.shape[3]);
        var amounts = rand([3, n, 1], images.dtype, generator: generator).to(images.device);
        var side = amounts[0].Times(1 - share).Plus(share).sqrt();
        var rows = Places(h, amounts[1]).unsqueeze(2).expand(n, h, w).reshape(n, h * w);
        var columns = Places(w, amounts[2]).unsqueeze(1).expand(n, h, w).reshape(n, h * w);
        return Deformation.Resampled(images, rows, columns).MoveToOuterDisposeScope();

        // The middle of pixel i of the whole is that of the part's: what lies before the part, and i + 1/2 pixels of its size.
        Tensor Places(long size, Tensor before) =>
            (side.MinusFrom(1) * before)
                .Times(size)
                .Plus(side * Arithmetic.Range(size, images.dtype, images.device).Plus(0.5).unsqueeze(0))
                .Minus(0.5);
    }

    private static Tensor Color(Tensor images, Generator generator, double brightness, double saturation, double contrast)
    {
        using var scope = NewDisposeScope();
        var amounts = rand([3, images.shape[0], 1, 1, 1], images.dtype, generator: generator).Times(2).Minus(1).to(images.device);
        var bright = images.Plus(amounts[0].Times(brightness));
        var saturated = Spread(bright, [1], amounts[1].Times(saturation));
        return Spread(saturated, [1, 2, 3], amounts[2].Times(contrast)).MoveToOuterDisposeScope();

        static Tensor Spread(Tensor from, long[] dimensions, Tensor more) =>
            from.Plus((from - from.mean(dimensions, keepdim: true)) * more);
    }
}
