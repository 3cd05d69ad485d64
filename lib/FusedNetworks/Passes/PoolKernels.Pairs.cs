using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FusedNetworks;

/// <content>Windows of two by two with AVX-512: sixteen outputs at a time, the even and the odd columns in a vector each.</content>
internal static unsafe partial class PoolKernels
{
    private const int PairOutputs = 16;

    private static bool HasPairs => Avx512F.IsSupported;

    private static void MaxPairs(in PoolShape s, float* x, float* y, int* index)
    {
        for (int i = 0; i < s.OH; i++)
            for (int j = 0; j < s.OW; j += PairOutputs)
            {
                int count = Math.Min(PairOutputs, s.OW - j), at = (2 * i * s.W) + (2 * j);
                var place = Vector512.Create(at) + (Vector512<int>.Indices << 1);
                var (best, odd) = LoadPairs(x + at, 2 * count);
                var (belowEven, belowOdd) = LoadPairs(x + at + s.W, 2 * count);
                var where = place;
                Take(odd, place + Vector512<int>.One, ref best, ref where);
                Take(belowEven, place + Vector512.Create(s.W), ref best, ref where);
                Take(belowOdd, place + Vector512.Create(s.W + 1), ref best, ref where);
                Simd512<float>.StoreFirst(y + (i * s.OW) + j, best, count);
                Simd512<float>.StoreFirst((float*)index + (i * s.OW) + j, where.AsSingle(), count);
            }
    }

    /// <summary>A larger value or a NaN takes the place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take(Vector512<float> value, Vector512<int> place, ref Vector512<float> best, ref Vector512<int> where)
    {
        var takes = Vector512.GreaterThan(value, best) | ~Vector512.Equals(value, value);
        best = Vector512.ConditionalSelect(takes, value, best);
        where = Vector512.ConditionalSelect(takes.AsInt32(), place, where);
    }

    private static void GatherPairs(in PoolShape s, float* x, int* index, float* y)
    {
        for (int i = 0; i < s.OH; i++)
            for (int j = 0; j < s.OW; j += PairOutputs)
            {
                int count = Math.Min(PairOutputs, s.OW - j), at = (2 * i * s.W) + (2 * j);
                var where = Places(index + (i * s.OW) + j, count, at);
                var (even, odd) = LoadPairs(x + at, 2 * count);
                var (belowEven, belowOdd) = LoadPairs(x + at + s.W, 2 * count);
                var value = Only(where, 0, even) | Only(where, 1, odd) | Only(where, s.W, belowEven) | Only(where, s.W + 1, belowOdd);
                Simd512<float>.StoreFirst(y + (i * s.OW) + j, value, count);
            }
    }

    private static void ScatterPairs(in PoolShape s, float* y, int* index, float* x)
    {
        if (2 * s.OW != s.W || 2 * s.OH != s.H)
            Elements.Clear(x, (long)s.H * s.W);
        for (int i = 0; i < s.OH; i++)
            for (int j = 0; j < s.OW; j += PairOutputs)
            {
                int count = Math.Min(PairOutputs, s.OW - j), at = (2 * i * s.W) + (2 * j);
                var where = Places(index + (i * s.OW) + j, count, at);
                var value = Simd512<float>.LoadFirst(y + (i * s.OW) + j, count);
                StorePairs(x + at, Only(where, 0, value), Only(where, 1, value), 2 * count);
                StorePairs(x + at + s.W, Only(where, s.W, value), Only(where, s.W + 1, value), 2 * count);
            }
    }

    /// <summary>Where each maximum stands, counted from its window's first element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Places(int* index, int count, int at) =>
        Simd512<float>.LoadFirst((float*)index, count).AsInt32() - Vector512.Create(at) - (Vector512<int>.Indices << 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Only(Vector512<int> where, int place, Vector512<float> value) =>
        Vector512.Equals(where, Vector512.Create(place)).AsSingle() & value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Even, Vector512<float> Odd) LoadPairs(float* row, int count)
    {
        var low = Simd512<float>.LoadFirst(row, count);
        var high = count > 16 ? Simd512<float>.LoadFirst(row + 16, count - 16) : Vector512<float>.Zero;
        var even = Vector512<int>.Indices << 1;
        return (Avx512F.PermuteVar16x32x2(low, even, high), Avx512F.PermuteVar16x32x2(low, even + Vector512<int>.One, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePairs(float* row, Vector512<float> even, Vector512<float> odd, int count)
    {
        var low = Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        Simd512<float>.StoreFirst(row, Avx512F.PermuteVar16x32x2(even, low, odd), count);
        if (count > 16)
            Simd512<float>.StoreFirst(row + 16, Avx512F.PermuteVar16x32x2(even, low + Vector512.Create(8), odd), count - 16);
    }
}
