using System.Numerics;

namespace FusedNetworks;

/// <summary>
/// y = γ·x̂ + β with x̂ = (x − μ)·s, s = 1/√(σ² + ε), for each channel of each image over its pixels (Ulyanov et al. 2016). θ is
/// γ [channels], then β [channels]; without them y = x̂. Derivatives in closed form, with the means ⟨·⟩ over the pixels.
/// </summary>
internal sealed unsafe class InstanceNormLayer<T>(int channels, int pixels, bool affine, double epsilon = 1e-5)
    : FusedLayer<T>((long)channels * pixels, (long)channels * pixels, affine ? 2L * channels : 0)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public override long Work => 4 * Outputs;

    /// <summary>μ and s of every channel.</summary>
    public override long Saved => 2L * channels;

    public override void Forward(in LayerPass<T> p) => ForRows(new ForwardRows(), in p, null);

    // With g = γ·δ: dx = s·(g − ⟨g⟩ − x̂·⟨g·x̂⟩), dγ = Σ δ·x̂, dβ = Σ δ.
    public override void Backward(in LayerPass<T> p)
    {
        using var sums = Scratch.Rent<T>(2L * p.Count * channels);
        ForRows(new BackwardRows(), in p, sums.Pointer);
        AddSums(in p, sums.Pointer, p.DTheta);
    }

    // R{x̂} = s·(rx − ⟨rx⟩ − x̂·⟨rx·x̂⟩), ry = uγ·x̂ + γ·R{x̂} + uβ.
    public override void Jvp(in LayerPass<T> p) => ForRows(new JvpRows(), in p, null);

    // R{g} = uγ·δ + γ·rδ, R{s} = −s²·⟨x̂·rx⟩, and the product rule on dx, dγ and dβ.
    public override void BackwardR(in LayerPass<T> p)
    {
        using var sums = Scratch.Rent<T>(2L * p.Count * channels);
        ForRows(new BackwardRRows(), in p, sums.Pointer);
        AddSums(in p, sums.Pointer, p.RDTheta);
    }

    /// <summary>Adds the images' sums [2, n, channels] to γ's and β's gradients.</summary>
    private void AddSums(in LayerPass<T> p, T* sums, T* gradient)
    {
        if (!affine || gradient == null)
            return;
        Elements.SumRows(p.Count, channels, sums, gradient, p.Accumulate);
        Elements.SumRows(p.Count, channels, sums + ((long)p.Count * channels), gradient + channels, p.Accumulate);
    }

    private void ForRows<TRows>(TRows rows, in LayerPass<T> p, T* sums) where TRows : unmanaged, IRows
    {
        var job = new Job<TRows>
        {
            Rows = rows,
            Pass = p,
            Channels = channels,
            Pixels = pixels,
            Affine = affine,
            Epsilon = epsilon,
            Sums = sums,
        };
        job.PerTask = Math.Max(1, (1 << 14) / pixels);
        int count = p.Count * channels;
        WorkPool.Run((count + job.PerTask - 1) / job.PerTask, ref job);
    }

    private interface IRows
    {
        void Row(in Row row);
    }

    /// <summary>One channel of one image.</summary>
    private ref struct Row
    {
        public int Pixels;
        public T Epsilon, Gain, Bias, UGain, UBias;
        public T* Mean, Scale, X, Y, DY, DX, RX, RY, RDY, RDX;
        public T* GainSum, BiasSum;
    }

    private struct Job<TRows> : IJob where TRows : unmanaged, IRows
    {
        public TRows Rows;
        public LayerPass<T> Pass;
        public int Channels, Pixels, PerTask;
        public bool Affine;
        public double Epsilon;
        public T* Sums;

        public readonly void Execute(int index)
        {
            int end = Math.Min((index + 1) * PerTask, Pass.Count * Channels);
            for (int i = index * PerTask; i < end; i++)
            {
                int channel = i % Channels;
                long at = (long)i * Pixels;
                var row = new Row
                {
                    Pixels = Pixels,
                    Epsilon = T.CreateTruncating(Epsilon),
                    Gain = Affine ? Pass.Theta[channel] : T.One,
                    Bias = Affine ? Pass.Theta[Channels + channel] : T.Zero,
                    UGain = Affine && Pass.UTheta != null ? Pass.UTheta[channel] : T.Zero,
                    UBias = Affine && Pass.UTheta != null ? Pass.UTheta[Channels + channel] : T.Zero,
                    Mean = Pass.Saved + (2L * i),
                    Scale = Pass.Saved + (2L * i) + 1,
                    X = Pass.X + at,
                    Y = At(Pass.Y, at),
                    DY = At(Pass.DY, at),
                    DX = At(Pass.DX, at),
                    RX = At(Pass.RX, at),
                    RY = At(Pass.RY, at),
                    RDY = At(Pass.RDY, at),
                    RDX = At(Pass.RDX, at),
                    GainSum = Sums + i,
                    BiasSum = Sums + ((long)Pass.Count * Channels) + i,
                };
                Rows.Row(in row);
            }
        }

        private static T* At(T* array, long offset) => array == null ? null : array + offset;
    }

    private readonly struct ForwardRows : IRows
    {
        public void Row(in Row r)
        {
            T mean = Elements.Sum(r.X, r.Pixels) / T.CreateTruncating(r.Pixels);
            T variance = Elements.SumSquares(r.X, mean, r.Pixels) / T.CreateTruncating(r.Pixels);
            T scale = T.One / T.Sqrt(variance + r.Epsilon);
            (*r.Mean, *r.Scale) = (mean, scale);
            Elements.Line(r.X, r.Gain * scale, r.Bias - (r.Gain * scale * mean), r.Y, r.Pixels);
        }
    }

    private readonly struct BackwardRows : IRows
    {
        public void Row(in Row r)
        {
            T sum = Elements.Sum(r.DY, r.Pixels);
            T product = (Elements.Dot(r.DY, r.X, r.Pixels) - (*r.Mean * sum)) * *r.Scale;
            (*r.GainSum, *r.BiasSum) = (product, sum);
            if (r.DX == null)
                return;
            // dx = γ·s·(δ − ⟨δ⟩ − x̂·⟨δ·x̂⟩), a line in δ and x.
            T count = T.CreateTruncating(r.Pixels), factor = r.Gain * *r.Scale, slope = factor * product / count * *r.Scale;
            Elements.Plane(r.DY, factor, r.X, -slope, (slope * *r.Mean) - (factor * sum / count), r.DX, r.Pixels);
        }
    }

    private readonly struct JvpRows : IRows
    {
        public void Row(in Row r)
        {
            T count = T.CreateTruncating(r.Pixels), mean = *r.Mean, scale = *r.Scale;
            T atX = r.UGain * scale, constant = r.UBias - (r.UGain * scale * mean);
            if (r.RX == null)
            {
                Elements.Line(r.X, atX, constant, r.RY, r.Pixels);
                return;
            }
            T sum = Elements.Sum(r.RX, r.Pixels);
            T product = (Elements.Dot(r.RX, r.X, r.Pixels) - (mean * sum)) * scale;
            T factor = r.Gain * scale, slope = factor * product / count * scale;
            Elements.Plane(r.RX, factor, r.X, atX - slope, constant + (slope * mean) - (factor * sum / count), r.RY, r.Pixels);
        }
    }

    private readonly struct BackwardRRows : IRows
    {
        public void Row(in Row r)
        {
            int n = r.Pixels;
            T count = T.CreateTruncating(n), mean = *r.Mean, s = *r.Scale;
            // Means over the pixels: of δ, rδ, rx alone and with x̂, and of δ·rx.
            T d = Elements.Sum(r.DY, n) / count, dX = ((Elements.Dot(r.DY, r.X, n) / count) - (mean * d)) * s;
            T rd = T.Zero, rdX = T.Zero, q = T.Zero, rx = T.Zero, dRx = T.Zero;
            if (r.RDY != null)
            {
                rd = Elements.Sum(r.RDY, n) / count;
                rdX = ((Elements.Dot(r.RDY, r.X, n) / count) - (mean * rd)) * s;
            }
            if (r.RX != null)
            {
                rx = Elements.Sum(r.RX, n) / count;
                q = ((Elements.Dot(r.RX, r.X, n) / count) - (mean * rx)) * s;
                dRx = Elements.Dot(r.DY, r.RX, n) / count;
            }
            // ⟨δ·R{x̂}⟩ with R{x̂} = s·(rx − ⟨rx⟩ − x̂·q).
            T dRX = s * (dRx - (rx * d) - (q * dX));
            (*r.GainSum, *r.BiasSum) = (count * (rdX + dRX), count * rd);
            if (r.RDX == null)
                return;
            // dx = s·(g − m₁ − x̂·m₂): R{dx} = −s·q·dx + s·(R{g} − R{m₁} − R{x̂}·m₂ − x̂·R{m₂}), which is linear in δ, rδ, rx and x̂.
            T m1 = r.Gain * d, m2 = r.Gain * dX;
            T rm1 = (r.UGain * d) + (r.Gain * rd), rm2 = (r.UGain * dX) + (r.Gain * (rdX + dRX));
            T ofDelta = s * (r.UGain - (s * q * r.Gain));
            T ofRDelta = s * r.Gain;
            T ofRx = -s * s * m2;
            T ofNormalized = s * ((s * q * m2) + (s * m2 * q) - rm2);
            T constant = s * ((s * q * m1) - rm1 + (s * m2 * rx));
            Elements.Plane(r.DY, ofDelta, r.X, ofNormalized * s, constant - (ofNormalized * s * mean), r.RDX, n);
            if (r.RDY != null)
                Elements.AddMultiple(r.RDY, ofRDelta, r.RDX, n);
            if (r.RX != null)
                Elements.AddMultiple(r.RX, ofRx, r.RDX, n);
        }
    }
}
