using System.Numerics;

namespace FusedNetworks;

/// <summary>y = max(x, 0); its derivative at 0 is 0.</summary>
internal sealed unsafe class ReluLayer<T>(long size) : FusedLayer<T>(size, size) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override bool InPlace => true;

    public override void Forward(in LayerPass<T> p) => Elements.Relu(p.X, p.Y, p.Count * Outputs);

    public override void Backward(in LayerPass<T> p)
    {
        if (p.DX != null)
            Elements.WherePositive(p.Y, p.DY, p.DX, p.Count * Outputs);
    }

    public override void Jvp(in LayerPass<T> p)
    {
        if (p.RX != null)
            Elements.WherePositive(p.Y, p.RX, p.RY, p.Count * Outputs);
        else
            Elements.Clear(p.RY, p.Count * Outputs);
    }

    public override void BackwardR(in LayerPass<T> p)
    {
        if (p.RDX == null)
            return;
        if (p.RDY != null)
            Elements.WherePositive(p.Y, p.RDY, p.RDX, p.Count * Outputs);
        else
            Elements.Clear(p.RDX, p.Count * Outputs);
    }
}
