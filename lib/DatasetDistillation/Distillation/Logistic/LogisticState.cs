using DatasetDistillation.Solvers;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>What changes during bilevel logistic regression.</summary>
internal sealed class LogisticState(long seed) : DistillationState(seed)
{
    /// <summary>Under which the variables lie.</summary>
    public const string VariablesName = "variables";

    private const string SolverPrefix = "solver.";
    private const string SolverSolution = SolverPrefix + SolverState.SolutionName;
    private const string SolverStatusName = SolverPrefix + SolverState.NumberPrefix + nameof(SolverState.Status);

    /// <summary>
    /// What is learned, in one vector of Float64: the images, then the labels' differences from one-hot, then the log of the scale.
    /// </summary>
    public Tensor Variables
    {
        get => this[VariablesName];
        set => this[VariablesName] = value;
    }

    /// <summary>Where the outer solver stands; <see cref="SolverStatus.Running"/> before its first step.</summary>
    public SolverStatus Status => Contains(SolverStatusName) ? (SolverStatus)this[SolverStatusName].WholeNumber() : SolverStatus.Running;

    /// <summary>A copy of what the outer solver carries from one step to the next; null before its first.</summary>
    public SolverState? Solver() => Contains(SolverSolution)
        ? SolverState.Restore(Names
            .Where(static name => name.StartsWith(SolverPrefix, StringComparison.Ordinal))
            .Select(name => (name[SolverPrefix.Length..], this[name])))
        : null;

    /// <summary>Keeps what the outer solver carries, and its solution as the variables.</summary>
    public void Keep(SolverState solver)
    {
        foreach (var (name, value) in solver.Tensors())
            this[SolverPrefix + name] = value;
        Variables = solver.Solution.clone();
    }
}
