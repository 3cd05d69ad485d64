using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FusedNetworks;

/// <summary>y = log(1 + e^(βx))/β with the slope s = 1/(1 + e^(−βx)), which the value leaves to the derivatives.</summary>
internal sealed unsafe class SoftplusLayer<T>(long size, double beta) : FusedLayer<T>(size, size)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T beta = T.CreateTruncating(beta);

    public override long Work => 16 * Outputs;

    /// <summary>s.</summary>
    public override long Saved => Outputs;

    // With e = e^(−β|x|), of which nothing overflows: y = max(x, 0) + log(1 + e)/β, s = 1/(1 + e) where x ≥ 0, else e/(1 + e).
    public override void Forward(in LayerPass<T> p)
    {
        var job = new ValueJob { X = p.X, Y = p.Y, Slope = p.Saved, Beta = beta, Count = p.Count * Outputs };
        WorkPool.Run(checked((int)((job.Count + ValueJob.Block - 1) / ValueJob.Block)), ref job);
    }

    public override void Backward(in LayerPass<T> p)
    {
        if (p.DX != null)
            Elements.Multiply(p.Saved, p.DY, p.DX, p.Count * Outputs);
    }

    public override void Jvp(in LayerPass<T> p)
    {
        if (p.RX != null)
            Elements.Multiply(p.Saved, p.RX, p.RY, p.Count * Outputs);
        else
            Elements.Clear(p.RY, p.Count * Outputs);
    }

    // R{s·δ} = s·rδ + β·s·(1 − s)·rx·δ.
    public override void BackwardR(in LayerPass<T> p)
    {
        if (p.RDX != null)
            Sweep.Over<T, SlopeChange>(
                new SlopeChange { Slope = p.Saved, RX = p.RX, DY = p.DY, RDY = p.RDY, RDX = p.RDX, Beta = beta }, p.Count * Outputs);
    }

    private struct SlopeChange : ISweep<T>
    {
        public T* Slope, RX, DY, RDY, RDX;
        public T Beta;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVector Apply<TSimd, TVector>(long at, int lanes) where TSimd : struct, ISimd<T, TVector> where TVector : struct
        {
            TVector slope = Sweep.Load<TSimd, TVector, T>(Slope, at, lanes);
            TVector bend = TSimd.Multiply(TSimd.Multiply(TSimd.Create(Beta), slope), TSimd.Subtract(TSimd.Create(T.One), slope));
            TVector along = TSimd.Multiply(Sweep.Load<TSimd, TVector, T>(RX, at, lanes), Sweep.Load<TSimd, TVector, T>(DY, at, lanes));
            TVector own = TSimd.Multiply(slope, Sweep.Load<TSimd, TVector, T>(RDY, at, lanes));
            Sweep.Store<TSimd, TVector, T>(RDX, TSimd.MultiplyAdd(bend, along, own), at, lanes);
            return TSimd.Zero;
        }
    }

    private struct ValueJob : IJob
    {
        public const int Block = 1 << 13;

        public T* X, Y, Slope;
        public T Beta;
        public long Count;

        public readonly void Execute(int index)
        {
            long i = (long)index * Block, end = Math.Min(Count, i + Block);
            for (; i <= end - Vector512<T>.Count; i += Vector512<T>.Count)
            {
                var (y, slope) = Value(Vector512.Load(X + i));
                y.Store(Y + i);
                slope.Store(Slope + i);
            }
            if (i == end)
                return;
            T* tail = stackalloc T[Vector512<T>.Count];
            Elements.Copy(X + i, tail, end - i);
            var (lastY, lastSlope) = Value(Vector512.Load(tail));
            lastY.Store(tail);
            Elements.Copy(tail, Y + i, end - i);
            lastSlope.Store(tail);
            Elements.Copy(tail, Slope + i, end - i);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly (Vector512<T> Y, Vector512<T> Slope) Value(Vector512<T> x)
        {
            Vector512<T> e = Exp(Vector512.Abs(x) * -Beta);
            Vector512<T> sum = Vector512<T>.One + e;
            Vector512<T> positive = Vector512.GreaterThanOrEqual(x, Vector512<T>.Zero);
            Vector512<T> y = (positive & x) + (Log(sum) / Beta);
            return (y, Vector512.ConditionalSelect(positive, Vector512<T>.One, e) / sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<T> Exp(Vector512<T> x) => typeof(T) == typeof(float)
            ? Vector512.Exp(x.AsSingle()).As<float, T>()
            : Vector512.Exp(x.AsDouble()).As<double, T>();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<T> Log(Vector512<T> x) => typeof(T) == typeof(float)
            ? Vector512.Log(x.AsSingle()).As<float, T>()
            : Vector512.Log(x.AsDouble()).As<double, T>();
    }
}
