using System.Numerics;

namespace FusedNetworks;

/// <summary>y = W·x + b with W [outputs, inputs] and b [outputs], which follows W in θ.</summary>
internal sealed unsafe class LinearLayer<T>(int inputs, int outputs)
    : FusedLayer<T>(inputs, outputs, ((long)inputs * outputs) + outputs) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly long weights = (long)inputs * outputs;

    public override long Work => weights;

    public override void Forward(in LayerPass<T> p)
    {
        Elements.FillRows(p.Count, outputs, p.Theta + weights, p.Y);
        Multiply(p.Count, p.X, p.Theta, p.Y, accumulate: true);
    }

    public override void Backward(in LayerPass<T> p)
    {
        if (p.DTheta != null)
        {
            OuterProducts(p.Count, p.DY, p.X, p.DTheta, p.Accumulate);
            Elements.SumRows(p.Count, outputs, p.DY, p.DTheta + weights, p.Accumulate);
        }
        if (p.DX != null)
            MultiplyTransposed(p.Count, p.DY, p.Theta, p.DX, accumulate: false);
    }

    public override void Jvp(in LayerPass<T> p)
    {
        if (p.UTheta != null)
        {
            Elements.FillRows(p.Count, outputs, p.UTheta + weights, p.RY);
            Multiply(p.Count, p.X, p.UTheta, p.RY, accumulate: true);
        }
        if (p.RX != null)
            Multiply(p.Count, p.RX, p.Theta, p.RY, accumulate: p.UTheta != null);
        else if (p.UTheta == null)
            Elements.Clear(p.RY, p.Count * Outputs);
    }

    public override void BackwardR(in LayerPass<T> p)
    {
        if (p.RDTheta != null)
        {
            bool accumulate = p.Accumulate;
            if (p.RX != null)
            {
                OuterProducts(p.Count, p.DY, p.RX, p.RDTheta, accumulate);
                accumulate = true;
            }
            if (p.RDY != null)
                OuterProducts(p.Count, p.RDY, p.X, p.RDTheta, accumulate);
            else if (!accumulate)
                Elements.Clear(p.RDTheta, weights);
            if (p.RDY != null)
                Elements.SumRows(p.Count, outputs, p.RDY, p.RDTheta + weights, p.Accumulate);
            else if (!p.Accumulate)
                Elements.Clear(p.RDTheta + weights, outputs);
        }
        if (p.RDX == null)
            return;
        if (p.UTheta != null)
            MultiplyTransposed(p.Count, p.DY, p.UTheta, p.RDX, accumulate: false);
        if (p.RDY != null)
            MultiplyTransposed(p.Count, p.RDY, p.Theta, p.RDX, accumulate: p.UTheta != null);
        else if (p.UTheta == null)
            Elements.Clear(p.RDX, p.Count * Inputs);
    }

    private void Multiply(int n, T* x, T* w, T* y, bool accumulate) =>
        Gemm.Run(false, true, n, outputs, inputs, x, inputs, w, inputs, y, outputs, accumulate);

    private void MultiplyTransposed(int n, T* dy, T* w, T* dx, bool accumulate) =>
        Gemm.Run(false, false, n, inputs, outputs, dy, outputs, w, inputs, dx, inputs, accumulate);

    private void OuterProducts(int n, T* dy, T* x, T* dw, bool accumulate) =>
        Gemm.Run(true, false, outputs, inputs, n, dy, outputs, x, inputs, dw, inputs, accumulate);
}
