using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace TorchSharp.Kernels;

/// <summary>Random fills. Every one advances the state by a number of words that depends on the length alone.</summary>
internal static unsafe class RandomKernels
{
    /// <summary>Elements per task; a multiple of <see cref="Block"/>.</summary>
    private const int TaskLength = 1 << 15;

    /// <summary>Elements computed at a time, so that the intermediate values stay in the first-level cache.</summary>
    private const int Block = 512;

    /// <summary>Uniform on [0, 1): 24 random bits for float, 53 for double.</summary>
    public static void Uniform<T>(ref RandomState state, T* x, long length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Fill<T, UniformFill<T>>(ref state, default, x, length);

    /// <summary>Standard normal, by the method of Box and Muller.</summary>
    public static void Normal<T>(ref RandomState state, T* x, long length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Fill<T, NormalFill<T>>(ref state, default, x, length);

    /// <summary>
    /// Each element is <paramref name="value"/> with probability <paramref name="probability"/> (in [0, 1], to 2^-32), else 0.
    /// With value 1/(1-p) and probability 1-p this is the factor of dropout.
    /// </summary>
    public static void Bernoulli<T>(ref RandomState state, double probability, T value, T* x, long length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var threshold = (ulong)Math.Round(probability * (1UL << 32));
        Fill<T, BernoulliFill<T>>(ref state, new BernoulliFill<T> { Threshold = threshold, Value = value }, x, length);
    }

    /// <summary>Uniform integers in [low, high), without bias (Lemire, "Fast random integer generation in an interval", 2019).</summary>
    public static void Integers(ref RandomState state, long low, long high, long* x, long length)
    {
        var range = (ulong)(high - low);
        Fill<long, IntegerFill>(ref state, new IntegerFill { Low = low, Range = range }, x, length);
    }

    /// <summary>A uniformly drawn permutation of 0 … length-1, by the shuffle of Fisher and Yates.</summary>
    public static void Permutation(ref RandomState state, long* x, long length)
    {
        for (var i = 0L; i < length; i++)
            x[i] = i;
        var start = state.Take(length);
        var words = stackalloc ulong[Block];
        for (var done = 0L; done < length; done += Block)
        {
            var n = (int)Math.Min(Block, length - done);
            start.Skip(done).Peek(new Span<ulong>(words, n));
            for (var k = 0; k < n; k++)
            {
                var i = length - 1 - done - k;
                var j = (long)Bounded(words[k], (ulong)i + 1);
                (x[i], x[j]) = (x[j], x[i]);
            }
        }
    }

    /// <summary>A number in [0, range) from one random word; the few words that would bring a bias are replaced.</summary>
    private static ulong Bounded(ulong word, ulong range)
    {
        var high = Math.BigMul(word, range, out var low);
        if (low < range)
        {
            var reject = unchecked(0 - range) % range;
            while (low < reject)
            {
                word = RandomState.Rehash(word);
                high = Math.BigMul(word, range, out low);
            }
        }
        return high;
    }

    private static void Fill<T, TFill>(ref RandomState state, TFill fill, T* x, long length)
        where T : unmanaged
        where TFill : unmanaged, IFill<T>
    {
        if (length <= 0)
            return;
        var start = state.Take((length + 1) / 2 * TFill.WordsPerPair);
        var job = new FillJob<T, TFill> { Start = start, Fill = fill, X = x, Length = length };
        var tasks = checked((int)((length + TaskLength - 1) / TaskLength));
        WorkPool.Run(tasks, ref job);
    }

    /// <summary>A distribution: how <c>x.Length</c> values (at most <see cref="Block"/>) come from that many words.</summary>
    private interface IFill<T>
    {
        /// <summary>Words that two elements need.</summary>
        static abstract int WordsPerPair { get; }

        void Apply(Span<ulong> words, Span<T> x);
    }

    private struct FillJob<T, TFill> : IJob
        where T : unmanaged
        where TFill : unmanaged, IFill<T>
    {
        public RandomState Start;
        public TFill Fill;
        public T* X;
        public long Length;

        [SkipLocalsInit]
        public void Execute(int index)
        {
            Span<ulong> buffer = stackalloc ulong[Block];
            var begin = (long)index * TaskLength;
            var end = Math.Min(begin + TaskLength, Length);
            for (var i = begin; i < end; i += Block)
            {
                var n = (int)Math.Min(Block, end - i);
                var words = buffer[..((n + 1) / 2 * TFill.WordsPerPair)];
                Start.Skip(i / 2 * TFill.WordsPerPair).Peek(words);
                Fill.Apply(words, new Span<T>(X + i, n));
            }
        }
    }

    private struct UniformFill<T> : IFill<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static int WordsPerPair => typeof(T) == typeof(float) ? 1 : 2;

        public readonly void Apply(Span<ulong> words, Span<T> x)
        {
            if (typeof(T) == typeof(float))
                ToUniform(MemoryMarshal.Cast<ulong, uint>(words), MemoryMarshal.Cast<T, float>(x));
            else
                ToUniform(words, MemoryMarshal.Cast<T, double>(x));
        }

        private static void ToUniform(ReadOnlySpan<uint> bits, Span<float> x)
        {
            const float Unit = 1f / (1 << 24);
            var i = 0;
            for (; i <= x.Length - Vector512<float>.Count; i += Vector512<float>.Count)
                (Vector512.ConvertToSingle((Vector512.Create(bits[i..]) >>> 8).AsInt32()) * Unit).CopyTo(x[i..]);
            for (; i < x.Length; i++)
                x[i] = (bits[i] >> 8) * Unit;
        }

        private static void ToUniform(ReadOnlySpan<ulong> words, Span<double> x)
        {
            const double Unit = 1.0 / (1L << 53);
            var i = 0;
            for (; i <= x.Length - Vector512<double>.Count; i += Vector512<double>.Count)
                (Vector512.ConvertToDouble((Vector512.Create(words[i..]) >>> 11).AsInt64()) * Unit).CopyTo(x[i..]);
            for (; i < x.Length; i++)
                x[i] = (words[i] >> 11) * Unit;
        }
    }

    private struct NormalFill<T> : IFill<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static int WordsPerPair => typeof(T) == typeof(float) ? 1 : 2;

        /// <summary>√(-2 ln u) cos 2πv fills the first half of x, √(-2 ln u) sin 2πv the second, u in (0, 1] and v in [0, 1).</summary>
        [SkipLocalsInit]
        public readonly void Apply(Span<ulong> words, Span<T> x)
        {
            var n = (x.Length + 1) / 2;
            Span<T> uniform = stackalloc T[2 * n];
            new UniformFill<T>().Apply(words, uniform);
            var u = uniform[..n];
            var v = uniform[n..];

            Span<T> radius = stackalloc T[n];
            TensorPrimitives.Subtract(T.One, u, radius);
            TensorPrimitives.Log(radius, radius);
            TensorPrimitives.Multiply(radius, T.CreateChecked(-2), radius);
            TensorPrimitives.Sqrt(radius, radius);

            TensorPrimitives.Multiply(v, T.Tau, v);
            Cos.Apply<T>(v, u);
            TensorPrimitives.Multiply(u, radius, x[..n]);
            Sin.Apply<T>(v, u);
            TensorPrimitives.Multiply(u[..(x.Length - n)], radius[..(x.Length - n)], x[n..]);
        }
    }

    private struct BernoulliFill<T> : IFill<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public ulong Threshold;
        public T Value;

        public static int WordsPerPair => 1;

        public readonly void Apply(Span<ulong> words, Span<T> x)
        {
            var bits = MemoryMarshal.Cast<ulong, uint>(words);
            var i = 0;
            if (typeof(T) == typeof(float) && Threshold <= uint.MaxValue)
            {
                var threshold = Vector512.Create((uint)Threshold);
                var value = Vector512.Create(Value);
                for (; i <= x.Length - Vector512<uint>.Count; i += Vector512<uint>.Count)
                {
                    var keep = Vector512.LessThan(Vector512.Create((ReadOnlySpan<uint>)bits[i..]), threshold);
                    (value & keep.As<uint, T>()).CopyTo(x[i..]);
                }
            }
            for (; i < x.Length; i++)
                x[i] = bits[i] < Threshold ? Value : T.Zero;
        }
    }

    private struct IntegerFill : IFill<long>
    {
        public long Low;
        public ulong Range;

        public static int WordsPerPair => 2;

        public readonly void Apply(Span<ulong> words, Span<long> x)
        {
            for (var i = 0; i < x.Length; i++)
                x[i] = Low + (long)Bounded(words[i], Range);
        }
    }
}
