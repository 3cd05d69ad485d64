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

    [Fact]
    public void AForeignStateIsRefused()
    {
        Assert.Throws<ArgumentException>(() => new Generator().set_state(tensor([1L])));
        Assert.Throws<ArgumentException>(() => new Generator().set_state(tensor([1.0, 2.0])));
    }
}
