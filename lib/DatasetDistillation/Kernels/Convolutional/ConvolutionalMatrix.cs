using System.Numerics;
using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The kernel matrix of a convolutional network, pair by pair and diagonal by diagonal, so that memory does not grow with the pooling.
/// The way back computes everything again. Tasks are a support image and a fixed number of targets each; what they give is added up in
/// their order, so the result is the same for any number of threads.
/// </summary>
internal sealed unsafe class ConvolutionalMatrix<TLane, T> : KernelMatrix
    where TLane : unmanaged, ILane<TLane, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ConvolutionalNetwork network;
    private readonly MainDiagonal main;
    private readonly Diagonal[] diagonals;
    private readonly ScalarType type;
    private readonly Device device;
    private readonly ImageLanes<TLane, T> rows;
    private readonly ImageLanes<TLane, T> columns;
    private bool disposed;

    /// <param name="network">The network.</param>
    /// <param name="targets">Images [t, channels, height, width]; null: the support itself.</param>
    /// <param name="support">Images [n, channels, height, width].</param>
    public ConvolutionalMatrix(in ConvolutionalNetwork network, Tensor? targets, Tensor support)
    {
        using var noGrad = no_grad();
        (this.network, type, device) = (network, support.dtype, support.device);
        rows = new ImageLanes<TLane, T>(network, support);
        columns = targets is null ? rows : new ImageLanes<TLane, T>(network, targets);
        diagonals = [.. network.Diagonals(rows.Height, rows.Width)];
        main = new MainDiagonal(network, rows.Channels, rows.Height, rows.Width);
        Value = Forward();
    }

    /// <inheritdoc/>
    public override Tensor Value { get; }

    private bool IsGram => ReferenceEquals(rows, columns);

    private static int BlocksPerTask => DatasetDistillation.Blocks.KernelTargets / TLane.Width;

    private int TasksPerRow => (columns.Blocks + BlocksPerTask - 1) / BlocksPerTask;

    /// <inheritdoc/>
    public override Tensor Backward(Tensor gradient)
    {
        RequireFit(gradient);
        ObjectDisposedException.ThrowIf(disposed, this);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        // K_ss is symmetric: what an image receives as x equals what it receives as x′.
        var byRows = IsGram ? gradient.Plus(gradient.t()) : gradient.t();
        var toValues = byRows.to_type(type).cpu().contiguous().data<T>().ToArray();
        var parts = new T[TasksPerRow][][];
        for (int part = 0; part < parts.Length; part++)
            parts[part] = new T[rows.Count][];
        ForEachTask(
            (recursion, row, part) => parts[part][row] = Gather(recursion, row, part, toValues.AsSpan(row * columns.Count, columns.Count)));

        var result = new T[rows.Count * rows.Channels * rows.Pixels];
        Parallel.For(0, rows.Count, Options(), row =>
        {
            double onDiagonal = IsGram ? double.CreateTruncating(toValues[row * columns.Count + row]) / 2 : 0;
            ToPixels(row, [.. parts.Select(part => part[row])], onDiagonal, result);
        });
        return Filled(result, rows.Count, rows.Channels, rows.Height, rows.Width).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        disposed = true;
        rows.Dispose();
        columns.Dispose();
        Value.Dispose();
    }

    private Tensor Forward()
    {
        var values = new T[rows.Count * columns.Count];
        ForEachTask((recursion, row, part) =>
        {
            var sums = stackalloc T[TLane.Width];
            var (begin, end) = Blocks(part);
            for (int block = IsGram ? Math.Max(begin, row / TLane.Width) : begin; block < end; block++)
            {
                var total = TLane.Splat(0);
                foreach (ref readonly var diagonal in diagonals.AsSpan())
                    total = TLane.MultiplyAdd(recursion.Forward(diagonal, columns.Block(block)),
                        Weight(diagonal, row, block, TLane.Splat(1)), total);
                total.Store(sums);
                for (int j = block * TLane.Width; j < Math.Min(columns.Count, (block + 1) * TLane.Width); j++)
                    values[row * columns.Count + j] = sums[j % TLane.Width] + T.CreateTruncating(network.BiasVariance);
            }
            if (IsGram && row / TLane.Width >= begin && row / TLane.Width < end)
                values[row * columns.Count + row] += T.CreateTruncating(OnMainDiagonal(recursion.Row));
        });
        if (IsGram)
            Mirror(values);
        var filled = Filled(values, rows.Count, columns.Count);
        if (IsGram)
            return filled;
        using (filled)
            return filled.t();
    }

    private T[] Gather(ConvolutionalRecursion<TLane, T> recursion, int row, int part, ReadOnlySpan<T> toValues)
    {
        new Span<TLane>(recursion.Gathered, recursion.GatheredCount).Clear();
        var gradient = stackalloc T[TLane.Width];
        var (begin, end) = Blocks(part);
        for (int block = begin; block < end; block++)
        {
            int first = block * TLane.Width, count = Math.Min(TLane.Width, columns.Count - first);
            new Span<T>(gradient, TLane.Width).Clear();
            toValues.Slice(first, count).CopyTo(new Span<T>(gradient, count));
            var lanes = TLane.Load(gradient);
            foreach (ref readonly var diagonal in diagonals.AsSpan())
                recursion.Backward(diagonal, columns.Block(block), Weight(diagonal, row, block, lanes));
        }
        var sums = new T[recursion.GatheredCount];
        for (int i = 0; i < sums.Length; i++)
            sums[i] = recursion.Gathered[i].Sum();
        return sums;
    }

    /// <summary>
    /// The weight of a diagonal times a factor. An image beside itself is left out of the main diagonal, where <see cref="MainDiagonal"/>
    /// is exact and arc cosines are not.
    /// </summary>
    private TLane Weight(in Diagonal diagonal, int row, int block, TLane factor)
    {
        var weight = TLane.Splat(diagonal.Weight / 2) * factor;
        if (!IsGram || !diagonal.IsMain || row / TLane.Width != block)
            return weight;
        var lanes = stackalloc T[TLane.Width];
        weight.Store(lanes);
        lanes[row % TLane.Width] = T.Zero;
        return TLane.Load(lanes);
    }

    private double OnMainDiagonal(T* image)
    {
        double sum = main.Constant;
        for (int i = 0; i < rows.Channels * rows.Pixels; i++)
            sum += main.Slope[i % rows.Pixels] * double.CreateTruncating(image[i] * image[i]);
        return sum;
    }

    /// <summary>dL/dx′ = what came through products + 2 x′ dL/dx′², the latter through ds/dq(x′, x′) = s/(2 q(x′, x′)).</summary>
    private void ToPixels(int row, T[][] parts, double toDiagonal, T[] result)
    {
        int pixels = rows.Pixels, size = rows.Channels * pixels;
        var image = new T[size + 2 * rows.Depth * pixels];
        fixed (T* target = image)
            rows.CopyImage(row, target);
        var toVariances = new double[rows.Depth][];
        for (int l = 0; l < toVariances.Length; l++)
        {
            toVariances[l] = new double[pixels];
            for (int p = 0; p < pixels; p++)
            {
                double inverse = double.CreateTruncating(image[size + (rows.Depth + l) * pixels + p]);
                toVariances[l][p] = Total(parts, size + l * pixels + p) * inverse * inverse / 2;
            }
        }
        var toSquares = main.ToSquares(toVariances);
        for (int i = 0; i < size; i++)
        {
            double slope = toSquares[i % pixels] + toDiagonal * main.Slope[i % pixels];
            result[row * size + i] = T.CreateTruncating(Total(parts, i) + 2 * slope * double.CreateTruncating(image[i]));
        }
    }

    private static double Total(T[][] parts, int place)
    {
        double sum = 0;
        foreach (var part in parts)
            sum += double.CreateTruncating(part[place]);
        return sum;
    }

    private Tensor Filled(T[] values, params long[] shape)
    {
        var filled = empty(shape, type);
        filled.data<T>().CopyFrom(values);
        return filled.to(device);
    }

    private void Mirror(T[] values)
    {
        int n = rows.Count;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++)
                values[i * n + j] = values[j * n + i];
        }
    }

    private (int Begin, int End) Blocks(int part) => (part * BlocksPerTask, Math.Min(columns.Blocks, (part + 1) * BlocksPerTask));

    private void ForEachTask(Action<ConvolutionalRecursion<TLane, T>, int, int> work) =>
        Parallel.For(
            0, rows.Count * TasksPerRow, Options(),
            () => new ConvolutionalRecursion<TLane, T>(network, rows.Channels, rows.Height, rows.Width),
            (task, _, recursion) =>
            {
                rows.CopyImage(task / TasksPerRow, recursion.Row);
                work(recursion, task / TasksPerRow, task % TasksPerRow);
                return recursion;
            },
            static recursion => recursion.Dispose());

    private static ParallelOptions Options() => new() { MaxDegreeOfParallelism = Compute.Threads };
}
