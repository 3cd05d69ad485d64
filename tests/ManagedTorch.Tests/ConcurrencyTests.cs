using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests;

/// <summary>Several threads computing at once.</summary>
public sealed class ConcurrencyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ThreadsThatComputeAtOnceGetWhatEachAloneWould(bool shareParameters)
    {
        const int Threads = 4;
        var shared = shareParameters ? Parameters(99) : null;
        var expected = Enumerable.Range(0, Threads).Select(i => Gradients(shared, i)).ToArray();
        var actual = new float[Threads][];
        var failures = new Exception?[Threads];
        var fresh = shareParameters ? Parameters(99) : null;
        var threads = Enumerable.Range(0, Threads).Select(i => new Thread(() => failures[i] = Xunit.Record.Exception(() =>
        {
            for (var round = 0; round < 5; round++)
                actual[i] = Gradients(fresh, i);
        }))).ToArray();
        Array.ForEach(threads, static t => t.Start());
        Array.ForEach(threads, static t => t.Join());
        Assert.All(failures, Assert.Null);
        Assert.Equal(expected, actual);
    }

    private static Tensor[] Parameters(int seed)
    {
        var generator = new Generator((ulong)seed);
        return [.. LeNet.Shapes.Select(s => (randn(s, generator: generator) * 0.1).detach().DetachFromDisposeScope().requires_grad_())];
    }

    private static float[] Gradients(Tensor[]? shared, int seed)
    {
        using var scope = seed % 2 == 0 ? NewDisposeScope() : null;
        var theta = shared ?? Parameters(seed);
        var images = randn([10, 1, 28, 28], generator: new Generator((ulong)seed)).requires_grad_();
        var loss = nn.functional.cross_entropy(LeNet.Forward(theta, images), arange(10));
        var first = autograd.grad([loss], theta, retain_graph: true, create_graph: true);
        var meta = autograd.grad([first.Select(static g => g.square().sum()).Aggregate(static (a, b) => a + b)], [images])[0];
        return [.. first.Append(meta).SelectMany(static g => g.data<float>().ToArray())];
    }
}
