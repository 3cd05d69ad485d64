using System.Buffers;
using System.Numerics;
using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The kernel matrix of a fully connected network by the fused recursion. Support images are rows and targets columns, so that what
/// each support image gathers lies in one row: rows are shared out over threads, and the result is the same for any number.
/// </summary>
internal sealed class ArcCosineMatrix<TLane, T> : KernelMatrix
    where TLane : unmanaged, ILane<TLane, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int PairsPerTask = 4096;

    private readonly ArcCosineNetwork network;
    private readonly Tensor support;
    private readonly Tensor? targets;
    private readonly long[] shape;
    private readonly long pixels;
    private readonly LayerScales<T> rows;
    private readonly LayerScales<T> columns;
    private readonly double[] squares;
    private T[] products;

    /// <param name="network">The network.</param>
    /// <param name="targets">Images [t, …]; null: the support itself.</param>
    /// <param name="support">Images [n, …].</param>
    public ArcCosineMatrix(ArcCosineNetwork network, Tensor? targets, Tensor support)
    {
        using var noGrad = no_grad();
        (this.network, this.support, this.targets, shape) = (network, support.flatten(1), targets?.flatten(1), support.shape);
        pixels = this.support.shape[1];
        squares = Squares(this.support);
        rows = new LayerScales<T>(squares, network, pixels);
        columns = this.targets is null ? rows : new LayerScales<T>(Squares(this.targets), network, pixels);
        products = ArrayPool<T>.Shared.Rent(rows.Count * columns.Count);
        using (var inner = this.support.matmul((this.targets ?? this.support).t()))
            inner.cpu().data<T>().CopyTo(Matrix(products));
        Value = Forward();
    }

    /// <inheritdoc/>
    public override Tensor Value { get; }

    private double Scale => network.WeightVariance / pixels;

    /// <inheritdoc/>
    public override Tensor Backward(Tensor gradient)
    {
        RequireFit(gradient);
        ObjectDisposedException.ThrowIf(products.Length == 0, this);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        // K_ss is symmetric: what an image receives as a column equals what it receives as a row.
        var byRows = targets is null ? gradient.Plus(gradient.t()) : gradient.t();
        var slopes = ArrayPool<T>.Shared.Rent(rows.Count * columns.Count);
        var toVariance = new double[rows.Count];
        byRows.to_type(support.dtype).cpu().contiguous().data<T>().CopyTo(Matrix(slopes));
        ForEachRow(i =>
        {
            var row = Row(slopes, i);
            double diagonal = 0;
            if (targets is null)
            {
                diagonal = network.DiagonalSlope * double.CreateTruncating(row[i]) / 2;
                row[i] = T.Zero;
            }
            toVariance[i] = diagonal + ArcCosineRecursion<TLane, T>.Backward(network, Scale, rows, i, columns, Row(products, i), row);
        });
        var toProducts = Filled(slopes);
        ArrayPool<T>.Shared.Return(slopes);
        var through = tensor(toVariance, [rows.Count, 1], device: support.device).to_type(support.dtype);
        var toSupport = toProducts.matmul(targets ?? support).PlusInPlace(support * through, 2).TimesInPlace(Scale);
        return toSupport.reshape(shape).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (products.Length > 0)
            ArrayPool<T>.Shared.Return(products);
        products = [];
        Value.Dispose();
    }

    private Tensor Forward()
    {
        var values = ArrayPool<T>.Shared.Rent(rows.Count * columns.Count);
        ForEachRow(i =>
        {
            var row = Row(values, i);
            ArcCosineRecursion<TLane, T>.Forward(network, Scale, rows, i, columns, Row(products, i), row);
            if (targets is null)
                row[i] = T.CreateTruncating(network.Diagonal(Scale * squares[i] + network.BiasVariance));
        });
        var filled = Filled(values);
        ArrayPool<T>.Shared.Return(values);
        return targets is null ? filled : filled.t();
    }

    private Tensor Filled(T[] values)
    {
        var filled = empty([rows.Count, columns.Count], support.dtype);
        filled.data<T>().CopyFrom(Matrix(values));
        return filled.to(support.device);
    }

    private Span<T> Matrix(T[] values) => values.AsSpan(0, rows.Count * columns.Count);

    private Span<T> Row(T[] values, int i) => values.AsSpan(i * columns.Count, columns.Count);

    private void ForEachRow(Action<int> work)
    {
        int rowsPerTask = Math.Max(1, PairsPerTask / columns.Count);
        int tasks = (rows.Count + rowsPerTask - 1) / rowsPerTask;
        Parallel.For(0, tasks, new ParallelOptions { MaxDegreeOfParallelism = Compute.Threads }, task =>
        {
            for (int i = task * rowsPerTask; i < Math.Min(rows.Count, (task + 1) * rowsPerTask); i++)
                work(i);
        });
    }

    private static double[] Squares(Tensor images)
    {
        using var scope = NewDisposeScope();
        return images.unsqueeze(1).bmm(images.unsqueeze(2)).to_type(float64).cpu().data<double>().ToArray();
    }
}
