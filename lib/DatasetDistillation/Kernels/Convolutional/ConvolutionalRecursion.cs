using System.Numerics;
using System.Runtime.CompilerServices;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The kernel of convolutional networks (Novak et al. 2019; as NTK, Arora et al. 2019) along one diagonal p′ − p = δ: the covariances
/// q[p, p + δ] of one image x′ with a block of images x in the lanes. A 3×3 convolution and the ReLU after it do not leave the
/// diagonal: with s = √(q(x,x)[p] q(x′,x′)[p + δ]) and cos θ = q/s, they are
/// <code>
/// q = σ_w²/9 Box(h) + σ_b²,   Θ = q + σ_w²/9 Box(τ),   h = (s sin θ + (π − θ) q)/2π,   τ = (π − θ)/2π Θ.
/// </code>
/// Here h and τ stand for 2π times that. Works in memory of its own, so each thread has one.
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

    /// <summary>What a diagonal adds to K(x, x′), in units of its weight/2π.</summary>
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
        for (int l = network.Depth - 1; l >= 0; l--)
            LayerBackward(diagonal, block, l, gradient);
        ProductsBackward(diagonal, block);
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
        public TLane Cosine, Sine, Slope, Tangent;
    }

    private TLane Forward(in Diagonal diagonal, TLane* block, Tape* record)
    {
        for (int i = 0; i < 4; i++)
            ClearBorder(planes.Pointer + i * plane, diagonal);
        Products(diagonal, block);
        var total = TLane.Splat(0);
        for (int l = 0; l < network.Depth; l++)
            total = LayerForward(diagonal, block, l, record == null ? null : record + l * pixels);
        return total;
    }

    /// <summary>Where layer l finds what comes from below, and leaves what goes back there; the other pair is for the side above.</summary>
    private TLane* ValuesBelow(int l) => planes.Pointer + l % 2 * 2 * plane;

    /// <inheritdoc cref="ValuesBelow"/>
    private TLane* TangentsBelow(int l) => ValuesBelow(l) + plane;

    /// <summary>Products of pixels, summed over channels.</summary>
    private void Products(in Diagonal diagonal, TLane* block)
    {
        for (int i = 0; i < diagonal.Rows; i++)
        {
            var target = ValuesBelow(0) + (i + 1) * stride + 1;
            TLane* x = block + diagonal.From(i, width);
            T* y = Row + diagonal.To(i, width);
            for (int j = 0; j < diagonal.Columns; j++)
            {
                var sum = x[j] * TLane.Broadcast(y[j]);
                for (int c = 1; c < channels; c++)
                    sum = TLane.MultiplyAdd(x[c * pixels + j], TLane.Broadcast(y[c * pixels + j]), sum);
                target[j] = sum;
            }
        }
    }

    private void ProductsBackward(in Diagonal diagonal, TLane* block)
    {
        var weight = TLane.Splat(network.NeighborWeight / channels);
        for (int i = 0; i < diagonal.Rows; i++)
        {
            var source = ValuesBelow(0) + (i + 1) * stride + 1;
            TLane* x = block + diagonal.From(i, width), target = Gathered + diagonal.To(i, width);
            var (left, here) = (TLane.Splat(0), Column(source));
            for (int j = 0; j < diagonal.Columns; j++)
            {
                var right = Column(source + j + 1);
                var gradient = (left + here + right) * weight;
                (left, here) = (here, right);
                for (int c = 0; c < channels; c++)
                    target[c * pixels + j] = TLane.MultiplyAdd(gradient, x[c * pixels + j], target[c * pixels + j]);
            }
        }
    }

    /// <summary>A convolution and the ReLU after it. Returns the sum of h, for the NTK that of h + τ.</summary>
    private TLane LayerForward(in Diagonal diagonal, TLane* block, int l, Tape* record)
    {
        var (weight, bias) = (TLane.Splat(network.NeighborWeight / (l == 0 ? channels : 2 * Math.PI)), TLane.Splat(network.BiasVariance));
        var (pi, zero) = (TLane.Splat(Math.PI), TLane.Splat(0));
        var total = zero;
        bool isFirst = l == 0;
        for (int i = 0; i < diagonal.Rows; i++)
        {
            int start = (i + 1) * stride + 1;
            TLane* value = ValuesBelow(l) + start, tangent = TangentsBelow(l) + start;
            TLane* valueAbove = ValuesBelow(l + 1) + start, tangentAbove = TangentsBelow(l + 1) + start;
            TLane* x = block + (channels + l) * pixels + diagonal.From(i, width), xInverse = x + network.Depth * pixels;
            T* y = Row + (channels + l) * pixels + diagonal.To(i, width), yInverse = y + network.Depth * pixels;
            var (valueLeft, valueHere) = (zero, Column(value));
            var (tangentLeft, tangentHere) = (zero, isFirst ? zero : Column(tangent));
            var (values, tangents) = (zero, zero);
            for (int j = 0; j < diagonal.Columns; j++)
            {
                var valueRight = Column(value + j + 1);
                var q = TLane.MultiplyAdd(valueLeft + valueHere + valueRight, weight, bias);
                (valueLeft, valueHere) = (valueHere, valueRight);
                var theta = q;
                if (!isFirst)
                {
                    var tangentRight = Column(tangent + j + 1);
                    theta = TLane.MultiplyAdd(tangentLeft + tangentHere + tangentRight, weight, q);
                    (tangentLeft, tangentHere) = (tangentHere, tangentRight);
                }
                var s = x[j] * TLane.Broadcast(y[j]);
                var cosine = q * (xInverse[j] * TLane.Broadcast(yInverse[j]));
                var slope = pi - TLane.Angle(ref cosine, out var sine);
                var h = TLane.MultiplyAdd(s, sine, slope * q);
                var tau = slope * theta;
                valueAbove[j] = h;
                tangentAbove[j] = tau;
                values += h;
                tangents += tau;
                if (record != null)
                    (record[j].Cosine, record[j].Sine, record[j].Slope, record[j].Tangent) = (cosine, sine, slope, theta);
            }
            if (record != null)
                record += diagonal.Columns;
            total += network.Limit == WideLimit.Ntk ? values + tangents : values;
        }
        return total;
    }

    /// <summary>
    /// From dL/dh and dL/dτ of a layer to dL/dq and dL/dΘ, with dh/dq = π − θ, dh/ds = sin θ, dτ/dq = Θ/(s sin θ), dτ/ds = −Θ cos θ/(s sin θ).
    /// </summary>
    private void LayerBackward(in Diagonal diagonal, TLane* block, int l, TLane gradient)
    {
        var (weight, zero) = (TLane.Splat(network.NeighborWeight / (2 * Math.PI)), TLane.Splat(0));
        var record = tape.Pointer + l * pixels;
        bool isLast = l == network.Depth - 1;
        var toTau = network.Limit == WideLimit.Ntk ? gradient : zero;
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
                var toH = gradient;
                if (!isLast)
                {
                    var (valueRight, tangentRight) = (Column(value + j + 1), Column(tangent + j + 1));
                    toH = (valueLeft + valueHere + valueRight) * weight;
                    toTau = (tangentLeft + tangentHere + tangentRight) * weight;
                    (valueLeft, valueHere) = (valueHere, valueRight);
                    (tangentLeft, tangentHere) = (tangentHere, tangentRight);
                }
                var (cosine, sine, slope) = (record[j].Cosine, record[j].Sine, record[j].Slope);
                var toAngle = toTau * record[j].Tangent / sine;
                var toTheta = toTau * slope;
                var s = x[j] * TLane.Broadcast(y[j]);
                toDeviations[j] += toH * s * sine - cosine * toAngle;
                valueBelow[j] = TLane.MultiplyAdd(toH, slope, TLane.MultiplyAdd(toAngle, xInverse[j] * TLane.Broadcast(yInverse[j]), toTheta));
                tangentBelow[j] = toTheta;
            }
            record += diagonal.Columns;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TLane Column(TLane* here) => here[-stride] + here[0] + here[stride];

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
