using System.Numerics;

namespace FusedNetworks;

/// <summary>The largest of each window; windows lie side by side and may reach over the edge, where nothing is largest.</summary>
internal sealed unsafe class MaxPoolLayer<T>(int channels, int height, int width, int side, int padding)
    : FusedLayer<T>((long)channels * height * width, channels * Pooling.Positions(height, width, side, padding))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>The place of each maximum in its plane, an int for each output.</summary>
    public override long Saved => Outputs;

    private PoolShape Shape(int n) => new((long)n * channels, height, width, side, padding);

    public override void Forward(in LayerPass<T> p) => PoolKernels.MaxForward(Shape(p.Count), p.X, p.Y, (int*)p.Saved);

    public override void Backward(in LayerPass<T> p)
    {
        if (p.DX != null)
            PoolKernels.ScatterAdd(Shape(p.Count), p.DY, (int*)p.Saved, p.DX);
    }

    public override void Jvp(in LayerPass<T> p)
    {
        if (p.RX != null)
            PoolKernels.Gather(Shape(p.Count), p.RX, (int*)p.Saved, p.RY);
        else
            Elements.Clear(p.RY, p.Count * Outputs);
    }

    public override void BackwardR(in LayerPass<T> p)
    {
        if (p.RDX == null)
            return;
        if (p.RDY != null)
            PoolKernels.ScatterAdd(Shape(p.Count), p.RDY, (int*)p.Saved, p.RDX);
        else
            Elements.Clear(p.RDX, p.Count * Inputs);
    }
}

/// <summary>The mean of each window; windows lie side by side.</summary>
internal sealed unsafe class AveragePoolLayer<T>(int channels, int height, int width, int side)
    : FusedLayer<T>((long)channels * height * width, channels * Pooling.Positions(height, width, side, 0))
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private PoolShape Shape(int n) => new((long)n * channels, height, width, side, padding: 0);

    public override void Forward(in LayerPass<T> p) => PoolKernels.AverageForward(Shape(p.Count), p.X, p.Y);

    public override void Backward(in LayerPass<T> p) => Adjoint(p.Count, p.DY, p.DX);

    public override void Jvp(in LayerPass<T> p)
    {
        if (p.RX != null)
            PoolKernels.AverageForward(Shape(p.Count), p.RX, p.RY);
        else
            Elements.Clear(p.RY, p.Count * Outputs);
    }

    public override void BackwardR(in LayerPass<T> p) => Adjoint(p.Count, p.RDY, p.RDX);

    private void Adjoint(int n, T* from, T* to)
    {
        if (to == null)
            return;
        if (from != null)
            PoolKernels.AverageAdjoint(Shape(n), from, to);
        else
            Elements.Clear(to, n * Inputs);
    }
}

internal static class Pooling
{
    /// <summary>Windows of one plane.</summary>
    public static long Positions(int height, int width, int side, int padding)
    {
        var shape = new PoolShape(1, height, width, side, padding);
        return (long)shape.OH * shape.OW;
    }
}
