using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests;

/// <summary>Streams of random numbers.</summary>
public sealed class GeneratorTests
{
    private static readonly Dictionary<string, Func<Generator, Tensor>> Draws = new()
    {
        ["randn float32"] = static g => randn([1001], generator: g),
        ["randn float64"] = static g => randn(33, 7, float64, generator: g),
        ["rand"] = static g => rand(1001, generator: g),
        ["randint"] = static g => randint(0, 1000, [1001], generator: g),
        ["bernoulli_ float32"] = static g => empty(1001).bernoulli_(0.3, g),
        ["bernoulli_ float64"] = static g => empty([1001], float64).bernoulli_(0.3, g),
        ["bernoulli_ int64"] = static g => empty([1001], int64).bernoulli_(0.3, g),
        ["randperm"] = static g => randperm(1001, generator: g),
    };

    public static TheoryData<string> Names => [.. Draws.Keys];

    private static byte[] Bits(Tensor t) => t.dtype == int64 ? [.. t.data<long>().SelectMany(BitConverter.GetBytes)] : [.. t.to_type(float64).data<double>().SelectMany(BitConverter.GetBytes)];

    [Theory]
    [MemberData(nameof(Names))]
    public void TheSeedAndTheStateDecideTheNumbers(string name)
    {
        using var generator = new Generator(5);
        var first = Bits(Draws[name](generator));
        var state = generator.get_state();
        var second = Bits(Draws[name](generator));
        Assert.NotEqual(first, second);
        Assert.NotEqual(first, Bits(Draws[name](new Generator(6))));

        Assert.Equal(first, Bits(Draws[name](generator.manual_seed(5))));
        Assert.Equal(second, Bits(Draws[name](generator)));
        generator.set_state(state);
        Assert.Equal(second, Bits(Draws[name](generator)));
        using var another = new Generator();
        another.set_state(state);
        Assert.Equal(second, Bits(Draws[name](another)));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(1.0)]
    public void BernoulliDrawsOnesWithTheirProbability(double p)
    {
        foreach (var type in new[] { float32, float64, int64, @bool })
        {
            var y = empty([200, 100], type);
            // The even columns only: in place through a strided view.
            y.fill_(0).slice(1, 0, 100, 2).bernoulli_(p, new Generator(3));
            var values = y.to_type(float64);
            Assert.Equal(0, values.slice(1, 1, 100, 2).sum().ToDouble());
            var drawn = values.slice(1, 0, 100, 2);
            Assert.True(drawn.mul(drawn.sub(1)).eq(0).all().ToBoolean());
            // Five standard deviations of the mean of 10,000.
            Assert.InRange(drawn.mean().ToDouble(), p - 5 * Math.Sqrt(p * (1 - p) / 1e4), p + 5 * Math.Sqrt(p * (1 - p) / 1e4));
        }
    }

    [Fact]
    public void BernoulliRefusesWhatItCannotDo()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ones(3).bernoulli_(1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ones(3).bernoulli_(double.NaN));
        Assert.Throws<InvalidOperationException>(() => ones(3, requires_grad: true).bernoulli_());
    }

    [Fact]
    public void AForeignStateIsRefused()
    {
        Assert.Throws<ArgumentException>(() => new Generator().set_state(tensor([1L])));
        Assert.Throws<ArgumentException>(() => new Generator().set_state(tensor([1.0, 2.0])));
    }
}
