using TorchSharp.Kernels;
using Xunit;

namespace ManagedTorch.Tests.Kernels;

/// <summary>Statistical bounds are five standard errors or more: a sound generator passes for practically every seed.</summary>
public sealed unsafe class RandomKernelsTests
{
    private const int N = 200_000;

    internal delegate void Filler<T>(ref RandomState state, T* x, long length)
        where T : unmanaged;

    internal static T[] Draw<T>(ulong seed, int length, Filler<T> fill)
        where T : unmanaged
    {
        var values = new T[length];
        var state = new RandomState(seed);
        fixed (T* x = values)
            fill(ref state, x, length);
        return values;
    }

    private static double[] Uniforms(ulong seed, bool single) => single
        ? Array.ConvertAll(Draw<float>(seed, N, RandomKernels.Uniform), v => (double)v)
        : Draw<double>(seed, N, RandomKernels.Uniform);

    private static double[] Normals(ulong seed, bool single) => single
        ? Array.ConvertAll(Draw<float>(seed, N, RandomKernels.Normal), v => (double)v)
        : Draw<double>(seed, N, RandomKernels.Normal);

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(0, false)]
    [InlineData(ulong.MaxValue, false)]
    public void Uniform_values_fill_the_unit_interval_evenly(ulong seed, bool single)
    {
        var x = Uniforms(seed, single);

        Assert.All(x, v => Assert.InRange(v, 0, Math.BitDecrement(1.0)));
        Assert.InRange(ChiSquare(x, 100, v => (int)(v * 100)), 0, 99 + 5 * Math.Sqrt(2 * 99));
        var pairs = x.Zip(x.Skip(1)).Where((_, i) => i % 2 == 0).ToArray();
        Assert.InRange(ChiSquare(pairs, 256, p => (int)(p.First * 16) * 16 + (int)(p.Second * 16)), 0, 255 + 5 * Math.Sqrt(2 * 255));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(2, true)]
    [InlineData(0, false)]
    [InlineData(7, false)]
    public void Normal_values_have_the_moments_and_quantiles_of_the_normal_distribution(ulong seed, bool single)
    {
        var x = Normals(seed, single);

        double Moment(int power) => x.Sum(v => Math.Pow(v, power)) / N;
        Assert.InRange(Moment(1), -5 * Math.Sqrt(1.0 / N), 5 * Math.Sqrt(1.0 / N));
        Assert.InRange(Moment(2), 1 - 5 * Math.Sqrt(2.0 / N), 1 + 5 * Math.Sqrt(2.0 / N));
        Assert.InRange(Moment(3), -5 * Math.Sqrt(15.0 / N), 5 * Math.Sqrt(15.0 / N));
        Assert.InRange(Moment(4), 3 - 5 * Math.Sqrt(96.0 / N), 3 + 5 * Math.Sqrt(96.0 / N));
        double[] deciles = [-1.2815515655, -0.8416212336, -0.5244005127, -0.2533471031, 0, 0.2533471031, 0.5244005127, 0.8416212336, 1.2815515655];
        Assert.InRange(ChiSquare(x, 10, v => deciles.Count(q => q < v)), 0, 9 + 5 * Math.Sqrt(2 * 9));
        Assert.InRange(x.Max(), 3.7, 6.5);
        Assert.InRange(x.Min(), -6.5, -3.7);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Neighbouring_seeds_and_neighbouring_elements_are_uncorrelated(bool single)
    {
        var streams = Enumerable.Range(0, 4).Select(seed => Normals((ulong)seed, single)).ToArray();
        var bound = 5 / Math.Sqrt(N);
        foreach (var lag in new[] { 0, 1, 2, 256, 512 })
        {
            for (var i = 0; i < streams.Length; i++)
            {
                for (var j = 0; j < streams.Length; j++)
                {
                    if (i != j || lag != 0)
                        Assert.InRange(streams[i].Skip(lag).Zip(streams[j]).Sum(p => p.First * p.Second) / N, -bound, bound);
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(513)]
    [InlineData(40_001)]
    public void The_same_seed_repeats_and_the_state_moves_on_however_short_the_fill(int length)
    {
        Filler<float>[] fills = [RandomKernels.Uniform, RandomKernels.Normal];
        foreach (var fill in fills)
        {
            Assert.Equal(Draw(5, length, fill), Draw(5, length, fill));
            Assert.NotEqual(Draw(5, length, fill), Draw(6, length, fill));

            var state = new RandomState(5);
            float[] first = new float[length], second = new float[length];
            fixed (float* a = first, b = second)
            {
                fill(ref state, a, length);
                var saved = state;
                fill(ref state, b, length);
                Assert.NotEqual(first, second);
                fill(ref saved, a, length);
                Assert.Equal(second, first);
                Assert.Equal(state.Counter, saved.Counter);
            }
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    [InlineData(0.6)]
    [InlineData(1.0)]
    public void Bernoulli_keeps_the_asked_share(double probability)
    {
        var single = Draw(3, N, (ref RandomState s, float* x, long n) => RandomKernels.Bernoulli(ref s, probability, 2.5f, x, n));
        var twofold = Draw(3, N, (ref RandomState s, double* x, long n) => RandomKernels.Bernoulli(ref s, probability, 2.5, x, n));

        Assert.All(single, v => Assert.True(v is 0 or 2.5f));
        Assert.Equal(twofold, single.Select(v => (double)v));
        var error = 5 * Math.Sqrt(probability * (1 - probability) / N);
        Assert.InRange(single.Count(v => v != 0) / (double)N, probability - error, probability + error);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(-3, 4)]
    [InlineData(5, 6)]
    public void Integers_cover_their_range_evenly(long low, long high)
    {
        var x = Draw(11, N, (ref RandomState s, long* p, long n) => RandomKernels.Integers(ref s, low, high, p, n));

        Assert.All(x, v => Assert.InRange(v, low, high - 1));
        var range = (int)(high - low);
        Assert.InRange(ChiSquare(x, range, v => (int)(v - low)), 0, range - 1 + 5 * Math.Sqrt(2 * range));
    }

    [Fact]
    public void Integers_of_a_range_that_divides_badly_are_unbiased()
    {
        // With range 3·2^62 a plain multiplication would favour every third value: 1/2, 1/4, 1/4 of the words.
        const long Low = long.MinValue;
        var high = unchecked((long)((3UL << 62) + (ulong)Low));
        var x = Draw(4, N, (ref RandomState s, long* p, long n) => RandomKernels.Integers(ref s, Low, high, p, n));

        Assert.InRange(ChiSquare(x, 3, v => (int)(unchecked((ulong)(v - Low)) % 3)), 0, 2 + 7 * 2);
    }

    [Fact]
    public void Permutations_hold_every_index_once_and_are_evenly_distributed()
    {
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => (long)i), Draw<long>(1, 5000, RandomKernels.Permutation).Order());

        var state = new RandomState(9);
        var orders = new int[24_000];
        var x = stackalloc long[4];
        for (var i = 0; i < orders.Length; i++)
        {
            RandomKernels.Permutation(ref state, x, 4);
            orders[i] = (int)((x[0] * 4 + x[1]) * 4 + x[2]);
        }
        var codes = orders.Distinct().Order().ToList();
        Assert.Equal(24, codes.Count);
        Assert.InRange(ChiSquare(orders, 24, codes.IndexOf), 0, 23 + 5 * Math.Sqrt(2 * 23));
    }

    private static double ChiSquare<T>(IReadOnlyCollection<T> values, int buckets, Func<T, int> bucket)
    {
        var counts = new int[buckets];
        foreach (var value in values)
            counts[bucket(value)]++;
        var expected = (double)values.Count / buckets;
        return counts.Sum(c => (c - expected) * (c - expected) / expected);
    }
}
