using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace TorchSharp.Kernels;

/// <summary>An element-wise function of two numbers, as a scalar and as a vector form.</summary>
internal interface IBinary
{
    static abstract T Apply<T>(T a, T b) where T : unmanaged, INumber<T>;

    static abstract Vector<T> Apply<T>(Vector<T> a, Vector<T> b) where T : unmanaged, INumber<T>;
}

/// <summary>An element-wise function of one number over a run of them.</summary>
internal interface IUnary
{
    static abstract void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T>;
}

/// <summary>A yes-or-no question about two numbers.</summary>
internal interface IComparison
{
    static abstract bool Apply<T>(T a, T b) where T : unmanaged, INumber<T>;
}

/// <summary>
/// Sizes and strides of up to three operands of an element-wise loop, neighbouring dimensions merged wherever every operand
/// allows it. The last dimension is the inner loop; the others are its rows.
/// </summary>
internal unsafe struct LoopPlan
{
    public const int MaxRank = 8;

    public fixed long Sizes[MaxRank];
    public fixed long A[MaxRank];
    public fixed long B[MaxRank];
    public fixed long C[MaxRank];
    public int Rank;
    public long Rows;
    public long Inner;

    /// <summary>Strides are those of operands already broadcast to <paramref name="shape"/> (0 along repeated dimensions).</summary>
    public static LoopPlan Create(ReadOnlySpan<long> shape, ReadOnlySpan<long> a, ReadOnlySpan<long> b = default, ReadOnlySpan<long> c = default)
    {
        if (shape.Length > MaxRank)
            throw new NotSupportedException($"Tensors of more than {MaxRank} dimensions are not supported; the shape is [{torch.Text(shape)}].");
        var plan = new LoopPlan { Rank = 0, Rows = 1, Inner = 1 };
        for (var i = 0; i < shape.Length; i++)
        {
            if (shape[i] == 1)
                continue;
            var (sa, sb, sc) = (a[i], b.IsEmpty ? 0 : b[i], c.IsEmpty ? 0 : c[i]);
            var last = plan.Rank - 1;
            if (last >= 0 && plan.A[last] == sa * shape[i] && plan.B[last] == sb * shape[i] && plan.C[last] == sc * shape[i])
            {
                plan.Sizes[last] *= shape[i];
                (plan.A[last], plan.B[last], plan.C[last]) = (sa, sb, sc);
                continue;
            }
            (plan.Sizes[plan.Rank], plan.A[plan.Rank], plan.B[plan.Rank], plan.C[plan.Rank]) = (shape[i], sa, sb, sc);
            plan.Rank++;
        }
        if (plan.Rank == 0)
            (plan.Sizes[0], plan.Rank) = (1, 1);
        for (var i = 0; i < plan.Rank - 1; i++)
            plan.Rows *= plan.Sizes[i];
        plan.Inner = plan.Sizes[plan.Rank - 1];
        return plan;
    }

    /// <summary>One run of consecutive elements; a stride is 1, or 0 for an operand that is a single number.</summary>
    public static LoopPlan Flat(long count, long a, long b)
    {
        Unsafe.SkipInit(out LoopPlan plan);
        (plan.Rank, plan.Rows, plan.Inner) = (1, 1, count);
        (plan.Sizes[0], plan.A[0], plan.B[0], plan.C[0]) = (count, a, b, 0);
        return plan;
    }

    public readonly long InnerA => A[Rank - 1];

    public readonly long InnerB => B[Rank - 1];

    public readonly long InnerC => C[Rank - 1];

    /// <summary>Where the operands' elements of one row begin.</summary>
    public readonly (long A, long B, long C) Row(long row)
    {
        long a = 0, b = 0, c = 0;
        for (var i = Rank - 2; i >= 0; i--)
        {
            var (quotient, index) = Math.DivRem(row, Sizes[i]);
            a += index * A[i];
            b += index * B[i];
            c += index * C[i];
            row = quotient;
        }
        return (a, b, c);
    }
}

/// <summary>The loops that every element-wise operation shares, split over threads where that pays.</summary>
internal static unsafe class Elementwise
{
    /// <summary>Elements that one task handles.</summary>
    private const long Grain = 8192;

    /// <summary>Elements up to which the calling thread is done sooner alone.</summary>
    private const long Alone = 16384;

    private static int Tasks(long count, long grain) => (int)Math.Min(int.MaxValue, (count + grain - 1) / grain);

    public static void Binary<TOp, T>(T* a, T* b, T* y, in LoopPlan plan) where TOp : struct, IBinary where T : unmanaged, INumber<T>
    {
        if (plan.Rows == 1 && plan.Inner <= Alone)
        {
            BinaryRun<TOp, T>(a, (nint)plan.InnerA, b, (nint)plan.InnerB, y, (nint)plan.Inner);
            return;
        }
        var job = new BinaryJob<TOp, T>(a, b, y, plan);
        WorkPool.Run(job.Tasks, ref job);
    }

    private static void BinaryRun<TOp, T>(T* a, nint sa, T* b, nint sb, T* y, nint count) where TOp : struct, IBinary where T : unmanaged, INumber<T>
    {
        nint i = 0;
        nint width = Vector<T>.Count;
        if (sa == 1 && sb == 1)
        {
            for (; i <= count - width; i += width)
                TOp.Apply(Vector.Load(a + i), Vector.Load(b + i)).Store(y + i);
        }
        else if (sa == 1 && sb == 0 && count >= width)
        {
            var vb = new Vector<T>(*b);
            for (; i <= count - width; i += width)
                TOp.Apply(Vector.Load(a + i), vb).Store(y + i);
        }
        else if (sa == 0 && sb == 1 && count >= width)
        {
            var va = new Vector<T>(*a);
            for (; i <= count - width; i += width)
                TOp.Apply(va, Vector.Load(b + i)).Store(y + i);
        }
        for (; i < count; i++)
            y[i] = TOp.Apply(a[i * sa], b[i * sb]);
    }

    private struct BinaryJob<TOp, T>(T* a, T* b, T* y, LoopPlan plan) : IJob where TOp : struct, IBinary where T : unmanaged, INumber<T>
    {
        private LoopPlan _plan = plan;
        private readonly long _rows = plan.Rows == 1 ? 1 : Math.Max(1, Grain / plan.Inner);

        public readonly int Tasks => _plan.Rows == 1 ? Tasks(_plan.Inner, Grain) : Tasks(_plan.Rows, _rows);

        public void Execute(int index)
        {
            if (_plan.Rows == 1)
            {
                var start = index * Grain;
                BinaryRun<TOp, T>(a + start * _plan.InnerA, (nint)_plan.InnerA, b + start * _plan.InnerB, (nint)_plan.InnerB, y + start, (nint)Math.Min(Grain, _plan.Inner - start));
                return;
            }
            var end = Math.Min(_plan.Rows, (index + 1) * _rows);
            for (var row = index * _rows; row < end; row++)
            {
                var (oa, ob, _) = _plan.Row(row);
                BinaryRun<TOp, T>(a + oa, (nint)_plan.InnerA, b + ob, (nint)_plan.InnerB, y + row * _plan.Inner, (nint)_plan.Inner);
            }
        }
    }

    public static void Unary<TOp, T>(T* x, T* y, long count) where TOp : struct, IUnary where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (count <= Grain / 4)
        {
            TOp.Apply(new ReadOnlySpan<T>(x, (int)count), new Span<T>(y, (int)count));
            return;
        }
        var job = new UnaryJob<TOp, T>(x, y, count);
        WorkPool.Run(Tasks(count, Grain / 4), ref job);
    }

    private readonly struct UnaryJob<TOp, T>(T* x, T* y, long count) : IJob where TOp : struct, IUnary where T : unmanaged, IFloatingPointIeee754<T>
    {
        public void Execute(int index)
        {
            const long Size = Grain / 4;
            var start = index * Size;
            var n = (int)Math.Min(Size, count - start);
            TOp.Apply(new ReadOnlySpan<T>(x + start, n), new Span<T>(y + start, n));
        }
    }

    /// <summary>y = a + scale·b; y may be a or b.</summary>
    public static void AddScaled<T>(T* a, T* b, T scale, T* y, long count) where T : unmanaged, INumber<T>
    {
        var job = new AddScaledJob<T>(a, b, scale, y, count);
        WorkPool.Run(Tasks(count, Grain), ref job);
    }

    private readonly struct AddScaledJob<T>(T* a, T* b, T scale, T* y, long count) : IJob where T : unmanaged, INumber<T>
    {
        public void Execute(int index)
        {
            var start = index * Grain;
            var n = (int)Math.Min(Grain, count - start);
            TensorPrimitives.MultiplyAdd(new ReadOnlySpan<T>(b + start, n), scale, new ReadOnlySpan<T>(a + start, n), new Span<T>(y + start, n));
        }
    }

    public static void Compare<TOp, T>(T* a, T* b, bool* y, in LoopPlan plan) where TOp : struct, IComparison where T : unmanaged, INumber<T>
    {
        for (long row = 0; row < plan.Rows; row++)
        {
            var (oa, ob, _) = plan.Row(row);
            for (long i = 0; i < plan.Inner; i++)
                y[row * plan.Inner + i] = TOp.Apply(a[oa + i * plan.InnerA], b[ob + i * plan.InnerB]);
        }
    }

    /// <summary>y = condition ? a : b.</summary>
    public static void Where<T>(bool* condition, T* a, T* b, T* y, in LoopPlan plan) where T : unmanaged
    {
        for (long row = 0; row < plan.Rows; row++)
        {
            var (oc, oa, ob) = plan.Row(row);
            for (long i = 0; i < plan.Inner; i++)
                y[row * plan.Inner + i] = condition[oc + i * plan.InnerA] ? a[oa + i * plan.InnerB] : b[ob + i * plan.InnerC];
        }
    }

    /// <summary>Copies a strided tensor into consecutive memory.</summary>
    public static void Gather<T>(T* x, T* y, in LoopPlan plan) where T : unmanaged
    {
        var job = new GatherJob<T>(x, y, plan);
        WorkPool.Run(job.Tasks, ref job);
    }

    private struct GatherJob<T>(T* x, T* y, LoopPlan plan) : IJob where T : unmanaged
    {
        private LoopPlan _plan = plan;
        private readonly long _rows = Math.Max(1, Grain / plan.Inner);

        public readonly int Tasks => Tasks(_plan.Rows, _rows);

        public void Execute(int index)
        {
            var end = Math.Min(_plan.Rows, (index + 1) * _rows);
            var (inner, stride) = (_plan.Inner, _plan.InnerA);
            for (var row = index * _rows; row < end; row++)
            {
                var from = x + _plan.Row(row).A;
                var to = y + row * inner;
                if (stride == 1)
                    Unsafe.CopyBlock(to, from, checked((uint)(inner * sizeof(T))));
                else if (stride == 0)
                    new Span<T>(to, (int)inner).Fill(*from);
                else
                    for (long i = 0; i < inner; i++)
                        to[i] = from[i * stride];
            }
        }
    }

    /// <summary>Copies consecutive memory into a strided tensor.</summary>
    public static void Scatter<T>(T* x, T* y, in LoopPlan plan) where T : unmanaged
    {
        for (long row = 0; row < plan.Rows; row++)
        {
            var to = y + plan.Row(row).A;
            for (long i = 0; i < plan.Inner; i++)
                to[i * plan.InnerA] = x[row * plan.Inner + i];
        }
    }

    /// <summary>Adds run by run in a fixed order, whatever the number of threads; runs are added up in <typeparamref name="TTotal"/>.</summary>
    public static TTotal Sum<T, TTotal>(T* x, long count)
        where T : unmanaged, INumber<T>
        where TTotal : INumber<TTotal>
    {
        const int Run = 4096;
        var total = TTotal.Zero;
        for (long i = 0; i < count; i += Run)
            total += TTotal.CreateTruncating(TensorPrimitives.Sum(new ReadOnlySpan<T>(x + i, (int)Math.Min(Run, count - i))));
        return total;
    }
}
