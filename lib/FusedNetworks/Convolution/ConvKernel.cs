using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FusedNetworks;

/// <summary>
/// Direct convolution for one register width. Each image is copied into zero-padded planes, so that a tap of the kernel is a
/// fixed distance in memory and nothing but the weights is ever packed; the products run through the register
/// <see cref="Tile{TSimd, TVector, T, TLayout}"/>, with the lanes along the output's channels or along its rows.
/// </summary>
internal static unsafe partial class ConvKernel<TSimd, TVector, T>
    where TSimd : struct, ISimd<T, TVector>
    where TVector : struct
    where T : unmanaged
{
    /// <summary>Output channels (or, for the weights' gradient, columns) in a panel of packed weights.</summary>
    private static int PanelVectors => TSimd.TileVectors;

    public static void Correlate(in Correlation c, T* source, T* w, T* biasOrNull, T* output)
    {
        if (LanesAlongChannels(in c))
            CorrelateChannels(in c, source, w, biasOrNull, output);
        else
            CorrelatePositions(in c, source, w, biasOrNull, output);
    }

    /// <summary>
    /// Whether lanes hold output channels rather than neighboring positions: whichever fills more of the vectors, channels
    /// being filled in steps of half a widest vector. Positions must be adjacent in the planes.
    /// </summary>
    public static bool LanesAlongChannels(in Correlation c)
    {
        if (c.StrideW != 1)
            return true;
        int lanes = 64 / Unsafe.SizeOf<T>();
        return Filled(c.Out, c.Out <= lanes / 2 ? lanes / 2 : lanes) >= Filled(c.OW, lanes);
    }

    /// <summary>
    /// Whether the weights' gradient is summed with lanes along the rows of positions rather than along the output's channels:
    /// where channels do not fill half a widest vector and rows are better at it.
    /// </summary>
    public static bool GradientLanesAlongPositions(in Correlation c)
    {
        int lanes = 64 / Unsafe.SizeOf<T>();
        return c.StrideW == 1 && c.Out <= lanes / 2 && Filled(c.OW, lanes) > Filled(c.Out, lanes);
    }

    private static double Filled(int count, int lanes) => (double)count / ((count + lanes - 1) / lanes * lanes);

    /// <summary>Copies one image into its planes, whose other elements are zero already.</summary>
    private static void FillPlanes(in Correlation c, T* image, T* planes)
    {
        int y0 = FirstInside(c.PadH, c.UpH), y1 = EndInside(c.PadH, c.UpH, c.SourceH, c.PlaneH);
        int x0 = FirstInside(c.PadW, c.UpW), x1 = EndInside(c.PadW, c.UpW, c.SourceW, c.PlaneW);
        int count = x1 - x0;
        if (count <= 0)
            return;
        for (int i = 0; i < c.In; i++)
            for (int y = y0; y < y1; y++)
            {
                T* from = image + ((nint)i * c.SourceH + y) * c.SourceW + x0;
                T* to = planes + i * c.PlaneSize + (nint)(c.PadH + y * c.UpH) * c.PlaneW + c.PadW + x0 * c.UpW;
                if (c.UpW == 1)
                    Copy(from, to, count);
                else
                    for (nint x = 0; x < count; x++)
                        to[x * c.UpW] = from[x];
            }

        static int FirstInside(int pad, int up) => pad >= 0 ? 0 : (-pad + up - 1) / up;

        static int EndInside(int pad, int up, int size, int plane) =>
            plane <= pad ? 0 : Math.Min(size, (plane - pad + up - 1) / up);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(T* from, T* to, int count)
    {
        int i = 0;
        for (; i <= count - TSimd.Count; i += TSimd.Count)
            TSimd.Store(to + i, TSimd.Load(from + i));
        if (i < count)
            TSimd.StoreFirst(to + i, TSimd.LoadFirst(from + i, count - i), count - i);
    }

    private static void Clear(T* values, long count) => NativeMemory.Clear(values, (nuint)count * (nuint)Unsafe.SizeOf<T>());

    /// <summary>
    /// The weights of output channels [first, first + count) as [Taps][<paramref name="width"/>]; missing channels stay as they are.
    /// </summary>
    private static void PackWeights(in Correlation c, T* w, int first, int count, T* packed, int width)
    {
        w += first * c.WeightOutStride;
        if (c.WeightInStride == c.KernelSize)
        {
            Transposition.Run(w, c.WeightOutStride, count, c.Taps, packed, width);
            return;
        }
        for (nint i = 0; i < c.In; i++)
            Transposition.Run(w + i * c.WeightInStride, c.WeightOutStride, count, c.KernelSize, packed + i * c.KernelSize * width, width);
    }

    /// <summary>The same in the order of <see cref="Correlation.TapOffsetsByRow"/>.</summary>
    private static void PackWeightsByRow(in Correlation c, T* w, int first, int count, T* packed, int width)
    {
        w += first * c.WeightOutStride;
        for (int y = 0; y < c.KH; y++)
            for (nint i = 0; i < c.In; i++, packed += c.KW * width)
                Transposition.Run(
                    w + i * c.WeightInStride + (c.Flipped ? c.KH - 1 - y : y) * c.KW, c.WeightOutStride, count, c.KW, packed, width);
    }

    private static int TileCount(int length, int tile) => (length + tile - 1) / tile;
}
