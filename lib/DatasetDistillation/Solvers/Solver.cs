using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>
/// An iterative solver: <see cref="Initialize"/>, <see cref="Update"/>, and <see cref="Run"/>, which repeats the update until it
/// converges, fails or has used up its iterations. A start near the solution (a warm start) saves iterations.
/// </summary>
/// <typeparam name="TProblem">What is solved.</typeparam>
internal abstract class Solver<TProblem>
{
    /// <summary>The most updates that <see cref="Run"/> makes.</summary>
    public int MaxIterations { get; init; } = 500;

    /// <summary>The residual at which the solver has converged; each solver says what its residual is.</summary>
    public double Tolerance { get; init; } = 1e-3;

    /// <summary>The state before the first update.</summary>
    public SolverState Initialize(TProblem problem, Tensor start)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(start);
        var state = new SolverState(start);
        using var scope = NewDisposeScope();
        Begin(problem, state);
        Judge(state);
        return state;
    }

    /// <summary>Makes one update of a state whose status is <see cref="SolverStatus.Running"/>.</summary>
    /// <exception cref="InvalidOperationException">The solver has stopped.</exception>
    public void Update(TProblem problem, SolverState state)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(state);
        if (state.Status != SolverStatus.Running)
            throw new InvalidOperationException($"The solver has stopped ({state.Status}); begin again with {nameof(Initialize)}.");
        using var scope = NewDisposeScope();
        Advance(problem, state);
        state.Iterations++;
        Judge(state);
    }

    /// <summary>Solves the problem from <paramref name="start"/>.</summary>
    public SolverResult Run(TProblem problem, Tensor start)
    {
        using SolverState state = Initialize(problem, start);
        while (state.Status == SolverStatus.Running && state.Iterations < MaxIterations)
            Update(problem, state);
        return new SolverResult(
            state.Solution.clone(),
            state.Status == SolverStatus.Running ? SolverStatus.IterationLimit : state.Status,
            state.Iterations, state.Value, state.Residual);
    }

    /// <summary>What the first update needs; may already find the start solved.</summary>
    private protected virtual void Begin(TProblem problem, SolverState state)
    {
    }

    /// <summary>The update itself.</summary>
    private protected abstract void Advance(TProblem problem, SolverState state);

    private protected static double Dot(Tensor x, Tensor y) => (x * y).sum().Number();

    private protected static double Norm(Tensor x) => Math.Sqrt(Dot(x, x));

    private void Judge(SolverState state)
    {
        if (state.Status == SolverStatus.Running && state.Residual <= Tolerance)
            state.Status = SolverStatus.Converged;
    }
}
