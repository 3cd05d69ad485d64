namespace DatasetDistillation.Reporting;

/// <summary>Turns pixel values into bytes.</summary>
internal static class PixelScale
{
    /// <summary>The value shown black and the value shown white, for each image.</summary>
    public static (float Black, float White)[] Ranges(ImageBatch images, PixelScaling scaling)
    {
        var all = scaling switch
        {
            PixelScaling.AllImages => Range(images.Pixels),
            PixelScaling.Symmetric => Symmetric(Range(images.Pixels)),
            _ => (Black: 0f, White: 1f),
        };
        return [.. Enumerable.Range(0, images.Count).Select(i => scaling == PixelScaling.EachImage ? Range(images[i]) : all)];
    }

    public static byte Shade(float value, (float Black, float White) range)
    {
        var width = range.White - range.Black;
        return (byte)Math.Round(255 * Math.Clamp(width == 0 ? 0.5 : (value - range.Black) / width, 0, 1));
    }

    private static (float Black, float White) Range(ReadOnlySpan<float> pixels)
    {
        var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in pixels)
            if (float.IsFinite(value))
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
        return low <= high ? (low, high) : (0, 1);
    }

    private static (float Black, float White) Symmetric((float Low, float High) range)
    {
        var most = Math.Max(Math.Abs(range.Low), Math.Abs(range.High));
        return (most, -most);
    }
}
