using System.Numerics;
using System.Runtime.CompilerServices;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The kernel of convolutional networks (Novak et al. 2019; as NTK, Arora et al. 2019) along one diagonal p′ − p = δ: the covariances
/// q[p, p + δ] of one image x′ with a block of images x in the lanes. A 3×3 convolution and the ReLU after it do not leave the
/// diagonal: with a² = q(x,x)[p], b² = q(x′,x′)[p + δ] and cos θ = q/ab, they are
/// <code>
/// q = σ_w²/9 Box(h) + σ_b²,   Θ = q + σ_w²/9 Box(τ),   h = (ab sin θ + (π − θ) q)/2π,   τ = (π − θ)/2π Θ.
/// </code>
/// Computed are the squared distances D = a² + b² − 2q, which stay exact where images are near to each other: with u = 1 − cos θ and the
/// opening κ and growth w of <see cref="ArcCosine"/>,
/// <code>
/// D = σ_w²/9 Box(d),   u = (D − (a − b)²)/2ab,   d = (a − b)²/2 + ab w,   h = ab (1 − w)/2,   τ = κ Θ/2.
/// </code>
/// Here h and τ stand for twice that; beside the diagonal, where only one position is in the image, d is its a²/2 or b²/2. Works in memory
/// of its own, so each thread has one.
/// </summary>
internal sealed unsafe class ConvolutionalRecursion<TLane, T> : IDisposable
    where TLane : unmanaged, ILane<TLane, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ConvolutionalNetwork network;
    private readonly int channels, width, pixels, stride, plane;
    private readonly AlignedMemory<TLane> planes;
    private readonly AlignedMemory<Tape> tape;
    private readonly AlignedMemory<TLane> gathered;
    private readonly AlignedMemory<T> row;

    public ConvolutionalRecursion(in ConvolutionalNetwork network, int channels, int height, int width)
    {
        (this.network, this.channels, this.width) = (network, channels, width);
        (pixels, stride, plane) = (height * width, width + 2, (height + 2) * (width + 2));
        GatheredCount = (channels + network.Depth) * pixels;
        planes = new AlignedMemory<TLane>(4 * plane);
        tape = new AlignedMemory<Tape>(network.Depth * pixels);
        gathered = new AlignedMemory<TLane>(GatheredCount);
        row = new AlignedMemory<T>((channels + 2 * network.Depth) * pixels);
    }

    /// <summary>The image x′, as <see cref="ImageLanes{TLane, T}.CopyImage"/> gives it.</summary>
    public T* Row => row.Pointer;

    /// <summary>
    /// What has come back to x′ over blocks and diagonals, by lanes: dL/dx′ through products [channels, height, width], then s·dL/ds
    /// [depth, height, width].
    /// </summary>
    public TLane* Gathered => gathered.Pointer;

    /// <summary>The size of <see cref="Gathered"/>.</summary>
    public int GatheredCount { get; }

    /// <summary>What a diagonal adds to K(x, x′), in units of half its weight.</summary>
    /// <param name="diagonal">Which one.</param>
    /// <param name="block">The images x, as <see cref="ImageLanes{TLane, T}.Block"/> gives them.</param>
    public TLane Forward(in Diagonal diagonal, TLane* block) => Forward(diagonal, block, null);

    /// <summary>The way back of <see cref="Forward(in Diagonal, TLane*)"/>; adds to <see cref="Gathered"/>.</summary>
    /// <param name="diagonal">Which one.</param>
    /// <param name="block">The images x.</param>
    /// <param name="gradient">dL/d of what <see cref="Forward(in Diagonal, TLane*)"/> gives.</param>
    public void Backward(in Diagonal diagonal, TLane* block, TLane gradient)
    {
        Forward(diagonal, block, tape.Pointer);
        ClearBorders(diagonal);
        for (int l = network.Depth - 1; l >= 0; l--)
            LayerBackward(diagonal, block, l, gradient);
        DistancesBackward(diagonal, block);
    }

    public void Dispose()
    {
        planes.Dispose();
        tape.Dispose();
        gathered.Dispose();
        row.Dispose();
    }

    /// <summary>Of a pair of positions in one layer: what the way back needs.</summary>
    private struct Tape
    {
        public TLane Angle, Opening, Growth, Slope, Tangent;
    }

    private TLane Forward(in Diagonal diagonal, TLane* block, Tape* record)
    {
        ClearBorders(diagonal);
        Distances(diagonal, block);
        var total = TLane.Splat(0);
        for (int l = 0; l < network.Depth; l++)
            total = LayerForward(diagonal, block, l, record == null ? null : record + l * pixels);
        return total;
    }

    /// <summary>
    /// Where layer l finds the distances that come from below, and leaves what goes back there; the other pair is for the side above.
    /// </summary>
    private TLane* ValuesBelow(int l) => planes.Pointer + l % 2 * 2 * plane;

    /// <inheritdoc cref="ValuesBelow"/>
    private TLane* TangentsBelow(int l) => ValuesBelow(l) + plane;

    /// <summary>Squared differences of pixels, summed over channels.</summary>
    private void Distances(in Diagonal diagonal, TLane* block)
    {
        for (int i = 0; i < diagonal.Rows; i++)
        {
            var target = ValuesBelow(0) + (i + 1) * stride + 1;
            TLane* x = block + diagonal.From(i, width);
            T* y = Row + diagonal.To(i, width);
            for (int j = 0; j < diagonal.Columns; j++)
            {
                var sum = TLane.Splat(0);
                for (int c = 0; c < channels; c++)
                {
                    var difference = x[c * pixels + j] - TLane.Broadcast(y[c * pixels + j]);
                    sum = TLane.MultiplyAdd(difference, difference, sum);
                }
                target[j] = sum;
            }
        }
        foreach (var edge in diagonal.Edge)
        {
            var sum = TLane.Splat(0);
            for (int c = 0; c < channels; c++)
            {
                var pixel = edge.IsPartner ? TLane.Broadcast(Row[c * pixels + edge.Place]) : block[c * pixels + edge.Place];
                sum = TLane.MultiplyAdd(pixel, pixel, sum);
            }
            ValuesBelow(0)[(edge.Row + 1) * stride + edge.Column + 1] = sum;
        }
    }

    private void DistancesBackward(in Diagonal diagonal, TLane* block)
    {
        var weight = TLane.Splat(2 * network.NeighborWeight / channels);
        for (int i = 0; i < diagonal.Rows; i++)
        {
            var source = ValuesBelow(0) + (i + 1) * stride + 1;
            TLane* x = block + diagonal.From(i, width), target = Gathered + diagonal.To(i, width);
            T* y = Row + diagonal.To(i, width);
            var (left, here) = (TLane.Splat(0), Column(source));
            for (int j = 0; j < diagonal.Columns; j++)
            {
                var right = Column(source + j + 1);
                var gradient = (left + here + right) * weight;
                (left, here) = (here, right);
                for (int c = 0; c < channels; c++)
                    target[c * pixels + j] = TLane.MultiplyAdd(gradient, TLane.Broadcast(y[c * pixels + j]) - x[c * pixels + j],
                        target[c * pixels + j]);
            }
        }
        foreach (var edge in diagonal.Edge)
        {
            if (!edge.IsPartner)
                continue;
            var gradient = Beside(ValuesBelow(0), diagonal, edge) * weight;
            for (int place = edge.Place; place < channels * pixels; place += pixels)
                Gathered[place] = TLane.MultiplyAdd(gradient, TLane.Broadcast(Row[place]), Gathered[place]);
        }
    }

    /// <summary>A convolution and the ReLU after it; leaves d and τ. Returns the sum of h, for the NTK that of h + τ.</summary>
    private TLane LayerForward(in Diagonal diagonal, TLane* block, int l, Tape* record)
    {
        var (weight, tangentWeight) = (TLane.Splat(network.NeighborWeight / (l == 0 ? channels : 1)),
            TLane.Splat(network.NeighborWeight / 2));
        var (half, zero) = (TLane.Splat(0.5), TLane.Splat(0));
        var total = zero;
        bool isFirst = l == 0;
        for (int i = 0; i < diagonal.Rows; i++)
        {
            int start = (i + 1) * stride + 1;
            TLane* value = ValuesBelow(l) + start, tangent = TangentsBelow(l) + start;
            TLane* valueAbove = ValuesBelow(l + 1) + start, tangentAbove = TangentsBelow(l + 1) + start;
            TLane* x = block + (channels + l) * pixels + diagonal.From(i, width), xInverse = x + network.Depth * pixels;
            T* y = Row + (channels + l) * pixels + diagonal.To(i, width), yInverse = y + network.Depth * pixels;
            var (valueLeft, valueHere) = (Column(value - 1), Column(value));
            var (tangentLeft, tangentHere) = (zero, isFirst ? zero : Column(tangent));
            var (values, tangents) = (zero, zero);
            for (int j = 0; j < diagonal.Columns; j++)
            {
                var valueRight = Column(value + j + 1);
                var distance = (valueLeft + valueHere + valueRight) * weight;
                (valueLeft, valueHere) = (valueHere, valueRight);
                var (a, b) = (x[j], TLane.Broadcast(y[j]));
                var (s, apart) = (a * b, (a - b) * (a - b));
                var u = (distance - apart) * (half * xInverse[j] * TLane.Broadcast(yInverse[j]));
                var theta = s - s * u;
                if (!isFirst)
                {
                    var tangentRight = Column(tangent + j + 1);
                    theta = TLane.MultiplyAdd(tangentLeft + tangentHere + tangentRight, tangentWeight, theta);
                    (tangentLeft, tangentHere) = (tangentHere, tangentRight);
                }
                TLane opening, growth;
                if (record == null)
                    opening = TLane.Opening(u, out growth);
                else
                {
                    opening = TLane.Opening(u, out growth, out record[j].Slope);
                    (record[j].Angle, record[j].Opening, record[j].Growth, record[j].Tangent) = (u, opening, growth, theta);
                }
                var (grown, tau) = (s * growth, opening * theta);
                valueAbove[j] = TLane.MultiplyAdd(apart, half, grown);
                tangentAbove[j] = tau;
                values += s - grown;
                tangents += tau;
            }
            if (record != null)
                record += diagonal.Columns;
            total += network.Limit == WideLimit.Ntk ? values + tangents : values;
        }
        int deviations = (channels + l) * pixels;
        foreach (var edge in diagonal.Edge)
        {
            var deviation = edge.IsPartner ? TLane.Broadcast(Row[deviations + edge.Place]) : block[deviations + edge.Place];
            ValuesBelow(l + 1)[(edge.Row + 1) * stride + edge.Column + 1] = deviation * deviation * half;
        }
        return total;
    }

    /// <summary>
    /// From dL/dd and dL/dτ of a layer (for the last one, dL/dh and dL/dτ)
    /// to dL/dD, dL/dΘ and b·dL/db, with dw/du = κ and dκ/du = −1/(π sin θ).
    /// </summary>
    private void LayerBackward(in Diagonal diagonal, TLane* block, int l, TLane gradient)
    {
        var (weight, tangentWeight) = (TLane.Splat(network.NeighborWeight), TLane.Splat(network.NeighborWeight / 2));
        var (one, half, zero) = (TLane.Splat(1), TLane.Splat(0.5), TLane.Splat(0));
        var record = tape.Pointer + l * pixels;
        bool isLast = l == network.Depth - 1;
        var (toD, toH, toTau) = (zero, isLast ? gradient : zero, network.Limit == WideLimit.Ntk ? gradient : zero);
        for (int i = 0; i < diagonal.Rows; i++)
        {
            int start = (i + 1) * stride + 1;
            TLane* value = ValuesBelow(l + 1) + start, tangent = TangentsBelow(l + 1) + start;
            TLane* valueBelow = ValuesBelow(l) + start, tangentBelow = TangentsBelow(l) + start;
            TLane* x = block + (channels + l) * pixels + diagonal.From(i, width), xInverse = x + network.Depth * pixels;
            T* y = Row + (channels + l) * pixels + diagonal.To(i, width), yInverse = y + network.Depth * pixels;
            var toDeviations = Gathered + (channels + l) * pixels + diagonal.To(i, width);
            var (valueLeft, valueHere) = (zero, isLast ? zero : Column(value));
            var (tangentLeft, tangentHere) = (zero, isLast ? zero : Column(tangent));
            for (int j = 0; j < diagonal.Columns; j++)
            {
                if (!isLast)
                {
                    var (valueRight, tangentRight) = (Column(value + j + 1), Column(tangent + j + 1));
                    toD = (valueLeft + valueHere + valueRight) * weight;
                    toTau = (tangentLeft + tangentHere + tangentRight) * tangentWeight;
                    (valueLeft, valueHere) = (valueHere, valueRight);
                    (tangentLeft, tangentHere) = (tangentHere, tangentRight);
                }
                var (a, b, inverse) = (x[j], TLane.Broadcast(y[j]), xInverse[j]);
                var (u, growth, opening) = (record[j].Angle, record[j].Growth, record[j].Opening);
                var (s, difference, toTheta) = (a * b, a - b, toTau * opening);
                var toU = s * ((toD - toH) * opening - toTheta) - toTau * record[j].Tangent * record[j].Slope;
                var own = toU * (difference * inverse - u) + toD * (s * growth - difference * b);
                toDeviations[j] += TLane.MultiplyAdd(s, toH * (one - growth) + toTheta * (one - u), own);
                valueBelow[j] = toU * (half * inverse * TLane.Broadcast(yInverse[j]));
                tangentBelow[j] = toTheta;
            }
            record += diagonal.Columns;
        }
        if (isLast)
            return;
        int deviations = (channels + l) * pixels;
        foreach (var edge in diagonal.Edge)
        {
            if (!edge.IsPartner)
                continue;
            var (place, b) = (deviations + edge.Place, TLane.Broadcast(Row[deviations + edge.Place]));
            Gathered[place] = TLane.MultiplyAdd(Beside(ValuesBelow(l + 1), diagonal, edge) * weight, b * b, Gathered[place]);
        }
    }

    /// <summary>The sum over those neighbors of an edge that are on the diagonal.</summary>
    private TLane Beside(TLane* image, in Diagonal diagonal, in Edge edge)
    {
        var sum = TLane.Splat(0);
        for (int i = Math.Max(0, edge.Row - 1); i <= Math.Min(diagonal.Rows - 1, edge.Row + 1); i++)
        {
            for (int j = Math.Max(0, edge.Column - 1); j <= Math.Min(diagonal.Columns - 1, edge.Column + 1); j++)
                sum += image[(i + 1) * stride + j + 1];
        }
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TLane Column(TLane* here) => here[-stride] + here[0] + here[stride];

    private void ClearBorders(in Diagonal diagonal)
    {
        for (int i = 0; i < 4; i++)
            ClearBorder(planes.Pointer + i * plane, diagonal);
    }

    /// <summary>Zeros around the pairs of a diagonal.</summary>
    private void ClearBorder(TLane* image, in Diagonal diagonal)
    {
        var zero = TLane.Splat(0);
        for (int j = 0; j < diagonal.Columns + 2; j++)
            image[j] = image[(diagonal.Rows + 1) * stride + j] = zero;
        for (int i = 1; i <= diagonal.Rows; i++)
            image[i * stride] = image[i * stride + diagonal.Columns + 1] = zero;
    }
}
