using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ManagedTorch.Tests;

/// <summary>What PyTorch does with truth values, integers, infinities, NaN, ties, and tensors without elements.</summary>
public sealed class EdgeCaseTests
{
    private const double Infinity = double.PositiveInfinity;
    private const double NaN = double.NaN;

    private static readonly Tensor No = tensor([true, false]);

    private static double[] Values(Tensor t) => t.to_type(float64).data<double>().ToArray();

    private static double[] Gradient(Func<Tensor, Tensor> f, params double[] x)
    {
        var leaf = tensor(x, requires_grad: true);
        return Values(autograd.grad([f(leaf).sum()], [leaf])[0]);
    }

    [Fact]
    public void TruthValuesCombineAsTruthValues()
    {
        var (a, b) = (tensor([true, true, false, false]), tensor([true, false, true, false]));
        foreach (var (y, expected) in new (Tensor, bool[])[]
        {
            (a + b, [true, true, true, false]), (a * b, [true, false, false, false]), (maximum(a, b), [true, true, true, false]),
            (minimum(a, b), [true, false, false, false]), (a * true, [true, true, false, false]), (a.clone().add_(b), [true, true, true, false]),
            (a.clone().mul_(b), [true, false, false, false]), (a.isfinite(), [true, true, true, true]), (a.sign(), [true, true, false, false]),
        })
            Assert.Equal(expected, y.data<bool>().ToArray());
        Assert.Equal([2L, 1], (tensor([true, false]) + 1).data<long>().ToArray());
        Assert.Equal([1f, MathF.E], tensor([false, true]).exp().data<float>().ToArray());
    }

    [Fact]
    public void TruthValuesAreNotSubtracted()
    {
        foreach (var call in new Func<Tensor>[] { () => No - No, () => 1 - No, () => -No, () => ones(2) - No, () => ones(2).sub_(No), () => No.clone().add_(1), () => No.relu(), () => No.abs() })
            Assert.Throws<ExternalException>(() => { call(); });
    }

    [Fact]
    public void TruthValuesCompareWithFractions()
    {
        Assert.Equal([false, true], No.lt(0.5).data<bool>().ToArray());
        Assert.Equal([false, false], No.eq(0.5).data<bool>().ToArray());
    }

    [Fact]
    public void IntegersStayIntegers()
    {
        var x = tensor([-3L, 0, 2]);
        foreach (var (y, expected) in new (Tensor, long[])[]
        {
            (x.pow(3), [-27, 0, 8]), (x.pow(0), [1, 1, 1]), (x.sign(), [-1, 0, 1]), (x.relu(), [0, 0, 2]), (x.pow(tensor([2L, 0, 5])), [9, 1, 32]),
            (functional.relu(x.clone(), inplace: true), [0, 0, 2]), (tensor([long.MinValue, 5]).min(), [long.MinValue]), (x.pow(tensor([2L, 1, -1])), [9, 0, 0]),
            (arange((1L << 53) + 1, (1L << 53) + 3), [(1L << 53) + 1, (1L << 53) + 2]), (arange(2.5, int64), [0, 1]),
        })
            Assert.Equal(expected, y.data<long>().ToArray());
        Assert.Equal(float32, x.pow(2.0).dtype);
        Assert.Throws<ExternalException>(() => x.pow(-1));
        Assert.Equal(int64, full([1], true).dtype);
    }

    [Fact]
    public void AFractionOfIntegersIsNotAdded()
    {
        Assert.Throws<ExternalException>(() => tensor([1L]).add(tensor([1L]), 0.5));
        Assert.Throws<ExternalException>(() => tensor([1L]).add_(tensor([1L]), 0.5));
        Assert.Equal(float64, tensor(1.0).add(tensor([1L, 2]), 0.5).dtype);
    }

    [Fact]
    public void InfiniteLogitsArePropagated()
    {
        Assert.All(Values(functional.log_softmax(tensor([0, Infinity]), 0)), static v => Assert.Equal(NaN, v));
        var logits = tensor([0, -Infinity, 1, 1], [2L, 2], requires_grad: true);
        var loss = functional.cross_entropy(logits, tensor([0L, 1]), reduction: Reduction.None);
        Assert.Equal([0, Math.Log(2)], Values(loss), static (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([0, 0, 0.5, -0.5], Values(autograd.grad([loss.sum()], [logits])[0]), static (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void RootsAndSignsOfSpecialValues()
    {
        Assert.Equal([-Infinity, Infinity, NaN, 0, 0.5], Values(tensor([-0.0, 0, -Infinity, Infinity, 4]).rsqrt()));
        Assert.Equal([NaN, Infinity, 3], Values(tensor([-Infinity, Infinity, 9]).pow(0.5)));
        Assert.Equal([0, 1, -1], Values(tensor([NaN, Infinity, -Infinity]).sign()));
        Assert.Equal(0, tensor([-0.0, 0, -1]).argmax().item<long>());
        Assert.Equal([-0.0625], Gradient(static x => x.rsqrt(), 4));
    }

    [Fact]
    public void NaNDoesNotStopAGradient()
    {
        Assert.Equal([0, 1, 1], Gradient(static x => x.relu(), -1, NaN, 2));
        Assert.Equal([0, 1], Gradient(static x => maximum(x, tensor([1.0, NaN])), 0, 0));
    }

    [Fact]
    public void RootsOfZeroHaveTheGradientZero()
    {
        Assert.Equal([0, 0], Gradient(static x => x.norm(), 0, 0));
        Assert.Equal([0, 0], Gradient(static x => x.std(), 3, 3));
        Assert.Equal([0.6, 0.8], Gradient(static x => x.norm(), 3, 4), static (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void TheExtremesShareTheGradient()
    {
        Assert.Equal([0, 0.5, 0.5], Gradient(static x => x.max(), 1, 3, 3));
        Assert.Equal([1, 0, 0], Gradient(static x => x.min(), 1, 3, 3));
        Assert.Equal([0, 1, 0], Gradient(static x => x.max(), 1, NaN, 3));
    }

    [Fact]
    public void PowersOfZero()
    {
        var exponent = tensor([2.0, 0, -1], requires_grad: true);
        Assert.Equal([0, 0, -Infinity], Values(autograd.grad([zeros(3, float64).pow(exponent).sum()], [exponent])[0]));
    }

    [Fact]
    public void DivisionBySmallNumbersHasAFiniteGradient()
    {
        var divisor = tensor([1e-30f], requires_grad: true);
        foreach (var quotient in new[] { tensor([1e-30f]) / divisor, 1e-30f / divisor })
            Assert.Equal(-1, autograd.grad([quotient.sum()], [divisor])[0].item<float>() / 1e30f, 1e-5f);
    }

    [Fact]
    public void ALowThresholdMakesSoftplusLinear()
    {
        Assert.Equal([2, Math.Log(1 + Math.E)], Values(functional.softplus(tensor([2.0, 1]), threshold: 1)), static (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([0], Values(functional.dropout(ones(1), 1)));
    }

    [Fact]
    public void StatisticsOfNothing()
    {
        Assert.Equal(NaN, zeros(0, float64).var().item<double>());
        Assert.Equal([-Infinity, -Infinity], Values(zeros(0, 2, float64).logsumexp(0)));
        Assert.Equal(2, zeros(0).chunk(2).Length);
        Assert.Equal([0], Assert.Single(zeros(0).split(0)).shape);
        var x = zeros([1, 0], requires_grad: true);
        Assert.Equal([1, 0], autograd.grad([x.expand(3, 0).var()], [x])[0].shape);
    }

    public static TheoryData<string, Action> Refused => new()
    {
        { "sum over a dimension twice", static () => zeros(2, 3).sum([0, -2]) },
        { "norm of integers", static () => zeros(2, int64).norm() },
        { "arange away from the end", static () => arange(5, 2) },
        { "arange of truth values", static () => arange(0, 2, @bool) },
        { "linspace of −1 steps", static () => linspace(0, 1, -1) },
        { "empty, by eye with −2 columns", static () => eye(3, -2) },
        { "expand by −1", static () => zeros(3).expand(-1, 3) },
        { "expand to −2", static () => zeros(1).expand(-2) },
        { "reshape to [0, −1]", static () => zeros(0).reshape(0, -1) },
        { "mv of two matrices", static () => zeros(2, 2).mv(zeros(2, 2)) },
        { "conv2d with three strides", static () => functional.conv2d(zeros([1, 1, 3, 3]), zeros([1, 1, 1, 1]), strides: [1, 1, 1]) },
        { "max_pool2d with three sizes", static () => functional.max_pool2d(zeros([1, 1, 3, 3]), [1, 1, 1]) },
        { "one_hot of nothing", static () => functional.one_hot(zeros(0, int64)) },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void MeaninglessArgumentsAreRefused(string what, Action call)
    {
        var error = Assert.Throws<ExternalException>(call);
        Assert.StartsWith(what.Split([' ', ','])[0], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ClampNeedsABoundAlsoInPlace() => Assert.Throws<ArgumentException>(() => zeros(2).clamp_(min: (TorchSharp.Scalar?)null, max: null));
}
