using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests;

/// <summary>Who disposes which tensor.</summary>
public sealed class DisposeScopeTests
{
    [Fact]
    public void AScopeDisposesWhatWasMadeInIt()
    {
        var before = ones(3);
        Tensor inside, kept, moved;
        using (NewDisposeScope())
        {
            using (NewDisposeScope())
            {
                inside = before + 1;
                kept = (before * 2).DetachFromDisposeScope();
                moved = (before * 3).MoveToOuterDisposeScope();
            }
            Assert.True(inside.IsInvalid);
            Assert.Equal([3f, 3, 3], moved.data<float>().ToArray());
        }
        Assert.True(moved.IsInvalid);
        Assert.Equal([2f, 2, 2], kept.data<float>().ToArray());
        Assert.False(before.IsInvalid);
    }

    [Fact]
    public void MovingOutOfTheOutermostScopeDetaches()
    {
        Tensor moved;
        using (NewDisposeScope())
            moved = ones(2).MoveToOuterDisposeScope();
        Assert.False(moved.IsInvalid);
    }

    [Fact]
    public void GradientsBelongToTheCallersScope()
    {
        var x = ones(2, requires_grad: true);
        Tensor gradient;
        using (NewDisposeScope())
        {
            gradient = autograd.grad([(x * x).sum()], [x])[0];
            Assert.False(gradient.IsInvalid);
            (x * x).sum().backward();
        }
        Assert.True(gradient.IsInvalid);
        Assert.Equal([2f, 2], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void AScopeCountsAndDisposesEarly()
    {
        using var scope = NewDisposeScope();
        var tensors = Enumerable.Range(0, 1000).Select(static i => ones(2)).ToArray();
        Assert.Equal(1000, scope.DisposablesCount);
        tensors[0].Dispose();
        tensors[1].DetachFromDisposeScope();
        Assert.Equal(998, scope.DisposablesCount);
        scope.DisposeEverything();
        Assert.True(tensors[999].IsInvalid);
        Assert.False(tensors[1].IsInvalid);
        var later = ones(2);
        scope.Dispose();
        Assert.True(later.IsInvalid);
    }

    [Fact]
    public void ScopesArePerThread()
    {
        using var scope = NewDisposeScope();
        Tensor? elsewhere = null;
        var thread = new Thread(() => elsewhere = ones(2));
        thread.Start();
        thread.Join();
        scope.DisposeEverything();
        Assert.False(elsewhere!.IsInvalid);
    }

    [Fact]
    public void AScopeEndsWithAnException()
    {
        Tensor? inside = null;
        using var outer = NewDisposeScope();
        Assert.ThrowsAny<Exception>(() =>
        {
            using var scope = NewDisposeScope();
            inside = ones(2);
            ones(2).matmul(ones(3));
        });
        Assert.True(inside!.IsInvalid);
        Assert.Equal(0, outer.DisposablesCount);
        ones(2);
        Assert.Equal(1, outer.DisposablesCount);
    }

    [Fact]
    public void AnOuterScopeMayEndFirst()
    {
        var outer = NewDisposeScope();
        var inner = NewDisposeScope();
        var inside = ones(2);
        outer.Dispose();
        Assert.False(inside.IsInvalid);
        var later = ones(2);
        inner.Dispose();
        Assert.True(inside.IsInvalid);
        Assert.True(later.IsInvalid);
    }
}
