namespace DatasetDistillation.Data;

/// <summary>What a reader reads: images <c>[n, channels, height, width]</c>, 0–255, and one label for each.</summary>
internal sealed record LabeledPixels(int Height, int Width, byte[] Pixels, long[] Labels)
{
    public int Channels { get; init; } = 1;

    public int Count => Labels.Length;

    /// <summary>The images <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> − 1.</summary>
    public LabeledPixels Slice(int start, int count)
    {
        int size = Channels * Height * Width;
        return this with { Pixels = Pixels[(start * size)..((start + count) * size)], Labels = Labels[start..(start + count)] };
    }
}
