using System.Numerics;

namespace FusedNetworks;

/// <summary>
/// Normalisation of x [outer, rows, inner], contiguous: each row's elements, over outer and inner, to mean 0 and variance 1. Instance
/// and group normalisation have outer 1; batch normalisation has the batch there and the channels as rows.
/// </summary>
internal static unsafe class NormKernels
{
    /// <summary>Elements that are added up in their own precision; such sums are added up in double.</summary>
    private const int Run = 1024;

    /// <summary>Elements below which the work is not shared out.</summary>
    private const int TaskElements = 1 << 14;

    /// <summary>
    /// y = (x - mean)·scale, where scale [rows] = 1/√(variance + epsilon); mean and (biased) variance [rows] are results too.
    /// </summary>
    public static void Forward<T>(int outer, int rows, int inner, double epsilon, T* x, T* y, T* mean, T* variance, T* scale)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new ForwardJob<T>
        {
            Layout = new Layout(outer, rows, inner),
            Epsilon = epsilon,
            X = x,
            Y = y,
            Mean = mean,
            Variance = variance,
            Scale = scale,
        };
        WorkPool.Run(job.Layout.Tasks, ref job);
    }

    /// <summary>p = scale·(g - mean(g) - y·mean(g·y)): the cotangent of x, given that of y.</summary>
    public static void Backward<T>(int outer, int rows, int inner, T* g, T* y, T* scale, T* p)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new BackwardJob<T> { Layout = new Layout(outer, rows, inner), G = g, Y = y, Scale = scale, P = p };
        WorkPool.Run(job.Layout.Tasks, ref job);
    }

    /// <summary>y = x·weight + bias, row by row; bias may be null. Weight and bias are [rows].</summary>
    public static void Affine<T>(int outer, int rows, int inner, T* x, T* weight, T* bias, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var perTask = Math.Max(1, TaskElements / Math.Max(1, inner));
        var blocks = (long)outer * rows;
        var job = new AffineJob<T> { Rows = rows, Inner = inner, PerTask = perTask, Blocks = blocks, X = x, Weight = weight, Bias = bias, Y = y };
        WorkPool.Run(checked((int)((blocks + perTask - 1) / perTask)), ref job);
    }

    /// <summary>result [rows] = the sum of x·y over outer and inner.</summary>
    public static void Dot<T>(int outer, int rows, int inner, T* x, T* y, T* result)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new DotJob<T> { Layout = new Layout(outer, rows, inner), Rows = rows, X = x, Y = y, Result = result };
        WorkPool.Run((rows + DotJob<T>.RowsPerTask - 1) / DotJob<T>.RowsPerTask, ref job);
    }

    private readonly struct Layout(int outer, int rows, int inner)
    {
        private readonly int _perTask = (int)Math.Max(1, TaskElements / Math.Max(1, (long)outer * inner));

        public int Outer => outer;
        public int Inner => inner;
        public double Count => (double)outer * inner;
        public int Tasks => (rows + _perTask - 1) / _perTask;

        public (int Begin, int End) Rows(int task) => (task * _perTask, Math.Min((task + 1) * _perTask, rows));

        /// <summary>Where block <paramref name="o"/> of a row begins.</summary>
        public long At(int o, int row) => ((long)o * rows + row) * inner;
    }

    private struct ForwardJob<T> : IJob
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public Layout Layout;
        public double Epsilon;
        public T* X, Y, Mean, Variance, Scale;

        public readonly void Execute(int index)
        {
            var (begin, end) = Layout.Rows(index);
            for (var row = begin; row < end; row++)
            {
                double sum = 0, squares = 0;
                for (var o = 0; o < Layout.Outer; o++)
                    sum += Sum(Layout.Inner, X + Layout.At(o, row));
                var mean = T.CreateTruncating(sum / Layout.Count);
                for (var o = 0; o < Layout.Outer; o++)
                    squares += SquaredDeviation(Layout.Inner, X + Layout.At(o, row), mean);
                var variance = squares / Layout.Count;
                var scale = T.CreateTruncating(1 / Math.Sqrt(variance + Epsilon));
                (Mean[row], Variance[row], Scale[row]) = (mean, T.CreateTruncating(variance), scale);
                for (var o = 0; o < Layout.Outer; o++)
                    Standardize(Layout.Inner, X + Layout.At(o, row), mean, scale, Y + Layout.At(o, row));
            }
        }
    }

    private struct BackwardJob<T> : IJob
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public Layout Layout;
        public T* G, Y, Scale, P;

        public readonly void Execute(int index)
        {
            var (begin, end) = Layout.Rows(index);
            for (var row = begin; row < end; row++)
            {
                double sum = 0, product = 0;
                for (var o = 0; o < Layout.Outer; o++)
                {
                    var at = Layout.At(o, row);
                    sum += Sum(Layout.Inner, G + at);
                    product += Dot(Layout.Inner, G + at, Y + at);
                }
                var mean = T.CreateTruncating(sum / Layout.Count);
                var slope = T.CreateTruncating(product / Layout.Count);
                for (var o = 0; o < Layout.Outer; o++)
                {
                    var at = Layout.At(o, row);
                    Project(Layout.Inner, G + at, Y + at, mean, slope, Scale[row], P + at);
                }
            }
        }
    }

    /// <summary>A task is a run of neighbouring blocks, whatever rows they belong to.</summary>
    private struct AffineJob<T> : IJob
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int Rows, Inner, PerTask;
        public long Blocks;
        public T* X, Weight, Bias, Y;

        public readonly void Execute(int index)
        {
            var end = Math.Min((long)(index + 1) * PerTask, Blocks);
            for (var block = (long)index * PerTask; block < end; block++)
            {
                var row = block % Rows;
                Affine(Inner, X + block * Inner, Weight[row], Bias == null ? T.Zero : Bias[row], Y + block * Inner);
            }
        }
    }

    /// <summary>A task takes some neighbouring rows together, so that it reads longer runs of memory.</summary>
    private struct DotJob<T> : IJob
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public const int RowsPerTask = 16;

        public Layout Layout;
        public int Rows;
        public T* X, Y, Result;

        public readonly void Execute(int index)
        {
            var begin = index * RowsPerTask;
            var rows = Math.Min(RowsPerTask, Rows - begin);
            Span<double> sums = stackalloc double[RowsPerTask];
            sums.Clear();
            for (var o = 0; o < Layout.Outer; o++)
            {
                for (var i = 0; i < rows; i++)
                    sums[i] += Dot(Layout.Inner, X + Layout.At(o, begin + i), Y + Layout.At(o, begin + i));
            }
            for (var i = 0; i < rows; i++)
                Result[begin + i] = T.CreateTruncating(sums[i]);
        }
    }

    private static double Sum<T>(int n, T* x)
        where T : unmanaged, INumber<T>
    {
        double total = 0;
        for (var begin = 0; begin < n; begin += Run)
        {
            var end = Math.Min(begin + Run, n);
            var (i, sums, sum) = (begin, Vector<T>.Zero, T.Zero);
            for (; i <= end - Vector<T>.Count; i += Vector<T>.Count)
                sums += Vector.Load(x + i);
            for (; i < end; i++)
                sum += x[i];
            total += double.CreateTruncating(sum + Vector.Sum(sums));
        }
        return total;
    }

    private static double SquaredDeviation<T>(int n, T* x, T mean)
        where T : unmanaged, INumber<T>
    {
        double total = 0;
        var centre = new Vector<T>(mean);
        for (var begin = 0; begin < n; begin += Run)
        {
            var end = Math.Min(begin + Run, n);
            var (i, sums, sum) = (begin, Vector<T>.Zero, T.Zero);
            for (; i <= end - Vector<T>.Count; i += Vector<T>.Count)
            {
                var d = Vector.Load(x + i) - centre;
                sums += d * d;
            }
            for (; i < end; i++)
                sum += (x[i] - mean) * (x[i] - mean);
            total += double.CreateTruncating(sum + Vector.Sum(sums));
        }
        return total;
    }

    private static double Dot<T>(int n, T* x, T* y)
        where T : unmanaged, INumber<T>
    {
        double total = 0;
        for (var begin = 0; begin < n; begin += Run)
        {
            var end = Math.Min(begin + Run, n);
            var (i, sums, sum) = (begin, Vector<T>.Zero, T.Zero);
            for (; i <= end - Vector<T>.Count; i += Vector<T>.Count)
                sums += Vector.Load(x + i) * Vector.Load(y + i);
            for (; i < end; i++)
                sum += x[i] * y[i];
            total += double.CreateTruncating(sum + Vector.Sum(sums));
        }
        return total;
    }

    private static void Standardize<T>(int n, T* x, T mean, T scale, T* y)
        where T : unmanaged, INumber<T>
    {
        var i = 0;
        var (centre, factor) = (new Vector<T>(mean), new Vector<T>(scale));
        for (; i <= n - Vector<T>.Count; i += Vector<T>.Count)
            ((Vector.Load(x + i) - centre) * factor).Store(y + i);
        for (; i < n; i++)
            y[i] = (x[i] - mean) * scale;
    }

    private static void Affine<T>(int n, T* x, T weight, T bias, T* y)
        where T : unmanaged, INumber<T>
    {
        var i = 0;
        var (factor, shift) = (new Vector<T>(weight), new Vector<T>(bias));
        for (; i <= n - Vector<T>.Count; i += Vector<T>.Count)
            (Vector.Load(x + i) * factor + shift).Store(y + i);
        for (; i < n; i++)
            y[i] = x[i] * weight + bias;
    }

    private static void Project<T>(int n, T* g, T* y, T mean, T slope, T scale, T* p)
        where T : unmanaged, INumber<T>
    {
        var i = 0;
        var (centre, steep, factor) = (new Vector<T>(mean), new Vector<T>(slope), new Vector<T>(scale));
        for (; i <= n - Vector<T>.Count; i += Vector<T>.Count)
            ((Vector.Load(g + i) - centre - Vector.Load(y + i) * steep) * factor).Store(p + i);
        for (; i < n; i++)
            p[i] = (g[i] - mean - y[i] * slope) * scale;
    }
}
