using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests;

/// <summary>Every operation's value, first and second derivatives against PyTorch's in float64.</summary>
public sealed class OperationFixtureTests
{
    private static readonly Fixture Reference = new("ops");

    private static readonly Dictionary<string, Func<Tensor[], Tensor>> Operations = new()
    {
        ["matmul"] = x => x[0].matmul(x[1]),
        ["batched_matmul"] = x => x[0].matmul(x[1]),
        ["linear"] = x => nn.functional.linear(x[0], x[1], x[2]),
        ["broadcast_mul"] = x => x[0] * x[1],
        ["div"] = x => x[0] / x[1],
        ["conv2d_pad2"] = x => nn.functional.conv2d(x[0], x[1], x[2], padding: [2, 2]),
        ["conv2d_valid"] = x => nn.functional.conv2d(x[0], x[1], x[2]),
        ["conv2d_stride2_pad1"] = x => nn.functional.conv2d(x[0], x[1], strides: [2, 2], padding: [1, 1]),
        ["max_pool2d_2"] = x => nn.functional.max_pool2d(x[0], 2),
        ["max_pool2d_4_ceil"] = x => nn.functional.max_pool2d(nn.functional.pad(x[0], [1, 1, 1, 1]), 4),
        ["avg_pool2d_2"] = x => nn.functional.avg_pool2d(x[0], 2),
        ["relu"] = x => nn.functional.relu(x[0]),
        ["softplus"] = x => nn.functional.softplus(x[0]),
        ["tanh"] = x => x[0].tanh(),
        ["sigmoid"] = x => x[0].sigmoid(),
        ["exp"] = x => x[0].exp(),
        ["log"] = x => x[0].log(),
        ["sqrt"] = x => x[0].sqrt(),
        ["acos"] = x => (x[0].tanh() * 0.9).acos(),
        ["log_softmax"] = x => nn.functional.log_softmax(x[0], 1),
        ["cross_entropy_index"] = x => nn.functional.cross_entropy(x[0], tensor([1L, 0, 3, 2, 1])),
        ["cross_entropy_soft"] = x => nn.functional.cross_entropy(x[0], nn.functional.softmax(x[1], 1)),
        ["mse"] = x => nn.functional.mse_loss(x[0], x[1]),
        ["instance_norm"] = x => nn.functional.instance_norm(x[0]),
        ["group_norm"] = x => nn.functional.group_norm(x[0], 2, x[1], x[2]),
        ["mean_dim"] = x => x[0].mean([0, 2]),
        ["logsumexp"] = x => x[0].logsumexp(1),
        ["cholesky"] = x => linalg.cholesky(x[0]),
        ["solve_spd"] = x => cholesky_solve(x[1], linalg.cholesky(x[0])),
        ["index_select"] = x => x[0].index_select(0, tensor([2L, 0, 2])),
        ["cat_permute_reshape"] = x => cat([x[0], x[1]], 1).permute(2, 0, 1).reshape(4, 21),
        ["gather"] = x => x[0].gather(1, tensor([0L, 2, 1, 1, 2, 0], [3, 2])),
        ["pow"] = x => x[0].pow(1.7),
        ["clamp"] = x => x[0].clamp(-0.5, 0.7),
    };

    public static TheoryData<string> Cases => [.. Operations.Keys];

    [Fact]
    public void EveryCaseOfTheFixtureIsTested() =>
        Assert.Equal(Reference.Names.Select(static n => n.Split('.')[0]).Distinct().Order(), Operations.Keys.Order());

    [Theory]
    [MemberData(nameof(Cases))]
    public void ValueAndDerivativesInFloat64(string name) => Check(name, ScalarType.Float64, 1e-10);

    [Theory]
    [MemberData(nameof(Cases))]
    public void ValueAndDerivativesInFloat32(string name) => Check(name, ScalarType.Float32, 1e-4);

    private static void Check(string name, ScalarType type, double tolerance)
    {
        using var scope = NewDisposeScope();
        var count = Enumerable.Range(0, 9).TakeWhile(i => Reference.Has($"{name}.in{i}")).Count();
        var inputs = Enumerable.Range(0, count).Select(i => Reference.Tensor($"{name}.in{i}", type).requires_grad_()).ToArray();
        var output = Operations[name](inputs);
        Assert.InRange(Reference.Error($"{name}.out", output), 0, tolerance);

        var loss = (output * Reference.Tensor($"{name}.w", type)).sum();
        var first = autograd.grad([loss], inputs, retain_graph: true, create_graph: true);
        for (var i = 0; i < count; i++)
            Assert.InRange(Reference.Error($"{name}.g{i}", first[i]), 0, tolerance);

        var direction = first.Select((g, i) => (g * Reference.Tensor($"{name}.v{i}", type)).sum()).Aggregate(static (a, b) => a + b);
        IList<Tensor>? second = direction.requires_grad ? autograd.grad([direction], inputs, allow_unused: true) : null;
        for (var i = 0; i < count; i++)
            Assert.InRange(Reference.Error($"{name}.h{i}", second?[i] is { IsInvalid: false } h ? h : zeros_like(inputs[i])), 0, tolerance);
    }
}
