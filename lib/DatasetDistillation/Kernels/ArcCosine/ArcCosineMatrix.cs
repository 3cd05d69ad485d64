using System.Numerics;
using FusedNetworks;
using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The kernel matrix of a fully connected network by the fused recursion. Support images are rows and targets columns, so that what
/// each support image gathers lies in one row: rows are shared out over threads, and the result is the same for any number.
/// </summary>
internal sealed unsafe class ArcCosineMatrix<TLane, T> : KernelMatrix
    where TLane : unmanaged, ILane<TLane, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int PairsPerTask = 1024, ImagesPerTask = 32;

    private readonly ArcCosineNetwork network;
    private readonly Tensor support;
    private readonly Tensor targets;
    private readonly Tensor angles;
    private readonly bool isGram;
    private readonly long[] shape;
    private readonly int pixels;
    private readonly LayerScales<T> rows;
    private readonly LayerScales<T> columns;
    private bool isDisposed;

    /// <param name="network">The network.</param>
    /// <param name="targets">Images [t, …]; null: the support itself.</param>
    /// <param name="support">Images [n, …].</param>
    public ArcCosineMatrix(ArcCosineNetwork network, Tensor? targets, Tensor support)
    {
        using var noGrad = no_grad();
        (this.network, isGram, shape) = (network, targets is null, support.shape);
        this.support = support.detach().flatten(1).contiguous();
        this.targets = targets is null ? this.support : targets.detach().flatten(1).contiguous();
        pixels = checked((int)this.support.shape[1]);
        rows = new LayerScales<T>(Squares(this.support), network, pixels);
        columns = isGram ? rows : new LayerScales<T>(Squares(this.targets), network, pixels);
        angles = empty([rows.Count, columns.Count], support.dtype);
        var values = empty_like(angles);
        Fill(Memory.Of<T>(angles), Memory.Of<T>(values));
        Value = isGram ? values : Transposed(values);
    }

    /// <inheritdoc/>
    public override Tensor Value { get; }

    private double Scale => network.WeightVariance / pixels;

    /// <inheritdoc/>
    public override Tensor Backward(Tensor gradient)
    {
        RequireFit(gradient);
        ObjectDisposedException.ThrowIf(isDisposed, this);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        // K_ss is symmetric: what an image receives as a column equals what it receives as a row.
        var slopes = (isGram ? gradient.Plus(gradient.t()) : gradient.t()).to(support.dtype, copy: true).contiguous();
        var result = empty_like(support);
        Spread(Memory.Of<T>(slopes), Memory.Of<T>(result));
        return result.reshape(shape).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        isDisposed = true;
        angles.Dispose();
        Value.Dispose();
    }

    private void Fill(T* pairs, T* values)
    {
        T* own = Memory.Of<T>(support), others = Memory.Of<T>(targets);
        Gemm.Run(false, true, rows.Count, columns.Count, pixels, own, pixels, others, pixels, pairs, columns.Count, accumulate: false);
        double small = ArcCosine.Small(support.dtype);
        ForEachRow(i =>
        {
            T* row = pairs + (long)i * columns.Count, target = values + (long)i * columns.Count;
            if (ArcCosineRecursion<TLane, T>.Angles(network, Scale, rows.Inverses[i], columns, row, columns.Count, small))
                Refine(i, row, small);
            ArcCosineRecursion<TLane, T>.Forward(network, rows, i, columns, row, target);
            if (isGram)
                target[i] = T.CreateTruncating(network.Diagonal(rows.Variance(i, 0)));
        });
    }

    /// <summary>Where 1 − cos θ of an image with others is small, computes it from their difference.</summary>
    private void Refine(int row, T* angles, double small)
    {
        T* own = Memory.Of<T>(support) + (long)row * pixels;
        for (int j = 0; j < columns.Count; j++)
        {
            if (isGram && j == row)
                angles[j] = T.Zero;
            else if (double.CreateTruncating(angles[j]) < small)
                angles[j] = T.CreateTruncating(network.Angle(own, Memory.Of<T>(targets) + (long)j * pixels, pixels));
        }
    }

    /// <summary>From dL/dK, both of an image's in K_ss, to dL/dX of the support.</summary>
    private void Spread(T* slopes, T* result)
    {
        T* own = Memory.Of<T>(support), pairs = Memory.Of<T>(angles);
        var toVariance = new double[rows.Count];
        ForEachRow(i =>
        {
            T* row = slopes + (long)i * columns.Count;
            double diagonal = 0;
            if (isGram)
            {
                diagonal = network.DiagonalSlope * double.CreateTruncating(row[i]) / 2;
                row[i] = T.Zero;
            }
            toVariance[i] = diagonal + ArcCosineRecursion<TLane, T>.Backward(network, rows, i, columns,
                pairs + (long)i * columns.Count, row);
        });
        Gemm.Run(false, false, rows.Count, pixels, columns.Count, slopes, columns.Count, Memory.Of<T>(targets), pixels, result, pixels,
            accumulate: false);
        for (int i = 0; i < rows.Count; i++)
        {
            T* row = result + (long)i * pixels;
            Elements.Plane(row, T.CreateTruncating(Scale), own + (long)i * pixels, T.CreateTruncating(2 * Scale * toVariance[i]),
                T.Zero, row, pixels);
        }
    }

    private void ForEachRow(Action<int> work)
    {
        int rowsPerTask = Math.Max(1, PairsPerTask / columns.Count);
        WorkPool.RunBlocks(rows.Count, rowsPerTask, (begin, end) =>
        {
            for (int i = begin; i < end; i++)
                work(i);
        });
    }

    private static Tensor Transposed(Tensor values)
    {
        using (values)
            return values.t();
    }

    private static double[] Squares(Tensor images)
    {
        int pixels = (int)images.shape[1];
        T* first = Memory.Of<T>(images);
        var squares = new double[images.shape[0]];
        WorkPool.RunBlocks(squares.Length, ImagesPerTask, (begin, end) =>
        {
            for (int i = begin; i < end; i++)
                squares[i] = double.CreateTruncating(Elements.SumSquares(first + (long)i * pixels, T.Zero, pixels));
        });
        return squares;
    }
}
