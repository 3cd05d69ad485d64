namespace FusedNetworks;

/// <content>The output of a correlation, in its two forms.</content>
internal static unsafe partial class ConvKernel<TSimd, TVector, T>
{
    /// <summary>
    /// What the tasks of one correlation share. A task computes a range of images for a range of blocks of output channels.
    /// </summary>
    private struct Shared
    {
        public Correlation C;
        public T* Source, Weights, Bias, Output;
        public nint* Taps, Positions;
        public int Blocks, ImageTasks, BlockTasks;

        /// <summary>Cuts the images into tasks, and the blocks of channels where there are too few images.</summary>
        public int Cut()
        {
            int tasks = Parallelism.Tasks(C.ImageWork * C.N, (long)C.N * Blocks);
            ImageTasks = Math.Min(tasks, C.N);
            BlockTasks = C.N >= 2 * WorkPool.Threads ? 1 : Math.Min(Blocks, TileCount(tasks, ImageTasks));
            return ImageTasks * BlockTasks;
        }

        public readonly (int Begin, int End) Images(int task) => Parallelism.Range(C.N, ImageTasks, task / BlockTasks);

        public readonly (int Begin, int End) ChannelBlocks(int task) => Parallelism.Range(Blocks, BlockTasks, task % BlockTasks);

        public readonly T* Image(int image) => Source + (long)image * C.In * C.SourceH * C.SourceW;

        public readonly T* Result(int image) => Output + (long)image * C.Out * C.Positions;
    }

    // ------------------------------------------------------------------ lanes along the output's channels

    /// <summary>
    /// y[position, o] = Σ_tap plane[position + tap] · w[tap, o]: the rows of a tile are positions, found in the planes through
    /// tables, and its vectors are channels. The result is transposed into place image by image.
    /// </summary>
    private static void CorrelateChannels(in Correlation c, T* source, T* w, T* biasOrNull, T* output)
    {
        int vectors = TileCount(c.Out, TSimd.Count);
        int lanes = vectors * TSimd.Count;
        using Scratch.Lease<nint> taps = Scratch.Rent<nint>(c.Taps);
        using Scratch.Lease<nint> positions = Scratch.Rent<nint>(c.Positions);
        using Scratch.Lease<T> weights = Scratch.Rent<T>((long)lanes * c.Taps);
        using Scratch.Lease<T> bias = Scratch.Rent<T>(lanes);
        c.TapOffsets(taps.Pointer);
        c.PositionOffsets(positions.Pointer);
        if (biasOrNull != null)
        {
            Clear(bias.Pointer, lanes);
            Copy(biasOrNull, bias.Pointer, c.Out);
        }
        int blocks = TileCount(vectors, PanelVectors);
        for (int block = 0; block < blocks; block++)
        {
            (int v0, int v1) = Parallelism.Range(vectors, blocks, block);
            int first = v0 * TSimd.Count, width = (v1 - v0) * TSimd.Count;
            T* panel = weights.Pointer + (nint)first * c.Taps;
            if (c.Out < first + width)
                Clear(panel, (long)width * c.Taps);
            PackWeights(in c, w, first, Math.Min(width, c.Out - first), panel, width);
        }

        var job = new ChannelsJob
        {
            S = new Shared
            {
                C = c,
                Source = source,
                Weights = weights.Pointer,
                Bias = biasOrNull == null ? null : bias.Pointer,
                Output = output,
                Taps = taps.Pointer,
                Positions = positions.Pointer,
                Blocks = blocks,
            },
            Vectors = vectors,
        };
        WorkPool.Run(job.S.Cut(), ref job);
    }

    private struct ChannelsJob : IJob
    {
        public Shared S;
        public int Vectors;

        public readonly void Execute(int index)
        {
            (int image0, int image1) = S.Images(index);
            (int block0, int block1) = S.ChannelBlocks(index);
            using Scratch.Lease<T> planes = Scratch.Rent<T>(S.C.In * S.C.PlaneSize);
            using Scratch.Lease<T> result = Scratch.Rent<T>((long)S.C.Positions * PanelVectors * TSimd.Count);
            Clear(planes.Pointer, S.C.In * S.C.PlaneSize);
            for (int image = image0; image < image1; image++)
            {
                FillPlanes(in S.C, S.Image(image), planes.Pointer);
                for (int block = block0; block < block1; block++)
                    Block(planes.Pointer, block, result.Pointer, S.Result(image));
            }
        }

        private readonly void Block(T* planes, int block, T* result, T* output)
        {
            (int v0, int v1) = Parallelism.Range(Vectors, S.Blocks, block);
            int first = v0 * TSimd.Count, width = (v1 - v0) * TSimd.Count;
            TileOperands<T> t = default;
            t.Depth = S.C.Taps;
            t.A = planes;
            t.ADepthOffsets = S.Taps;
            t.B = S.Weights + (nint)first * S.C.Taps;
            t.BDepthStride = width;
            t.CRowStride = width;
            t.CVectorStride = TSimd.Count;
            t.Lanes = TSimd.Count;
            t.LastLanes = TSimd.Count;
            t.ColumnBias = S.Bias == null ? null : S.Bias + first;
            int tiles = TileCount(S.C.Positions, v1 - v0 == 1 ? TSimd.NarrowTileRows : TSimd.TileRows);
            for (int tile = 0; tile < tiles; tile++)
            {
                (int q0, int q1) = Parallelism.Range(S.C.Positions, tiles, tile);
                t.ARowOffsets = S.Positions + q0;
                t.C = result + (nint)q0 * width;
                Tile<TSimd, TVector, T, GatheredA>.Run(q1 - q0, v1 - v0, &t);
            }
            int channels = Math.Min(width, S.C.Out - first);
            Transposition.Run(result, width, S.C.Positions, channels, output + (nint)first * S.C.Positions, S.C.Positions);
        }
    }

    // ------------------------------------------------------------------ lanes along the output's rows

    /// <summary>
    /// y[o, position] = Σ_tap w[o, tap] · plane[tap + position]: the rows of a tile are channels and its vectors are the same
    /// columns of neighboring output rows, read from the planes wherever the tap puts them.
    /// </summary>
    private static void CorrelatePositions(in Correlation c, T* source, T* w, T* biasOrNull, T* output)
    {
        int mr = TSimd.TileRows;
        int blocks = TileCount(c.Out, mr);
        using Scratch.Lease<nint> taps = Scratch.Rent<nint>(c.Taps);
        using Scratch.Lease<T> weights = Scratch.Rent<T>((long)blocks * mr * c.Taps);
        c.TapOffsetsByRow(taps.Pointer);
        for (int block = 0; block < blocks; block++)
        {
            (int o0, int o1) = Parallelism.Range(c.Out, blocks, block);
            PackWeightsByRow(in c, w, o0, o1 - o0, weights.Pointer + (nint)block * mr * c.Taps, mr);
        }

        var job = new PositionsJob
        {
            S = new Shared
            {
                C = c,
                Source = source,
                Weights = weights.Pointer,
                Bias = biasOrNull,
                Output = output,
                Taps = taps.Pointer,
                Blocks = blocks,
            },
        };
        WorkPool.Run(job.S.Cut(), ref job);
    }

    private struct PositionsJob : IJob
    {
        public Shared S;

        public readonly void Execute(int index)
        {
            (int image0, int image1) = S.Images(index);
            (int block0, int block1) = S.ChannelBlocks(index);
            using Scratch.Lease<T> planes = Scratch.Rent<T>(S.C.In * S.C.PlaneSize);
            Clear(planes.Pointer, S.C.In * S.C.PlaneSize);
            for (int image = image0; image < image1; image++)
            {
                FillPlanes(in S.C, S.Image(image), planes.Pointer);
                for (int block = block0; block < block1; block++)
                    Block(planes.Pointer, block, S.Result(image));
            }
        }

        private readonly void Block(T* planes, int block, T* output)
        {
            (int o0, int o1) = Parallelism.Range(S.C.Out, S.Blocks, block);
            int rowTaps = S.C.In * S.C.KW;
            TileOperands<T> t = default;
            t.BVectorStride = (nint)S.C.StrideH * S.C.PlaneW;
            t.CRowStride = S.C.Positions;
            t.CVectorStride = S.C.OW;
            t.RowBias = S.Bias == null ? null : S.Bias + o0;
            for (int y0 = 0; y0 < S.C.OH;)
            {
                (int y1, int first, int end) = RowGroup(y0, o1 - o0);
                t.Depth = (end - first) * rowTaps;
                t.A = S.Weights + ((nint)block * S.C.Taps + first * rowTaps) * TSimd.TileRows;
                t.BDepthOffsets = S.Taps + first * rowTaps;
                for (int x = 0; x < S.C.OW; x += TSimd.Count)
                {
                    t.B = planes + y0 * t.BVectorStride + x;
                    t.C = output + (nint)o0 * S.C.Positions + (nint)y0 * S.C.OW + x;
                    t.Lanes = t.LastLanes = Math.Min(TSimd.Count, S.C.OW - x);
                    Tile<TSimd, TVector, T, GatheredB>.Run(o1 - o0, y1 - y0, &t);
                }
                y0 = y1;
            }
        }

        /// <summary>
        /// Rows [y0, End) for one tile and the rows of their windows. A tile of several channels is large enough to take rows
        /// alone whose windows differ, which saves the multiplications with zeros above and below the image.
        /// </summary>
        private readonly (int End, int FirstTap, int EndTap) RowGroup(int y0, int channels)
        {
            (int first, int end) = S.C.WindowRows(y0);
            int most = Math.Min(TSimd.TileVectors, TileCount(S.C.OH - y0, TileCount(S.C.OH - y0, TSimd.TileVectors)));
            int y1 = y0 + 1;
            for (; y1 < y0 + most; y1++)
            {
                (int nextFirst, int nextEnd) = S.C.WindowRows(y1);
                if (channels >= 4 && (nextFirst, nextEnd) != (first, end))
                    break;
                (first, end) = (Math.Min(first, nextFirst), Math.Max(end, nextEnd));
            }
            return (y1, first, end);
        }
    }
}
