using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests.Gradients;

/// <summary>How a tensor lies in memory; the values are the same.</summary>
public enum Layout
{
    Contiguous,
    Transposed,
    Strided,
}

/// <summary>An operation to differentiate: the shapes of its inputs, the range of their elements, and what it computes.</summary>
internal sealed record GradientCase(long[][] Shapes, Func<Tensor[], Tensor> Function, double Low = -2, double High = 2);

/// <summary>First and second derivatives along random directions against central differences in float64.</summary>
internal static class GradientCheck
{
    private const double Step = 1e-5;
    private const double Tolerance = 1e-6;

    public static void Run(GradientCase operation, Layout layout, ulong seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(seed);
        var inputs = Array.ConvertAll(operation.Shapes, s => rand(s, float64, generator: generator) * (operation.High - operation.Low) + operation.Low);
        var weights = randn(operation.Function(inputs).shape, float64, generator: generator);
        Tensor[] Directions() => Array.ConvertAll(inputs, x => randn(x.shape, float64, generator: generator));
        Tensor Loss(Tensor[] x) => (operation.Function(Array.ConvertAll(x, t => Arrange(t, layout))) * weights).sum();

        var (first, second) = (Directions(), Directions());
        AssertClose("first derivative", Slope(x => Loss(x), inputs, first), Derivative(Loss, inputs, first));
        AssertClose("second derivative", Slope(x => Derivative(Loss, x, first), inputs, second), Derivative(x => Derivative(Loss, x, first), inputs, second));
    }

    /// <summary>The same elements with the strides that a view would have.</summary>
    public static Tensor Arrange(Tensor x, Layout layout)
    {
        if (layout == Layout.Contiguous || x.shape.Length == 0)
            return x;
        if (layout == Layout.Strided)
            return stack([x * 0.5, x], -1)[TensorIndex.Ellipsis, 1];
        long[] reversed = [.. Enumerable.Range(0, x.shape.Length).Reverse().Select(static d => (long)d)];
        return x.permute(reversed).contiguous().permute(reversed);
    }

    /// <summary>The derivative of a scalar function along a direction, by reverse mode; itself differentiable.</summary>
    private static Tensor Derivative(Func<Tensor[], Tensor> function, Tensor[] at, Tensor[] direction)
    {
        var x = Array.ConvertAll(at, static t => t.requires_grad ? t : t.detach().requires_grad_());
        var y = function(x);
        if (!y.requires_grad)
            return zeros([], float64);
        return autograd.grad([y], x, retain_graph: true, create_graph: true, allow_unused: true)
            .Zip(direction, static (g, v) => g.IsInvalid ? zeros([], float64) : (g * v).sum())
            .Aggregate(zeros([], float64), static (a, b) => a + b);
    }

    private static Tensor Slope(Func<Tensor[], Tensor> function, Tensor[] at, Tensor[] direction)
    {
        Tensor Value(double step) => function([.. at.Zip(direction, (x, v) => (x + v * step).detach())]);
        return (Value(Step) - Value(-Step)) / (2 * Step);
    }

    private static void AssertClose(string what, Tensor expected, Tensor actual)
    {
        var (e, a) = (expected.item<double>(), actual.item<double>());
        Assert.True(Math.Abs(e - a) <= Tolerance * Math.Max(1, Math.Abs(e)), $"{what}: central difference {e}, reverse mode {a}");
    }
}
