namespace FusedNetworks;

/// <content>The gradient of the weights, through the adjoints of the transforms.</content>
internal static unsafe partial class WinogradKernel<TSimd, TVector>
{
    /// <summary>Groups of images are summed in so many chunks, whatever the number of threads, and the chunks' sums in order.</summary>
    private const int Chunks = 4;

    /// <summary>
    /// gw = Gᵀ [Σ_tile (A gy Aᵀ) ⊗ (Bᵀ x B)] G: in every point of the transforms a product of the tiles' inputs and outputs.
    /// </summary>
    public static void WeightGradient(in Correlation c, float* x, float* gy, float* gw)
    {
        var grid = new Grid(in c);
        long size = (long)Points * c.In * grid.OutVectors * TSimd.Count;
        using Scratch.Lease<float> sums = Scratch.Rent<float>(Chunks * size);
        var job = new GradientJob { C = c, Grid = grid, X = x, Gy = gy, Sums = sums.Pointer, Size = size };
        WorkPool.Run(Chunks, ref job);
        var back = new FilterGradientJob { C = c, Grid = grid, Sums = sums.Pointer, Size = size, Gw = gw };
        WorkPool.Run(grid.Panels, ref back);
    }

    /// <summary>One chunk's sums, for each panel of output channels [Points][In][width].</summary>
    private struct GradientJob : IJob
    {
        public Correlation C;
        public Grid Grid;
        public float* X, Gy, Sums;
        public long Size;

        public readonly void Execute(int index)
        {
            (int group0, int group1) = Parallelism.Range(Grid.Groups, Chunks, index);
            float* sums = Sums + index * Size;
            int lanes = Grid.OutVectors * TSimd.Count;
            int height = Grid.PaddedH - Window + Tile, width = Grid.PaddedW - Window + Tile;
            long image = (long)height * width * lanes;
            using Scratch.Lease<float> inputs = Scratch.Rent<float>((long)Points * Grid.MaxGroupTiles * Grid.InLanes);
            using Scratch.Lease<float> outputs = Scratch.Rent<float>((long)Points * Grid.MaxGroupTiles * Grid.MaxWidth);
            using Scratch.Lease<float> padded = Scratch.Rent<float>(Grid.GroupImages * image);
            using Scratch.Lease<float> work = Scratch.Rent<float>(Points * TSimd.Count);
            Clear(padded.Pointer, Grid.GroupImages * image);
            for (int group = group0; group < group1; group++)
            {
                int image0 = group * Grid.GroupImages, image1 = Math.Min(C.N, image0 + Grid.GroupImages);
                TransformInputs(in C, in Grid, X, image0, image1, inputs.Pointer, work.Pointer);
                for (int i = image0; i < image1; i++)
                    FillChannelsLast(
                        Gy + (long)i * C.Out * C.Positions, C.Out, C.OH, C.OW, 0, 0,
                        padded.Pointer + (i - image0) * image, height, width, lanes);
                int tiles = (image1 - image0) * Grid.Tiles;
                for (int panel = 0; panel < Grid.Panels; panel++)
                {
                    (int first, int count) = Grid.Panel(panel);
                    TransformOutputs(padded.Pointer + first, image, width, tiles, outputs.Pointer, count, work.Pointer);
                    Multiply(
                        inputs.Pointer, outputs.Pointer, tiles, sums + (nint)first * Points * C.In, count, accumulate: group > group0);
                }
            }
        }

        /// <summary>A panel of the output's gradient, transformed to [Points][tile][width].</summary>
        private readonly void TransformOutputs(
            float* padded, long image, int paddedW, int tiles, float* outputs, int width, float* work)
        {
            nint lanes = (nint)Grid.OutVectors * TSimd.Count;
            for (int tile = 0; tile < tiles; tile++)
            {
                int local = tile % Grid.Tiles;
                nint y = local / Grid.TilesX * Tile, x = local % Grid.TilesX * Tile;
                float* from = padded + tile / Grid.Tiles * image + (y * paddedW + x) * lanes;
                for (int v = 0; v < width; v += TSimd.Count)
                    Winograd<TSimd, TVector>.Transform<Winograd<TSimd, TVector>.OutputAdjoint>(
                        from + v, paddedW * lanes, lanes,
                        outputs + (nint)tile * width + v, (nint)Window * tiles * width, (nint)tiles * width, work);
            }
        }

        /// <summary>sums[point][In][width] += inputs[point][tile][In]ᵀ · outputs[point][tile][width].</summary>
        private readonly void Multiply(float* inputs, float* outputs, int tiles, float* sums, int width, bool accumulate)
        {
            TileOperands<float> t = default;
            t.Depth = tiles;
            t.ARowStride = 1;
            t.ADepthStride = Grid.InLanes;
            t.BDepthStride = width;
            t.CRowStride = width;
            t.CVectorStride = TSimd.Count;
            t.Lanes = t.LastLanes = TSimd.Count;
            t.Accumulate = accumulate;
            int rowTiles = TileCount(C.In, TSimd.TileRows);
            for (nint point = 0; point < Points; point++)
            {
                t.B = outputs + point * tiles * width;
                for (int i = 0; i < rowTiles; i++)
                {
                    (int r0, int r1) = Parallelism.Range(C.In, rowTiles, i);
                    t.A = inputs + point * tiles * Grid.InLanes + r0;
                    t.C = sums + (point * C.In + r0) * width;
                    Tile<TSimd, TVector, float, Strided>.Run(r1 - r0, width / TSimd.Count, &t);
                }
            }
        }
    }

    /// <summary>Adds the chunks' sums of a panel of output channels and transforms them back to gw[o, c, 3, 3].</summary>
    private struct FilterGradientJob : IJob
    {
        public Correlation C;
        public Grid Grid;
        public float* Sums, Gw;
        public long Size;

        public readonly void Execute(int index)
        {
            (int first, int width) = Grid.Panel(index);
            float* sums = Sums + (nint)first * Points * C.In;
            for (nint i = 0; i < (nint)Points * C.In * width; i += TSimd.Count)
            {
                TVector sum = TSimd.Load(sums + i);
                for (int chunk = 1; chunk < Chunks; chunk++)
                    sum = TSimd.Add(sum, TSimd.Load(sums + chunk * Size + i));
                TSimd.Store(sums + i, sum);
            }

            using Scratch.Lease<float> gradient = Scratch.Rent<float>((long)C.Taps * width);
            using Scratch.Lease<float> work = Scratch.Rent<float>(Points * TSimd.Count);
            for (nint i = 0; i < C.In; i++)
                for (int v = 0; v < width; v += TSimd.Count)
                    Winograd<TSimd, TVector>.Transform<Winograd<TSimd, TVector>.FilterAdjoint>(
                        sums + i * width + v, (nint)Window * C.In * width, (nint)C.In * width,
                        gradient.Pointer + i * C.KernelSize * width + v, 3 * width, width, work.Pointer);
            Transposition.Run(
                gradient.Pointer, width, C.Taps, Math.Min(width, C.Out - first), Gw + (nint)first * C.Taps, C.Taps);
        }
    }
}
