using System.Runtime.InteropServices;

namespace FusedNetworks;

/// <summary>
/// Convolution 3 × 3 of stride 1 in float by Winograd's F(4 × 4, 3 × 3): images are cut into tiles of
/// 6 × 6 that overlap by 2, transformed, multiplied with the transformed weights in 36 matrix products,
/// and transformed back to 4 × 4 outputs, with a quarter of the definition's multiplications. Vectors
/// run along channels throughout. Errors are below 1e-5 of the largest output.
/// </summary>
internal static unsafe partial class WinogradKernel<TSimd, TVector>
    where TSimd : struct, ISimd<float, TVector>
    where TVector : struct
{
    private const int Tile = 4, Window = 6, Points = Window * Window;

    /// <summary>How the outputs of one correlation are cut into tiles, and the images into groups of about 48 tiles.</summary>
    private readonly struct Grid(in Correlation c)
    {
        public readonly int TilesX = TileCount(c.OW, Tile);
        public readonly int Tiles = Winograd.Tiles(in c);
        public readonly int GroupImages = Winograd.GroupImages(in c);
        public readonly int Groups = TileCount(c.N, Winograd.GroupImages(in c));
        public readonly int PaddedH = TileCount(c.OH, Tile) * Tile + Window - Tile;
        public readonly int PaddedW = TileCount(c.OW, Tile) * Tile + Window - Tile;
        public readonly int InLanes = TileCount(c.In, TSimd.Count) * TSimd.Count;
        public readonly int OutVectors = TileCount(c.Out, TSimd.Count);
        public readonly int Panels = TileCount(TileCount(c.Out, TSimd.Count), TSimd.TileVectors);

        public static int MaxWidth => TSimd.TileVectors * TSimd.Count;

        public int MaxGroupTiles => GroupImages * Tiles;

        /// <summary>The first channel of a panel of output channels, and its number of lanes.</summary>
        public (int First, int Width) Panel(int panel)
        {
            (int v0, int v1) = Parallelism.Range(OutVectors, Panels, panel);
            return (v0 * TSimd.Count, (v1 - v0) * TSimd.Count);
        }
    }

    // ------------------------------------------------------------------ output

    public static void Correlate(in Correlation c, float* source, float* w, float* biasOrNull, float* output)
    {
        var grid = new Grid(in c);
        int lanes = grid.OutVectors * TSimd.Count;
        using Scratch.Lease<float> weights = Scratch.Rent<float>((long)Points * c.In * lanes);
        using Scratch.Lease<float> bias = Scratch.Rent<float>(lanes);
        Clear(bias.Pointer, lanes);
        if (biasOrNull != null)
            Copy(biasOrNull, bias.Pointer, c.Out);
        var filter = new FilterJob { C = c, Grid = grid, W = w, Transformed = weights.Pointer };
        WorkPool.Run(grid.Panels, ref filter);
        var job = new OutputJob { C = c, Grid = grid, Source = source, Weights = weights.Pointer, Bias = bias.Pointer, Output = output };
        WorkPool.Run(grid.Groups, ref job);
    }

    /// <summary>Transforms a panel of weights to [Points][In][width].</summary>
    private struct FilterJob : IJob
    {
        public Correlation C;
        public Grid Grid;
        public float* W, Transformed;

        public readonly void Execute(int index)
        {
            (int first, int width) = Grid.Panel(index);
            using Scratch.Lease<float> packed = Scratch.Rent<float>((long)C.Taps * width);
            using Scratch.Lease<float> work = Scratch.Rent<float>(Points * TSimd.Count);
            Clear(packed.Pointer, (long)C.Taps * width);
            int channels = Math.Min(width, C.Out - first);
            float* from = W + first * C.WeightOutStride;
            for (nint i = 0; i < C.In; i++)
                Transposition.Run(
                    from + i * C.WeightInStride, C.WeightOutStride, channels, C.KernelSize,
                    packed.Pointer + i * C.KernelSize * width, width);

            nint tap = C.Flipped ? -width : width;
            float* transformed = Transformed + (nint)first * Points * C.In;
            for (nint i = 0; i < C.In; i++)
                for (int v = 0; v < width; v += TSimd.Count)
                    Winograd<TSimd, TVector>.Transform<Winograd<TSimd, TVector>.Filter>(
                        packed.Pointer + (i * C.KernelSize + (C.Flipped ? C.KernelSize - 1 : 0)) * width + v, 3 * tap, tap,
                        transformed + i * width + v, (nint)Window * C.In * width, (nint)C.In * width, work.Pointer);
        }
    }

    /// <summary>The outputs of one group of images.</summary>
    private struct OutputJob : IJob
    {
        public Correlation C;
        public Grid Grid;
        public float* Source, Weights, Bias, Output;

        public readonly void Execute(int index)
        {
            int image0 = index * Grid.GroupImages, image1 = Math.Min(C.N, image0 + Grid.GroupImages);
            int tiles = (image1 - image0) * Grid.Tiles;
            using Scratch.Lease<float> inputs = Scratch.Rent<float>((long)Points * tiles * Grid.InLanes);
            using Scratch.Lease<float> products = Scratch.Rent<float>((long)Points * tiles * Grid.MaxWidth);
            using Scratch.Lease<float> result = Scratch.Rent<float>((long)C.Positions * Grid.MaxWidth);
            using Scratch.Lease<float> work = Scratch.Rent<float>(2 * Points * TSimd.Count);
            TransformInputs(in C, in Grid, Source, image0, image1, inputs.Pointer, work.Pointer);
            for (int panel = 0; panel < Grid.Panels; panel++)
            {
                (int first, int width) = Grid.Panel(panel);
                Multiply(inputs.Pointer, tiles, Weights + (nint)first * Points * C.In, products.Pointer, width);
                int channels = Math.Min(width, C.Out - first);
                for (int image = image0; image < image1; image++)
                {
                    TransformBack(
                        products.Pointer + (nint)(image - image0) * Grid.Tiles * width, tiles, width, Bias + first, result.Pointer,
                        work.Pointer);
                    float* output = Output + ((long)image * C.Out + first) * C.Positions;
                    Transposition.Run(result.Pointer, width, C.Positions, channels, output, C.Positions);
                }
            }
        }

        /// <summary>products[point][tile][width] = inputs[point][tile][In] · weights[point][In][width].</summary>
        private readonly void Multiply(float* inputs, int tiles, float* weights, float* products, int width)
        {
            TileOperands<float> t = default;
            t.Depth = C.In;
            t.ARowStride = Grid.InLanes;
            t.ADepthStride = 1;
            t.BDepthStride = width;
            t.CRowStride = width;
            t.CVectorStride = TSimd.Count;
            t.Lanes = t.LastLanes = TSimd.Count;
            int rowTiles = TileCount(tiles, TSimd.TileRows);
            for (nint point = 0; point < Points; point++)
            {
                t.B = weights + point * C.In * width;
                for (int i = 0; i < rowTiles; i++)
                {
                    (int r0, int r1) = Parallelism.Range(tiles, rowTiles, i);
                    t.A = inputs + (point * tiles + r0) * Grid.InLanes;
                    t.C = products + (point * tiles + r0) * width;
                    Tile<TSimd, TVector, float, Strided>.Run(r1 - r0, width / TSimd.Count, &t);
                }
            }
        }

        /// <summary>One image's products to result[Positions][width].</summary>
        private readonly void TransformBack(float* products, int tiles, int width, float* bias, float* result, float* work)
        {
            float* outputs = work + Points * TSimd.Count;
            nint point = (nint)tiles * width;
            for (int tile = 0; tile < Grid.Tiles; tile++)
            {
                int y = tile / Grid.TilesX * Tile, x = tile % Grid.TilesX * Tile;
                int rows = Math.Min(Tile, C.OH - y), columns = Math.Min(Tile, C.OW - x);
                for (int v = 0; v < width; v += TSimd.Count)
                {
                    Winograd<TSimd, TVector>.Transform<Winograd<TSimd, TVector>.Output>(
                        products + (nint)tile * width + v, Window * point, point, outputs, Tile * TSimd.Count, TSimd.Count, work);
                    TVector offset = TSimd.Load(bias + v);
                    for (int i = 0; i < rows; i++)
                        for (int j = 0; j < columns; j++)
                            TSimd.Store(
                                result + ((nint)(y + i) * C.OW + x + j) * width + v,
                                TSimd.Add(offset, TSimd.Load(outputs + (i * Tile + j) * TSimd.Count)));
                }
            }
        }
    }

    // ------------------------------------------------------------------ shared

    /// <summary>The windows of images [image0, image1), transformed to [Points][tile][InLanes].</summary>
    private static void TransformInputs(
        in Correlation c, in Grid grid, float* source, int image0, int image1, float* transformed, float* work)
    {
        int lanes = grid.InLanes;
        int tiles = (image1 - image0) * grid.Tiles;
        long size = (long)grid.PaddedH * grid.PaddedW * lanes;
        using Scratch.Lease<float> padded = Scratch.Rent<float>(size);
        Clear(padded.Pointer, size);
        for (int image = image0; image < image1; image++)
        {
            FillChannelsLast(
                source + (long)image * c.In * c.SourceH * c.SourceW, c.In, c.SourceH, c.SourceW, c.PadH, c.PadW,
                padded.Pointer, grid.PaddedH, grid.PaddedW, lanes);
            for (int tile = 0; tile < grid.Tiles; tile++)
            {
                nint y = tile / grid.TilesX * Tile, x = tile % grid.TilesX * Tile;
                float* from = padded.Pointer + (y * grid.PaddedW + x) * lanes;
                float* to = transformed + ((nint)(image - image0) * grid.Tiles + tile) * lanes;
                for (int v = 0; v < lanes; v += TSimd.Count)
                    Winograd<TSimd, TVector>.Transform<Winograd<TSimd, TVector>.Input>(
                        from + v, (nint)grid.PaddedW * lanes, lanes, to + v, (nint)Window * tiles * lanes, (nint)tiles * lanes, work);
            }
        }
    }

    /// <summary>
    /// An image [channels, h, w] to padded [paddedH, paddedW, lanes], with its first row and column at (padH, padW) and what does
    /// not fit left out. Elements outside the image stay as they are.
    /// </summary>
    private static void FillChannelsLast(
        float* image, int channels, int h, int w, int padH, int padW, float* padded, int paddedH, int paddedW, int lanes)
    {
        using Scratch.Lease<float> pixels = Scratch.Rent<float>((long)h * w * lanes);
        if (lanes != channels)
            Clear(pixels.Pointer, (long)h * w * lanes);
        Transposition.Run(image, h * w, channels, h * w, pixels.Pointer, lanes);
        int x0 = Math.Max(0, -padW), x1 = Math.Min(w, paddedW - padW);
        if (x1 <= x0)
            return;
        for (int y = Math.Max(0, -padH); y < Math.Min(h, paddedH - padH); y++)
            Copy(
                pixels.Pointer + ((nint)y * w + x0) * lanes, padded + ((nint)(y + padH) * paddedW + padW + x0) * lanes,
                (nint)(x1 - x0) * lanes);
    }

    private static void Clear(float* values, long count) => NativeMemory.Clear(values, (nuint)count * sizeof(float));

    private static void Copy(float* from, float* to, nint count) => NativeMemory.Copy(from, to, (nuint)count * sizeof(float));

    private static int TileCount(int length, int tile) => (length + tile - 1) / tile;
}

/// <summary>Where Winograd's convolution is used.</summary>
internal static class Winograd
{
    private const int GroupTiles = 48;

    /// <summary>Tiles of 4 × 4 outputs in an image.</summary>
    public static int Tiles(in Correlation c) => ((c.OH + 3) / 4) * ((c.OW + 3) / 4);

    /// <summary>Images that are transformed together, so that their tiles fill the rows of matrix products.</summary>
    public static int GroupImages(in Correlation c) => Math.Max(1, GroupTiles / Tiles(in c));

    /// <summary>
    /// Whether the shape suits: 3 × 3 of stride 1, channels for whole vectors, tiles that are mostly inside the output, and
    /// groups for several threads.
    /// </summary>
    public static bool Suits<T>(in Correlation c) where T : unmanaged =>
        typeof(T) == typeof(float)
        && c is { KH: 3, KW: 3, StrideH: 1, StrideW: 1, UpH: 1, UpW: 1, In: >= 32, Out: >= 32 }
        && 9 * c.Positions >= 2 * 36 * Tiles(in c)
        && c.N >= 4 * GroupImages(in c);
}
