using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>
/// Gradient descent with a backtracking line search, accelerated by default (FISTA: Beck and Teboulle 2009). The residual is
/// the distance of the last two solutions divided by the step size that the next update tries first: times
/// <see cref="StepGrowth"/>, an estimate of the norm of the gradient.
/// </summary>
internal sealed class GradientDescent : Solver<Objective>
{
    private const string Extrapolation = "extrapolation", Step = "step", Momentum = "momentum";
    private const double Shrink = 0.5, SmallStep = 1e-6;

    /// <summary>Whether steps are taken from an extrapolation of the last two solutions.</summary>
    public bool Accelerated { get; init; } = true;

    /// <summary>
    /// Whether the extrapolation begins anew when the last step went against the gradient, so that it does not overshoot
    /// (O'Donoghue and Candès 2015).
    /// </summary>
    public bool Restarts { get; init; }

    /// <summary>The first step size that is tried, and the one begun again with when steps have become smaller than 1e-6.</summary>
    public double StepSize { get; init; } = 1;

    /// <summary>
    /// By how much the step size grows after each update: 2 tries longer steps where the objective is flatter; 1 keeps to the
    /// smallest so far, as the theory of accelerated descent has it.
    /// </summary>
    public double StepGrowth { get; init; } = 2;

    /// <summary>The most times that a step is halved.</summary>
    public int MaxHalvings { get; init; } = 15;

    /// <summary>By how much, relative to the objective, a step may miss the decrease that is asked for, against rounding in float32.</summary>
    public double Slack { get; init; } = 1e-7;

    /// <inheritdoc/>
    private protected override void Begin(Objective problem, SolverState state)
    {
        state[Extrapolation] = state.Solution.clone();
        state.Set(Step, StepSize);
        state.Set(Momentum, 1);
    }

    /// <inheritdoc/>
    private protected override void Advance(Objective problem, SolverState state)
    {
        Tensor y = state[Extrapolation];
        (double value, Tensor gradient) = problem.ValueAndGradient(y);
        double norm = Norm(gradient);
        if (!double.IsFinite(value) || !double.IsFinite(norm))
        {
            state.Status = SolverStatus.NotFinite;
            return;
        }
        if (Search(problem, y, value, gradient, norm * norm, state.Number(Step)) is not var (next, step, nextValue))
        {
            (state.Residual, state.Status) = (norm, norm <= Tolerance ? SolverStatus.Converged : SolverStatus.NoDescent);
            return;
        }

        state.Value = nextValue;
        state.Set(Step, step <= SmallStep ? StepSize : step * StepGrowth);
        Tensor difference = next - state.Solution;
        state.Residual = Norm(difference) / state.Number(Step);
        double momentum = Restarts && Dot(gradient, difference) > 0 ? 1 : state.Number(Momentum);
        double nextMomentum = Accelerated ? 0.5 * (1 + Math.Sqrt(1 + 4 * momentum * momentum)) : 1;
        state[Extrapolation] = next.Plus(difference, (momentum - 1) / nextMomentum);
        state.Set(Momentum, nextMomentum);
        state.Solution = next;
    }

    /// <summary>
    /// The first of s, s/2, s/4, … whose step d = −s·g has f(y + d) ≤ f(y) + gᵀd + ‖d‖²/2s, up to the slack. The last one tried
    /// counts too if it does not raise f; otherwise nothing is found.
    /// </summary>
    private (Tensor Next, double Step, double Value)? Search(Objective problem, Tensor y, double value, Tensor gradient, double square, double step)
    {
        for (int halvings = 0; ; halvings++)
        {
            Tensor next = y.Plus(gradient, -step);
            double f = problem.Value(next);
            if (f <= value - 0.5 * step * square + Slack * Math.Abs(value))
                return (next, step, f);
            if (halvings == MaxHalvings)
                return f <= value ? (next, step, f) : null;
            step *= Shrink;
        }
    }
}
