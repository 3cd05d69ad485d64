using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>
/// Limited-memory BFGS (Liu and Nocedal 1989) with a line search for the weak Wolfe conditions by bisection (Lewis and Overton
/// 2013). The residual is the norm of the gradient.
/// </summary>
internal sealed class LBfgs : Solver<Objective>
{
    private const string Gradient = "gradient", Steps = "steps", Changes = "changes";
    private const double SufficientDecrease = 1e-4, Flatter = 0.9;

    /// <summary>How many past steps the curvature is estimated from.</summary>
    public int History { get; init; } = 10;

    /// <summary>The most evaluations of one line search.</summary>
    public int MaxTrials { get; init; } = 30;

    /// <summary>The length of the first step, along the gradient; later ones begin with the estimated Newton step.</summary>
    public double FirstStep { get; init; } = 1;

    /// <inheritdoc/>
    private protected override void Begin(Objective problem, SolverState state)
    {
        (double value, Tensor gradient) = problem.ValueAndGradient(state.Solution);
        (state[Gradient], state.Value, state.Residual) = (gradient, value, Norm(gradient));
        if (!double.IsFinite(value) || !double.IsFinite(state.Residual))
            state.Status = SolverStatus.NotFinite;
    }

    /// <inheritdoc/>
    private protected override void Advance(Objective problem, SolverState state)
    {
        Tensor direction = Direction(state);
        double first = state.Contains(Steps) ? 1 : FirstStep / state.Residual;
        if (Search(problem, state, direction, first) is not var (next, value, gradient))
        {
            state.Status = SolverStatus.NoDescent;
            return;
        }
        Remember(state, next - state.Solution, gradient - state[Gradient]);
        (state.Solution, state[Gradient], state.Value, state.Residual) = (next, gradient, value, Norm(gradient));
    }

    /// <summary>The two-loop recursion: minus the estimated inverse Hessian times the gradient.</summary>
    private static Tensor Direction(SolverState state)
    {
        Tensor q = state[Gradient];
        if (!state.Contains(Steps))
            return -q;
        (Tensor steps, Tensor changes) = (state[Steps], state[Changes]);
        int count = (int)steps.shape[0];
        double[] products = new double[count], weights = new double[count];
        for (int i = count - 1; i >= 0; i--)
        {
            products[i] = Dot(steps[i], changes[i]);
            weights[i] = Dot(steps[i], q) / products[i];
            q = q.Plus(changes[i], -weights[i]);
        }
        q = q.Times(products[^1] / Dot(changes[count - 1], changes[count - 1]));
        for (int i = 0; i < count; i++)
            q = q.Plus(steps[i], weights[i] - Dot(changes[i], q) / products[i]);
        return -q;
    }

    /// <summary>A step that lowers the objective enough and flattens its slope enough; failing that, the last that lowers it enough.</summary>
    private (Tensor Next, double Value, Tensor Gradient)? Search(Objective problem, SolverState state, Tensor direction, double step)
    {
        double slope = Dot(state[Gradient], direction);
        if (!(slope < 0))
            return null;
        double low = 0, high = double.PositiveInfinity;
        (Tensor, double, Tensor)? best = null;
        for (int trial = 0; trial < MaxTrials; trial++)
        {
            Tensor next = state.Solution.Plus(direction, step);
            (double value, Tensor gradient) = problem.ValueAndGradient(next);
            double nextSlope = Dot(gradient, direction);
            bool lower = double.IsFinite(nextSlope) && value <= state.Value + SufficientDecrease * step * slope;
            if (!lower)
                high = step;
            else if (nextSlope >= Flatter * slope)
                return (next, value, gradient);
            else
                (low, best) = (step, (next, value, gradient));
            step = double.IsFinite(high) ? 0.5 * (low + high) : 2 * step;
        }
        return best;
    }

    /// <summary>Keeps a step and the gradient's change over it, if the curvature along it is positive; forgets the oldest beyond the limit.</summary>
    private void Remember(SolverState state, Tensor step, Tensor change)
    {
        if (Dot(step, change) <= 1e-12 * Dot(change, change))
            return;
        state[Steps] = Appended(state, Steps, step);
        state[Changes] = Appended(state, Changes, change);
    }

    private Tensor Appended(SolverState state, string name, Tensor row)
    {
        if (!state.Contains(name))
            return row.unsqueeze(0).clone();
        Tensor rows = state[name];
        long kept = Math.Min(rows.shape[0], History - 1);
        return cat([rows.narrow(0, rows.shape[0] - kept, kept), row.unsqueeze(0)]);
    }
}
