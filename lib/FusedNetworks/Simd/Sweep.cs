using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FusedNetworks;

/// <summary>What is done to the elements of several arrays, a vector at a time.</summary>
internal interface ISweep<T> where T : unmanaged
{
    /// <summary>Handles some elements and returns what is to be added up over all of them.</summary>
    /// <param name="at">The first element.</param>
    /// <param name="lanes">How many there are, at most a vector; what is returned is 0 in the lanes beyond.</param>
    TVector Apply<TSimd, TVector>(long at, int lanes) where TSimd : struct, ISimd<T, TVector> where TVector : struct;
}

/// <summary>One pass over several arrays of the same length, shared out among threads; its bits do not depend on their number.</summary>
internal static unsafe class Sweep
{
    /// <summary>Elements that one task handles.</summary>
    private const int TaskElements = 1 << 14;

    /// <summary>Elements that are added up in their own precision; such sums are added up in double.</summary>
    private const int Run = 1024;

    /// <summary>Handles all elements in [0, n) and returns the sum.</summary>
    public static double Over<T, TSweep>(TSweep sweep, long n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> where TSweep : unmanaged, ISweep<T>
    {
        if (n <= TaskElements)
            return Part<T, TSweep>(ref sweep, 0, n);
        var sums = new double[checked((int)((n + TaskElements - 1) / TaskElements))];
        fixed (double* first = sums)
        {
            var job = new Job<T, TSweep> { Sweep = sweep, Count = n, Sums = first };
            WorkPool.Run(sums.Length, ref job);
        }
        double total = 0;
        foreach (double sum in sums)
            total += sum;
        return total;
    }

    /// <summary>Elements of an array; 0 where the array is null, and in the lanes beyond.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TSimd, TVector, T>(T* source, long at, int lanes)
        where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged
    {
        if (source == null)
            return TSimd.Zero;
        return lanes == TSimd.Count ? TSimd.Load(source + at) : TSimd.LoadFirst(source + at, lanes);
    }

    /// <summary>Sets elements of an array, unless it is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TSimd, TVector, T>(T* destination, TVector value, long at, int lanes)
        where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged
    {
        if (destination == null)
            return;
        if (lanes == TSimd.Count)
            TSimd.Store(destination + at, value);
        else
            TSimd.StoreFirst(destination + at, value, lanes);
    }

    private struct Job<T, TSweep> : IJob where T : unmanaged, IBinaryFloatingPointIeee754<T> where TSweep : unmanaged, ISweep<T>
    {
        public TSweep Sweep;
        public long Count;
        public double* Sums;

        public void Execute(int index)
        {
            long begin = (long)index * TaskElements;
            Sums[index] = Part<T, TSweep>(ref Sweep, begin, Math.Min(Count, begin + TaskElements));
        }
    }

    private static double Part<T, TSweep>(ref TSweep sweep, long begin, long end)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> where TSweep : unmanaged, ISweep<T>
    {
        if (Vector512.IsHardwareAccelerated)
            return Loop<Simd512<T>, Vector512<T>, T, TSweep>(sweep, begin, end);
        return Vector256.IsHardwareAccelerated
            ? Loop<Simd256<T>, Vector256<T>, T, TSweep>(sweep, begin, end)
            : Loop<Simd128<T>, Vector128<T>, T, TSweep>(sweep, begin, end);
    }

    private static double Loop<TSimd, TVector, T, TSweep>(TSweep sweep, long begin, long end)
        where TSimd : struct, ISimd<T, TVector> where TVector : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T> where TSweep : unmanaged, ISweep<T>
    {
        double total = 0;
        for (long i = begin; i < end;)
        {
            long stop = Math.Min(end, i + Run);
            TVector sum = TSimd.Zero;
            for (; i <= stop - TSimd.Count; i += TSimd.Count)
                sum = TSimd.Add(sum, sweep.Apply<TSimd, TVector>(i, TSimd.Count));
            if (i < stop)
                sum = TSimd.Add(sum, sweep.Apply<TSimd, TVector>(i, (int)(stop - i)));
            i = stop;
            total += double.CreateTruncating(TSimd.Sum(sum));
        }
        return total;
    }
}
