using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>A linear system A·x = b.</summary>
/// <param name="Matrix">Products with A, symmetric and positive definite.</param>
/// <param name="RightSide">b.</param>
internal sealed record LinearSystem(LinearOperator Matrix, Tensor RightSide);

/// <summary>
/// Conjugate gradients for A·x = b with A symmetric positive definite, of which only products are needed
/// (Hestenes and Stiefel 1952). The residual is ‖b − A·x‖ / ‖b‖.
/// </summary>
/// <remarks>
/// Stops with <see cref="SolverStatus.Singular"/> at a direction p whose curvature pᵀA·p is not positive; the solution is then
/// the last before it.
/// </remarks>
internal sealed class ConjugateGradient : Solver<LinearSystem>
{
    private const string Remainder = "remainder", Direction = "direction";
    private const string Square = "square", LargestCurvature = "largest curvature";

    /// <summary>Conjugate gradients to a relative residual of 1e-10.</summary>
    public ConjugateGradient() => Tolerance = 1e-10;

    /// <summary>The smallest curvature pᵀA·p / pᵀp, relative to the largest seen, that counts as positive.</summary>
    public double MinCurvature { get; init; } = 1e-14;

    /// <summary>Solves A·x = b from zero.</summary>
    public SolverResult Run(LinearOperator matrix, Tensor rightSide) => Run(new LinearSystem(matrix, rightSide), zeros_like(rightSide));

    /// <inheritdoc/>
    private protected override void Begin(LinearSystem problem, SolverState state)
    {
        Tensor b = problem.RightSide;
        if (!state.Solution.shape.SequenceEqual(b.shape))
            throw new ArgumentException($"The start has the shape [{string.Join(", ", state.Solution.shape)}], the right side [{string.Join(", ", b.shape)}].", nameof(problem));
        Tensor r = b - problem.Matrix(state.Solution);
        state[Remainder] = r;
        state[Direction] = r.clone();
        state.Set(Square, Dot(r, r));
        Assess(problem, state);
    }

    /// <inheritdoc/>
    private protected override void Advance(LinearSystem problem, SolverState state)
    {
        Tensor p = state[Direction], ap = problem.Matrix(p);
        double product = Dot(p, ap), curvature = product / Dot(p, p);
        if (!double.IsFinite(curvature))
        {
            state.Status = SolverStatus.NotFinite;
            return;
        }
        state.Set(LargestCurvature, Math.Max(state.Number(LargestCurvature), Math.Abs(curvature)));
        if (curvature <= MinCurvature * state.Number(LargestCurvature))
        {
            state.Status = SolverStatus.Singular;
            return;
        }

        double former = state.Number(Square), step = former / product;
        state.Solution = state.Solution.Plus(p, step);
        Tensor r = state[Remainder].Plus(ap, -step);
        double square = Dot(r, r);
        state[Direction] = r.Plus(p, square / former);
        state[Remainder] = r;
        state.Set(Square, square);
        Assess(problem, state);
    }

    private static void Assess(LinearSystem problem, SolverState state)
    {
        double norm = Norm(problem.RightSide);
        state.Value = Math.Sqrt(state.Number(Square));
        state.Residual = norm == 0 ? state.Value : state.Value / norm;
        if (!double.IsFinite(state.Residual))
            state.Status = SolverStatus.NotFinite;
    }
}
