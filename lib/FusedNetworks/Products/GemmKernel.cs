using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FusedNetworks;

/// <summary>
/// Matrix products for one register width. Three ways, chosen by shape: inner products of rows (thin A · Bᵀ), tiles straight
/// from the operands (small or thin), and tiles of packed panels blocked for the caches (all else).
/// </summary>
internal static unsafe partial class GemmKernel<TSimd, TVector, T>
    where TSimd : struct, ISimd<T, TVector>
    where TVector : struct
    where T : unmanaged
{
    private static int MR => TSimd.TileRows;
    private static int NR => TSimd.TileVectors * TSimd.Count;

    public static void Run(in Product<T> p)
    {
        if (p.M <= 0 || p.N <= 0)
            return;
        if (p.K <= 0)
        {
            Clear(in p);
            return;
        }

        Product<T> q = p;
        // A single column of B, stored row by row, is also a contiguous row of Bᵀ.
        if (q.N == 1 && !q.TransB && q.Ldb == 1)
        {
            q.TransB = true;
            q.Ldb = q.K;
        }

        bool thin = q.M <= 2 * MR || (q.TransB && q.N <= TSimd.Count);
        if (!thin && q.Work > SmallWork)
            RunPacked(in q);
        else if (!q.TransB)
            RunDirect(in q);
        else if (!q.TransA && DotsAreCheaper(in q))
            RunDots(in q);
        else if ((long)q.N * q.K <= SmallWork)
            RunTransposed(in q);
        else
            RunPacked(in q);
    }

    /// <summary>Multiply-adds up to which packing does not pay.</summary>
    private const int SmallWork = 1 << 21;

    /// <summary>
    /// Whether a product with Bᵀ is cheaper as inner products of stored rows, each of which ends in a horizontal sum, than by
    /// vectors along the columns of a transposed copy. Costs are in cycles of one vector operation each.
    /// </summary>
    private static bool DotsAreCheaper(in Product<T> p)
    {
        const double sum = 8, copy = 0.3;
        double dots = p.N * (sum + (double)p.K / TSimd.Count) * p.M;
        double columns = ((double)p.M * TileCount(p.N, TSimd.Count) + copy * p.N) * p.K;
        return dots <= columns;
    }

    private static void RunTransposed(in Product<T> p)
    {
        using Scratch.Lease<T> copy = Scratch.Rent<T>((long)p.N * p.K);
        Transposition.Run(p.B, p.Ldb, p.N, p.K, copy.Pointer, p.N);
        RunDirect(p with { TransB = false, B = copy.Pointer, Ldb = p.N });
    }

    private static void Clear(in Product<T> p)
    {
        if (p.Accumulate)
            return;
        for (nint i = 0; i < p.M; i++)
            NativeMemory.Clear(p.C + i * p.Ldc, (nuint)p.N * (nuint)Unsafe.SizeOf<T>());
    }

    // ------------------------------------------------------------------ inner products

    private static void RunDots(in Product<T> p)
    {
        int rowTiles = TileCount(p.M, DotTile<TSimd, TVector, T>.MaxRows);
        int columnTiles = TileCount(p.N, DotTile<TSimd, TVector, T>.MaxColumns);
        bool splitRows = rowTiles > columnTiles;
        int units = splitRows ? rowTiles : columnTiles;
        int tasks = Parallelism.Tasks(p.Work, units);
        var job = new DotJob { P = p, RowTiles = rowTiles, ColumnTiles = columnTiles, SplitRows = splitRows, Tasks = tasks };
        WorkPool.Run(tasks, ref job);
    }

    private struct DotJob : IJob
    {
        public Product<T> P;
        public int RowTiles, ColumnTiles, Tasks;
        public bool SplitRows;

        public readonly void Execute(int index)
        {
            (int i0, int i1) = SplitRows ? Parallelism.Range(RowTiles, Tasks, index) : (0, RowTiles);
            (int j0, int j1) = SplitRows ? (0, ColumnTiles) : Parallelism.Range(ColumnTiles, Tasks, index);
            DotOperands<T> t = default;
            t.Depth = P.K;
            t.AStride = P.Lda;
            t.BStride = P.Ldb;
            t.CRowStride = P.Ldc;
            t.CColumnStride = 1;
            t.Accumulate = P.Accumulate;
            for (int j = j0; j < j1; j++)
            {
                (int c0, int c1) = Parallelism.Range(P.N, ColumnTiles, j);
                for (int i = i0; i < i1; i++)
                {
                    (int r0, int r1) = Parallelism.Range(P.M, RowTiles, i);
                    t.A = P.A + r0 * P.Lda;
                    t.B = P.B + c0 * P.Ldb;
                    t.C = P.C + r0 * P.Ldc + c0;
                    DotTile<TSimd, TVector, T>.Run(r1 - r0, c1 - c0, &t);
                }
            }
        }
    }

    // ------------------------------------------------------------------ tiles straight from the operands

    private const int DirectDepth = 512;

    private static void RunDirect(in Product<T> p)
    {
        int strips = TileCount(p.N, NR);
        int rowTiles = TileCount(p.M, MR);
        bool splitRows = rowTiles > strips;
        int tasks = Parallelism.Tasks(p.Work, splitRows ? rowTiles : strips);
        var job = new DirectJob { P = p, Strips = strips, RowTiles = rowTiles, SplitRows = splitRows, Tasks = tasks };
        WorkPool.Run(tasks, ref job);
    }

    private struct DirectJob : IJob
    {
        public Product<T> P;
        public int Strips, RowTiles, Tasks;
        public bool SplitRows;

        public readonly void Execute(int index)
        {
            (int s0, int s1) = SplitRows ? (0, Strips) : Parallelism.Range(Strips, Tasks, index);
            (int i0, int i1) = SplitRows ? Parallelism.Range(RowTiles, Tasks, index) : (0, RowTiles);
            for (int p0 = 0; p0 < P.K; p0 += DirectDepth)
            {
                int depth = Math.Min(DirectDepth, P.K - p0);
                for (int s = s0; s < s1; s++)
                    Strip(s * NR, Math.Min(NR, P.N - s * NR), p0, depth, i0, i1);
            }
        }

        /// <summary>Columns [column, column + width) of the product of A's columns and B's rows [p0, p0 + depth).</summary>
        private readonly void Strip(int column, int width, int p0, int depth, int i0, int i1)
        {
            int full = width / TSimd.Count;
            int rest = width % TSimd.Count;
            TileOperands<T> t = default;
            t.Depth = depth;
            t.ARowStride = P.ARowStride;
            t.ADepthStride = P.ADepthStride;
            t.CRowStride = P.Ldc;
            t.CVectorStride = TSimd.Count;
            t.Lanes = TSimd.Count;
            t.Accumulate = P.Accumulate || p0 > 0;
            if (full > 0)
            {
                t.B = P.B + p0 * P.Ldb + column;
                t.BDepthStride = P.Ldb;
                t.LastLanes = TSimd.Count;
                Rows(&t, p0, column, i0, i1, full);
            }
            if (rest > 0)
            {
                // B's last columns are copied, so that whole vectors can be read without going past its end.
                column += full * TSimd.Count;
                using Scratch.Lease<T> copy = Scratch.Rent<T>((long)depth * TSimd.Count);
                T* from = P.B + p0 * P.Ldb + column;
                for (nint q = 0; q < depth; q++)
                    TSimd.Store(copy.Pointer + q * TSimd.Count, TSimd.LoadFirst(from + q * P.Ldb, rest));
                t.B = copy.Pointer;
                t.BDepthStride = TSimd.Count;
                t.LastLanes = rest;
                Rows(&t, p0, column, i0, i1, 1);
            }
        }

        private readonly void Rows(TileOperands<T>* t, int p0, int column, int i0, int i1, int vectors)
        {
            for (int i = i0; i < i1; i++)
            {
                (int r0, int r1) = Parallelism.Range(P.M, RowTiles, i);
                t->A = P.A + r0 * P.ARowStride + p0 * P.ADepthStride;
                t->C = P.C + r0 * P.Ldc + column;
                Tile<TSimd, TVector, T, Strided>.Run(r1 - r0, vectors, t);
            }
        }
    }

    private static int TileCount(int length, int tile) => (length + tile - 1) / tile;
}
