using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ManagedTorch.Tests;

/// <summary>An operation that cannot fit its tensors names itself and quotes what it was given.</summary>
public sealed class ErrorMessageTests
{
    private static Tensor T(params long[] shape) => zeros(shape);

    private static Tensor I(params long[] shape) => zeros(shape, int64);

    private static readonly Dictionary<string, (Func<Tensor> Call, string[] Quotes)> Calls = new()
    {
        ["add"] = (() => T(2, 3) + T(4), ["[2, 3]", "[4]"]),
        ["sub"] = (() => T(2, 3) - T(2), ["[2, 3]", "[2]"]),
        ["mul"] = (() => T(2, 3) * T(3, 2), ["[2, 3]", "[3, 2]"]),
        ["div"] = (() => T(2, 3) / T(0, 3), ["[2, 3]", "[0, 3]"]),
        ["maximum"] = (() => maximum(T(2), T(3)), ["[2]", "[3]"]),
        ["pow"] = (() => T(2).pow(T(3)), ["[2]", "[3]"]),
        ["where"] = (() => where(T(5) > 0, T(2), T(2)), ["[5]", "[2]"]),
        ["where "] = (() => where(T(2), T(2), T(2)), ["Float32"]),
        ["gt"] = (() => T(2).gt(T(3)), ["[2]", "[3]"]),
        ["add_"] = (() => T(2).add_(T(3)), ["[2]", "[3]"]),
        ["add_ "] = (() => T(2).add_(T(2, 2)), ["[2]", "[2, 2]"]),
        ["matmul"] = (() => T(4, 2, 3).matmul(T(5, 6)), ["[4, 2, 3]", "[5, 6]"]),
        ["matmul "] = (() => T(3).matmul(T(2)), ["[3]", "[2]"]),
        ["matmul  "] = (() => T(4, 2, 3).matmul(T(5, 3, 2)), ["[4]", "[5]"]),
        ["mm"] = (() => T(2, 3).mm(T(2, 3)), ["[2, 3]"]),
        ["bmm"] = (() => T(2, 3, 4).bmm(T(3, 4, 5)), ["[2, 3, 4]", "[3, 4, 5]"]),
        ["mm "] = (() => T(2, 3).mm(I(3, 2)), ["Float32", "Int64"]),
        ["dot"] = (() => dot(T(2), T(2, 2)), ["[2]", "[2, 2]"]),
        ["linear"] = (() => functional.linear(T(2, 3), T(4, 5)), ["[2, 3]", "[4, 5]"]),
        ["reshape"] = (() => T(2, 3).reshape(4, -1), ["[2, 3]"]),
        ["reshape "] = (() => T(2, 3).reshape(-1, -1), ["[2, 3]"]),
        ["reshape  "] = (() => T(2, 3).reshape(5), ["[2, 3]", "[5]"]),
        ["view"] = (() => T(2, 3).mT.view(6), ["[3, 2]"]),
        ["permute"] = (() => T(2, 3).permute(0), ["[2, 3]", "[0]"]),
        ["permute "] = (() => T(2, 3).permute(0, 0), ["[0, 0]"]),
        ["transpose"] = (() => T(2, 3).transpose(0, 2), ["[2, 3]", "2"]),
        ["expand"] = (() => T(2, 3).expand(2, 4), ["[2, 3]", "[2, 4]"]),
        ["unsqueeze"] = (() => T(2, 3).unsqueeze(4), ["[2, 3]", "4"]),
        ["squeeze"] = (() => T(2, 3).squeeze(2), ["[2, 3]", "2"]),
        ["narrow"] = (() => T(2, 3).narrow(1, 2, 2), ["[2, 3]"]),
        ["narrow "] = (() => T().narrow(0, 0, 1), ["[]"]),
        ["slice"] = (() => T(2, 3).slice(1, 0, 2, 0), ["0"]),
        ["select"] = (() => T(2, 3)[0, 3], ["[3]", "3"]),
        ["index"] = (() => T(2, 3)[0, 0, 0], ["[2, 3]", "3"]),
        ["index "] = (() => T(2, 3)[tensor([true])], ["[1]", "2"]),
        ["split"] = (() => T(2, 3).split([1, 1], 1)[0], ["[2, 3]", "[1, 1]"]),
        ["split "] = (() => T(2, 3).split(0)[0], ["[2, 3]"]),
        ["split  "] = (() => T(2, 3).split([3, -1])[0], ["[2, 3]", "[3, -1]"]),
        ["chunk"] = (() => T(2, 3).chunk(0)[0], ["[2, 3]"]),
        ["flatten"] = (() => T(2, 3).flatten(1, 0), ["[2, 3]"]),
        ["diag"] = (() => diag(T(2, 2, 2)), ["[2, 2, 2]"]),
        ["tril"] = (() => T(2).tril(), ["[2]"]),
        ["pad"] = (() => functional.pad(T(2), [1, 1, 1, 1]), ["[2]", "[1, 1, 1, 1]"]),
        ["cat"] = (() => cat([T(2, 3), T(2, 4)]), ["[2, 3]", "[2, 4]"]),
        ["cat "] = (() => cat([T(2), I(2)]), ["Float32", "Int64"]),
        ["cat  "] = (() => cat([]), []),
        ["cat   "] = (() => cat([T(), T()]), ["[]"]),
        ["sum"] = (() => T(2, 3).sum(2), ["[2, 3]", "2"]),
        ["mean"] = (() => I(2).mean(), ["Int64"]),
        ["max"] = (() => T(2, 3).max(-3).values, ["[2, 3]", "-3"]),
        ["argmax"] = (() => T(2, 0).argmax(1), ["[2, 0]"]),
        ["index_select"] = (() => T(2, 3).index_select(0, I(2, 2)), ["[2, 2]"]),
        ["index_select "] = (() => T(2, 3).index_select(0, T(2)), ["Float32"]),
        ["gather"] = (() => T(2, 3).gather(1, I(3, 1)), ["[3, 1]", "[2, 3]"]),
        ["gather "] = (() => T(2, 3).gather(1, I(2)), ["[2]", "[2, 3]"]),
        ["scatter_add"] = (() => T(2, 3).scatter_add(1, I(2, 2), T(2, 1)), ["[2, 2]", "[2, 1]"]),
        ["scatter_add "] = (() => T(2, 3).scatter_add(1, I(3, 1), T(3, 1)), ["[3, 1]", "[2, 3]"]),
        ["one_hot"] = (() => functional.one_hot(tensor([3L]), 2), ["3", "2"]),
        ["conv2d"] = (() => functional.conv2d(T(1, 2, 5, 5), T(4, 3, 3, 3)), ["[1, 2, 5, 5]", "[4, 3, 3, 3]"]),
        ["conv2d "] = (() => functional.conv2d(T(1, 2, 2, 2), T(4, 2, 3, 3)), ["[1, 2, 2, 2]", "[4, 2, 3, 3]"]),
        ["conv2d  "] = (() => functional.conv2d(T(1, 2, 5, 5), T(4, 2, 3, 3), T(3)), ["[3]", "4"]),
        ["conv2d   "] = (() => functional.conv2d(T(1, 2, 5, 5), T(4, 2, 3, 3), strides: [0, 1]), ["[0, 1]"]),
        ["max_pool2d"] = (() => functional.max_pool2d(T(2, 2), 2), ["[2, 2]"]),
        ["max_pool2d "] = (() => functional.max_pool2d(T(1, 1, 4, 4), 2, padding: 2), ["[2]"]),
        ["max_pool2d  "] = (() => functional.max_pool2d(T(1, 1, 4, 4), 2, stride: 0), ["[0]"]),
        ["avg_pool2d"] = (() => functional.avg_pool2d(T(1, 1, 2, 2), 3), ["[1, 1, 2, 2]", "[3]"]),
        ["log_softmax"] = (() => functional.log_softmax(T(2, 3), 2), ["[2, 3]", "2"]),
        ["cross_entropy"] = (() => functional.cross_entropy(T(2, 3), I(3)), ["[2, 3]", "[3]"]),
        ["cross_entropy "] = (() => functional.cross_entropy(T(2, 3), T(2, 4)), ["[2, 3]", "[2, 4]"]),
        ["cross_entropy  "] = (() => functional.cross_entropy(T(2, 3), tensor([0L, 3])), ["3"]),
        ["cross_entropy   "] = (() => functional.cross_entropy(T(2, 3), zeros(2, 3, float64)), ["Float32", "Float64"]),
        ["mse_loss"] = (() => functional.mse_loss(T(2, 3), T(2)), ["[2, 3]", "[2]"]),
        ["dropout"] = (() => functional.dropout(I(2)), ["Int64"]),
        ["randint"] = (() => randint(3, 3, [2]), ["[3, 3)"]),
        ["arange"] = (() => arange(0, 5, step: 0), ["0"]),
        ["tensor"] = (() => tensor([1.0, 2.0], [3L]), ["2", "[3]"]),
    };

    public static TheoryData<string> Names => [.. Calls.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void NamesTheOperationAndQuotesTheShapes(string name)
    {
        var (call, quotes) = Calls[name];
        var error = Assert.ThrowsAny<Exception>(() => { call(); });
        Assert.True(error is ExternalException or ArgumentException, $"{error.GetType()}: {error.Message}");
        Assert.Contains(name.TrimEnd(), error.Message, StringComparison.Ordinal);
        Assert.All(quotes, quote => Assert.Contains(quote, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void APositionOutOfRangeIsNamed()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => T(2, 3).index_select(1, tensor([0L, 3])));
        Assert.Contains("position 3", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => T(2, 3).gather(1, tensor([-1L], [1L, 1])));
    }

    [Fact]
    public void WhatIsNotThereSaysSo()
    {
        Assert.Throws<NotSupportedException>(() => functional.conv2d(T(1, 2, 5, 5), T(2, 1, 3, 3), groups: 2));
        Assert.Throws<NotSupportedException>(() => functional.max_pool2d(T(1, 1, 4, 4), 2, dilation: 2));
        Assert.Throws<NotSupportedException>(() => functional.cross_entropy(T(2, 3), I(2), weight: T(3)));
        Assert.Throws<NotSupportedException>(() => functional.cross_entropy(T(2, 3), I(2), ignore_index: 0));
        Assert.Throws<NotSupportedException>(() => T(2, 3)[I(1), I(1)]);
    }
}
