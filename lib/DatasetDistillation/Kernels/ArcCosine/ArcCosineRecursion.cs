using System.Numerics;
using System.Runtime.CompilerServices;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The arc-cosine recursion (Cho and Saul 2009; as NTK, Jacot et al. 2018) over the rows of a matrix of inner products, all layers of
/// a pair in one go. With s = √(q(x,x) q(x′,x′)) and cos θ = q/s, a layer is
/// <code>
/// q′ = σ_w² (s sin θ + (π − θ) q)/2π + σ_b²,   Θ′ = q′ + σ_w² (π − θ)/2π Θ.
/// </code>
/// </summary>
internal static unsafe class ArcCosineRecursion<TLane, T>
    where TLane : unmanaged, ILane<TLane, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Alignment = 64;

    /// <summary>K of one image with all others.</summary>
    /// <param name="network">The network.</param>
    /// <param name="scale">σ_w² over the number of pixels.</param>
    /// <param name="rows">The scales of the images of which this is one.</param>
    /// <param name="row">Which one.</param>
    /// <param name="columns">The scales of the others.</param>
    /// <param name="products">x·x′ with each of the others.</param>
    /// <param name="values">Receives K(x, x′).</param>
    public static void Forward(
        in ArcCosineNetwork network, double scale, LayerScales<T> rows, int row, LayerScales<T> columns, ReadOnlySpan<T> products, Span<T> values)
    {
        var pair = stackalloc Layer[network.Depth];
        fixed (T* deviations = columns.Deviations, inverses = columns.Inverses, source = products, target = values)
        {
            Prepare(pair, network, rows, row, columns, deviations, inverses);
            int whole = products.Length - products.Length % TLane.Width;
            for (int j = 0; j < whole; j += TLane.Width)
                Value(network, scale, pair, TLane.Load(source + j), j).Store(target + j);
            if (whole == products.Length)
                return;
            var rest = stackalloc T[TLane.Width];
            products[whole..].CopyTo(new Span<T>(rest, TLane.Width));
            Value(network, scale, pair, TLane.Load(rest), whole).Store(rest);
            new Span<T>(rest, products.Length - whole).CopyTo(values[whole..]);
        }
    }

    /// <summary>The way back of <see cref="Forward"/>.</summary>
    /// <param name="network">The network.</param>
    /// <param name="scale">σ_w² over the number of pixels.</param>
    /// <param name="rows">The scales of the images of which this is one.</param>
    /// <param name="row">Which one.</param>
    /// <param name="columns">The scales of the others.</param>
    /// <param name="products">x·x′ with each of the others.</param>
    /// <param name="gradients">On entry dL/dK(x, x′), on return dL/dq_0(x, x′).</param>
    /// <returns>dL/dq_0(x, x), through the s of all pairs.</returns>
    public static double Backward(
        in ArcCosineNetwork network, double scale, LayerScales<T> rows, int row, LayerScales<T> columns, ReadOnlySpan<T> products, Span<T> gradients)
    {
        var pair = stackalloc Layer[network.Depth];
        var memory = stackalloc byte[network.Depth * sizeof(Tape) + Alignment];
        var tape = (Tape*)(((nint)memory + Alignment - 1) & ~(nint)(Alignment - 1));
        new Span<Tape>(tape, network.Depth).Clear();
        fixed (T* deviations = columns.Deviations, inverses = columns.Inverses, source = products, target = gradients)
        {
            Prepare(pair, network, rows, row, columns, deviations, inverses);
            int whole = products.Length - products.Length % TLane.Width;
            for (int j = 0; j < whole; j += TLane.Width)
                Slope(network, scale, pair, tape, TLane.Load(source + j), TLane.Load(target + j), j).Store(target + j);
            if (whole < products.Length)
            {
                var rest = stackalloc T[2 * TLane.Width];
                products[whole..].CopyTo(new Span<T>(rest, TLane.Width));
                gradients[whole..].CopyTo(new Span<T>(rest + TLane.Width, TLane.Width));
                Slope(network, scale, pair, tape, TLane.Load(rest), TLane.Load(rest + TLane.Width), whole).Store(rest);
                new Span<T>(rest, products.Length - whole).CopyTo(gradients[whole..]);
            }
        }
        return Variance(network, rows, row, tape);
    }

    /// <summary>Of one layer: the row's scale, and where the columns' are.</summary>
    private struct Layer
    {
        public TLane Deviation, Inverse;
        public T* Deviations, Inverses;
    }

    /// <summary>Of one layer: what the way back needs of the way there, and the sum over pairs of s·dL/ds.</summary>
    private struct Tape
    {
        public TLane Cosine, Sine, Slope, Tangent, Total;
    }

    private static void Prepare(
        Layer* pair, in ArcCosineNetwork network, LayerScales<T> rows, int row, LayerScales<T> columns, T* deviations, T* inverses)
    {
        for (int l = 0; l < network.Depth; l++)
            pair[l] = new Layer
            {
                Deviation = TLane.Splat(double.CreateTruncating(rows.Deviations[l * rows.Stride + row])),
                Inverse = TLane.Splat(double.CreateTruncating(rows.Inverses[l * rows.Stride + row])),
                Deviations = deviations + l * columns.Stride,
                Inverses = inverses + l * columns.Stride,
            };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLane Value(in ArcCosineNetwork network, double scale, Layer* pair, TLane product, int j)
    {
        var (weight, bias, pi) = (TLane.Splat(network.WeightVariance / (2 * Math.PI)), TLane.Splat(network.BiasVariance), TLane.Splat(Math.PI));
        var q = TLane.MultiplyAdd(product, TLane.Splat(scale), bias);
        var tangent = q;
        for (int l = 0; l < network.Depth; l++)
        {
            var s = pair[l].Deviation * TLane.Load(pair[l].Deviations + j);
            var cosine = q * (pair[l].Inverse * TLane.Load(pair[l].Inverses + j));
            var slope = pi - TLane.Angle(ref cosine, out var sine);
            q = TLane.MultiplyAdd(TLane.MultiplyAdd(s, sine, slope * q), weight, bias);
            tangent = TLane.MultiplyAdd(slope * weight, tangent, q);
        }
        return network.Limit == WideLimit.Ntk ? tangent : q;
    }

    /// <summary>dL/dq_0 from dL/dK, with dκ₁/dq = κ̇, dκ₁/ds = sin θ/2π, dκ̇/dq = 1/(2π s sin θ), dκ̇/ds = −cos θ/(2π s sin θ).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLane Slope(in ArcCosineNetwork network, double scale, Layer* pair, Tape* tape, TLane product, TLane gradient, int j)
    {
        var (weight, bias, pi) = (TLane.Splat(network.WeightVariance / (2 * Math.PI)), TLane.Splat(network.BiasVariance), TLane.Splat(Math.PI));
        var q = TLane.MultiplyAdd(product, TLane.Splat(scale), bias);
        var tangent = q;
        for (int l = 0; l < network.Depth; l++)
        {
            var s = pair[l].Deviation * TLane.Load(pair[l].Deviations + j);
            var cosine = q * (pair[l].Inverse * TLane.Load(pair[l].Inverses + j));
            var slope = pi - TLane.Angle(ref cosine, out var sine);
            q = TLane.MultiplyAdd(TLane.MultiplyAdd(s, sine, slope * q), weight, bias);
            slope *= weight;
            (tape[l].Cosine, tape[l].Sine, tape[l].Slope, tape[l].Tangent) = (cosine, sine, slope, tangent);
            tangent = TLane.MultiplyAdd(slope, tangent, q);
        }

        bool isNtk = network.Limit == WideLimit.Ntk;
        var toTangent = isNtk ? gradient : TLane.Splat(0);
        var toQ = isNtk ? TLane.Splat(0) : gradient;
        for (int l = network.Depth - 1; l >= 0; l--)
        {
            toQ += toTangent;
            var s = pair[l].Deviation * TLane.Load(pair[l].Deviations + j);
            var toAngle = toTangent * tape[l].Tangent * weight / tape[l].Sine;
            tape[l].Total += toQ * weight * s * tape[l].Sine - tape[l].Cosine * toAngle;
            toQ = TLane.MultiplyAdd(toQ, tape[l].Slope, toAngle * (pair[l].Inverse * TLane.Load(pair[l].Inverses + j)));
            toTangent *= tape[l].Slope;
        }
        return toQ + toTangent;
    }

    /// <summary>ds/dq_l(x, x) = s/(2 q_l(x, x)), and q_l(x, x) is linear in q_0(x, x) with slope (σ_w²/2)^l.</summary>
    private static double Variance(in ArcCosineNetwork network, LayerScales<T> rows, int row, Tape* tape)
    {
        double sum = 0, slope = 0.5;
        for (int l = 0; l < network.Depth; l++)
        {
            double inverse = double.CreateTruncating(rows.Inverses[l * rows.Stride + row]);
            sum += slope * inverse * inverse * double.CreateTruncating(tape[l].Total.Sum());
            slope *= network.WeightVariance / 2;
        }
        return sum;
    }
}
