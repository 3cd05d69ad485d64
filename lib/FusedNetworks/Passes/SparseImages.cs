namespace FusedNetworks;

/// <summary>
/// Labeled images of 8-bit pixels, of which only those that are not black are stored: the position and the value of each.
/// A linear model meets black pixels for nothing, so a pass over digits reads and computes a fifth of what the images hold.
/// </summary>
internal sealed class SparseImages
{
    private const float Rounding = 1e-3f;

    private readonly long[] starts;
    private readonly ushort[] positions;
    private readonly byte[] values;
    private readonly byte[] labels;

    /// <summary>Stores the images.</summary>
    /// <param name="pixels">Row-major <c>[n, features]</c>, multiples of 1/255 in [0, 1], as 8-bit images are.</param>
    /// <param name="labels">From 0 to <paramref name="classes"/> − 1, n of them.</param>
    /// <param name="features">The number of pixels of an image, at most 65,536.</param>
    /// <param name="classes">The number of classes, from 2 to 256.</param>
    /// <exception cref="ArgumentException">
    /// The numbers of pixels and labels do not fit each other, a label is out of range, or a pixel is none of 8 bits: the images are
    /// standardized, for instance.
    /// </exception>
    public SparseImages(ReadOnlySpan<float> pixels, ReadOnlySpan<long> labels, int features, int classes)
    {
        if (features is < 1 or > 65_536)
            throw new ArgumentOutOfRangeException(nameof(features), features, "Images have 1 to 65,536 pixels.");
        if (classes is < 2 or > 256)
            throw new ArgumentOutOfRangeException(nameof(classes), classes, "Images have 2 to 256 classes.");
        if (labels.IsEmpty || pixels.Length != (long)labels.Length * features)
            throw new ArgumentException(
                $"{labels.Length} labels and {features} pixels an image need {(long)labels.Length * features} pixels, "
                + $"and at least one image; there are {pixels.Length}.",
                nameof(pixels));

        (Features, Classes) = (features, classes);
        this.labels = Checked(labels, classes);
        starts = new long[labels.Length + 1];
        long count = 0;
        for (int i = 0; i < pixels.Length; i++)
            count += EightBits(pixels, i) == 0 ? 0 : 1;
        positions = new ushort[count];
        values = new byte[count];
        long next = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            for (int p = 0; p < features; p++)
            {
                byte value = EightBits(pixels, i * features + p);
                if (value == 0)
                    continue;
                positions[next] = (ushort)p;
                values[next++] = value;
            }
            starts[i + 1] = next;
        }
    }

    /// <summary>The number of images.</summary>
    public int Count => labels.Length;

    /// <summary>The number of pixels of an image.</summary>
    public int Features { get; }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    public ReadOnlySpan<long> Starts => starts;

    public ReadOnlySpan<ushort> Positions => positions;

    public ReadOnlySpan<byte> Values => values;

    public ReadOnlySpan<byte> Labels => labels;

    private static byte EightBits(ReadOnlySpan<float> pixels, int i)
    {
        float scaled = pixels[i] * 255;
        float rounded = MathF.Round(scaled);
        return MathF.Abs(scaled - rounded) < Rounding && rounded is >= 0 and <= 255
            ? (byte)rounded
            : throw new ArgumentException(
                $"Pixel {i} is {pixels[i]}, which is not a multiple of 1/255 in [0, 1]; "
                + "pass the images as they are stored, not standardized.",
                nameof(pixels));
    }

    private static byte[] Checked(ReadOnlySpan<long> labels, int classes)
    {
        var bytes = new byte[labels.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            bytes[i] = labels[i] >= 0 && labels[i] < classes
                ? (byte)labels[i]
                : throw new ArgumentException($"Label {i} is {labels[i]}; it must be from 0 to {classes - 1}.", nameof(labels));
        }
        return bytes;
    }
}
