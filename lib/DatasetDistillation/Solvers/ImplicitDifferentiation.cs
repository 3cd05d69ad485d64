using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>A condition F(x, θ) = 0 that a solution x*(θ) meets, written with differentiable operations.</summary>
/// <param name="x">The solution.</param>
/// <param name="parameters">θ, one tensor or several.</param>
/// <returns>F, shaped as <paramref name="x"/>: for a minimum, the gradient of the objective.</returns>
internal delegate Tensor OptimalityCondition(Tensor x, IReadOnlyList<Tensor> parameters);

/// <summary>Products with the derivative of a solution, and how well the linear system behind them was solved.</summary>
/// <param name="Products">One tensor for each parameter, or one shaped as the solution.</param>
/// <param name="Status">Why conjugate gradients stopped.</param>
/// <param name="Iterations">The products with ∂F/∂x that it took.</param>
/// <param name="Residual">The relative residual of the linear system.</param>
internal sealed record ImplicitDerivative(IReadOnlyList<Tensor> Products, SolverStatus Status, int Iterations, double Residual);

/// <summary>
/// The derivative of a solution x*(θ) of F(x, θ) = 0 by the implicit function theorem, whatever solver found x*:
/// ∂x*/∂θ = −(∂F/∂x)⁻¹ ∂F/∂θ. Neither matrix is formed; products with them come from automatic differentiation and the linear
/// system is solved by conjugate gradients (Blondel et al. 2022, "Efficient and modular implicit differentiation", §2.1).
/// </summary>
internal sealed class ImplicitDifferentiation
{
    /// <summary>
    /// Whether ∂F/∂x is symmetric and positive definite, as the Hessian at a strict minimum is. Otherwise the normal equations are
    /// solved, which any regular matrix allows and which square its condition number.
    /// </summary>
    public bool PositiveDefinite { get; init; } = true;

    /// <summary>What solves the linear system.</summary>
    public ConjugateGradient Linear { get; init; } = new() { Tolerance = 1e-12, MaxIterations = 1000 };

    /// <summary>vᵀ·∂x*/∂θ for each parameter: what a hypergradient needs, with v the gradient of the outer loss at x*.</summary>
    /// <param name="condition">F.</param>
    /// <param name="solution">x*, with F(x*, θ) = 0.</param>
    /// <param name="parameters">θ.</param>
    /// <param name="cotangent">v, shaped as x*.</param>
    /// <exception cref="ArgumentException">F or the cotangent is not shaped as the solution, or F does not depend on it.</exception>
    public ImplicitDerivative VectorProduct(
        OptimalityCondition condition, Tensor solution, IReadOnlyList<Tensor> parameters, Tensor cotangent)
    {
        using var scope = NewDisposeScope();
        var at = new Linearization(condition, solution, parameters, twice: !PositiveDefinite);
        at.CheckShape(cotangent, nameof(cotangent));
        // (∂F/∂x)ᵀ u = v, then −uᵀ ∂F/∂θ.
        SolverResult solved = PositiveDefinite
            ? Linear.Run(at.Transposed, cotangent)
            : Linear.Run(u => at.Forward(at.Transposed(u)), at.Forward(cotangent));
        return Result(at.ParameterProducts(-solved.Solution), solved);
    }

    /// <summary>∂x*/∂θ·t: how the solution moves when the parameters move along t.</summary>
    /// <param name="condition">F.</param>
    /// <param name="solution">x*, with F(x*, θ) = 0.</param>
    /// <param name="parameters">θ.</param>
    /// <param name="tangents">t, one tensor shaped as each parameter.</param>
    /// <exception cref="ArgumentException">
    /// F is not shaped as the solution or does not depend on it, or a tangent is not shaped as its parameter.
    /// </exception>
    public ImplicitDerivative Product(
        OptimalityCondition condition, Tensor solution, IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> tangents)
    {
        using var scope = NewDisposeScope();
        var at = new Linearization(condition, solution, parameters, twice: true);
        Tensor right = -at.ParameterForward(tangents);
        SolverResult solved = PositiveDefinite
            ? Linear.Run(at.Transposed, right)
            : Linear.Run(v => at.Transposed(at.Forward(v)), at.Transposed(right));
        return Result([solved.Solution], solved);
    }

    private static ImplicitDerivative Result(IReadOnlyList<Tensor> products, SolverResult solved) =>
        new([.. products.Select(static p => p.MoveToOuterDisposeScope())], solved.Status, solved.Iterations, solved.Residual);

    /// <summary>F near the solution: products with ∂F/∂x, ∂F/∂θ and their transposes.</summary>
    private sealed class Linearization
    {
        private readonly Tensor x, f;
        private readonly Tensor[] theta;

        // The transposed products at a variable weight: linear in the weight, so that their derivative with respect to it,
        // taken backwards, is the forward product (Christianson 1992).
        private readonly Tensor? weight, weightedX;
        private readonly Tensor[] weightedTheta = [];

        public Linearization(OptimalityCondition condition, Tensor solution, IReadOnlyList<Tensor> parameters, bool twice)
        {
            ArgumentNullException.ThrowIfNull(condition);
            ArgumentNullException.ThrowIfNull(solution);
            ArgumentNullException.ThrowIfNull(parameters);
            x = solution.detach().requires_grad_();
            theta = [.. parameters.Select(static p => p.detach().requires_grad_())];
            f = condition(x, theta);
            CheckShape(f, nameof(condition));
            if (!f.requires_grad)
                throw new ArgumentException(
                    "The condition does not depend on the solution or the parameters through differentiable operations.",
                    nameof(condition));
            if (!twice)
                return;
            weight = zeros_like(f).requires_grad_();
            Tensor[] products = [.. Gradients.Of(f, [x, .. theta], weight, createGraph: true, allowUnused: true)];
            weightedX = products[0];
            weightedTheta = products[1..];
        }

        public Tensor Transposed(Tensor u) => OrZeros(Gradients.Of(f, [x], u, keepGraph: true, allowUnused: true)[0], x);

        public Tensor Forward(Tensor v) => Forward(weightedX!, v);

        public Tensor[] ParameterProducts(Tensor u) =>
            [.. Gradients.Of(f, theta, u, keepGraph: true, allowUnused: true).Zip(theta, OrZeros)];

        public Tensor ParameterForward(IReadOnlyList<Tensor> tangents)
        {
            if (tangents.Count != theta.Length)
                throw new ArgumentException($"There are {theta.Length} parameters, but {tangents.Count} tangents.", nameof(tangents));
            Tensor sum = zeros_like(f);
            for (int i = 0; i < theta.Length; i++)
            {
                if (!tangents[i].shape.SequenceEqual(theta[i].shape))
                    throw new ArgumentException(
                        $"Tangent {i} has the shape [{Text(tangents[i])}], its parameter [{Text(theta[i])}].", nameof(tangents));
                sum = sum.Plus(Forward(weightedTheta[i], tangents[i]));
            }
            return sum;
        }

        public void CheckShape(Tensor t, string name)
        {
            if (!t.shape.SequenceEqual(x.shape))
                throw new ArgumentException($"It must be shaped as the solution, [{Text(x)}]; its shape is [{Text(t)}].", name);
        }

        private Tensor Forward(Tensor weighted, Tensor v) => weighted.IsInvalid || !weighted.requires_grad
            ? zeros_like(f)
            : OrZeros(Gradients.Of(weighted, [weight!], v, keepGraph: true, allowUnused: true)[0], f);

        private static Tensor OrZeros(Tensor gradient, Tensor like) => gradient.IsInvalid ? zeros_like(like) : gradient;

        private static string Text(Tensor t) => string.Join(", ", t.shape);
    }
}
