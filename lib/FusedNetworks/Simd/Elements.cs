using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FusedNetworks;

/// <summary>Element-wise operations and sums over contiguous arrays. A result may stand where an argument does.</summary>
internal static unsafe class Elements
{
    /// <summary>Elements that one task of a long array handles.</summary>
    private const int TaskElements = 1 << 15;

    /// <summary>Elements that are added up in their own precision; such sums are added up in double.</summary>
    private const int Run = 1024;

    public static void Clear<T>(T* to, long n) where T : unmanaged => NativeMemory.Clear(to, (nuint)n * (nuint)Unsafe.SizeOf<T>());

    public static void Copy<T>(T* from, T* to, long n) where T : unmanaged =>
        NativeMemory.Copy(from, to, (nuint)n * (nuint)Unsafe.SizeOf<T>());

    /// <summary>to = max(x, 0).</summary>
    public static void Relu<T>(T* x, T* to, long n) where T : unmanaged => Map(default(PositivePart), x, x, to, n);

    /// <summary>to = x where <paramref name="test"/> is above 0, else 0.</summary>
    public static void WherePositive<T>(T* test, T* x, T* to, long n) where T : unmanaged => Map(default(Gate), test, x, to, n);

    /// <summary>to = a·b.</summary>
    public static void Multiply<T>(T* a, T* b, T* to, long n) where T : unmanaged => Map(default(Times), a, b, to, n);

    /// <summary>to += x.</summary>
    public static void Add<T>(T* x, T* to, long n) where T : unmanaged => Map(default(Plus), x, to, to, n);

    /// <summary>to += a·x.</summary>
    public static void AddMultiple<T>(T* x, T a, T* to, int n) where T : unmanaged =>
        Span(new Multiple<T> { A = a }, x, to, to, n);

    /// <summary>to = a·x + c.</summary>
    public static void Line<T>(T* x, T a, T c, T* to, int n) where T : unmanaged => Span(new Affine<T> { A = a, C = c }, x, x, to, n);

    /// <summary>to = a·x + b·y + c.</summary>
    public static void Plane<T>(T* x, T a, T* y, T b, T c, T* to, int n) where T : unmanaged =>
        Span(new Combination<T> { A = a, B = b, C = c }, x, y, to, n);

    /// <summary>Copies one row to each row of [rows, columns].</summary>
    public static void FillRows<T>(int rows, int columns, T* row, T* to) where T : unmanaged
    {
        for (int r = 0; r < rows; r++, to += columns)
            Copy(row, to, columns);
    }

    /// <summary>sum [columns] = (or, to accumulate, +=) the rows of x [rows, columns].</summary>
    public static void SumRows<T>(int rows, int columns, T* x, T* sum, bool accumulate) where T : unmanaged
    {
        if (!accumulate)
            Clear(sum, columns);
        for (int r = 0; r < rows; r++, x += columns)
            Span(default(Plus), x, sum, sum, columns);
    }

    /// <summary>Σ x.</summary>
    public static T Sum<T>(T* x, int n) where T : unmanaged, IBinaryFloatingPointIeee754<T> => Reduce(new Identity(), x, x, T.Zero, n);

    /// <summary>Σ (x − center)².</summary>
    public static T SumSquares<T>(T* x, T center, int n) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Reduce(new SquaredDistance(), x, x, center, n);

    /// <summary>Σ x·y.</summary>
    public static T Dot<T>(T* x, T* y, int n) where T : unmanaged, IBinaryFloatingPointIeee754<T> => Reduce(new Times(), x, y, T.Zero, n);

    // ------------------------------------------------------------------ the loops

    /// <summary>to = op(a, b), shared out among threads where it is long.</summary>
    private static void Map<T, TOp>(TOp op, T* a, T* b, T* to, long n) where T : unmanaged where TOp : unmanaged, IBinary
    {
        if (n <= TaskElements)
        {
            Span(op, a, b, to, (int)n);
            return;
        }
        var job = new MapJob<T, TOp> { Op = op, A = a, B = b, To = to, Count = n };
        WorkPool.Run(checked((int)((n + TaskElements - 1) / TaskElements)), ref job);
    }

    private struct MapJob<T, TOp> : IJob where T : unmanaged where TOp : unmanaged, IBinary
    {
        public TOp Op;
        public T* A, B, To;
        public long Count;

        public readonly void Execute(int index)
        {
            long begin = (long)index * TaskElements;
            Span(Op, A + begin, B + begin, To + begin, (int)Math.Min(TaskElements, Count - begin));
        }
    }

    private static void Span<T, TOp>(TOp op, T* a, T* b, T* to, int n) where T : unmanaged where TOp : unmanaged, IBinary
    {
        if (Vector512.IsHardwareAccelerated)
            Loop<Simd512<T>, Vector512<T>, T, TOp>(op, a, b, to, n);
        else if (Vector256.IsHardwareAccelerated)
            Loop<Simd256<T>, Vector256<T>, T, TOp>(op, a, b, to, n);
        else
            Loop<Simd128<T>, Vector128<T>, T, TOp>(op, a, b, to, n);
    }

    private static void Loop<TSimd, TVector, T, TOp>(TOp op, T* a, T* b, T* to, int n)
        where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged where TOp : unmanaged, IBinary
    {
        int i = 0;
        for (; i <= n - TSimd.Count; i += TSimd.Count)
            TSimd.Store(to + i, op.Apply<TSimd, TVector, T>(TSimd.Load(a + i), TSimd.Load(b + i)));
        if (i < n)
            TSimd.StoreFirst(to + i, op.Apply<TSimd, TVector, T>(TSimd.LoadFirst(a + i, n - i), TSimd.LoadFirst(b + i, n - i)), n - i);
    }

    private static T Reduce<T, TOp>(TOp op, T* a, T* b, T center, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> where TOp : unmanaged, IBinary
    {
        if (Vector512.IsHardwareAccelerated)
            return Fold<Simd512<T>, Vector512<T>, T, TOp>(op, a, b, center, n);
        return Vector256.IsHardwareAccelerated
            ? Fold<Simd256<T>, Vector256<T>, T, TOp>(op, a, b, center, n)
            : Fold<Simd128<T>, Vector128<T>, T, TOp>(op, a, b, center, n);
    }

    /// <summary>Σ op(a − center, b − center).</summary>
    private static T Fold<TSimd, TVector, T, TOp>(TOp op, T* a, T* b, T center, int n)
        where TSimd : struct, ISimd<T, TVector> where TVector : struct
        where T : unmanaged, IBinaryFloatingPointIeee754<T> where TOp : unmanaged, IBinary
    {
        double total = 0;
        TVector origin = TSimd.Create(center);
        T* lanes = stackalloc T[TSimd.Count];
        for (int begin = 0; begin < n; begin += Run)
        {
            int end = Math.Min(n, begin + Run), i = begin;
            TVector even = TSimd.Zero, odd = TSimd.Zero;
            for (; i <= end - (2 * TSimd.Count); i += 2 * TSimd.Count)
            {
                even = TSimd.Add(even, Term<TSimd, TVector, T, TOp>(op, TSimd.Load(a + i), TSimd.Load(b + i), origin));
                odd = TSimd.Add(
                    odd, Term<TSimd, TVector, T, TOp>(op, TSimd.Load(a + i + TSimd.Count), TSimd.Load(b + i + TSimd.Count), origin));
            }
            if (i <= end - TSimd.Count)
            {
                even = TSimd.Add(even, Term<TSimd, TVector, T, TOp>(op, TSimd.Load(a + i), TSimd.Load(b + i), origin));
                i += TSimd.Count;
            }
            T sum = TSimd.Sum(TSimd.Add(even, odd));
            if (i < end)
            {
                TSimd.Store(
                    lanes, Term<TSimd, TVector, T, TOp>(op, TSimd.LoadFirst(a + i, end - i), TSimd.LoadFirst(b + i, end - i), origin));
                for (int lane = 0; lane < end - i; lane++)
                    sum += lanes[lane];
            }
            total += double.CreateTruncating(sum);
        }
        return T.CreateTruncating(total);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Term<TSimd, TVector, T, TOp>(TOp op, TVector a, TVector b, TVector origin)
        where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged where TOp : unmanaged, IBinary =>
        op.Apply<TSimd, TVector, T>(TSimd.Subtract(a, origin), TSimd.Subtract(b, origin));

    // ------------------------------------------------------------------ the operations

    private interface IBinary
    {
        TVector Apply<TSimd, TVector, T>(TVector a, TVector b)
            where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged;
    }

    private readonly struct PositivePart : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TSimd, TVector, T>(TVector a, TVector b)
            where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged => TSimd.PositivePart(a);
    }

    private readonly struct Gate : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TSimd, TVector, T>(TVector a, TVector b)
            where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged => TSimd.WherePositive(a, b);
    }

    private readonly struct Identity : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TSimd, TVector, T>(TVector a, TVector b)
            where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged => a;
    }

    private readonly struct Plus : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TSimd, TVector, T>(TVector a, TVector b)
            where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged => TSimd.Add(a, b);
    }

    private readonly struct Times : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TSimd, TVector, T>(TVector a, TVector b)
            where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged => TSimd.Multiply(a, b);
    }

    private readonly struct SquaredDistance : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Apply<TSimd, TVector, T>(TVector a, TVector b)
            where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged => TSimd.Multiply(a, a);
    }

    private struct Affine<TNumber> : IBinary where TNumber : unmanaged
    {
        public TNumber A, C;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVector Apply<TSimd, TVector, T>(TVector a, TVector b)
            where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged =>
            TSimd.MultiplyAdd(a, TSimd.Create((T)(object)A), TSimd.Create((T)(object)C));
    }

    private struct Multiple<TNumber> : IBinary where TNumber : unmanaged
    {
        public TNumber A;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVector Apply<TSimd, TVector, T>(TVector a, TVector b)
            where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged =>
            TSimd.MultiplyAdd(a, TSimd.Create((T)(object)A), b);
    }

    private struct Combination<TNumber> : IBinary where TNumber : unmanaged
    {
        public TNumber A, B, C;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVector Apply<TSimd, TVector, T>(TVector a, TVector b)
            where TSimd : struct, ISimd<T, TVector> where TVector : struct where T : unmanaged =>
            TSimd.MultiplyAdd(a, TSimd.Create((T)(object)A), TSimd.MultiplyAdd(b, TSimd.Create((T)(object)B), TSimd.Create((T)(object)C)));
    }
}
