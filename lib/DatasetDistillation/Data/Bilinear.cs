namespace DatasetDistillation.Data;

/// <summary>Bilinear interpolation between pixel centres, the margins repeated, as <c>interpolate(mode="bilinear")</c> of PyTorch does it.</summary>
internal static class Bilinear
{
    /// <summary>Resizes a square grey image.</summary>
    /// <param name="image">The pixels, row by row.</param>
    /// <param name="side">Its height and width.</param>
    /// <param name="newSide">The height and width wanted.</param>
    public static float[] Resize(ReadOnlySpan<float> image, int side, int newSide)
    {
        var resized = new float[newSide * newSide];
        for (int y = 0; y < newSide; y++)
        {
            var (top, bottom, down) = Place(y, side, newSide);
            for (int x = 0; x < newSide; x++)
            {
                var (left, right, across) = Place(x, side, newSide);
                float above = float.Lerp(image[(top * side) + left], image[(top * side) + right], across);
                float below = float.Lerp(image[(bottom * side) + left], image[(bottom * side) + right], across);
                resized[(y * newSide) + x] = float.Lerp(above, below, down);
            }
        }
        return resized;
    }

    /// <summary>The two source pixels beside a target pixel, and how far it lies from the first to the second.</summary>
    private static (int First, int Second, float Share) Place(int target, int side, int newSide)
    {
        float at = Math.Max(0, ((target + 0.5f) * side / newSide) - 0.5f);
        int first = (int)at;
        return (first, Math.Min(first + 1, side - 1), at - first);
    }
}
