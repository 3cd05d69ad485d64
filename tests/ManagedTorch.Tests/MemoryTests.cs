using System.Runtime.CompilerServices;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests;

/// <summary>Memory of long loops. No loop forces a collection; managed memory is measured by one at the points compared.</summary>
[Collection(Exclusive.Name)]
public sealed class MemoryTests
{
    private const double Flat = 0.02;
    private const long MegaByte = 1 << 20;

    private readonly Tensor[] _theta;
    private readonly Tensor _images;
    private readonly Tensor _rates = full([3], 0.1, requires_grad: true);
    private readonly Tensor _labels = arange(32) - arange(32).to_type(float64).div(4).to_type(int64) * 4;

    public MemoryTests()
    {
        var generator = new Generator(1);
        _theta = [.. new long[][] { [40, 64], [40], [4, 40] }.Select(s => (randn(s, generator: generator) * 0.2).detach().requires_grad_())];
        _images = randn(32, 64, generator: generator).requires_grad_();
    }

    private Tensor Loss(Tensor[] theta) =>
        nn.functional.cross_entropy(nn.functional.linear(nn.functional.linear(_images, theta[0], theta[1]).tanh(), theta[2]), _labels);

    /// <summary>The meta-gradient of three unrolled steps of a small network.</summary>
    private IList<Tensor> Step()
    {
        var theta = _theta;
        for (var i = 0; i < 3; i++)
        {
            var gradients = autograd.grad([Loss(theta)], theta, retain_graph: true, create_graph: true);
            var rate = _rates[i];
            theta = [.. theta.Zip(gradients, (p, g) => p - rate * g)];
        }
        return autograd.grad([Loss(theta)], [_images, _rates, .. _theta]);
    }

    [Fact]
    public void AnUnrolledLoopInScopesIsFlat()
    {
        (long Native, long Managed) At(int steps)
        {
            for (var i = 0; i < steps; i++)
                using (NewDisposeScope())
                    Step();
            return (NativeBlock.AllocatedBytes - NativeBlock.CachedBytes, GC.GetTotalMemory(forceFullCollection: true));
        }

        SettledBytes(); // what earlier tests left behind
        var early = At(1_000);
        var late = At(9_000);
        Assert.InRange(late.Native, early.Native * (1 - Flat), early.Native * (1 + Flat));
        // The rest of the test process may give managed memory back meanwhile.
        Assert.InRange(late.Managed, 0, early.Managed * (1 + Flat));
    }

    [Fact]
    public void ALoopWithoutScopesIsBounded()
    {
        var start = NativeBlock.AllocatedBytes;
        long most = 0;
        for (var i = 0; i < 1_500; i++)
        {
            var x = ones(512, 512, requires_grad: true);
            (x * x + x).sum().backward();
            most = Math.Max(most, NativeBlock.AllocatedBytes - start);
        }
        // The loop takes some 9 GB in all; how much of it waits for the finaliser at a time depends on how busy the machine is.
        Assert.InRange(most, 0, 3072 * MegaByte);
    }

    [Fact]
    public void TheCacheGivesBackWhatIsNoLongerUsed()
    {
        const long Burst = 512 * MegaByte;
        var blocks = Enumerable.Range(0, 64).Select(static _ => empty(Burst / 64 / sizeof(float))).ToArray();
        foreach (var block in blocks)
            block.Dispose();
        Assert.InRange(NativeBlock.CachedBytes, Burst, long.MaxValue);
        var held = NativeBlock.AllocatedBytes;
        for (var i = 0; i < 200_000; i++)
            empty(4096).Dispose();
        Assert.InRange(NativeBlock.AllocatedBytes, 0, held - Burst + MegaByte);
    }

    [Fact]
    public void TheCacheStaysSmallWhenEverySizeIsNew()
    {
        var held = SettledBytes();
        for (var i = 1; i <= 400; i++)
            empty(i * MegaByte / sizeof(float)).Dispose();
        // The 80 GB are never more than 400 MB at a time; a block of each size would be 2.8 GB.
        Assert.InRange(NativeBlock.AllocatedBytes, 0, held + 1536 * MegaByte);
    }

    private static readonly Dictionary<string, Func<Tensor, Tensor>> Graphs = new()
    {
        ["inputs saved"] = static x => (x * x + x.sin()).square(),
        ["results saved"] = static x => x.exp().tanh().relu().sum(),
        ["in place"] = static x => nn.functional.log_softmax((x * 2).relu_(), 1),
        ["several results"] = static x => linalg.eigh(x.matmul(x.mT)).Item2,
        ["of a gradient"] = static x => autograd.grad([x.exp().tanh().sum()], [x], create_graph: true)[0].square(),
        ["of 50,000 operations"] = static x => Enumerable.Range(0, 50_000).Aggregate(x.exp().sum(), static (y, _) => y.tanh()),
    };

    public static TheoryData<string> GraphNames => [.. Graphs.Keys];

    [Theory]
    [MemberData(nameof(GraphNames))]
    public void AGraphWithoutABackwardPassGoesWithItsLastTensor(string name)
    {
        var x = randn(64, 64, requires_grad: true);
        var before = SettledBytes();
        using (var scope = NewDisposeScope())
        {
            using var last = Graphs[name](x).DetachFromDisposeScope();
            scope.DisposeEverything();
            Assert.NotEqual(before, NativeBlock.AllocatedBytes - NativeBlock.CachedBytes);
        }
        Assert.Equal(before, NativeBlock.AllocatedBytes - NativeBlock.CachedBytes);
    }

    [Fact]
    public void AGraphStaysWhileATensorNeedsIt()
    {
        var x = randn(64, 64, float64, requires_grad: true);
        var trunk = x.exp();
        var one = trunk.tanh().sum();
        var other = trunk.sin().sum();
        trunk.Dispose();
        one.Dispose();
        other.backward();
        Assert.InRange((x.grad! - x.exp() * x.exp().cos()).abs().max().ToDouble(), 0, 1e-12);
    }

    [Fact]
    public void WhatDoesNotFitIntoMemoryIsRefusedAgainAndAgain()
    {
        const long MoreThanAddresses = 1L << 46;
        for (var i = 0; i < 3; i++)
        {
            Assert.Throws<OutOfMemoryException>(static () => empty(MoreThanAddresses));
            SettledBytes(); // the finaliser has seen the block that was not to be had
        }
    }

    [Fact]
    public void AStepThatThrowsLeaksNothing()
    {
        for (var i = 0; i < 100; i++)
            ThrowInForward();
        for (var i = 0; i < 100; i++)
            ThrowInBackward();
        var before = SettledBytes();
        for (var i = 0; i < 1_000; i++)
        {
            ThrowInForward();
            ThrowInBackward();
        }
        Assert.Equal(before, SettledBytes());
        Assert.InRange(NativeBlock.AllocatedBytes, 0, before + 512 * MegaByte);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowInForward() => Assert.ThrowsAny<Exception>(() =>
    {
        using var scope = NewDisposeScope();
        return Loss(_theta).exp() + _images.matmul(_images);
    });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowInBackward() => Assert.Throws<InvalidOperationException>(() =>
    {
        using var scope = NewDisposeScope();
        var factor = ones(32, 64);
        var loss = (_images.tanh() * factor).exp().sum();
        factor.mul_(2);
        loss.backward();
    });

    /// <summary>Native bytes that live tensors hold, once what nobody holds any more has come back.</summary>
    private static long SettledBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return NativeBlock.AllocatedBytes - NativeBlock.CachedBytes;
    }
}
