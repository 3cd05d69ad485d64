using System.Numerics;

namespace FusedNetworks;

/// <summary>
/// y = w ∗ x + b with w [outputs, channels, side, side] and b [outputs], which follows w in θ: cross-correlation of images
/// [channels, height, width] with zeros around them.
/// </summary>
internal sealed unsafe class ConvolutionLayer<T>(int channels, int height, int width, int filters, int side, int padding, int stride)
    : FusedLayer<T>(
        (long)channels * height * width,
        filters * Positions(height, width, side, padding, stride),
        (channels * side * side * (long)filters) + filters)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly long weights = channels * side * side * (long)filters;

    public override long Work => weights * (Outputs / filters);

    private static long Positions(int height, int width, int side, int padding, int stride) =>
        (long)new ConvShape(1, 1, height, width, 1, side, side, stride, stride, padding, padding).OH
        * new ConvShape(1, 1, height, width, 1, side, side, stride, stride, padding, padding).OW;

    private ConvShape Shape(int n) => new(n, channels, height, width, filters, side, side, stride, stride, padding, padding);

    public override void Forward(in LayerPass<T> p) => Conv.Forward(Shape(p.Count), p.X, p.Theta, p.Theta + weights, p.Y);

    public override void Backward(in LayerPass<T> p)
    {
        if (p.DTheta != null)
        {
            AddWeightGradient(p.Count, p.X, p.DY, p.DTheta, p.Accumulate);
            SumPositions(p.Count, p.DY, p.DTheta + weights, p.Accumulate);
        }
        if (p.DX != null)
            Conv.InputGradient(Shape(p.Count), p.DY, p.Theta, p.DX);
    }

    public override void Jvp(in LayerPass<T> p)
    {
        if (p.UTheta != null)
            Conv.Forward(Shape(p.Count), p.X, p.UTheta, p.UTheta + weights, p.RY);
        if (p.RX == null)
        {
            if (p.UTheta == null)
                Elements.Clear(p.RY, p.Count * Outputs);
            return;
        }
        if (p.UTheta == null)
        {
            Conv.Forward(Shape(p.Count), p.RX, p.Theta, null, p.RY);
            return;
        }
        using var other = Scratch.Rent<T>(p.Count * Outputs);
        Conv.Forward(Shape(p.Count), p.RX, p.Theta, null, other.Pointer);
        Elements.Add(other.Pointer, p.RY, p.Count * Outputs);
    }

    public override void BackwardR(in LayerPass<T> p)
    {
        if (p.RDTheta != null)
        {
            bool accumulate = p.Accumulate;
            if (p.RX != null)
            {
                AddWeightGradient(p.Count, p.RX, p.DY, p.RDTheta, accumulate);
                accumulate = true;
            }
            if (p.RDY != null)
                AddWeightGradient(p.Count, p.X, p.RDY, p.RDTheta, accumulate);
            else if (!accumulate)
                Elements.Clear(p.RDTheta, weights);
            if (p.RDY != null)
                SumPositions(p.Count, p.RDY, p.RDTheta + weights, p.Accumulate);
            else if (!p.Accumulate)
                Elements.Clear(p.RDTheta + weights, filters);
        }
        if (p.RDX == null)
            return;
        if (p.UTheta != null)
            Conv.InputGradient(Shape(p.Count), p.DY, p.UTheta, p.RDX);
        if (p.RDY == null)
        {
            if (p.UTheta == null)
                Elements.Clear(p.RDX, p.Count * Inputs);
            return;
        }
        if (p.UTheta == null)
        {
            Conv.InputGradient(Shape(p.Count), p.RDY, p.Theta, p.RDX);
            return;
        }
        using var other = Scratch.Rent<T>(p.Count * Inputs);
        Conv.InputGradient(Shape(p.Count), p.RDY, p.Theta, other.Pointer);
        Elements.Add(other.Pointer, p.RDX, p.Count * Inputs);
    }

    private void AddWeightGradient(int n, T* x, T* dy, T* dw, bool accumulate)
    {
        if (!accumulate)
        {
            Conv.WeightGradient(Shape(n), x, dy, dw);
            return;
        }
        using var own = Scratch.Rent<T>(weights);
        Conv.WeightGradient(Shape(n), x, dy, own.Pointer);
        Elements.Add(own.Pointer, dw, weights);
    }

    private void SumPositions(int n, T* dy, T* db, bool accumulate)
    {
        int positions = (int)(Outputs / filters);
        var job = new SumJob { Images = n, Filters = filters, Positions = positions, DY = dy, DB = db, Accumulate = accumulate };
        WorkPool.Run((filters + SumJob.Block - 1) / SumJob.Block, ref job);
    }

    /// <summary>The bias' gradient: each filter's sum over positions and images.</summary>
    private struct SumJob : IJob
    {
        public const int Block = 8;

        public int Images, Filters, Positions;
        public T* DY, DB;
        public bool Accumulate;

        public readonly void Execute(int index)
        {
            for (int filter = index * Block; filter < Math.Min(Filters, (index + 1) * Block); filter++)
            {
                T sum = Accumulate ? DB[filter] : T.Zero;
                for (int image = 0; image < Images; image++)
                    sum += Elements.Sum(DY + ((((long)image * Filters) + filter) * Positions), Positions);
                DB[filter] = sum;
            }
        }
    }
}
