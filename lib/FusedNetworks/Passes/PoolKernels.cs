using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FusedNetworks;

/// <summary>
/// Pooling of <c>planes</c> images of h × w by square windows side by side, which may reach <c>padding</c> pixels over the edge.
/// </summary>
internal readonly struct PoolShape(long planes, int h, int w, int side, int padding)
{
    public long Planes { get; } = planes;
    public int H { get; } = h;
    public int W { get; } = w;
    public int Side { get; } = side;
    public int Padding { get; } = padding;
    public int OH { get; } = Outputs(h, side, padding);
    public int OW { get; } = Outputs(w, side, padding);

    /// <summary>Windows of two by two that do not reach over the edge.</summary>
    public bool IsTwoByTwo => (Side, Padding) == (2, 0);

    /// <summary>The rows of an output's window.</summary>
    public PoolWindow Rows(int output) => new(output, H, Side, Padding);

    /// <summary>The columns of an output's window.</summary>
    public PoolWindow Columns(int output) => new(output, W, Side, Padding);

    private static int Outputs(int size, int side, int padding) => (size + 2 * padding) / side;
}

/// <summary>Where the window of one output begins and ends along one axis, inside the input.</summary>
internal readonly struct PoolWindow(int output, int size, int side, int padding)
{
    public int Begin { get; } = Math.Max(output * side - padding, 0);
    public int End { get; } = Math.Min(output * side - padding + side, size);
}

/// <summary>Maximum pooling over contiguous planes, and the gather and scatter along its indices.</summary>
internal static unsafe partial class PoolKernels
{
    /// <summary>Input elements that one task handles, or one plane if that is more.</summary>
    private const int TaskElements = 1 << 15;

    /// <summary>
    /// y [planes, OH, OW] is each window's maximum, index the place in its plane (row · W + column) where it stands.
    /// Of equal values the first wins; a NaN wins over everything, the last of several; padding never wins.
    /// </summary>
    public static void MaxForward<T>(in PoolShape shape, T* x, T* y, int* index)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new MaxJob<T> { Shape = shape, X = x, Y = y, Index = index };
        ForEachPlane(shape, ref job);
    }

    /// <summary>y[p, o] = x[p, index[p, o]]: the linear map that the maximum is at its indices.</summary>
    public static void Gather<T>(in PoolShape shape, T* x, int* index, T* y)
        where T : unmanaged, INumberBase<T>
    {
        var job = new IndexJob<T> { Shape = shape, X = x, Index = index, Y = y };
        ForEachPlane(shape, ref job);
    }

    /// <summary>x[p, index[p, o]] += y[p, o] from zero: the adjoint of <see cref="Gather"/>.</summary>
    public static void ScatterAdd<T>(in PoolShape shape, T* y, int* index, T* x)
        where T : unmanaged, INumberBase<T>
    {
        var job = new IndexJob<T> { Shape = shape, X = x, Index = index, Y = y, Adjoint = true };
        ForEachPlane(shape, ref job);
    }

    private static void ForEachPlane<TJob>(in PoolShape shape, ref TJob job)
        where TJob : unmanaged, IPlaneJob
    {
        var group = Math.Max(1, TaskElements / Math.Max(1, shape.H * shape.W));
        var grouped = new GroupJob<TJob> { Job = job, Planes = shape.Planes, Group = group };
        WorkPool.Run(checked((int)((shape.Planes + group - 1) / group)), ref grouped);
    }

    private interface IPlaneJob
    {
        void Execute(long plane);
    }

    private struct GroupJob<TJob> : IJob
        where TJob : unmanaged, IPlaneJob
    {
        public TJob Job;
        public long Planes;
        public int Group;

        public void Execute(int index)
        {
            var end = Math.Min(Planes, (long)(index + 1) * Group);
            for (var plane = (long)index * Group; plane < end; plane++)
                Job.Execute(plane);
        }
    }

    private struct MaxJob<T> : IPlaneJob
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public PoolShape Shape;
        public T* X, Y;
        public int* Index;

        public readonly void Execute(long plane)
        {
            var x = X + plane * Shape.H * Shape.W;
            var y = Y + plane * Shape.OH * Shape.OW;
            var index = Index + plane * Shape.OH * Shape.OW;
            if (typeof(T) == typeof(float) && Shape.IsTwoByTwo && HasPairs)
                MaxPairs(in Shape, (float*)x, (float*)y, index);
            else if (typeof(T) == typeof(float) && Shape.IsTwoByTwo && Shape.OW >= Vector256<ulong>.Count)
                TwoByTwo((float*)x, (float*)y, index);
            else if (typeof(T) == typeof(float))
                ByColumns((float*)x, (float*)y, index);
            else
                Windows(x, y, index);
        }

        private readonly void Windows(T* x, T* y, int* index)
        {
            for (var i = 0; i < Shape.OH; i++)
            {
                var rows = Shape.Rows(i);
                for (var j = 0; j < Shape.OW; j++)
                {
                    var columns = Shape.Columns(j);
                    var best = rows.Begin * Shape.W + columns.Begin;
                    var max = T.NegativeInfinity;
                    for (var r = rows.Begin; r < rows.End; r++)
                    {
                        for (var at = r * Shape.W + columns.Begin; at < r * Shape.W + columns.End; at++)
                        {
                            var value = x[at];
                            if (value > max || T.IsNaN(value))
                                (max, best) = (value, at);
                        }
                    }
                    *y++ = max;
                    *index++ = best;
                }
            }
        }

        /// <summary>
        /// First the largest key of each column of a row of windows, then that of the columns of each window: no branch hangs on
        /// the values, which would be mispredicted too often.
        /// </summary>
        private readonly void ByColumns(float* x, float* y, int* index)
        {
            var w = Shape.W;
            var step = w < Vector256<float>.Count ? 1 : Vector256<float>.Count;
            using var scratch = Scratch.Rent<ulong>(w);
            var keys = scratch.Pointer;
            for (var i = 0; i < Shape.OH; i++)
            {
                var rows = Shape.Rows(i);
                for (var c = 0; c < w; c += step)
                {
                    c = Math.Min(c, w - step);
                    var key = Vector512<ulong>.Zero;
                    for (var at = rows.Begin * w + c; at < rows.End * w; at += w)
                    {
                        var value = step == 1 ? Vector256.CreateScalar(x[at]) : Vector256.Load(x + at);
                        key = Vector512.Max(key, Keys(value, at));
                    }
                    if (step == 1)
                        keys[c] = key.ToScalar();
                    else
                        key.Store(keys + c);
                }
                for (var j = 0; j < Shape.OW; j++)
                {
                    var columns = Shape.Columns(j);
                    var key = Vector128.CreateScalar(keys[columns.Begin]);
                    for (var c = columns.Begin + 1; c < columns.End; c++)
                        key = Vector128.Max(key, Vector128.CreateScalar(keys[c]));
                    var at = Place(key.ToScalar());
                    *y++ = x[at];
                    *index++ = at;
                }
            }
        }

        /// <summary>
        /// Numbers that are ordered as elements compete: the high half rises with the value (both zeros alike, NaN on top), the
        /// low half falls with the place in the plane, but for NaN, of which the last wins.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<ulong> Keys(Vector256<float> value, int at)
        {
            var bits = (value + Vector256<float>.Zero).AsInt32();
            var nan = ~Vector256.Equals(value, value).AsUInt32();
            var high = (bits ^ ((bits >> 31) | Vector256.Create(int.MinValue))).AsUInt32() | nan;
            var low = ~(Vector256<uint>.Indices + Vector256.Create((uint)at)) ^ nan;
            return (Vector512.WidenLower(high.ToVector512Unsafe()) << 32) | Vector512.WidenLower(low.ToVector512Unsafe());
        }

        private static int Place(ulong key) => key >> 32 == uint.MaxValue ? (int)key : ~(int)key;

        /// <summary>
        /// Four outputs at a time: a pair of neighbors is one 64-bit lane, whose low half does the comparing.
        /// The last four of a row overlap those before them where OW is no multiple of four.
        /// </summary>
        private readonly void TwoByTwo(float* x, float* y, int* index)
        {
            var (w, ow) = (Shape.W, Shape.OW);
            var lanes = Vector256.Create(0UL, 2, 4, 6);
            for (var i = 0; i < Shape.OH; i++, y += ow, index += ow)
            {
                for (var j = 0; j < ow; j += Vector256<ulong>.Count)
                {
                    j = Math.Min(j, ow - Vector256<ulong>.Count);
                    var at = 2 * i * w + 2 * j;
                    var top = Vector256.Load((ulong*)(x + at));
                    var bottom = Vector256.Load((ulong*)(x + at + w));
                    var place = lanes + Vector256.Create((ulong)at);
                    var (max, best) = (top.AsSingle(), place);
                    Take((top >>> 32).AsSingle(), place + Vector256<ulong>.One, ref max, ref best);
                    Take(bottom.AsSingle(), place + Vector256.Create((ulong)w), ref max, ref best);
                    Take((bottom >>> 32).AsSingle(), place + Vector256.Create((ulong)w + 1), ref max, ref best);
                    LowHalves(max.AsUInt64()).AsSingle().Store(y + j);
                    LowHalves(best).AsInt32().Store(index + j);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Take(Vector256<float> value, Vector256<ulong> place, ref Vector256<float> max, ref Vector256<ulong> best)
        {
            var wins = Vector256.GreaterThan(value, max) | ~Vector256.Equals(value, value);
            max = Vector256.ConditionalSelect(wins, value, max);
            best = Vector256.ConditionalSelect(wins.AsUInt64(), place, best);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> LowHalves(Vector256<ulong> pairs) => Vector128.Narrow(pairs.GetLower(), pairs.GetUpper());

    private struct IndexJob<T> : IPlaneJob
        where T : unmanaged, INumberBase<T>
    {
        public PoolShape Shape;
        public T* X, Y;
        public int* Index;
        public bool Adjoint;

        public readonly void Execute(long plane)
        {
            var outputs = Shape.OH * Shape.OW;
            var x = X + plane * Shape.H * Shape.W;
            var y = Y + plane * outputs;
            var index = Index + plane * outputs;
            if (typeof(T) == typeof(float) && Shape.IsTwoByTwo && HasPairs && (Adjoint || Shape.OW > PairOutputs / 2))
            {
                if (Adjoint)
                    ScatterPairs(in Shape, (float*)y, index, (float*)x);
                else
                    GatherPairs(in Shape, (float*)x, index, (float*)y);
                return;
            }
            if (!Adjoint)
            {
                for (var i = 0; i < outputs; i++)
                    y[i] = x[index[i]];
                return;
            }
            new Span<T>(x, Shape.H * Shape.W).Clear();
            for (var i = 0; i < outputs; i++)
                x[index[i]] += y[i];
        }
    }
}
