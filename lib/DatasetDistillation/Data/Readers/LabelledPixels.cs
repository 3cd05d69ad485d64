namespace DatasetDistillation.Data;

/// <summary>What a reader reads: grey images <c>[n, height, width]</c>, 0–255, and one label for each.</summary>
internal sealed record LabelledPixels(int Height, int Width, byte[] Pixels, long[] Labels)
{
    public int Count => Labels.Length;

    /// <summary>The images <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> − 1.</summary>
    public LabelledPixels Slice(int start, int count)
    {
        int size = Height * Width;
        return new LabelledPixels(Height, Width, Pixels[(start * size)..((start + count) * size)], Labels[start..(start + count)]);
    }

    /// <summary>The pixels in [0, 1].</summary>
    public float[] ToUnitInterval()
    {
        var values = new float[Pixels.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = Pixels[i] / 255f;
        return values;
    }
}
