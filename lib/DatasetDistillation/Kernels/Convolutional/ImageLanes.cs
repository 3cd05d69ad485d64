using System.Buffers;
using System.Numerics;
using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>
/// Images in blocks of as many as a lane is wide, so that one operation serves one pixel of all images of a block; with the standard
/// deviations √q_l(x, x) of every pixel before every ReLU, and their inverses.
/// </summary>
internal sealed unsafe class ImageLanes<TLane, T> : IDisposable
    where TLane : unmanaged, ILane<TLane, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly AlignedMemory<TLane> memory;
    private readonly int planes;

    /// <param name="network">The network.</param>
    /// <param name="images">[n, channels, height, width].</param>
    public ImageLanes(in ConvolutionalNetwork network, Tensor images)
    {
        (Count, Channels, Height, Width) = ((int)images.shape[0], (int)images.shape[1], (int)images.shape[2], (int)images.shape[3]);
        Blocks = (Count + TLane.Width - 1) / TLane.Width;
        Depth = network.Depth;
        planes = Channels + 2 * Depth;
        memory = new AlignedMemory<TLane>((long)Blocks * planes * Pixels);
        var values = ArrayPool<T>.Shared.Rent(Count * Channels * Pixels);
        images.cpu().contiguous().data<T>().CopyTo(values.AsSpan(0, Count * Channels * Pixels));
        var (weight, bias) = (network.NeighborWeight, network.BiasVariance);
        Parallel.For(0, Blocks, new ParallelOptions { MaxDegreeOfParallelism = Compute.Threads }, block =>
        {
            Fill(block, values);
            Scale(block, weight, bias);
        });
        ArrayPool<T>.Shared.Return(values);
    }

    public int Count { get; }

    public int Channels { get; }

    public int Height { get; }

    public int Width { get; }

    public int Depth { get; }

    public int Pixels => Height * Width;

    public int Blocks { get; }

    /// <summary>
    /// The images of a block: pixels [channels, height, width], then deviations and inverses, [depth, height, width] each.
    /// </summary>
    public TLane* Block(int block) => memory.Pointer + (long)block * planes * Pixels;

    /// <summary>Copies what <see cref="Block"/> gives, of one image.</summary>
    /// <param name="image">Which one.</param>
    /// <param name="target">[channels + 2·depth, height, width].</param>
    public void CopyImage(int image, T* target)
    {
        var source = (T*)Block(image / TLane.Width) + image % TLane.Width;
        for (int i = 0; i < planes * Pixels; i++)
            target[i] = source[(long)i * TLane.Width];
    }

    public void Dispose() => memory.Dispose();

    private void Fill(int block, T[] values)
    {
        int size = Channels * Pixels;
        var target = (T*)Block(block);
        for (int lane = 0; lane < TLane.Width; lane++)
        {
            int image = block * TLane.Width + lane;
            for (int i = 0; i < size; i++)
                target[(long)i * TLane.Width + lane] = image < Count ? values[image * size + i] : T.Zero;
        }
    }

    /// <summary>q_1(x, x) = σ_w²/9 Box(x²) + σ_b²; ReLU halves it, and so on.</summary>
    private void Scale(int block, double neighborWeight, double biasVariance)
    {
        var pixels = Block(block);
        var deviations = pixels + Channels * Pixels;
        var inverses = deviations + Depth * Pixels;
        // What is not yet needed holds the sums: the variances before, and their boxes.
        TLane* variances = inverses, boxes = deviations;
        for (int p = 0; p < Pixels; p++)
        {
            var sum = TLane.Splat(0);
            for (int c = 0; c < Channels; c++)
                sum = TLane.MultiplyAdd(pixels[c * Pixels + p], pixels[c * Pixels + p], sum);
            variances[p] = sum;
        }
        for (int l = 0; l < Depth; l++)
        {
            var (weight, bias) = (TLane.Splat(neighborWeight / (l == 0 ? Channels : 2)),
                TLane.Splat(biasVariance + ConvolutionalNetwork.SmallestVariance));
            Box.Sum<TLane, T>(variances, boxes, Height, Width);
            for (int p = 0; p < Pixels; p++)
                boxes[p] = TLane.MultiplyAdd(boxes[p], weight, bias);
            variances = boxes;
            boxes += Pixels;
        }
        for (int i = 0; i < Depth * Pixels; i++)
        {
            deviations[i] = TLane.Sqrt(deviations[i]);
            inverses[i] = TLane.Splat(1) / deviations[i];
        }
    }
}
