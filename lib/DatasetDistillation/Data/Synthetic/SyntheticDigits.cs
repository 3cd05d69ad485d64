namespace DatasetDistillation.Data;

/// <summary>
/// Handwritten-looking digits made by a program, for machines without MNIST. Each image is a function of the seed and
/// its index alone, so any number can be made, in any order and in parallel, and disjoint ranges of indices make disjoint
/// training and test sets of the same distribution.
/// </summary>
public static class SyntheticDigits
{
    private const int ClassCount = 10;

    /// <summary>Makes a data set.</summary>
    /// <param name="count">How many images, at least 1; a multiple of ten has as many of each digit.</param>
    /// <param name="seed">Other seeds make other images.</param>
    /// <param name="first">
    /// The index of the first image: the set holds the images <paramref name="first"/> to <paramref name="first"/> +
    /// <paramref name="count"/> − 1.
    /// </param>
    /// <returns>Images <c>[count, 1, 28, 28]</c> in [0, 1], with labels 0 to 9.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1, or the first index below 0.</exception>
    public static ImageDataset Create(int count, long seed = 0, long first = 0) => ImageDataset.FromPixels(
        Draw(count, seed, first), "synthetic digits",
        $"synthetic digits made by a program (seed {seed}, images {first} to {first + count - 1})", ClassCount);

    /// <summary>
    /// Makes digits as USPS shows them, another domain than <see cref="Create"/>'s: without MNIST's margin, at 16×16 pixels, and
    /// then as <see cref="Digits.LoadUsps"/> resizes them.
    /// </summary>
    /// <inheritdoc cref="Create"/>
    public static ImageDataset CreateLikeUsps(int count, long seed = 0, long first = 0)
    {
        var digits = Draw(count, seed, first);
        Parallel.For(0, count, i => FillFrame(digits.Pixels.AsSpan(i * DigitPen.Side * DigitPen.Side, DigitPen.Side * DigitPen.Side)));
        return ImageDataset.FromPixels(
            digits, "synthetic digits like USPS", $"synthetic digits made by a program, without a margin and at 16×16 pixels (seed " +
                $"{seed}, images {first} to {first + count - 1})", ClassCount);
    }

    /// <summary>Enlarges MNIST's box of 20×20 pixels, at the resolution of USPS, until it fills the image.</summary>
    private static void FillFrame(Span<byte> image)
    {
        const int Box = 20, UspsSide = 16, Margin = (DigitPen.Side - Box) / 2;
        Span<float> box = stackalloc float[Box * Box];
        for (int i = 0; i < box.Length; i++)
            box[i] = image[((Margin + (i / Box)) * DigitPen.Side) + Margin + (i % Box)];
        var enlarged = Resampling.Resize(Resampling.Resize(box, Box, UspsSide), UspsSide, DigitPen.Side);
        for (int i = 0; i < enlarged.Length; i++)
            image[i] = (byte)MathF.Round(enlarged[i]);
    }

    /// <summary>
    /// Images and labels as bytes. Each run of ten images that begins at a multiple of ten holds every digit once.
    /// </summary>
    internal static LabeledPixels Draw(int count, long seed, long first)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        const int Size = DigitPen.Side * DigitPen.Side;
        var pixels = new byte[checked(count * Size)];
        var labels = new long[count];
        Parallel.For(0, count, () => new DigitPen(), (i, _, pen) =>
        {
            labels[i] = Label(seed, first + i);
            var random = new SplitMix(seed, first + i);
            pen.Draw((int)labels[i], ref random, pixels.AsSpan(i * Size, Size));
            return pen;
        }, _ => { });
        return new LabeledPixels(DigitPen.Side, DigitPen.Side, pixels, labels);
    }

    /// <summary>The label of an image: the digits in an order of their own for each block of ten.</summary>
    private static int Label(long seed, long index)
    {
        var random = new SplitMix(~seed, index / ClassCount);
        Span<byte> digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        for (int i = ClassCount - 1; i > 0; i--)
        {
            int other = random.Below(i + 1);
            (digits[i], digits[other]) = (digits[other], digits[i]);
        }
        return digits[(int)(index % ClassCount)];
    }
}
