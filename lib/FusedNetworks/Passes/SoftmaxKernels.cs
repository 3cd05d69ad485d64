using System.Numerics;
using System.Numerics.Tensors;

namespace FusedNetworks;

/// <summary>The logarithm of the softmax of rows.</summary>
internal static unsafe class SoftmaxKernels
{
    /// <summary>Elements that one task handles, or one row if that is more.</summary>
    private const long Grain = 4096;

    /// <summary>y[r, c] = x[r, c] − log Σ_k exp x[r, k] for rows without gaps, without overflow.</summary>
    public static void LogSoftmax<T>(T* x, T* y, long rows, int columns) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (rows == 0 || columns == 0)
            return;
        var job = new Job<T> { X = x, Y = y, Rows = rows, Columns = columns, Group = Math.Max(1, Grain / columns) };
        WorkPool.Run(checked((int)((rows + job.Group - 1) / job.Group)), ref job);
    }

    private struct Job<T> : IJob where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public T* X, Y;
        public long Rows, Group;
        public int Columns;

        public readonly void Execute(int index)
        {
            var end = Math.Min(Rows, (index + 1) * Group);
            for (var row = index * Group; row < end; row++)
                Row(new ReadOnlySpan<T>(X + row * Columns, Columns), new Span<T>(Y + row * Columns, Columns));
        }

        private static void Row(ReadOnlySpan<T> x, Span<T> y)
        {
            var peak = TensorPrimitives.Max(x); // if infinite, all of the row is NaN
            TensorPrimitives.Subtract(x, peak, y);
            TensorPrimitives.Exp<T>(y, y);
            var total = TensorPrimitives.Sum<T>(y);
            TensorPrimitives.Subtract(x, T.Log(total) + peak, y);
        }
    }
}
