using System.Numerics;
using System.Runtime.Intrinsics;

namespace FusedNetworks;

/// <summary>Average pooling over contiguous planes, and its adjoint.</summary>
internal static unsafe partial class PoolKernels
{
    /// <summary>y [planes, OH, OW] is the mean of each window; without padding.</summary>
    public static void AverageForward<T>(in PoolShape shape, T* x, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new AverageJob<T> { Shape = shape, X = x, Y = y };
        ForEachPlane(shape, ref job);
    }

    /// <summary>x is the adjoint of <see cref="AverageForward"/> applied to y: every output spread over its window.</summary>
    public static void AverageAdjoint<T>(in PoolShape shape, T* y, T* x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new AverageJob<T> { Shape = shape, X = x, Y = y, Adjoint = true };
        ForEachPlane(shape, ref job);
    }

    private struct AverageJob<T> : IPlaneJob
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public PoolShape Shape;
        public T* X, Y;
        public bool Adjoint;

        public readonly void Execute(long plane)
        {
            var x = X + plane * Shape.H * Shape.W;
            var y = Y + plane * Shape.OH * Shape.OW;
            if (Adjoint)
                new Span<T>(x, Shape.H * Shape.W).Clear();
            if (typeof(T) == typeof(float) && Shape.IsTwoByTwo && Shape.OW >= Vector256<ulong>.Count)
                TwoByTwo((float*)x, (float*)y);
            else
                Windows(x, y);
        }

        private readonly void Windows(T* x, T* y)
        {
            var share = T.One / T.CreateTruncating((long)Shape.Side * Shape.Side);
            for (var i = 0; i < Shape.OH; i++)
            {
                var rows = Shape.Rows(i);
                for (var j = 0; j < Shape.OW; j++, y++)
                {
                    var columns = Shape.Columns(j);
                    var sum = T.Zero;
                    for (var r = rows.Begin; r < rows.End; r++)
                    {
                        for (var at = r * Shape.W + columns.Begin; at < r * Shape.W + columns.End; at++)
                        {
                            if (Adjoint)
                                x[at] += *y * share;
                            else
                                sum += x[at];
                        }
                    }
                    if (!Adjoint)
                        *y = sum * share;
                }
            }
        }

        /// <summary>Four outputs at a time, as in maximum pooling; windows do not overlap, so the adjoint stores without adding.</summary>
        private readonly void TwoByTwo(float* x, float* y)
        {
            var (w, ow) = (Shape.W, Shape.OW);
            const float Share = 1f / 4;
            for (var i = 0; i < Shape.OH; i++, y += ow)
            {
                for (var j = 0; j < ow; j += Vector256<ulong>.Count)
                {
                    j = Math.Min(j, ow - Vector256<ulong>.Count);
                    var top = (ulong*)(x + 2 * i * w + 2 * j);
                    var bottom = (ulong*)(x + (2 * i + 1) * w + 2 * j);
                    if (Adjoint)
                    {
                        var low = Vector256.WidenLower((Vector128.Load(y + j) * Share).AsUInt32().ToVector256Unsafe());
                        var pairs = low | (low << 32);
                        pairs.Store(top);
                        pairs.Store(bottom);
                    }
                    else
                    {
                        var (a, b) = (Vector256.Load(top), Vector256.Load(bottom));
                        var sum = a.AsSingle() + (a >>> 32).AsSingle() + b.AsSingle() + (b >>> 32).AsSingle();
                        (LowHalves(sum.AsUInt64()).AsSingle() * Share).Store(y + j);
                    }
                }
            }
        }
    }
}
