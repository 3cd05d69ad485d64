using System.Runtime.CompilerServices;

namespace FusedNetworks;

/// <summary>
/// Operands of one register tile of a product, C[r, v] = Σ_p A[r, p] · B[p, v] + bias, where r counts rows and v counts
/// vectors of consecutive elements. All strides are in elements.
/// </summary>
internal unsafe struct TileOperands<T> where T : unmanaged
{
    /// <summary>Length of the sum.</summary>
    public nint Depth;

    public T* A;
    public nint ARowStride;
    public nint ADepthStride;

    /// <summary>Where each row r of A begins relative to <see cref="A"/>, for <see cref="GatheredA"/>.</summary>
    public nint* ARowOffsets;

    /// <summary>Where each column p of A lies relative to its row's beginning, for <see cref="GatheredA"/>.</summary>
    public nint* ADepthOffsets;

    public T* B;

    /// <summary>Distance between B's rows p and p + 1.</summary>
    public nint BDepthStride;

    /// <summary>Where each row p of B begins relative to <see cref="B"/>, for <see cref="GatheredB"/>.</summary>
    public nint* BDepthOffsets;

    /// <summary>Distance between a row's vectors v and v + 1 in B, for <see cref="GatheredB"/>; otherwise they are adjacent.</summary>
    public nint BVectorStride;

    public T* C;
    public nint CRowStride;

    /// <summary>Distance between a row's vectors v and v + 1 in C.</summary>
    public nint CVectorStride;

    /// <summary>Lanes that are stored of the last vector of a row.</summary>
    public int LastLanes;

    /// <summary>Lanes that are stored of a row's other vectors.</summary>
    public int Lanes;

    /// <summary>Whether the tile is added to C; otherwise C is not read.</summary>
    public bool Accumulate;

    /// <summary>One value for each row, or null.</summary>
    public T* RowBias;

    /// <summary>One value for each element of a row, or null.</summary>
    public T* ColumnBias;
}

/// <summary>How a tile finds its operands; constant where the kernel is compiled.</summary>
internal interface ITileLayout
{
    /// <summary>Whether A is a packed panel: row stride 1, depth stride <see cref="ISimd{T, TVector}.TileRows"/>.</summary>
    static abstract bool PackedA { get; }

    /// <summary>Whether A[r, p] is found as the sum of tabled offsets of r and p.</summary>
    static abstract bool TabledA { get; }

    /// <summary>Whether B's rows begin at tabled offsets; otherwise at equal distances, with adjacent vectors.</summary>
    static abstract bool TabledB { get; }
}

internal readonly struct Strided : ITileLayout
{
    public static bool PackedA => false;
    public static bool TabledA => false;
    public static bool TabledB => false;
}

internal readonly struct Packed : ITileLayout
{
    public static bool PackedA => true;
    public static bool TabledA => false;
    public static bool TabledB => false;
}

internal readonly struct GatheredA : ITileLayout
{
    public static bool PackedA => false;
    public static bool TabledA => true;
    public static bool TabledB => false;
}

internal readonly struct GatheredB : ITileLayout
{
    public static bool PackedA => true;
    public static bool TabledA => false;
    public static bool TabledB => true;
}

/// <summary>The register tile: up to 8 rows × 3 vectors of accumulators, every size compiled from one source.</summary>
internal static unsafe class Tile<TSimd, TVector, T, TLayout>
    where TSimd : struct, ISimd<T, TVector>
    where TVector : struct
    where T : unmanaged
    where TLayout : struct, ITileLayout
{
    /// <param name="rows">1 to <see cref="ISimd{T, TVector}.TileRows"/>.</param>
    /// <param name="vectors">1 to <see cref="ISimd{T, TVector}.TileVectors"/>.</param>
    /// <param name="t">The operands.</param>
    public static void Run(int rows, int vectors, TileOperands<T>* t)
    {
        switch (vectors)
        {
            case 1: Run<One>(rows, t); break;
            case 2: Run<Two>(rows, t); break;
            default: Run<Three>(rows, t); break;
        }
    }

    private static void Run<TVectors>(int rows, TileOperands<T>* t) where TVectors : struct, IConstant
    {
        switch (rows)
        {
            case 1: Run<One, TVectors>(t); break;
            case 2: Run<Two, TVectors>(t); break;
            case 3: Run<Three, TVectors>(t); break;
            case 4: Run<Four, TVectors>(t); break;
            case 5: Run<Five, TVectors>(t); break;
            case 6: Run<Six, TVectors>(t); break;
            case 7: Run<Seven, TVectors>(t); break;
            default: Run<Eight, TVectors>(t); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TRows, TVectors>(TileOperands<T>* t)
        where TRows : struct, IConstant
        where TVectors : struct, IConstant
    {
        TVector c00 = TSimd.Zero, c01 = TSimd.Zero, c02 = TSimd.Zero;
        TVector c10 = TSimd.Zero, c11 = TSimd.Zero, c12 = TSimd.Zero;
        TVector c20 = TSimd.Zero, c21 = TSimd.Zero, c22 = TSimd.Zero;
        TVector c30 = TSimd.Zero, c31 = TSimd.Zero, c32 = TSimd.Zero;
        TVector c40 = TSimd.Zero, c41 = TSimd.Zero, c42 = TSimd.Zero;
        TVector c50 = TSimd.Zero, c51 = TSimd.Zero, c52 = TSimd.Zero;
        TVector c60 = TSimd.Zero, c61 = TSimd.Zero, c62 = TSimd.Zero;
        TVector c70 = TSimd.Zero, c71 = TSimd.Zero, c72 = TSimd.Zero;

        T* a = t->A + (TLayout.TabledA ? t->ARowOffsets[0] : 0);
        nint aDepth = TLayout.PackedA ? TSimd.TileRows : t->ADepthStride;
        nint* aOffsets = t->ADepthOffsets;
        nint a1 = RowOffset<TRows>(t, 1);
        nint a2 = RowOffset<TRows>(t, 2);
        nint a3 = RowOffset<TRows>(t, 3);
        nint a4 = RowOffset<TRows>(t, 4);
        nint a5 = RowOffset<TRows>(t, 5);
        nint a6 = RowOffset<TRows>(t, 6);
        nint a7 = RowOffset<TRows>(t, 7);

        T* b = t->B;
        nint bDepth = t->BDepthStride;
        nint* bOffsets = t->BDepthOffsets;
        nint b1 = TLayout.TabledB ? t->BVectorStride : TSimd.Count;
        nint b2 = 2 * b1;

        for (nint p = t->Depth; p > 0; p--)
        {
            T* row = b;
            if (TLayout.TabledB)
                row += *bOffsets++;
            else
                b += bDepth;
            TVector v0 = TSimd.Load(row);
            TVector v1 = TVectors.Value > 1 ? TSimd.Load(row + b1) : TSimd.Zero;
            TVector v2 = TVectors.Value > 2 ? TSimd.Load(row + b2) : TSimd.Zero;

            T* x = a;
            if (TLayout.TabledA)
                x += *aOffsets++;
            else
                a += aDepth;
            MultiplyAdd<TVectors>(x, v0, v1, v2, ref c00, ref c01, ref c02);
            if (TRows.Value > 1)
                MultiplyAdd<TVectors>(x + a1, v0, v1, v2, ref c10, ref c11, ref c12);
            if (TRows.Value > 2)
                MultiplyAdd<TVectors>(x + a2, v0, v1, v2, ref c20, ref c21, ref c22);
            if (TRows.Value > 3)
                MultiplyAdd<TVectors>(x + a3, v0, v1, v2, ref c30, ref c31, ref c32);
            if (TRows.Value > 4)
                MultiplyAdd<TVectors>(x + a4, v0, v1, v2, ref c40, ref c41, ref c42);
            if (TRows.Value > 5)
                MultiplyAdd<TVectors>(x + a5, v0, v1, v2, ref c50, ref c51, ref c52);
            if (TRows.Value > 6)
                MultiplyAdd<TVectors>(x + a6, v0, v1, v2, ref c60, ref c61, ref c62);
            if (TRows.Value > 7)
                MultiplyAdd<TVectors>(x + a7, v0, v1, v2, ref c70, ref c71, ref c72);
        }

        StoreRow<TVectors>(t, 0, c00, c01, c02);
        if (TRows.Value > 1)
            StoreRow<TVectors>(t, 1, c10, c11, c12);
        if (TRows.Value > 2)
            StoreRow<TVectors>(t, 2, c20, c21, c22);
        if (TRows.Value > 3)
            StoreRow<TVectors>(t, 3, c30, c31, c32);
        if (TRows.Value > 4)
            StoreRow<TVectors>(t, 4, c40, c41, c42);
        if (TRows.Value > 5)
            StoreRow<TVectors>(t, 5, c50, c51, c52);
        if (TRows.Value > 6)
            StoreRow<TVectors>(t, 6, c60, c61, c62);
        if (TRows.Value > 7)
            StoreRow<TVectors>(t, 7, c70, c71, c72);
    }

    /// <summary>Where row <paramref name="row"/> of A begins; row 0 of a gathered A is the table's own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint RowOffset<TRows>(TileOperands<T>* t, int row) where TRows : struct, IConstant
    {
        if (row >= TRows.Value)
            return 0;
        if (TLayout.PackedA)
            return row;
        return TLayout.TabledA ? t->ARowOffsets[row] - t->ARowOffsets[0] : row * t->ARowStride;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd<TVectors>(
        T* a, TVector v0, TVector v1, TVector v2, ref TVector c0, ref TVector c1, ref TVector c2)
        where TVectors : struct, IConstant
    {
        TVector x = TSimd.Broadcast(a);
        c0 = TSimd.MultiplyAdd(x, v0, c0);
        if (TVectors.Value > 1)
            c1 = TSimd.MultiplyAdd(x, v1, c1);
        if (TVectors.Value > 2)
            c2 = TSimd.MultiplyAdd(x, v2, c2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TVectors>(TileOperands<T>* t, int row, TVector c0, TVector c1, TVector c2)
        where TVectors : struct, IConstant
    {
        if (t->RowBias != null)
        {
            TVector bias = TSimd.Broadcast(t->RowBias + row);
            c0 = TSimd.Add(c0, bias);
            c1 = TSimd.Add(c1, bias);
            c2 = TSimd.Add(c2, bias);
        }
        if (t->ColumnBias != null)
        {
            c0 = TSimd.Add(c0, TSimd.Load(t->ColumnBias));
            if (TVectors.Value > 1)
                c1 = TSimd.Add(c1, TSimd.Load(t->ColumnBias + TSimd.Count));
            if (TVectors.Value > 2)
                c2 = TSimd.Add(c2, TSimd.Load(t->ColumnBias + 2 * TSimd.Count));
        }
        T* c = t->C + row * t->CRowStride;
        StoreVector(t, c, c0, TVectors.Value == 1 ? t->LastLanes : t->Lanes);
        if (TVectors.Value > 1)
            StoreVector(t, c + t->CVectorStride, c1, TVectors.Value == 2 ? t->LastLanes : t->Lanes);
        if (TVectors.Value > 2)
            StoreVector(t, c + 2 * t->CVectorStride, c2, t->LastLanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreVector(TileOperands<T>* t, T* c, TVector value, int lanes)
    {
        if (lanes == TSimd.Count)
            TSimd.Store(c, t->Accumulate ? TSimd.Add(value, TSimd.Load(c)) : value);
        else
            TSimd.StoreFirst(c, t->Accumulate ? TSimd.Add(value, TSimd.LoadFirst(c, lanes)) : value, lanes);
    }
}
