using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests;

/// <summary>The rules of reverse mode that user code relies on.</summary>
public sealed class AutogradSemanticsTests
{
    private static Tensor Leaf(params double[] values) => tensor(values, requires_grad: true);

    private static double[] Values(Tensor t) => t.data<double>().ToArray();

    [Fact]
    public void ASecondPassNeedsRetainGraph()
    {
        var x = Leaf(1, 2);
        var y = (x * x).sum();
        autograd.grad([y], [x], create_graph: true);
        var error = Assert.Throws<InvalidOperationException>(() => autograd.grad([y], [x]));
        Assert.Contains("retain_graph: true", error.Message, StringComparison.Ordinal);

        var kept = (x * x).sum();
        var first = autograd.grad([kept], [x], retain_graph: true)[0];
        Assert.Equal(Values(first), Values(autograd.grad([kept], [x])[0]));
    }

    [Fact]
    public void WhatSavedNothingIsGoneThroughAgain()
    {
        var x = Leaf(1, 2, 3, 4);
        var parts = x.split(2);
        (parts[0] * 2).sum().backward();
        (parts[1] * 3).sum().backward();
        var sum = (x + 1).sum();
        sum.backward();
        sum.backward();
        Assert.Equal([4, 4, 5, 5], Values(x.grad!));
    }

    [Fact]
    public void APassFreesOnlyWhatItWentThrough()
    {
        var (x, w) = (Leaf(1, 2), Leaf(3, 4));
        var features = x * x;
        autograd.grad([(features * w).sum()], [w]);
        Assert.Equal([2, 4], Values(autograd.grad([features.sum()], [x])[0]));
    }

    [Fact]
    public void AnUnusedInputIsAnErrorUnlessAllowed()
    {
        var (x, unused) = (Leaf(1, 2), Leaf(3));
        var y = x.square().sum();
        var error = Assert.Throws<InvalidOperationException>(() => autograd.grad([y], [x, unused], retain_graph: true));
        Assert.Contains("input 1 of shape [1]", error.Message, StringComparison.Ordinal);
        var gradients = autograd.grad([y], [x, unused], allow_unused: true);
        Assert.Equal([2, 4], Values(gradients[0]));
        Assert.True(gradients[1].IsInvalid);
    }

    [Fact]
    public void OutputsMustDependOnSomethingAndBeScalarUnlessWeighed()
    {
        var x = Leaf(1, 2);
        Assert.Throws<InvalidOperationException>(() => autograd.grad([tensor(1.0)], [x]));
        Assert.Throws<InvalidOperationException>(() => autograd.grad([x.sum()], [tensor(1.0)]));
        var error = Assert.Throws<InvalidOperationException>(() => (x * 2).backward());
        Assert.Contains("[2]", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => autograd.grad([x * 2], [x], [ones(3, float64)]));
        Assert.Throws<ArgumentException>(() => autograd.grad([x * 2], [x], [ones(2, float32)]));
        Assert.Throws<ArgumentException>(() => autograd.grad([x * 2], [x], []));
        Assert.Equal([6, 10], Values(autograd.grad([x * 2], [x], [tensor([3.0, 5.0])])[0]));
    }

    [Fact]
    public void SeveralOutputsAddUp()
    {
        var x = Leaf(2);
        var y = x * x;
        var z = y * x;
        Assert.Equal([4 + 12], Values(autograd.grad([y.sum(), z.sum()], [x])[0]));
        Assert.Equal([1], Values(autograd.grad([x.sum()], [x])[0]));
    }

    [Fact]
    public void AnIntermediateTensorCanBeAnInput()
    {
        var x = Leaf(2, 3);
        var y = x * x;
        var gradients = autograd.grad([(y * x).sum()], [y, x]);
        Assert.Equal([2, 3], Values(gradients[0]));
        Assert.Equal([12, 27], Values(gradients[1]));
    }

    [Fact]
    public void BackwardAddsUpInLeaves()
    {
        var x = Leaf(1, 2);
        Assert.Null(x.grad);
        x.square().sum().backward();
        (x * 3).sum().backward();
        Assert.Equal([5, 7], Values(x.grad!));
        x.grad!.zero_();
        Assert.Equal([0, 0], Values(x.grad!));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AGradientIsATensorOfItsOwn(bool createGraph)
    {
        using var outer = NewDisposeScope();
        var (x, z) = (Leaf(1, 2), Leaf(3, 4));
        using (NewDisposeScope())
        {
            // The cotangents of x and z are one expanded number.
            (x + z).sum().backward(create_graph: createGraph);
            (x + z).sum().backward(inputs: [x]);
        }
        using (no_grad())
            x.grad!.mul_(10);
        Assert.Equal([20, 20], Values(x.grad!));
        Assert.Equal([1, 1], Values(z.grad!));
        x.Dispose();
        Assert.Equal([1, 1], Values(z.grad!));
    }

    [Fact]
    public void BackwardToNamedInputsLeavesOthersAlone()
    {
        var (x, z) = (Leaf(1, 2), Leaf(3, 4));
        (x * z).sum().backward(inputs: [x]);
        Assert.Equal([3, 4], Values(x.grad!));
        Assert.Null(z.grad);
    }

    [Fact]
    public void DetachedAndUnrecordedValuesAreConstants()
    {
        var x = Leaf(2);
        Assert.Equal([4], Values(autograd.grad([(x.detach() * x * 2).sum()], [x])[0]));
        using (no_grad())
        {
            Assert.False((x * x).requires_grad);
            using (enable_grad())
                Assert.True((x * x).requires_grad);
            Assert.False(is_grad_enabled());
        }
        Assert.True(is_grad_enabled());
        using (set_grad_enabled(false))
            Assert.False((x * x).requires_grad);
        Assert.True((x * x).requires_grad);
    }

    [Fact]
    public void NoGradIsPerThreadAndEndsWithAnException()
    {
        using (no_grad())
        {
            var onAnother = false;
            var thread = new Thread(() => onAnother = is_grad_enabled());
            thread.Start();
            thread.Join();
            Assert.True(onAnother);
        }
        Assert.ThrowsAny<Exception>(() =>
        {
            using var _ = no_grad();
            return tensor(1.0) + tensor([1.0]).matmul(tensor([1.0, 2.0]));
        });
        Assert.True(is_grad_enabled());
    }

    [Fact]
    public void GradientsWithoutCreateGraphAreConstants()
    {
        var x = Leaf(2);
        var y = x.pow(3).sum();
        Assert.False(autograd.grad([y], [x], retain_graph: true)[0].requires_grad);
        Assert.True(autograd.grad([y], [x], create_graph: true, retain_graph: true)[0].requires_grad);
    }

    [Fact]
    public void DerivativesOfAnyOrder()
    {
        var x = Leaf(1.5);
        var y = x.pow(5).sum();
        for (var (order, factor) = (1, 5.0); order <= 5; order++, factor *= 6 - order)
        {
            y = autograd.grad([y], [x], retain_graph: true, create_graph: true)[0].sum();
            Assert.Equal(factor * Math.Pow(1.5, 5 - order), y.item<double>(), 1e-9);
        }
    }

    [Fact]
    public void OnlyFloatingPointTensorsRequireGradients()
    {
        Assert.Throws<ExternalException>(() => tensor([1L, 2L]).requires_grad_());
        Assert.Throws<ExternalException>(() => tensor([true], requires_grad: true));
        Assert.Throws<ExternalException>(() => (Leaf(1) * 2).requires_grad = false);
    }

    [Fact]
    public void ModifyingASavedTensorIsNoticed()
    {
        var x = Leaf(1, 2);
        var factor = tensor([3.0, 4.0]);
        var y = (x * factor).sum();
        factor.add_(1);
        var error = Assert.Throws<InvalidOperationException>(() => y.backward());
        Assert.Contains("modified in place", error.Message, StringComparison.Ordinal);

        var z = x.exp();
        using (no_grad())
            z.data<double>()[0] = 7;
        Assert.Throws<InvalidOperationException>(() => z.sum().backward());
    }

    [Fact]
    public void ALeafChangesInPlaceUnderNoGradOnly()
    {
        var x = Leaf(1, 2);
        Assert.Throws<InvalidOperationException>(() => x.add_(1));
        Assert.Throws<InvalidOperationException>(() => x.zero_());
        Assert.Throws<InvalidOperationException>(() => x[0] = tensor(5.0));
        using (no_grad())
            x.sub_(1);
        Assert.Equal([0, 1], Values(x));
    }

    [Fact]
    public void DisposingIntermediatesDoesNotBreakTheGraph()
    {
        var x = Leaf([.. Enumerable.Range(0, 1000).Select(static i => i / 500.0)]);
        Tensor loss;
        using (NewDisposeScope())
        {
            var y = x * x;
            var z = y.exp();
            loss = (z * y).sum().MoveToOuterDisposeScope();
            y.Dispose();
            // A block that is taken at once: had y's been given up, this would overwrite it.
            zeros(1000, float64);
        }
        var expected = Values(x).Select(static v => 2 * v * Math.Exp(v * v) * (1 + v * v)).ToArray();
        Assert.Equal(expected, Values(autograd.grad([loss], [x])[0]), static (a, b) => Math.Abs(a - b) < 1e-10 * Math.Max(1, Math.Abs(a)));
    }

    [Fact]
    public void ADeepChainDoesNotOverflowTheStack()
    {
        using var scope = NewDisposeScope();
        var x = Leaf(1);
        var y = x;
        for (var i = 0; i < 50_000; i++)
            y = y + 1;
        Assert.Equal([1], Values(autograd.grad([y.sum()], [x], create_graph: true)[0]));
    }

    [Fact]
    public void MixedTypesGiveEachInputAGradientOfItsOwnType()
    {
        var single = ones(2, 3, requires_grad: true);
        var twice = tensor([1.0, 2, 3], requires_grad: true);
        foreach (var operation in new Func<Tensor, Tensor, Tensor>[]
        {
            static (a, b) => a + b, static (a, b) => a - b, static (a, b) => a * b, static (a, b) => b / a, maximum, minimum, static (a, b) => a.pow(b),
            static (a, b) => where(tensor([true, false, true]), a, b),
        })
        {
            var gradients = autograd.grad([operation(single, twice).sum()], [single, twice]);
            Assert.Equal([float32, float64], gradients.Select(static g => g.dtype));
            Assert.Equal([2, 3], gradients[0].shape);
            Assert.Equal([3], gradients[1].shape);
        }
    }

    [Fact]
    public void ZeroToAPowerHasAFiniteGradient()
    {
        var (x, p) = (Leaf(0, 0, 2), Leaf(0, 2, 0));
        var gradients = autograd.grad([x.pow(p).sum()], [x, p]);
        Assert.Equal([0, 0, 0], Values(gradients[0]));
        Assert.Equal([0, 0, Math.Log(2)], Values(gradients[1]));
    }

    [Fact]
    public void PartsOfASplitThatAreNotUsedAreUnused()
    {
        var x = Leaf(1, 2, 3);
        var parts = x.split([1, 2]);
        var gradients = autograd.grad([parts[1].square().sum()], [x, parts[0], parts[1]], allow_unused: true);
        Assert.Equal([0, 4, 6], Values(gradients[0]));
        Assert.True(gradients[1].IsInvalid);
        Assert.Equal([4, 6], Values(gradients[2]));
    }

    [Fact]
    public void ReluInPlaceKeepsItsGradient()
    {
        var x = Leaf(-1, 2);
        var y = (x * 3).relu_();
        Assert.Equal([0, 6], Values(y));
        Assert.Equal([0, 3], Values(autograd.grad([y.sum()], [x])[0]));
        Assert.Throws<ExternalException>(() => x.relu_());
    }
}
