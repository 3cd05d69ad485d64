using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FusedNetworks;

/// <summary>Transposition of strided matrices.</summary>
internal static unsafe class Transposition
{
    /// <summary>destination[c, r] = source[r, c] for a source of rows × columns; strides are distances between rows.</summary>
    public static void Run<T>(T* source, nint sourceStride, nint rows, nint columns, T* destination, nint destinationStride)
        where T : unmanaged
    {
        nint fullRows = 0;
        if (typeof(T) == typeof(float) && Avx.IsSupported)
        {
            fullRows = rows & ~7;
            for (nint r = 0; r < fullRows; r += 8)
            {
                T* from = source + r * sourceStride;
                T* to = destination + r;
                nint c = 0;
                for (; c <= columns - 8; c += 8)
                    Block8x8((float*)(from + c), sourceStride, (float*)(to + c * destinationStride), destinationStride);
                Scalar(from + c, sourceStride, 8, columns - c, to + c * destinationStride, destinationStride);
            }
            if (rows - fullRows >= 4)
            {
                T* from = source + fullRows * sourceStride;
                T* to = destination + fullRows;
                nint c = 0;
                for (; c <= columns - 4; c += 4)
                    Block4x4((float*)(from + c), sourceStride, (float*)(to + c * destinationStride), destinationStride);
                Scalar(from + c, sourceStride, 4, columns - c, to + c * destinationStride, destinationStride);
                fullRows += 4;
            }
        }
        Scalar(source + fullRows * sourceStride, sourceStride, rows - fullRows, columns, destination + fullRows, destinationStride);
    }

    private static void Scalar<T>(T* source, nint sourceStride, nint rows, nint columns, T* destination, nint destinationStride)
        where T : unmanaged
    {
        for (nint c = 0; c < columns; c++)
        {
            T* from = source + c;
            T* to = destination + c * destinationStride;
            for (nint r = 0; r < rows; r++)
                to[r] = from[r * sourceStride];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block8x8(float* s, nint ss, float* d, nint ds)
    {
        // Halves of rows r and r + 4 side by side, so that what remains are four-by-four transpositions within halves.
        Vector256<float> r0 = Halves(s, s + 4 * ss), r1 = Halves(s + ss, s + 5 * ss);
        Vector256<float> r2 = Halves(s + 2 * ss, s + 6 * ss), r3 = Halves(s + 3 * ss, s + 7 * ss);
        Vector256<float> r4 = Halves(s + 4, s + 4 * ss + 4), r5 = Halves(s + ss + 4, s + 5 * ss + 4);
        Vector256<float> r6 = Halves(s + 2 * ss + 4, s + 6 * ss + 4), r7 = Halves(s + 3 * ss + 4, s + 7 * ss + 4);
        Transpose4(r0, r1, r2, r3, d, ds);
        Transpose4(r4, r5, r6, r7, d + 4 * ds, ds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Halves(float* lower, float* upper) =>
        Vector256.Create(Vector128.Load(lower), Vector128.Load(upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(
        Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3, float* d, nint ds)
    {
        Vector256<float> low01 = Avx.UnpackLow(r0, r1), high01 = Avx.UnpackHigh(r0, r1);
        Vector256<float> low23 = Avx.UnpackLow(r2, r3), high23 = Avx.UnpackHigh(r2, r3);
        Avx.Shuffle(low01, low23, 0b01_00_01_00).Store(d);
        Avx.Shuffle(low01, low23, 0b11_10_11_10).Store(d + ds);
        Avx.Shuffle(high01, high23, 0b01_00_01_00).Store(d + 2 * ds);
        Avx.Shuffle(high01, high23, 0b11_10_11_10).Store(d + 3 * ds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block4x4(float* s, nint ss, float* d, nint ds)
    {
        Vector128<float> r0 = Vector128.Load(s), r1 = Vector128.Load(s + ss);
        Vector128<float> r2 = Vector128.Load(s + 2 * ss), r3 = Vector128.Load(s + 3 * ss);
        Vector128<float> low01 = Sse.UnpackLow(r0, r1), high01 = Sse.UnpackHigh(r0, r1);
        Vector128<float> low23 = Sse.UnpackLow(r2, r3), high23 = Sse.UnpackHigh(r2, r3);
        Sse.MoveLowToHigh(low01, low23).Store(d);
        Sse.MoveHighToLow(low23, low01).Store(d + ds);
        Sse.MoveLowToHigh(high01, high23).Store(d + 2 * ds);
        Sse.MoveHighToLow(high23, high01).Store(d + 3 * ds);
    }
}
