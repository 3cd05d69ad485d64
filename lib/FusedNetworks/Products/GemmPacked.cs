namespace FusedNetworks;

/// <content>Products through packed panels.</content>
internal static unsafe partial class GemmKernel<TSimd, TVector, T>
{
    /// <summary>Depth of a panel: a tile's panel of A (8 × 384 floats, 12 KiB) stays in L1 and those of B stream from L2.</summary>
    private const int PackedDepth = 384;

    /// <summary>Rows and columns that are packed at a time, which bounds the scratch memory.</summary>
    private const int SuperBlock = 6144;

    private static void RunPacked(in Product<T> p)
    {
        int depth = Math.Min(p.K, PackedDepth);
        int maxM = Math.Min(p.M, SuperBlock), maxN = Math.Min(p.N, SuperBlock);
        using Scratch.Lease<T> a = Scratch.Rent<T>((long)TileCount(maxM, MR) * MR * depth);
        using Scratch.Lease<T> b = Scratch.Rent<T>((long)TileCount(maxN, NR) * NR * depth);
        for (int j0 = 0; j0 < p.N; j0 += SuperBlock)
            for (int i0 = 0; i0 < p.M; i0 += SuperBlock)
                for (int p0 = 0; p0 < p.K; p0 += PackedDepth)
                {
                    var block = new PackedBlock
                    {
                        P = p,
                        I0 = i0,
                        J0 = j0,
                        P0 = p0,
                        Rows = Math.Min(SuperBlock, p.M - i0),
                        Columns = Math.Min(SuperBlock, p.N - j0),
                        Depth = Math.Min(PackedDepth, p.K - p0),
                        PanelsA = a.Pointer,
                        PanelsB = b.Pointer,
                    };
                    block.Run();
                }
    }

    /// <summary>The product of a block of A and a block of B, added to a block of C.</summary>
    private struct PackedBlock
    {
        public Product<T> P;
        public int I0, J0, P0, Rows, Columns, Depth;
        public T* PanelsA, PanelsB;

        public readonly int RowPanels => TileCount(Rows, MR);
        public readonly int ColumnPanels => TileCount(Columns, NR);

        public readonly void Run()
        {
            int panels = RowPanels + ColumnPanels;
            int packTasks = Parallelism.Tasks(((long)Rows + Columns) * Depth * 4, panels);
            var pack = new PackJob { Block = this, Tasks = packTasks };
            WorkPool.Run(packTasks, ref pack);

            // The longer side is cut in two directions until there are enough tasks.
            int tasks = Parallelism.Tasks((long)Rows * Columns * Depth, (long)RowPanels * ColumnPanels);
            int columnTasks = Math.Min(tasks, ColumnPanels);
            if (RowPanels > ColumnPanels)
                columnTasks = Math.Max(1, Math.Min(columnTasks, tasks / Math.Min(tasks, RowPanels)));
            int rowTasks = Math.Min(RowPanels, TileCount(tasks, columnTasks));
            var multiply = new MultiplyJob { Block = this, RowTasks = rowTasks, ColumnTasks = columnTasks };
            WorkPool.Run(rowTasks * columnTasks, ref multiply);
        }

        /// <summary>Rows [panel·MR, …) of A's block, as [depth][MR].</summary>
        public readonly void PackA(int panel)
        {
            int row = panel * MR;
            int rows = Math.Min(MR, Rows - row);
            T* from = P.A + (I0 + row) * P.ARowStride + P0 * P.ADepthStride;
            T* to = PanelsA + (nint)row * Depth;
            if (!P.TransA)
                Transposition.Run(from, P.Lda, rows, Depth, to, MR);
            else
                Copy(from, P.Lda, rows, to, MR);
        }

        /// <summary>Columns [panel·NR, …) of B's block, as [depth][NR], with zeros up to a whole number of vectors.</summary>
        public readonly void PackB(int panel)
        {
            int column = panel * NR;
            int columns = Math.Min(NR, Columns - column);
            T* to = PanelsB + (nint)column * Depth;
            if (!P.TransB)
            {
                Copy(P.B + P0 * P.Ldb + J0 + column, P.Ldb, columns, to, NR);
                return;
            }
            Transposition.Run(P.B + (J0 + column) * P.Ldb + P0, P.Ldb, columns, Depth, to, NR);
            if (columns % TSimd.Count != 0)
                for (nint q = 0; q < Depth; q++)
                    for (int j = columns; j % TSimd.Count != 0; j++)
                        to[q * NR + j] = default;
        }

        private readonly void Copy(T* from, nint stride, int count, T* to, nint toStride)
        {
            int full = count / TSimd.Count * TSimd.Count;
            for (nint q = 0; q < Depth; q++, from += stride, to += toStride)
            {
                int j = 0;
                for (; j < full; j += TSimd.Count)
                    TSimd.Store(to + j, TSimd.Load(from + j));
                if (j == count)
                    continue;
                if (j + TSimd.Count <= toStride)
                    TSimd.Store(to + j, TSimd.LoadFirst(from + j, count - j));
                else
                    TSimd.StoreFirst(to + j, TSimd.LoadFirst(from + j, count - j), count - j);
            }
        }

        public readonly void Multiply(int panelI0, int panelI1, int panelJ0, int panelJ1)
        {
            TileOperands<T> t = default;
            t.Depth = Depth;
            t.BDepthStride = NR;
            t.CRowStride = P.Ldc;
            t.CVectorStride = TSimd.Count;
            t.Lanes = TSimd.Count;
            t.Accumulate = P.Accumulate || P0 > 0;
            // Rows in groups that stay in L2 while every panel of B passes by.
            const int group = 16;
            for (int g = panelI0; g < panelI1; g += group)
                for (int j = panelJ0; j < panelJ1; j++)
                {
                    int columns = Math.Min(NR, Columns - j * NR);
                    int vectors = TileCount(columns, TSimd.Count);
                    t.LastLanes = columns - (vectors - 1) * TSimd.Count;
                    t.B = PanelsB + (nint)j * NR * Depth;
                    for (int i = g; i < Math.Min(panelI1, g + group); i++)
                    {
                        t.A = PanelsA + (nint)i * MR * Depth;
                        t.C = P.C + (nint)(I0 + i * MR) * P.Ldc + J0 + j * NR;
                        Tile<TSimd, TVector, T, Packed>.Run(Math.Min(MR, Rows - i * MR), vectors, &t);
                    }
                }
        }
    }

    private struct PackJob : IJob
    {
        public PackedBlock Block;
        public int Tasks;

        public readonly void Execute(int index)
        {
            int rowPanels = Block.RowPanels;
            (int begin, int end) = Parallelism.Range(rowPanels + Block.ColumnPanels, Tasks, index);
            for (int i = begin; i < end; i++)
                if (i < rowPanels)
                    Block.PackA(i);
                else
                    Block.PackB(i - rowPanels);
        }
    }

    private struct MultiplyJob : IJob
    {
        public PackedBlock Block;
        public int RowTasks, ColumnTasks;

        public readonly void Execute(int index)
        {
            (int i0, int i1) = Parallelism.Range(Block.RowPanels, RowTasks, index / ColumnTasks);
            (int j0, int j1) = Parallelism.Range(Block.ColumnPanels, ColumnTasks, index % ColumnTasks);
            Block.Multiply(i0, i1, j0, j1);
        }
    }
}
