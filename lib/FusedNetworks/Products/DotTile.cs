using System.Runtime.CompilerServices;

namespace FusedNetworks;

/// <summary>
/// Operands of one tile of inner products, C[r, c] = Σ_s Σ_p A[r, s, p] · B[c, s, p], with both operands contiguous along p and
/// their segments s at equal distances.
/// </summary>
internal unsafe struct DotOperands<T> where T : unmanaged
{
    /// <summary>Length of a segment.</summary>
    public nint Depth;

    /// <summary>Segments after the first.</summary>
    public nint FurtherSegments;

    public T* A;
    public nint AStride;
    public nint ASegmentStride;

    public T* B;
    public nint BStride;
    public nint BSegmentStride;

    /// <summary>Where each row c of B begins relative to <see cref="B"/>; null if at equal distances.</summary>
    public nint* BOffsets;

    public T* C;
    public nint CRowStride;
    public nint CColumnStride;

    /// <summary>Whether the tile is added to C; otherwise C is not read.</summary>
    public bool Accumulate;
}

/// <summary>The tile of inner products: up to 4 × 6 accumulators whose lanes run along the sum, added up at its end.</summary>
internal static unsafe class DotTile<TSimd, TVector, T>
    where TSimd : struct, ISimd<T, TVector>
    where TVector : struct
    where T : unmanaged
{
    public const int MaxRows = 4;
    public const int MaxColumns = 6;

    /// <param name="rows">1 to <see cref="MaxRows"/>.</param>
    /// <param name="columns">1 to <see cref="MaxColumns"/>.</param>
    /// <param name="t">The operands.</param>
    public static void Run(int rows, int columns, DotOperands<T>* t)
    {
        switch (rows)
        {
            case 1: Run<One>(columns, t); break;
            case 2: Run<Two>(columns, t); break;
            case 3: Run<Three>(columns, t); break;
            default: Run<Four>(columns, t); break;
        }
    }

    private static void Run<TRows>(int columns, DotOperands<T>* t) where TRows : struct, IConstant
    {
        switch (columns)
        {
            case 1: Run<TRows, One>(t); break;
            case 2: Run<TRows, Two>(t); break;
            case 3: Run<TRows, Three>(t); break;
            case 4: Run<TRows, Four>(t); break;
            case 5: Run<TRows, Five>(t); break;
            default: Run<TRows, Six>(t); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TRows, TColumns>(DotOperands<T>* t)
        where TRows : struct, IConstant
        where TColumns : struct, IConstant
    {
        TVector c00 = TSimd.Zero, c01 = TSimd.Zero, c02 = TSimd.Zero, c03 = TSimd.Zero, c04 = TSimd.Zero, c05 = TSimd.Zero;
        TVector c10 = TSimd.Zero, c11 = TSimd.Zero, c12 = TSimd.Zero, c13 = TSimd.Zero, c14 = TSimd.Zero, c15 = TSimd.Zero;
        TVector c20 = TSimd.Zero, c21 = TSimd.Zero, c22 = TSimd.Zero, c23 = TSimd.Zero, c24 = TSimd.Zero, c25 = TSimd.Zero;
        TVector c30 = TSimd.Zero, c31 = TSimd.Zero, c32 = TSimd.Zero, c33 = TSimd.Zero, c34 = TSimd.Zero, c35 = TSimd.Zero;

        T* a0 = t->A, a1 = a0 + t->AStride, a2 = a1 + t->AStride, a3 = a2 + t->AStride;
        T* b0 = Row<TColumns>(t, 0), b1 = Row<TColumns>(t, 1), b2 = Row<TColumns>(t, 2);
        T* b3 = Row<TColumns>(t, 3), b4 = Row<TColumns>(t, 4), b5 = Row<TColumns>(t, 5);
        nint depth = t->Depth;
        for (nint segment = t->FurtherSegments; ; segment--)
        {
            nint p = 0;
            for (; p <= depth - TSimd.Count; p += TSimd.Count)
            {
                TVector x0 = TSimd.Load(a0 + p);
                TVector x1 = TRows.Value > 1 ? TSimd.Load(a1 + p) : TSimd.Zero;
                TVector x2 = TRows.Value > 2 ? TSimd.Load(a2 + p) : TSimd.Zero;
                TVector x3 = TRows.Value > 3 ? TSimd.Load(a3 + p) : TSimd.Zero;
                MultiplyAdd<TRows>(TSimd.Load(b0 + p), x0, x1, x2, x3, ref c00, ref c10, ref c20, ref c30);
                if (TColumns.Value > 1)
                    MultiplyAdd<TRows>(TSimd.Load(b1 + p), x0, x1, x2, x3, ref c01, ref c11, ref c21, ref c31);
                if (TColumns.Value > 2)
                    MultiplyAdd<TRows>(TSimd.Load(b2 + p), x0, x1, x2, x3, ref c02, ref c12, ref c22, ref c32);
                if (TColumns.Value > 3)
                    MultiplyAdd<TRows>(TSimd.Load(b3 + p), x0, x1, x2, x3, ref c03, ref c13, ref c23, ref c33);
                if (TColumns.Value > 4)
                    MultiplyAdd<TRows>(TSimd.Load(b4 + p), x0, x1, x2, x3, ref c04, ref c14, ref c24, ref c34);
                if (TColumns.Value > 5)
                    MultiplyAdd<TRows>(TSimd.Load(b5 + p), x0, x1, x2, x3, ref c05, ref c15, ref c25, ref c35);
            }

            int rest = (int)(depth - p);
            if (rest > 0)
            {
                TVector x0 = TSimd.LoadFirst(a0 + p, rest);
                TVector x1 = TRows.Value > 1 ? TSimd.LoadFirst(a1 + p, rest) : TSimd.Zero;
                TVector x2 = TRows.Value > 2 ? TSimd.LoadFirst(a2 + p, rest) : TSimd.Zero;
                TVector x3 = TRows.Value > 3 ? TSimd.LoadFirst(a3 + p, rest) : TSimd.Zero;
                MultiplyAdd<TRows>(TSimd.LoadFirst(b0 + p, rest), x0, x1, x2, x3, ref c00, ref c10, ref c20, ref c30);
                if (TColumns.Value > 1)
                    MultiplyAdd<TRows>(TSimd.LoadFirst(b1 + p, rest), x0, x1, x2, x3, ref c01, ref c11, ref c21, ref c31);
                if (TColumns.Value > 2)
                    MultiplyAdd<TRows>(TSimd.LoadFirst(b2 + p, rest), x0, x1, x2, x3, ref c02, ref c12, ref c22, ref c32);
                if (TColumns.Value > 3)
                    MultiplyAdd<TRows>(TSimd.LoadFirst(b3 + p, rest), x0, x1, x2, x3, ref c03, ref c13, ref c23, ref c33);
                if (TColumns.Value > 4)
                    MultiplyAdd<TRows>(TSimd.LoadFirst(b4 + p, rest), x0, x1, x2, x3, ref c04, ref c14, ref c24, ref c34);
                if (TColumns.Value > 5)
                    MultiplyAdd<TRows>(TSimd.LoadFirst(b5 + p, rest), x0, x1, x2, x3, ref c05, ref c15, ref c25, ref c35);
            }

            if (segment == 0)
                break;
            nint next = t->ASegmentStride;
            a0 += next;
            a1 += next;
            a2 += next;
            a3 += next;
            next = t->BSegmentStride;
            b0 += next;
            b1 += next;
            b2 += next;
            b3 += next;
            b4 += next;
            b5 += next;
        }

        StoreColumn<TRows>(t, 0, c00, c10, c20, c30);
        if (TColumns.Value > 1)
            StoreColumn<TRows>(t, 1, c01, c11, c21, c31);
        if (TColumns.Value > 2)
            StoreColumn<TRows>(t, 2, c02, c12, c22, c32);
        if (TColumns.Value > 3)
            StoreColumn<TRows>(t, 3, c03, c13, c23, c33);
        if (TColumns.Value > 4)
            StoreColumn<TRows>(t, 4, c04, c14, c24, c34);
        if (TColumns.Value > 5)
            StoreColumn<TRows>(t, 5, c05, c15, c25, c35);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T* Row<TColumns>(DotOperands<T>* t, int column) where TColumns : struct, IConstant
    {
        if (column >= TColumns.Value)
            return t->B;
        return t->B + (t->BOffsets == null ? column * t->BStride : t->BOffsets[column]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd<TRows>(
        TVector y, TVector x0, TVector x1, TVector x2, TVector x3,
        ref TVector c0, ref TVector c1, ref TVector c2, ref TVector c3)
        where TRows : struct, IConstant
    {
        c0 = TSimd.MultiplyAdd(x0, y, c0);
        if (TRows.Value > 1)
            c1 = TSimd.MultiplyAdd(x1, y, c1);
        if (TRows.Value > 2)
            c2 = TSimd.MultiplyAdd(x2, y, c2);
        if (TRows.Value > 3)
            c3 = TSimd.MultiplyAdd(x3, y, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumn<TRows>(DotOperands<T>* t, int column, TVector c0, TVector c1, TVector c2, TVector c3)
        where TRows : struct, IConstant
    {
        T* c = t->C + column * t->CColumnStride;
        StoreSum(t, c, c0);
        if (TRows.Value > 1)
            StoreSum(t, c + t->CRowStride, c1);
        if (TRows.Value > 2)
            StoreSum(t, c + 2 * t->CRowStride, c2);
        if (TRows.Value > 3)
            StoreSum(t, c + 3 * t->CRowStride, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSum(DotOperands<T>* t, T* c, TVector value)
    {
        T sum = TSimd.Sum(value);
        *c = t->Accumulate ? Scalar.Add(*c, sum) : sum;
    }
}
