using System.Numerics;
using TorchSharp.Kernels;

namespace TorchSharp;

public static partial class torch
{
    private static readonly Generator DefaultGenerator = new();

    /// <summary>Seeds the generator that is used where none is given.</summary>
    public static Generator manual_seed(long seed) => DefaultGenerator.manual_seed(seed);

    /// <summary>A stream of random numbers. Its whole state is a seed and a position, so that it is cheap to store and to restore.</summary>
    public sealed class Generator : IDisposable
    {
        private readonly Lock _gate = new();
        private RandomState _state;

        public Generator(ulong seed = 0, Device? device = null)
        {
            Device.RequireCpu(device);
            _state = new RandomState(seed);
        }

        public Generator manual_seed(long seed)
        {
            lock (_gate)
                _state = new RandomState((ulong)seed);
            return this;
        }

        public long initial_seed() => (long)_state.Seed;

        /// <summary>Seed and position as an Int64 tensor [2]; <see cref="set_state"/> takes it back.</summary>
        public Tensor get_state()
        {
            lock (_gate)
                return tensor([(long)_state.Seed, (long)_state.Counter]);
        }

        public void set_state(Tensor value)
        {
            if (value.dtype != ScalarType.Int64 || value.numel() != 2)
                throw new ArgumentException($"Generator.set_state needs the Int64 tensor [2] that get_state() gave; got {value}.");
            var words = value.data<long>();
            lock (_gate)
                _state = new RandomState((ulong)words[0], (ulong)words[1]);
        }

        public void Dispose()
        {
        }

        internal delegate void Draw(ref RandomState state);

        internal void Take(Draw draw)
        {
            lock (_gate)
                draw(ref _state);
        }
    }

    private interface IDistribution
    {
        unsafe void Fill<T>(ref RandomState state, T* x, long length) where T : unmanaged, IBinaryFloatingPointIeee754<T>;
    }

    private readonly struct Normal : IDistribution
    {
        public unsafe void Fill<T>(ref RandomState state, T* x, long length) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            RandomKernels.Normal(ref state, x, length);
    }

    private readonly struct Uniform : IDistribution
    {
        public unsafe void Fill<T>(ref RandomState state, T* x, long length) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            RandomKernels.Uniform(ref state, x, length);
    }

    private readonly struct Bernoulli(double probability, double value) : IDistribution
    {
        public unsafe void Fill<T>(ref RandomState state, T* x, long length) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            RandomKernels.Bernoulli(ref state, probability, T.CreateTruncating(value), x, length);
    }

    /// <summary>Fills a contiguous floating-point tensor.</summary>
    private static unsafe Tensor Fill<TDistribution>(Tensor y, TDistribution distribution, Generator? generator) where TDistribution : struct, IDistribution
    {
        (generator ?? DefaultGenerator).Take((ref RandomState state) =>
        {
            if (y.dtype == ScalarType.Float32)
                fixed (float* p = y.Span<float>())
                    distribution.Fill(ref state, p, y.numel());
            else
                fixed (double* p = y.Span<double>())
                    distribution.Fill(ref state, p, y.numel());
        });
        return y;
    }

    private static Tensor Drawn<TDistribution>(long[] size, ScalarType? dtype, Device? device, bool requires_grad, Generator? generator) where TDistribution : struct, IDistribution
    {
        var type = dtype ?? ScalarType.Float32;
        if (!IsFloat(type))
            throw Error("rand", $"draws floating-point numbers, not {type}");
        return Ready(Fill(Tensor.Empty(size, type), default(TDistribution), generator), device, requires_grad);
    }

    /// <summary>Standard normal numbers.</summary>
    public static Tensor randn(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Drawn<Normal>(size, dtype, device, requires_grad, generator);

    public static Tensor randn(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Drawn<Normal>(size.ToArray(), dtype, device, requires_grad, generator);

    public static Tensor randn(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Drawn<Normal>([size], dtype, device, requires_grad, generator);

    public static Tensor randn(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Drawn<Normal>([rows, columns], dtype, device, requires_grad, generator);

    /// <summary>Uniform numbers in [0, 1).</summary>
    public static Tensor rand(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Drawn<Uniform>(size, dtype, device, requires_grad, generator);

    public static Tensor rand(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Drawn<Uniform>(size.ToArray(), dtype, device, requires_grad, generator);

    public static Tensor rand(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Drawn<Uniform>([size], dtype, device, requires_grad, generator);

    public static Tensor rand(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Drawn<Uniform>([rows, columns], dtype, device, requires_grad, generator);

    /// <summary>Uniform integers in [low, high).</summary>
    public static unsafe Tensor randint(long low, long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null)
    {
        if (high <= low)
            throw Error("randint", $"the range [{low}, {high}) is empty");
        var y = Tensor.Empty(size, ScalarType.Int64);
        (generator ?? DefaultGenerator).Take((ref RandomState state) =>
        {
            fixed (long* p = y.Span<long>())
                RandomKernels.Integers(ref state, low, high, p, y.numel());
        });
        return Ready(dtype is null or ScalarType.Int64 ? y : y.to_type(dtype.Value), device, requires_grad);
    }

    public static Tensor randint(long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        randint(0, high, size, dtype, device, requires_grad, generator, names);

    /// <summary>The numbers 0 … n − 1 in random order.</summary>
    public static unsafe Tensor randperm(long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null)
    {
        var y = Tensor.Empty([n], ScalarType.Int64);
        (generator ?? DefaultGenerator).Take((ref RandomState state) =>
        {
            fixed (long* p = y.Span<long>())
                RandomKernels.Permutation(ref state, p, n);
        });
        return Ready(dtype is null or ScalarType.Int64 ? y : y.to_type(dtype.Value), device, requires_grad);
    }

    public static Tensor randn_like(Tensor input) => randn(input.shape, input.dtype);

    public static Tensor rand_like(Tensor input) => rand(input.shape, input.dtype);

    /// <summary>Keeps each element with probability 1 − p, scaled by 1/(1 − p), and sets the others to 0; all kept outside training.</summary>
    private static Tensor Dropout(Tensor input, double p, bool training)
    {
        if (p is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, "dropout: the probability must be in [0, 1].");
        if (!IsFloat(input.dtype))
            throw Error("dropout", $"needs floating-point elements; they are {input.dtype}");
        if (!training || p == 0)
            return input.Unchanged();
        using var mask = Fill(Tensor.Empty(input.shape, input.dtype), new Bernoulli(1 - p, p == 1 ? 0 : 1 / (1 - p)), null);
        return input.mul(mask);
    }

    public partial class Tensor
    {
        /// <summary>Sets each element to 1 with probability <paramref name="p"/>, to a multiple of 2⁻³², and to 0 otherwise.</summary>
        public Tensor bernoulli_(double p = 0.5, Generator? generator = null)
        {
            if (p is not (>= 0 and <= 1))
                throw new ArgumentOutOfRangeException(nameof(p), p, "bernoulli_: the probability must be in [0, 1].");
            RequireWritable("bernoulli_");
            if (is_contiguous() && IsFloat(dtype))
            {
                Memory.Version++;
                return torch.Fill(this, new Bernoulli(p, 1), generator);
            }
            using var drawn = torch.Fill(Empty(shape, ScalarType.Float32), new Bernoulli(p, 1), generator);
            using var converted = drawn.to_type(dtype);
            return Assign(converted);
        }
    }

    public static partial class nn
    {
        public static partial class functional
        {
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                inplace ? throw new NotSupportedException("dropout: the embedded stack does not drop out in place.") : Dropout(input, p, training);
        }
    }
}
