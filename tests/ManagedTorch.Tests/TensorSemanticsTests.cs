using System.Runtime.InteropServices;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests;

/// <summary>Element types, memory and values of tensors, as in TorchSharp.</summary>
public sealed class TensorSemanticsTests
{
    public static TheoryData<ScalarType, ScalarType, ScalarType> Promotions => new()
    {
        { ScalarType.Float32, ScalarType.Float64, ScalarType.Float64 },
        { ScalarType.Int64, ScalarType.Float32, ScalarType.Float32 },
        { ScalarType.Float64, ScalarType.Int64, ScalarType.Float64 },
        { ScalarType.Bool, ScalarType.Int64, ScalarType.Int64 },
        { ScalarType.Bool, ScalarType.Float32, ScalarType.Float32 },
        { ScalarType.Int64, ScalarType.Int64, ScalarType.Int64 },
    };

    [Theory]
    [MemberData(nameof(Promotions))]
    public void TheHigherTypeWins(ScalarType a, ScalarType b, ScalarType result)
    {
        Assert.Equal(result, (ones(2, a) + ones(2, b)).dtype);
        Assert.Equal(result, (ones(2, b) * ones(2, a)).dtype);
        Assert.Equal(result, where(ones(2, @bool), ones(2, a), ones(2, b)).dtype);
        Assert.Equal([2, 2], (ones(2, a) + ones(2, b)).to_type(float64).data<double>().ToArray());
    }

    [Fact]
    public void AScalarNeverWidensWithinItsCategory()
    {
        Assert.Equal(float32, (ones(2) * tensor(2.0)).dtype);
        Assert.Equal(float32, (tensor(2.0) - ones(2)).dtype);
        Assert.Equal(float64, (tensor(2.0) * tensor(2f)).dtype);
        Assert.Equal(float32, (ones(2) * 2.5).dtype);
        Assert.Equal(float32, (ones(2, int64) + 0.5).dtype);
        Assert.Equal(int64, (ones(2, int64) + 2).dtype);
        Assert.Equal(float32, (ones(2, int64) / 2).dtype);
        Assert.Equal(float32, (1 / ones(2, int64)).dtype);
        Assert.Equal([0.5f], (ones(1, int64) / ones(1, int64).mul(2)).data<float>().ToArray());
        Assert.Equal(int64, ones(2, @bool).sum().dtype);
        Assert.Equal(@bool, (ones(2) > 0.5).dtype);
    }

    [Fact]
    public void CreationHasTheTypesOfTorchSharp()
    {
        Assert.Equal(float64, tensor(1.0).dtype);
        Assert.Equal(float32, tensor(1f).dtype);
        Assert.Equal(float64, tensor(new double[,] { { 1, 2 } }).dtype);
        Assert.Equal(int64, tensor([1L]).dtype);
        Assert.Equal(int64, arange(3).dtype);
        Assert.Equal(float32, arange(0.0, 1.0, 0.25).dtype);
        Assert.Equal(int64, randperm(5).dtype);
        Assert.Equal(int64, randint(5, [3]).dtype);
        Assert.Equal(float32, zeros(3).dtype);
        Assert.Equal(int64, full([2], 3).dtype);
        Assert.Equal(int64, nn.functional.one_hot(tensor([1L]), 3).dtype);
        Assert.Equal([0L, 1, 2, 3, 4], randperm(5).data<long>().Order());
        Assert.All(randint(-2, 3, [100]).data<long>(), static v => Assert.InRange(v, -2, 2));
    }

    [Fact]
    public void ElementsAreReadInTheirExactType()
    {
        Assert.Equal(2.5, tensor(2.5).item<double>());
        Assert.Throws<ArgumentException>(() => tensor(2.5).item<float>());
        Assert.Throws<ArgumentException>(() => tensor([1L]).data<double>());
        Assert.Throws<ExternalException>(() => ones(2).item<float>());
        Assert.Throws<NotSupportedException>(() => ones(2, (ScalarType)3));
        Assert.Equal(3, tensor(3.7).ToInt64());
        Assert.Equal(2.5f, tensor(2.5).ToSingle());
        Assert.Equal([0.0, 3, 1, 4, 2, 5], arange(6).to_type(float64).reshape(2, 3).mT.data<double>().ToArray());
    }

    [Fact]
    public void ViewsShareMemoryAndCopiesDoNot()
    {
        var x = arange(6).reshape(2, 3);
        var views = new[] { x.reshape(3, 2), x.permute(1, 0), x[1], x[TensorIndex.Colon, 1..], x.detach(), x.unsqueeze(0), x.expand(2, 2, 3), x.split(1)[1], x.view(6), x.diagonal() };
        var copies = new[] { x.clone(), x.mT.contiguous(), x + 0, x.index_select(0, tensor([1L])), x.to(int64, copy: true), x.sum() };
        var before = copies.Select(static c => c.data<long>().ToArray()).ToArray();
        x.mul_(10);
        Assert.All(views, static v => Assert.All(v.data<long>(), static e => Assert.Equal(0, e % 10)));
        Assert.Equal(before, copies.Select(static c => c.data<long>().ToArray()));
        x[0, ..2] = tensor([-1L, -2L]);
        Assert.Equal([-1L, -2L, 20L], x[0].data<long>().ToArray());
        views[1].fill_(7);
        Assert.All(x.data<long>(), static e => Assert.Equal(7, e));
    }

    [Fact]
    public void ChangesInPlaceReachViewsOnly()
    {
        var x = zeros(3, 4, int64);
        x.mT.add_(arange(3));
        x[TensorIndex.Colon, 1..3].mul_(2);
        Assert.Equal([0L, 0, 0, 0, 1, 2, 2, 1, 2, 4, 4, 2], x.data<long>().ToArray());
        // The operand is part of what is written.
        x.add_(x[2]);
        Assert.Equal([2L, 4, 4, 2, 3, 6, 6, 3, 4, 8, 8, 4], x.data<long>().ToArray());
        x[1..].copy_(x[..2]);
        Assert.Equal([2L, 4, 4, 2, 2, 4, 4, 2, 3, 6, 6, 3], x.data<long>().ToArray());
        x[TensorIndex.Colon, 1..].copy_(x[TensorIndex.Colon, ..3]);
        Assert.Equal([2L, 2, 4, 4, 2, 2, 4, 4, 3, 3, 6, 6], x.data<long>().ToArray());
    }

    [Fact]
    public void ChangesInPlaceThatCannotBeRightAreRefused()
    {
        Assert.Throws<ExternalException>(() => ones(1, 3).expand(2, 3).add_(ones(2, 3)));
        Assert.Throws<ExternalException>(() => ones(2, int64).mul_(0.5));
        Assert.Throws<ExternalException>(() => ones(2, int64).add_(ones(2)));
        Assert.Throws<ExternalException>(() => ones(2, int64).div_(2));
        Assert.Throws<ExternalException>(() => ones(2).add_(ones(3, 2)));
    }

    [Fact]
    public void IndexingAgreesWithArrays()
    {
        var x = arange(24).reshape(2, 3, 4);
        Assert.Equal(23, x[1, 2, 3].item<long>());
        Assert.Equal(23, x[-1, -1, -1].item<long>());
        Assert.Equal([2, 2], x[TensorIndex.Ellipsis, 1, ..2].shape);
        Assert.Equal([2, 1, 3, 4], x[TensorIndex.Colon, TensorIndex.Null].shape);
        Assert.Equal([0L, 2], x[0, 0, TensorIndex.Slice(0, 4, 2)].data<long>().ToArray());
        Assert.Equal([0, 3, 4], x[^0..].shape);
        Assert.Equal([1, 3, 4], x[^1..].shape);
        Assert.Equal([2, 3, 4], x[..].shape);
        Assert.Equal([12L, 13, 14, 15], x[TensorIndex.Tensor(tensor([false, true])), 0].data<long>().ToArray());
    }

    [Fact]
    public void ExtremesOfValues()
    {
        var x = tensor([double.NegativeInfinity, -1e4, 1e4, 1e4]);
        Assert.Equal(1e4 + Math.Log(2), x.logsumexp(0).item<double>(), 1e-9);
        Assert.Equal(double.NegativeInfinity, full([3], double.NegativeInfinity, float64).logsumexp(0).item<double>());
        Assert.Equal(double.PositiveInfinity, full([3], double.PositiveInfinity, float64).logsumexp(0).item<double>());
        Assert.Equal([0, 1], nn.functional.softmax(tensor([-1000.0, 1000.0]), 0).data<double>().ToArray());
        Assert.Equal(2000, nn.functional.cross_entropy(tensor(new[,] { { -1000.0, 1000.0 } }), tensor([0L])).item<double>());
        Assert.Equal([0, 800], tensor([-800.0, 800.0]).softplus().data<double>().ToArray());
        Assert.True(double.IsNaN(zeros(0, float64).mean().item<double>()));
        Assert.Equal(0, zeros(0, float64).sum().item<double>());
    }

    [Fact]
    public void MaximaAndTheirPlaces()
    {
        var x = tensor(new double[,] { { 1, 5, 5 }, { 7, -2, 0 } });
        var (values, indexes) = x.max(1);
        Assert.Equal([5, 7], values.data<double>().ToArray());
        Assert.Equal([1L, 0], indexes.data<long>().ToArray());
        Assert.Equal([1, 3], x.max(0, keepdim: true).indexes.shape);
        Assert.Equal([1L, 0, 0], x.argmax(0).data<long>().ToArray());
        Assert.Equal([0L, 1], x.min(1).indexes.data<long>().ToArray());
        Assert.Equal(3, x.argmax().item<long>());
        var (scalar, place) = tensor(4.0).max(0);
        Assert.Equal((4.0, 0L), (scalar.item<double>(), place.item<long>()));
        Assert.Equal([3L, 4], tensor([-3L, 4]).abs().data<long>().ToArray());
    }

    [Fact]
    public void UsingADisposedTensorSaysSo()
    {
        var x = ones(2000);
        x.Dispose();
        Assert.True(x.IsInvalid);
        Assert.Throws<ObjectDisposedException>(() => x + 1);
        Assert.Throws<ObjectDisposedException>(() => x.data<float>().ToArray());
        Assert.Throws<ObjectDisposedException>(() => x.shape);
        x.Dispose();
    }

    [Fact]
    public void OnlyTheCpuIsThere()
    {
        Assert.False(cuda.is_available());
        Assert.Equal(DeviceType.CPU, ones(1).device.type);
        var error = Assert.Throws<InvalidOperationException>(() => ones(2).to(CUDA));
        Assert.Contains("-p:Stack=cuda", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => zeros(2, device: device("cuda:0")));
        Assert.Throws<ArgumentException>(() => device("tpu"));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(20_000, 1)]
    [InlineData(200_000, 1)]
    [InlineData(3, 5)]
    [InlineData(20_000, 5)]
    public void SumsOfIntegersAreExact(int rows, int columns)
    {
        // 2⁶⁰ + 1 has more digits than a double.
        var x = ones(rows, columns, int64);
        x[0].add_(1L << 60);
        var expected = Enumerable.Repeat((1L << 60) + rows, columns).ToArray();
        Assert.Equal(expected, x.sum(dim: 0).data<long>().ToArray());
        Assert.Equal(expected, x.mT.contiguous().sum(dim: 1).data<long>().ToArray());
        Assert.Equal(expected[0], x.mT[0].sum().item<long>());
    }
}
