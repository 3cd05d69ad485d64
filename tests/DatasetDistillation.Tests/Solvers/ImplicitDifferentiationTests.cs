using DatasetDistillation.Solvers;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Solvers;

/// <summary>Derivatives of solutions, against closed forms, unrolled descent and finite differences.</summary>
public sealed class ImplicitDifferentiationTests : IDisposable
{
    private readonly Generator random = new(5);

    [Fact]
    public void Ridge_regression_has_its_closed_form_derivative()
    {
        using var scope = NewDisposeScope();
        Tensor design = Normal(12, 4), targets = Normal(12), v = Normal(4);
        Tensor penalty = tensor(0.7);
        Tensor matrix = design.t().matmul(design) + eye(4, dtype: float64) * 0.7;
        Tensor x = linalg.solve(matrix, design.t().matmul(targets));

        // x* = (AᵀA + λI)⁻¹Aᵀb: ∂x*/∂b = (AᵀA + λI)⁻¹Aᵀ and ∂x*/∂λ = −(AᵀA + λI)⁻¹x*.
        Tensor adjoint = linalg.solve(matrix, v);
        Tensor toTargets = design.matmul(adjoint), toPenalty = -(adjoint * x).sum();

        OptimalityCondition condition = (w, p) => design.t().matmul(design.matmul(w) - p[0]) + w * p[1];
        foreach (bool positiveDefinite in new[] { true, false })
        {
            var implicitly = new ImplicitDifferentiation { PositiveDefinite = positiveDefinite };
            ImplicitDerivative transposed = implicitly.VectorProduct(condition, x, [targets, penalty], v);
            Assert.Equal(SolverStatus.Converged, transposed.Status);
            Assert.InRange(Problems.Distance(transposed.Products[0], toTargets), 0, 1e-10);
            Assert.InRange(Problems.Distance(transposed.Products[1], toPenalty), 0, 1e-10);

            Tensor moved = implicitly.Product(condition, x, [targets, penalty], [zeros_like(targets), ones_like(penalty)]).Products[0];
            Assert.InRange(Problems.Distance(moved, -linalg.solve(matrix, x)), 0, 1e-10);
        }
    }

    [Fact]
    public void A_fixed_point_without_symmetry_agrees_with_finite_differences()
    {
        using var scope = NewDisposeScope();
        Tensor matrix = Normal(5, 5) * 0.3, theta = Normal(5), v = Normal(5), direction = Normal(5);
        OptimalityCondition condition = (x, p) => x - (matrix.matmul(x) + p[0]).tanh();
        Tensor Solve(Tensor at)
        {
            Tensor x = zeros([5], float64);
            for (int i = 0; i < 400; i++)
                x = (matrix.matmul(x) + at).tanh();
            return x;
        }

        var implicitly = new ImplicitDifferentiation { PositiveDefinite = false };
        Tensor x = Solve(theta);
        Tensor gradient = implicitly.VectorProduct(condition, x, [theta], v).Products[0];
        Tensor moved = implicitly.Product(condition, x, [theta], [direction]).Products[0];
        Tensor difference = (Solve(theta + direction * 1e-5) - Solve(theta - direction * 1e-5)) / 2e-5;

        Assert.InRange(Problems.Distance(moved, difference), 0, 1e-8);
        Assert.Equal((v * difference).sum().ToDouble(), (gradient * direction).sum().ToDouble(), 8);
    }

    [Fact]
    public void Unrolled_descent_approaches_the_implicit_derivative_as_steps_are_added()
    {
        using var scope = NewDisposeScope();
        Tensor points = Normal(8, 4), v = Normal(4, 3);
        Tensor labels = tensor(new long[] { 0, 1, 2, 0, 1, 2, 0, 1 });
        Tensor Loss(Tensor w, Tensor p) => nn.functional.cross_entropy(p.matmul(w), labels) + w.square().sum() * 0.1;
        Tensor solution = new Newton { Tolerance = 1e-12 }.Run(Objective.Of(w => Loss(w, points)), zeros([4, 3], float64)).Required();
        Tensor exact = new ImplicitDifferentiation().VectorProduct(
            (w, p) => autograd.grad([Loss(w, p[0])], [w], retain_graph: true, create_graph: true)[0], solution, [points], v).Products[0];

        double Error(int steps, double momentum)
        {
            Tensor p = points.clone().requires_grad_();
            Tensor w = new UnrolledDescent { Steps = steps, StepSize = 0.8, Momentum = momentum }
                .Run(w => Loss(w, p), zeros([4, 3], float64));
            return Problems.Distance(autograd.grad([(w * v).sum()], [p])[0], exact);
        }

        Assert.InRange(Error(400, 0), 0, 1e-9);
        Assert.InRange(Error(150, 0.6), 0, 1e-9);
        Assert.InRange(Error(40, 0), 1e-7, Error(10, 0) / 10);
    }

    [Fact]
    public void A_parameter_without_influence_has_a_zero_derivative()
    {
        using var scope = NewDisposeScope();
        Tensor theta = Normal(3), idle = Normal(2);
        ImplicitDerivative derivative = new ImplicitDifferentiation()
            .VectorProduct((x, p) => x * 2 - p[0], theta / 2, [theta, idle], ones([3], float64));
        Assert.Equal([0.5, 0.5, 0.5], derivative.Products[0].data<double>().ToArray());
        Assert.Equal([0.0, 0.0], derivative.Products[1].data<double>().ToArray());
    }

    [Fact]
    public void A_singular_condition_is_reported()
    {
        using var scope = NewDisposeScope();
        Tensor theta = Normal(2), mask = Problems.Values(1, 0);
        ImplicitDerivative derivative = new ImplicitDifferentiation()
            .VectorProduct((x, p) => x * mask - p[0], theta, [theta], ones([2], float64));
        Assert.Equal(SolverStatus.Singular, derivative.Status);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using var scope = NewDisposeScope();
        var implicitly = new ImplicitDifferentiation();
        Tensor theta = Normal(3);
        var condition = Assert.Throws<ArgumentException>(() => implicitly.VectorProduct((x, p) => (x - p[0]).sum(), theta, [theta], theta));
        Assert.Contains("[3]", condition.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => implicitly.VectorProduct((x, p) => x - p[0], theta, [theta], Normal(2)));
        Assert.Throws<ArgumentException>(() => implicitly.VectorProduct((x, p) => ones_like(x), theta, [theta], theta));
        Assert.Throws<ArgumentException>(() => implicitly.Product((x, p) => x - p[0], theta, [theta], [Normal(2)]));
        Assert.Throws<ArgumentException>(() => implicitly.Product((x, p) => x - p[0], theta, [theta], []));
    }

    public void Dispose() => random.Dispose();

    private Tensor Normal(params long[] shape) => randn(shape, float64, generator: random);
}
