using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>What a solver found, and whether it is what was asked for.</summary>
/// <param name="Solution">The solution, in the caller's dispose scope.</param>
/// <param name="Status">Why the solver stopped.</param>
/// <param name="Iterations">The updates made.</param>
/// <param name="Value">The objective at the last point at which it was needed.</param>
/// <param name="Residual">What was compared with the tolerance.</param>
public sealed record SolverResult(Tensor Solution, SolverStatus Status, int Iterations, double Value, double Residual)
{
    /// <summary>Whether the residual is within the tolerance.</summary>
    public bool Converged => Status == SolverStatus.Converged;

    /// <summary>The solution of a solver that converged.</summary>
    /// <exception cref="InvalidOperationException">It did not; the message says why and how far it was.</exception>
    public Tensor Required() => Converged
        ? Solution
        : throw new InvalidOperationException($"The solver stopped with {Status} after {Iterations} iterations; the residual is {Residual:G3}. Allow more iterations, a larger tolerance, or begin nearer to the solution.");

    /// <summary>Status, iterations and residual.</summary>
    public override string ToString() => FormattableString.Invariant($"{Status} after {Iterations} iterations, value {Value:G6}, residual {Residual:G3}");
}
