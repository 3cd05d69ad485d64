using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>
/// Newton's method for convex objectives: the step solves H·d = −g by conjugate gradients, and a line search halves it until the
/// objective falls (Nocedal and Wright 2006, chapter 7). The residual is the norm of the gradient.
/// </summary>
/// <remarks>Stops with <see cref="SolverStatus.Singular"/> where the Hessian is not positive definite along the step's directions.</remarks>
internal sealed class Newton : Solver<Objective>
{
    private const string Gradient = "gradient";
    private const double SufficientDecrease = 1e-4;

    /// <summary>Newton's method, at most 50 updates, to a gradient of norm 1e-10.</summary>
    public Newton() => (MaxIterations, Tolerance) = (50, 1e-10);

    /// <summary>What solves for the step.</summary>
    public ConjugateGradient Linear { get; init; } = new() { Tolerance = 1e-10, MaxIterations = 1000 };

    /// <summary>The most times that a step is halved.</summary>
    public int MaxHalvings { get; init; } = 30;

    /// <inheritdoc/>
    private protected override void Begin(Objective problem, SolverState state) => Assess(problem, state, state.Solution);

    /// <inheritdoc/>
    private protected override void Advance(Objective problem, SolverState state)
    {
        SolverResult solved = Linear.Run(problem.Hessian(state.Solution), -state[Gradient]);
        if (solved.Status is SolverStatus.Singular or SolverStatus.NotFinite)
            state.Status = solved.Status;
        else if (Search(problem, state, solved.Solution) is { } next)
            Assess(problem, state, next);
        else
            state.Status = SolverStatus.NoDescent;
    }

    private Tensor? Search(Objective problem, SolverState state, Tensor direction)
    {
        double slope = Dot(state[Gradient], direction);
        if (!(slope < 0))
            return null;
        // Near the solution the decrease drowns in the objective's rounding, and the full step is right.
        double rounding = Math.ScaleB(Math.Abs(state.Value), direction.dtype == ScalarType.Float64 ? -50 : -21);
        double step = 1;
        for (int halvings = 0; halvings <= MaxHalvings; halvings++, step *= 0.5)
        {
            Tensor next = state.Solution.Plus(direction, step);
            if (problem.Value(next) <= state.Value + SufficientDecrease * step * slope + rounding)
                return next;
        }
        return null;
    }

    private static void Assess(Objective problem, SolverState state, Tensor x)
    {
        (double value, Tensor gradient) = problem.ValueAndGradient(x);
        double norm = Norm(gradient);
        if (!double.IsFinite(value) || !double.IsFinite(norm))
        {
            state.Status = SolverStatus.NotFinite;
            return;
        }
        (state.Solution, state[Gradient], state.Value, state.Residual) = (x, gradient, value, norm);
    }
}
