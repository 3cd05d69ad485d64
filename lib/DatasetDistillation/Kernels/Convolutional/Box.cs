namespace DatasetDistillation.Kernels;

/// <summary>The sum over a pixel and its eight neighbors, with zeros around the image. It is its own adjoint.</summary>
internal static unsafe class Box
{
    /// <summary>The sums of a whole image.</summary>
    /// <param name="source">[height, width].</param>
    /// <param name="target">[height, width], other memory than the source.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    public static void Sum<TLane, T>(TLane* source, TLane* target, int height, int width)
        where TLane : unmanaged, ILane<TLane, T>
        where T : unmanaged
    {
        for (int r = 0; r < height; r++)
        {
            var (left, here) = (TLane.Splat(0), Column<TLane, T>(source, r, 0, height, width));
            for (int c = 0; c < width; c++)
            {
                var right = c + 1 < width ? Column<TLane, T>(source, r, c + 1, height, width) : TLane.Splat(0);
                target[r * width + c] = left + here + right;
                (left, here) = (here, right);
            }
        }
    }

    private static TLane Column<TLane, T>(TLane* source, int r, int c, int height, int width)
        where TLane : unmanaged, ILane<TLane, T>
        where T : unmanaged
    {
        var here = source + r * width + c;
        var sum = *here;
        if (r > 0)
            sum += here[-width];
        if (r + 1 < height)
            sum += here[width];
        return sum;
    }
}
