using System.Numerics;
using System.Numerics.Tensors;

namespace TorchSharp.Kernels;

/// <summary>
/// Sums of [outer, size, inner] over the middle dimension, in an order fixed by the sizes alone; those of integers are exact.
/// </summary>
internal static unsafe class Reduce
{
    /// <summary>Rows added up by one task before the partial sums are added in order.</summary>
    private const long RowsPerTask = 256;
    private const long Serial = 16384;

    public static void Sum<T>(T* x, T* y, long outer, long size, long inner) where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(long))
            Sum<T, long>(x, y, outer, size, inner);
        else
            Sum<T, double>(x, y, outer, size, inner);
    }

    private static void Sum<T, TTotal>(T* x, T* y, long outer, long size, long inner)
        where T : unmanaged, INumber<T>
        where TTotal : unmanaged, INumber<TTotal>
    {
        if (size == 0)
        {
            new Span<T>(y, checked((int)(outer * inner))).Clear();
            return;
        }
        if (inner == 1 && outer == 1 && size > Serial)
        {
            y[0] = T.CreateTruncating(SumLong<T, TTotal>(x, size));
            return;
        }
        if (outer == 1 && inner > 1 && size > 2 * RowsPerTask && size * inner > Serial)
        {
            SumTall(x, y, size, inner);
            return;
        }
        var job = new Job<T, TTotal>(x, y, outer, size, inner);
        WorkPool.Run(job.Tasks, ref job);
    }

    private readonly struct Job<T, TTotal>(T* x, T* y, long outer, long size, long inner) : IJob
        where T : unmanaged, INumber<T>
        where TTotal : unmanaged, INumber<TTotal>
    {
        private readonly long _perTask = Math.Max(1, Serial / (size * inner));

        public int Tasks => (int)((outer + _perTask - 1) / _perTask);

        public void Execute(int index)
        {
            var end = Math.Min(outer, (index + 1) * _perTask);
            for (var o = index * _perTask; o < end; o++)
            {
                if (inner == 1)
                    y[o] = T.CreateTruncating(Elementwise.Sum<T, TTotal>(x + o * size, size));
                else
                    AddRows(x + o * size * inner, y + o * inner, size, inner);
            }
        }
    }

    private static void AddRows<T>(T* x, T* y, long rows, long width) where T : unmanaged, INumber<T>
    {
        var total = new Span<T>(y, (int)width);
        new ReadOnlySpan<T>(x, (int)width).CopyTo(total);
        for (long row = 1; row < rows; row++)
            TensorPrimitives.Add(total, new ReadOnlySpan<T>(x + row * width, (int)width), total);
    }

    private static TTotal SumLong<T, TTotal>(T* x, long count)
        where T : unmanaged, INumber<T>
        where TTotal : unmanaged, INumber<TTotal>
    {
        const long Run = 65536;
        var parts = new TTotal[(count + Run - 1) / Run];
        fixed (TTotal* p = parts)
        {
            var job = new LongJob<T, TTotal>(x, p, count, Run);
            WorkPool.Run(parts.Length, ref job);
        }
        var total = TTotal.Zero;
        foreach (var part in parts)
            total += part;
        return total;
    }

    private readonly struct LongJob<T, TTotal>(T* x, TTotal* parts, long count, long run) : IJob
        where T : unmanaged, INumber<T>
        where TTotal : unmanaged, INumber<TTotal>
    {
        public void Execute(int index) => parts[index] = Elementwise.Sum<T, TTotal>(x + index * run, Math.Min(run, count - index * run));
    }

    private static void SumTall<T>(T* x, T* y, long rows, long width) where T : unmanaged, INumber<T>
    {
        var tasks = (int)((rows + RowsPerTask - 1) / RowsPerTask);
        var partial = new T[tasks * width];
        fixed (T* p = partial)
        {
            var job = new TallJob<T>(x, p, rows, width);
            WorkPool.Run(tasks, ref job);
            AddRows(p, y, tasks, width);
        }
    }

    private readonly struct TallJob<T>(T* x, T* parts, long rows, long width) : IJob where T : unmanaged, INumber<T>
    {
        public void Execute(int index) =>
            AddRows(x + index * RowsPerTask * width, parts + index * width, Math.Min(RowsPerTask, rows - index * RowsPerTask), width);
    }
}
