using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests;

/// <summary>
/// Bilevel logistic regression: W(θ) minimises the mean cross-entropy of ten distilled images plus (l2/2)·‖W‖²; the
/// hypergradient of the loss on real digits follows from the implicit function theorem, Hessian products from double backward.
/// </summary>
public sealed class LogisticBilevelTests
{
    private const double L2 = 0.1;

    [Fact]
    public void HypergradientByImplicitDifferentiation()
    {
        using var scope = NewDisposeScope();
        var reference = new Fixture("logistic_bilevel");
        var theta = reference.Tensor("theta").requires_grad_();
        var weights = reference.Tensor("W").requires_grad_();
        var labels = arange(10);

        var inner = nn.functional.cross_entropy(theta.matmul(weights), labels) + weights.square().sum() * (L2 / 2);
        var stationarity = autograd.grad([inner], [weights], retain_graph: true, create_graph: true)[0];
        Assert.InRange(stationarity.norm().item<double>(), 0, 1e-14);

        var digits = new Fixture("mnist_first2000");
        var images = (digits.Tensor("images", float32).flatten(1) / 255f).to_type(float64);
        var outer = nn.functional.cross_entropy(images.matmul(weights), digits.Tensor("labels", int64));
        Assert.InRange(reference.Error("outer_loss", outer), 0, 1e-9);

        var right = autograd.grad([outer], [weights])[0];
        var solution = ConjugateGradient(v => autograd.grad([stationarity], [weights], [v], retain_graph: true)[0], right);
        var hypergradient = -autograd.grad([stationarity], [theta], [solution])[0];
        Assert.InRange(reference.Error("hypergradient", hypergradient), 0, 1e-6);
    }

    /// <summary>Solves H u = b for the symmetric positive definite H that <paramref name="product"/> applies.</summary>
    private static Tensor ConjugateGradient(Func<Tensor, Tensor> product, Tensor b)
    {
        var (u, r, p) = (zeros_like(b), b, b);
        var square = (r * r).sum().item<double>();
        var target = 1e-24 * square;
        for (var i = 0; i < 100 && square > target; i++)
        {
            var hp = product(p);
            var step = square / (p * hp).sum().item<double>();
            (u, r) = (u + p * step, r - hp * step);
            var next = (r * r).sum().item<double>();
            p = r + p * (next / square);
            square = next;
        }
        return u;
    }
}
