using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests.Ops;

/// <summary>Holds first and second derivatives against central differences along a random direction, in float64.</summary>
internal static class FiniteDifferences
{
    private const double Step = 1e-5;

    public static void Check(Func<Tensor[], Tensor> function, long[][] shapes, int seed = 1, double tolerance = 1e-7)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        Tensor Random(long[] shape) => randn(shape, float64, generator: generator);
        var inputs = shapes.Select(s => Random(s).requires_grad_()).ToArray();
        var direction = shapes.Select(Random).ToArray();
        var probe = shapes.Select(Random).ToArray();
        Tensor? weights = null;

        Tensor Loss(Tensor[] x)
        {
            var y = function(x);
            return (y * (weights ??= Random(y.shape))).sum();
        }

        // The derivative of the loss along the probe, by reverse mode.
        Tensor Slope(Tensor[] x, bool differentiable)
        {
            var gradients = autograd.grad([Loss(x)], x, retain_graph: differentiable, create_graph: differentiable);
            return gradients.Zip(probe, static (g, v) => (g * v).sum()).Aggregate(static (a, b) => a + b);
        }

        var first = autograd.grad([Loss(inputs)], inputs);
        AssertClose(Along(first, direction), Difference(x => Loss(x).item<double>(), inputs, direction), tolerance);

        var second = autograd.grad([Slope(inputs, differentiable: true)], inputs, allow_unused: true);
        AssertClose(Along(second, direction), Difference(x => Slope(x, differentiable: false).item<double>(), inputs, direction), tolerance);
    }

    private static double Along(IEnumerable<Tensor> gradients, Tensor[] direction) =>
        gradients.Zip(direction, static (g, v) => g.IsInvalid ? 0 : (g * v).sum().item<double>()).Sum();

    private static double Difference(Func<Tensor[], double> f, Tensor[] x, Tensor[] direction)
    {
        double At(double t) => f([.. x.Zip(direction, (a, v) => (a.detach() + v * t).requires_grad_())]);
        return (8 * (At(Step) - At(-Step)) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
    }

    private static void AssertClose(double analytic, double numeric, double tolerance) =>
        Assert.InRange(Math.Abs(analytic - numeric) / Math.Max(1, Math.Abs(numeric)), 0, tolerance);
}
