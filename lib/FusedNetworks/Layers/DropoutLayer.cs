using System.Numerics;

namespace FusedNetworks;

/// <summary>y = m ⊙ x in training, with the factors m (0 or 1/(1 − p)) that stand in Saved before the pass; else y = x.</summary>
internal sealed unsafe class DropoutLayer<T>(long size, double probability) : FusedLayer<T>(size, size)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>p, in [0, 1).</summary>
    public double Probability => probability;

    public override bool InPlace => true;

    public override long Saved => Outputs;

    public override void Forward(in LayerPass<T> p) => Apply(in p, p.X, p.Y);

    public override void Backward(in LayerPass<T> p) => Apply(in p, p.DY, p.DX);

    public override void Jvp(in LayerPass<T> p) => Apply(in p, p.RX, p.RY);

    public override void BackwardR(in LayerPass<T> p) => Apply(in p, p.RDY, p.RDX);

    private void Apply(in LayerPass<T> p, T* from, T* to)
    {
        if (to == null)
            return;
        if (from == null)
            Elements.Clear(to, p.Count * Outputs);
        else if (p.Training)
            Elements.Multiply(p.Saved, from, to, p.Count * Outputs);
        else if (from != to)
            Elements.Copy(from, to, p.Count * Outputs);
    }
}
