namespace FusedNetworks;

/// <content>The gradient of the weights.</content>
internal static unsafe partial class ConvKernel<TSimd, TVector, T>
{
    /// <summary>Images are summed in at most so many chunks, whatever the number of threads, and the chunks' sums in order.</summary>
    private const int MaxChunks = 8;

    public static void WeightGradient(in Correlation c, T* x, T* gy, T* gw)
    {
        if (GradientLanesAlongPositions(in c))
            WeightGradientPositions(in c, x, gy, gw);
        else
            WeightGradientChannels(in c, x, gy, gw);
    }

    /// <summary>
    /// gw[tap, o] = Σ_image Σ_position plane[position + tap] · gy[position, o]: the rows of a tile are taps, its vectors are
    /// output channels and its depth runs over the positions of one image.
    /// </summary>
    private static void WeightGradientChannels(in Correlation c, T* x, T* gy, T* gw)
    {
        int vectors = TileCount(c.Out, TSimd.Count);
        int lanes = vectors * TSimd.Count;
        int chunks = Math.Min(c.N, MaxChunks);
        using Scratch.Lease<nint> taps = Scratch.Rent<nint>(c.Taps);
        using Scratch.Lease<nint> positions = Scratch.Rent<nint>(c.Positions);
        using Scratch.Lease<T> sums = Scratch.Rent<T>((long)chunks * c.Taps * lanes);
        c.TapOffsets(taps.Pointer);
        c.PositionOffsets(positions.Pointer);

        var job = new WeightGradientJob
        {
            C = c,
            X = x,
            Gy = gy,
            Sums = sums.Pointer,
            Taps = taps.Pointer,
            Positions = positions.Pointer,
            Vectors = vectors,
            Chunks = chunks,
        };
        job.Tasks = Parallelism.Tasks(c.ImageWork * c.N, chunks) == 1 ? 1 : chunks;
        WorkPool.Run(job.Tasks, ref job);

        int parts = Parallelism.Tasks((long)chunks * c.Taps * lanes, c.Taps);
        var sum = new SumJob { C = c, Sums = sums.Pointer, Gw = gw, Lanes = lanes, Chunks = chunks, Parts = parts };
        WorkPool.Run(parts, ref sum);
    }

    private struct WeightGradientJob : IJob
    {
        public Correlation C;
        public T* X, Gy, Sums;
        public nint* Taps, Positions;
        public int Vectors, Chunks, Tasks;

        public readonly void Execute(int index)
        {
            int lanes = Vectors * TSimd.Count;
            using Scratch.Lease<T> planes = Scratch.Rent<T>(C.In * C.PlaneSize);
            using Scratch.Lease<T> gradient = Scratch.Rent<T>((long)C.Positions * lanes);
            Clear(planes.Pointer, C.In * C.PlaneSize);
            Clear(gradient.Pointer, (long)C.Positions * lanes);
            (int chunk0, int chunk1) = Parallelism.Range(Chunks, Tasks, index);
            for (int chunk = chunk0; chunk < chunk1; chunk++)
            {
                (int image0, int image1) = Parallelism.Range(C.N, Chunks, chunk);
                for (int image = image0; image < image1; image++)
                {
                    FillPlanes(in C, X + (long)image * C.In * C.SourceH * C.SourceW, planes.Pointer);
                    Transposition.Run(
                        Gy + (long)image * C.Out * C.Positions, C.Positions, C.Out, C.Positions, gradient.Pointer, lanes);
                    Add(planes.Pointer, gradient.Pointer, Sums + (nint)chunk * C.Taps * lanes, accumulate: image > image0);
                }
            }
        }

        /// <summary>One image's part of the sums [Taps][lanes].</summary>
        private readonly void Add(T* planes, T* gradient, T* sums, bool accumulate)
        {
            int lanes = Vectors * TSimd.Count;
            int panels = TileCount(Vectors, PanelVectors);
            int tiles = TileCount(C.Taps, Vectors == 1 ? TSimd.NarrowTileRows : TSimd.TileRows);
            TileOperands<T> t = default;
            t.Depth = C.Positions;
            t.A = planes;
            t.ADepthOffsets = Positions;
            t.BDepthStride = lanes;
            t.CRowStride = lanes;
            t.CVectorStride = TSimd.Count;
            t.Lanes = t.LastLanes = TSimd.Count;
            t.Accumulate = accumulate;
            for (int panel = 0; panel < panels; panel++)
            {
                (int v0, int v1) = Parallelism.Range(Vectors, panels, panel);
                t.B = gradient + v0 * TSimd.Count;
                for (int tile = 0; tile < tiles; tile++)
                {
                    (int tap0, int tap1) = Parallelism.Range(C.Taps, tiles, tile);
                    t.ARowOffsets = Taps + tap0;
                    t.C = sums + (nint)tap0 * lanes + v0 * TSimd.Count;
                    Tile<TSimd, TVector, T, GatheredA>.Run(tap1 - tap0, v1 - v0, &t);
                }
            }
        }
    }

    /// <summary>Adds the chunks' sums and transposes them to [O][Taps].</summary>
    private struct SumJob : IJob
    {
        public Correlation C;
        public T* Sums, Gw;
        public int Lanes, Chunks, Parts;

        public readonly void Execute(int index)
        {
            (int tap0, int tap1) = Parallelism.Range(C.Taps, Parts, index);
            nint size = (nint)C.Taps * Lanes;
            for (nint i = (nint)tap0 * Lanes; i < (nint)tap1 * Lanes; i += TSimd.Count)
            {
                TVector sum = TSimd.Load(Sums + i);
                for (int chunk = 1; chunk < Chunks; chunk++)
                    sum = TSimd.Add(sum, TSimd.Load(Sums + chunk * size + i));
                TSimd.Store(Sums + i, sum);
            }
            Transposition.Run(Sums + (nint)tap0 * Lanes, Lanes, tap1 - tap0, C.Out, Gw + tap0, C.Taps);
        }
    }

    /// <summary>
    /// gw[o, tap] = Σ_image Σ_y Σ_x gy[o, y, x] · plane[tap + (y, x)]: inner products of the rows of one image, which need no
    /// copy of the output's gradient.
    /// </summary>
    private static void WeightGradientPositions(in Correlation c, T* x, T* gy, T* gw)
    {
        int chunks = Math.Min(c.N, MaxChunks);
        nint size = (nint)c.Out * c.Taps;
        using Scratch.Lease<nint> taps = Scratch.Rent<nint>(c.Taps);
        using Scratch.Lease<T> sums = Scratch.Rent<T>(chunks * size);
        c.TapOffsets(taps.Pointer);
        var job = new InnerProductJob { C = c, X = x, Gy = gy, Sums = sums.Pointer, Taps = taps.Pointer, Chunks = chunks };
        job.Tasks = Parallelism.Tasks(c.ImageWork * c.N, chunks) == 1 ? 1 : chunks;
        WorkPool.Run(job.Tasks, ref job);
        for (nint i = 0; i < size; i++)
        {
            T sum = sums.Pointer[i];
            for (int chunk = 1; chunk < chunks; chunk++)
                sum = Scalar.Add(sum, sums.Pointer[chunk * size + i]);
            gw[i] = sum;
        }
    }

    private struct InnerProductJob : IJob
    {
        public Correlation C;
        public T* X, Gy, Sums;
        public nint* Taps;
        public int Chunks, Tasks;

        public readonly void Execute(int index)
        {
            using Scratch.Lease<T> planes = Scratch.Rent<T>(C.In * C.PlaneSize);
            Clear(planes.Pointer, C.In * C.PlaneSize);
            (int chunk0, int chunk1) = Parallelism.Range(Chunks, Tasks, index);
            for (int chunk = chunk0; chunk < chunk1; chunk++)
            {
                (int image0, int image1) = Parallelism.Range(C.N, Chunks, chunk);
                for (int image = image0; image < image1; image++)
                {
                    FillPlanes(in C, X + (long)image * C.In * C.SourceH * C.SourceW, planes.Pointer);
                    Add(planes.Pointer, Gy + (long)image * C.Out * C.Positions, Sums + (nint)chunk * C.Out * C.Taps, image > image0);
                }
            }
        }

        /// <summary>One image's part of the sums [Out][Taps].</summary>
        private readonly void Add(T* planes, T* gradient, T* sums, bool accumulate)
        {
            int rowTiles = TileCount(C.Out, DotTile<TSimd, TVector, T>.MaxRows);
            int columnTiles = TileCount(C.Taps, DotTile<TSimd, TVector, T>.MaxColumns);
            DotOperands<T> t = default;
            t.Depth = C.OW;
            t.FurtherSegments = C.OH - 1;
            t.AStride = C.Positions;
            t.ASegmentStride = C.OW;
            t.B = planes;
            t.BSegmentStride = (nint)C.StrideH * C.PlaneW;
            t.CRowStride = C.Taps;
            t.CColumnStride = 1;
            t.Accumulate = accumulate;
            for (int i = 0; i < rowTiles; i++)
            {
                (int o0, int o1) = Parallelism.Range(C.Out, rowTiles, i);
                t.A = gradient + (nint)o0 * C.Positions;
                for (int j = 0; j < columnTiles; j++)
                {
                    (int tap0, int tap1) = Parallelism.Range(C.Taps, columnTiles, j);
                    t.BOffsets = Taps + tap0;
                    t.C = sums + (nint)o0 * C.Taps + tap0;
                    DotTile<TSimd, TVector, T>.Run(o1 - o0, tap1 - tap0, &t);
                }
            }
        }
    }
}
