using System.Runtime.InteropServices;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ManagedTorch.Tests;

/// <summary>Which results are views, which copies, and which another handle on the same tensor; and what is changed in place.</summary>
public sealed class HandleTests
{
    private static double[] Values(Tensor t) => t.data<double>().ToArray();

    public static TheoryData<string, Func<Tensor, Tensor>> Unchanged => new()
    {
        { "contiguous", static x => x.contiguous() },
        { "cpu", static x => x.cpu() },
        { "to type", static x => x.to(float64) },
        { "to device", static x => x.to(CPU) },
        { "to name", static x => x.to("cpu") },
        { "to_type", static x => x.to_type(float64) },
        { "double", static x => x.@double() },
        { "alias", static x => x.alias() },
        { "relu in place", static x => functional.relu(x, inplace: true) },
    };

    [Theory]
    [MemberData(nameof(Unchanged))]
    public void AnUnchangedTensorHasAHandleOfItsOwn(string operation, Func<Tensor, Tensor> call)
    {
        var x = tensor([1.0, 2]);
        using (var y = call(x))
        {
            using var _ = no_grad();
            y[0] = tensor(5.0);
        }
        Assert.True(Values(x) is [5, 2], operation);
    }

    [Fact]
    public void AHandleOnALeafSharesItsGradient()
    {
        var leaf = tensor([1.0, 2], requires_grad: true);
        var handle = leaf.to(float64);
        Assert.True(handle.is_leaf);
        (handle * leaf).sum().backward();
        Assert.Equal([2, 4], Values(leaf.grad!));
        Assert.Equal([2, 4], Values(handle.grad!));
        Assert.Equal([2, 4], Values(autograd.grad([(leaf * leaf).sum()], [handle])[0]));
        leaf.Dispose();
        (handle * handle).sum().backward();
        Assert.Equal([4, 8], Values(handle.grad!));
    }

    [Fact]
    public void ConversionMayDisposeItsSource()
    {
        var x = tensor([1.0]);
        Assert.Equal([1], Values(x.to(float64, disposeAfter: true)));
        Assert.True(x.IsInvalid);
    }

    public static TheoryData<string, Func<Tensor, Tensor>, bool> Shapes => new()
    {
        { "flatten of a transposed part", static x => x.narrow(1, 0, 2).mT.reshape(2, 1, 2), true },
        { "a split dimension", static x => x.slice(1, 0, 4, 2).reshape(2, 2, 1), true },
        { "view of a strided vector", static x => x[0].slice(0, 0, 4, 2).view(2, 1), true },
        { "squeeze", static x => x.narrow(1, 0, 1).squeeze(), true },
        { "merged dimensions with a gap", static x => x.narrow(1, 0, 3).reshape(6), false },
        { "diag", static x => diag(x), false },
        { "pad by nothing", static x => functional.pad(x, [0, 0]), false },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AReshapedTensorIsAViewWhereItCanBe(string what, Func<Tensor, Tensor> call, bool isView)
    {
        var x = arange(8.0, float64).reshape(2, 4);
        var y = call(x);
        var before = Values(y);
        x.fill_(9);
        Assert.True(isView == (Values(y)[0] == 9), what);
        Assert.All(isView ? [] : Values(y).Zip(before), static p => Assert.Equal(p.Second, p.First));
    }

    [Fact]
    public void AViewWithAGapIsRefused() => Assert.Throws<ExternalException>(() => zeros(2, 4).narrow(1, 0, 3).view(6));

    [Fact]
    public void StridedViewsKeepTheirOrderAndGradient()
    {
        var x = arange(24.0, float64).reshape(2, 3, 4).requires_grad_();
        var y = x.permute(2, 0, 1).reshape(4, 6);
        Assert.Equal([0, 4, 8, 12, 16, 20], Values(y[0]));
        var z = x.slice(2, 1, 4, 2).reshape(3, 2, 2);
        Assert.Equal([1, 3, 5, 7], Values(z[0].flatten()));
        Assert.Equal([0, 1, 0, 1], Values(autograd.grad([z.sum()], [x])[0][1, 2]));
    }

    [Fact]
    public void ARectangularDiagonalHasAGradient()
    {
        var x = ones([2, 3], float64, requires_grad: true);
        Assert.Equal([1, 0, 0, 0, 2, 0], Values(autograd.grad([(x.diagonal() * tensor([1.0, 2])).sum()], [x])[0]));
    }

    public static TheoryData<string, Action<Tensor, Tensor>> Writes => new()
    {
        { "add_", static (x, y) => x.add_(y) },
        { "sub_", static (x, y) => x.sub_(y) },
        { "mul_", static (x, y) => x.mul_(y) },
        { "div_", static (x, y) => x.div_(y) },
        { "add_ with a factor", static (x, y) => x.add_(y, 2) },
        { "copy_", static (x, y) => x.copy_(y) },
        { "index_put_", static (x, y) => x[0] = y[0] },
    };

    [Theory]
    [MemberData(nameof(Writes))]
    public void AValueWithAHistoryIsNotWrittenInPlace(string operation, Action<Tensor, Tensor> write)
    {
        var source = ones([2], float64, requires_grad: true) * 2;
        var error = Assert.Throws<InvalidOperationException>(() => write(ones([2], float64), source));
        Assert.Contains(operation.Split(' ')[0], error.Message, StringComparison.Ordinal);
        using var _ = no_grad();
        write(ones([2], float64), source);
    }

    [Fact]
    public void ReluInPlaceNeedsTheMemoryForItself()
    {
        var y = tensor([1.0, -2], requires_grad: true) * 2;
        Assert.Throws<ExternalException>(() => y.narrow(0, 1, 1).relu_());
        var strided = tensor([-1.0, 2, -3, 4]).slice(0, 0, 4, 2).relu_();
        Assert.Equal([0, 0], Values(strided));
    }

    [Fact]
    public void AnExpandedTensorIsFilled()
    {
        var x = zeros([1], float64);
        x.expand(3).fill_(2);
        Assert.Equal([2], Values(x));
    }

    [Fact]
    public void PositionsKeepTheirShape()
    {
        var x = arange(6.0, float64).reshape(2, 3);
        Assert.Equal([3], x[TensorIndex.Tensor(tensor(1L))].shape);
        Assert.Equal([2, 1, 3], x[TensorIndex.Tensor(tensor([0L, -1], [2L, 1]))].shape);
        Assert.Equal([3, 4, 5], Values(x[tensor([-1L])]));
        Assert.Equal([2, 0], Values(x[0, TensorIndex.Tensor(tensor([-1L, 0]))]));
    }

    [Fact]
    public void ASourceMayBeLargerThanItsIndex()
    {
        var y = zeros([2, 2], float64).scatter_add(1, tensor([0L, 0], [1L, 2]), arange(6.0, float64).reshape(2, 3));
        Assert.Equal([1, 0, 0, 0], Values(y));
    }

    [Fact]
    public void TheAccessorReadsAndWritesAStridedView()
    {
        var x = arange(6.0, float64).reshape(2, 3);
        var elements = x.mT.data<double>();
        Assert.Equal(4, elements[1, 1]);
        Assert.Equal(3, elements[1]);
        elements[2, 0] = 9;
        elements.CopyFrom([7, 8], tensorIndex: 0);
        Assert.Equal([7, 1, 9, 8, 4, 5], Values(x));
        x.fill_(1);
        Assert.Equal([1, 1, 1, 1, 1, 1], elements.ToArray());
        var some = new double[2];
        elements.CopyTo(some);
        Assert.Equal([1, 1], some);
    }

    [Fact]
    public void TheAccessorReadsNoElementOutOfRange()
    {
        var elements = zeros(2, 3).data<float>();
        foreach (var place in new long[][] { [0, 3], [-1, 0], [2, 0], [6], [-1] })
            Assert.Throws<IndexOutOfRangeException>(() => elements[place]);
    }

    [Fact]
    public void AParameterBelongsToItsScope()
    {
        Parameter parameter;
        using (NewDisposeScope())
            parameter = new Parameter(zeros(2));
        Assert.True(parameter.IsInvalid);
    }
}
