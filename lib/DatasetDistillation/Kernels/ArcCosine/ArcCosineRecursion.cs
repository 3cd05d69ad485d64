using System.Numerics;
using System.Runtime.CompilerServices;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The arc-cosine recursion (Cho and Saul 2009; as NTK, Jacot et al. 2018) over the rows of a matrix of pairs, all layers of a pair in one
/// go. With q the covariance of a pair, s = √(q(x,x) q(x′,x′)) and cos θ = q/s, a layer is
/// <code>
/// q′ = σ_w² (s sin θ + (π − θ) q)/2π + σ_b²,   Θ′ = q′ + σ_w² (π − θ)/2π Θ.
/// </code>
/// Computed are u = 1 − cos θ and Θ/s. With the points (A, B) and (A′, B′) on the circle of <see cref="LayerScales{T}"/> and the opening κ
/// and growth w of <see cref="ArcCosine"/>, that same layer is
/// <code>
/// u′ = ((A − A′)² + (B − B′)²)/2 + A A′ w,   Θ′/s′ = 1 − u′ + A A′ κ Θ/s,
/// </code>
/// sums of small positive numbers where images are near to each other or a deep network makes them so.
/// </summary>
internal static unsafe class ArcCosineRecursion<TLane, T>
    where TLane : unmanaged, ILane<TLane, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Alignment = 64;

    /// <summary>u_0 of one image with all others: 1 − (scale·x·x′ + σ_b²)/s_0, rounded where that is small.</summary>
    /// <param name="network">The network.</param>
    /// <param name="scale">σ_w² over the number of pixels.</param>
    /// <param name="inverse">1/√q_0 of the image.</param>
    /// <param name="columns">The scales of the others.</param>
    /// <param name="pairs">On entry x·x′ with each of the others, on return u_0.</param>
    /// <param name="count">How many others.</param>
    /// <param name="bound">What is small.</param>
    /// <returns>Whether one of them is below the bound.</returns>
    public static bool Angles(
        in ArcCosineNetwork network, double scale, T inverse, LayerScales<T> columns, T* pairs, int count, double bound)
    {
        var (one, own) = (TLane.Splat(1), TLane.Broadcast(inverse));
        var (factor, bias) = (TLane.Splat(scale) * own, TLane.Splat(network.BiasVariance) * own);
        var least = one;
        fixed (T* inverses = columns.Inverses)
        {
            int whole = count - count % TLane.Width;
            for (int j = 0; j < whole; j += TLane.Width)
            {
                var u = one - TLane.MultiplyAdd(TLane.Load(pairs + j), factor, bias) * TLane.Load(inverses + j);
                least = TLane.Min(u, least);
                u.Store(pairs + j);
            }
            if (whole == count)
                return least.IsAnyBelow(bound);
            var rest = stackalloc T[TLane.Width];
            Copy(pairs + whole, rest, count - whole);
            var last = one - TLane.MultiplyAdd(TLane.Load(rest), factor, bias) * TLane.Load(inverses + whole);
            last.Store(rest);
            Copy(rest, pairs + whole, count - whole);
            return TLane.Min(last, least).IsAnyBelow(bound);
        }
    }

    /// <summary>K of one image with all others.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rows">The scales of the images of which this is one.</param>
    /// <param name="row">Which one.</param>
    /// <param name="columns">The scales of the others.</param>
    /// <param name="angles">u_0 with each of the others.</param>
    /// <param name="values">Receives K(x, x′).</param>
    public static void Forward(in ArcCosineNetwork network, LayerScales<T> rows, int row, LayerScales<T> columns, T* angles, T* values)
    {
        var pair = stackalloc Layer[network.Depth];
        fixed (T* fromBelow = columns.FromBelow, fromBiases = columns.FromBiases, deviations = columns.Deviations)
        {
            Prepare(pair, network, rows, row, columns, fromBelow, fromBiases);
            var own = TLane.Broadcast(rows.Deviations[row]);
            int count = columns.Count, whole = count - count % TLane.Width;
            for (int j = 0; j < whole; j += TLane.Width)
                (Value(network, pair, TLane.Load(angles + j), j) * own * TLane.Load(deviations + j)).Store(values + j);
            if (whole == count)
                return;
            var rest = stackalloc T[TLane.Width];
            Copy(angles + whole, rest, count - whole);
            (Value(network, pair, TLane.Load(rest), whole) * own * TLane.Load(deviations + whole)).Store(rest);
            Copy(rest, values + whole, count - whole);
        }
    }

    /// <summary>The way back of <see cref="Forward"/>, of an image of the support.</summary>
    /// <param name="network">The network.</param>
    /// <param name="rows">The scales of the images of which this is one.</param>
    /// <param name="row">Which one.</param>
    /// <param name="columns">The scales of the others.</param>
    /// <param name="angles">u_0 with each of the others.</param>
    /// <param name="gradients">On entry dL/dK(x, x′), on return dL/dq_0(x, x′).</param>
    /// <returns>dL/dq_0(x, x), through the scales of all pairs.</returns>
    public static double Backward(
        in ArcCosineNetwork network, LayerScales<T> rows, int row, LayerScales<T> columns, T* angles, T* gradients)
    {
        var pair = stackalloc Layer[network.Depth];
        var memory = stackalloc byte[(network.Depth + 1) * sizeof(Tape) + Alignment];
        var tape = (Tape*)(((nint)memory + Alignment - 1) & ~(nint)(Alignment - 1));
        new Span<Tape>(tape, network.Depth + 1).Clear();
        fixed (T* fromBelow = columns.FromBelow, fromBiases = columns.FromBiases, deviations = columns.Deviations,
            inverses = columns.Inverses)
        {
            Prepare(pair, network, rows, row, columns, fromBelow, fromBiases);
            var (own, ownInverse) = (TLane.Broadcast(rows.Deviations[row]), TLane.Broadcast(rows.Inverses[row]));
            int count = columns.Count, whole = count - count % TLane.Width;
            for (int j = 0; j < whole; j += TLane.Width)
            {
                var scaled = TLane.Load(gradients + j) * own * TLane.Load(deviations + j);
                (Slope(network, pair, tape, TLane.Load(angles + j), scaled, j) * ownInverse * TLane.Load(inverses + j))
                    .Store(gradients + j);
            }
            if (whole < count)
            {
                var rest = stackalloc T[2 * TLane.Width];
                Copy(angles + whole, rest, count - whole);
                Copy(gradients + whole, rest + TLane.Width, count - whole);
                var scaled = TLane.Load(rest + TLane.Width) * own * TLane.Load(deviations + whole);
                (Slope(network, pair, tape, TLane.Load(rest), scaled, whole) * ownInverse * TLane.Load(inverses + whole)).Store(rest);
                Copy(rest, gradients + whole, count - whole);
            }
        }
        return Variance(network, rows, row, tape);
    }

    /// <summary>Of one layer: the row's point on the circle, and where the columns' are.</summary>
    private struct Layer
    {
        public TLane FromBelow, FromBiases;
        public T* ColumnsFromBelow, ColumnsFromBiases;
    }

    /// <summary>
    /// Of one layer: what the way back needs of the way there, and the sums over pairs of what comes back to the row's A and B. That of
    /// the last holds what comes back to s_L, and to s_0.
    /// </summary>
    private struct Tape
    {
        public TLane Opening, Growth, Slope, Tangent, ToBelow, ToBiases;
    }

    private static void Prepare(
        Layer* pair, in ArcCosineNetwork network, LayerScales<T> rows, int row, LayerScales<T> columns, T* fromBelow, T* fromBiases)
    {
        for (int l = 0; l < network.Depth; l++)
            pair[l] = new Layer
            {
                FromBelow = TLane.Broadcast(rows.FromBelow[l * rows.Stride + row]),
                FromBiases = TLane.Broadcast(rows.FromBiases[l * rows.Stride + row]),
                ColumnsFromBelow = fromBelow + l * columns.Stride,
                ColumnsFromBiases = fromBiases + l * columns.Stride,
            };
    }

    /// <summary>The share A A′ of a layer, and half the squared distance of the two points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLane Share(Layer* layer, int j, out TLane distance)
    {
        var (a, b) = (TLane.Load(layer->ColumnsFromBelow + j), TLane.Load(layer->ColumnsFromBiases + j));
        var (below, biases) = (layer->FromBelow - a, layer->FromBiases - b);
        distance = TLane.MultiplyAdd(below, below, biases * biases) * TLane.Splat(0.5);
        return layer->FromBelow * a;
    }

    /// <summary>K/s_L.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLane Value(in ArcCosineNetwork network, Layer* pair, TLane u, int j)
    {
        var one = TLane.Splat(1);
        var tangent = one - u;
        for (int l = 0; l < network.Depth; l++)
        {
            var share = Share(pair + l, j, out var distance);
            var opening = TLane.Opening(u, out var growth);
            u = TLane.MultiplyAdd(share, growth, distance);
            tangent = TLane.MultiplyAdd(share * opening, tangent, one - u);
        }
        return network.Limit == WideLimit.Ntk ? tangent : one - u;
    }

    /// <summary>s_0·dL/dq_0 from s_L·dL/dK.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLane Slope(in ArcCosineNetwork network, Layer* pair, Tape* tape, TLane u, TLane gradient, int j)
    {
        var (one, zero) = (TLane.Splat(1), TLane.Splat(0));
        var (start, tangent) = (u, one - u);
        for (int l = 0; l < network.Depth; l++)
        {
            var share = Share(pair + l, j, out var distance);
            tape[l].Opening = TLane.Opening(u, out var growth, out tape[l].Slope);
            (tape[l].Growth, tape[l].Tangent) = (growth, tangent);
            u = TLane.MultiplyAdd(share, growth, distance);
            tangent = TLane.MultiplyAdd(share * tape[l].Opening, tangent, one - u);
        }

        bool isNtk = network.Limit == WideLimit.Ntk;
        tape[network.Depth].ToBelow = TLane.MultiplyAdd(gradient, isNtk ? tangent : one - u, tape[network.Depth].ToBelow);
        var toTangent = isNtk ? gradient : zero;
        var toU = isNtk ? zero : zero - gradient;
        for (int l = network.Depth - 1; l >= 0; l--)
        {
            toU -= toTangent;
            var (a, b) = (TLane.Load(pair[l].ColumnsFromBelow + j), TLane.Load(pair[l].ColumnsFromBiases + j));
            var (along, share) = (toTangent * tape[l].Tangent, pair[l].FromBelow * a);
            tape[l].ToBelow += a * TLane.MultiplyAdd(along, tape[l].Opening, toU * (tape[l].Growth - one));
            tape[l].ToBiases = TLane.MultiplyAdd(toU, b, tape[l].ToBiases);
            toU = share * (toU * tape[l].Opening - along * tape[l].Slope);
            toTangent = toTangent * share * tape[l].Opening;
        }
        var toStart = toTangent - toU;
        tape[network.Depth].ToBiases = TLane.MultiplyAdd(zero - toStart, one - start, tape[network.Depth].ToBiases);
        return toStart;
    }

    /// <summary>
    /// From s_L, the points on the circle and s_0 to the variances q_l(x, x), which are linear in q_0(x, x) with slope (σ_w²/2)^l: s_L and
    /// s_0 go with their roots, and along the circle A moves by A B²/2q_l and B by −A² B/2q_l.
    /// </summary>
    private static double Variance(in ArcCosineNetwork network, LayerScales<T> rows, int row, Tape* tape)
    {
        double sum = Number(tape[network.Depth].ToBiases) / (2 * rows.Variance(row, 0)), slope = 1;
        for (int l = 0; l < network.Depth; l++)
        {
            double a = double.CreateTruncating(rows.FromBelow[l * rows.Stride + row]);
            double b = double.CreateTruncating(rows.FromBiases[l * rows.Stride + row]);
            sum += slope * a * b * (b * Number(tape[l].ToBelow) + a * Number(tape[l].ToBiases)) / (2 * rows.Variance(row, l));
            slope *= network.WeightVariance / 2;
        }
        return sum + slope * Number(tape[network.Depth].ToBelow) / (2 * rows.Variance(row, network.Depth));

        static double Number(TLane lanes) => double.CreateTruncating(lanes.Sum());
    }

    private static void Copy(T* from, T* to, int count) => new Span<T>(from, count).CopyTo(new Span<T>(to, count));
}
