using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>What a solver found, and whether it is what was asked for.</summary>
public sealed record SolverResult
{
    internal SolverResult(Tensor solution, SolverStatus status, int iterations, double value, double residual) =>
        (Solution, Status, Iterations, Value, Residual) = (solution, status, iterations, value, residual);

    /// <summary>The solution, in the caller's dispose scope.</summary>
    public Tensor Solution { get; init; }

    /// <summary>Why the solver stopped.</summary>
    internal SolverStatus Status { get; init; }

    /// <summary>The updates made.</summary>
    public int Iterations { get; init; }

    /// <summary>The objective at the last point at which it was needed.</summary>
    public double Value { get; init; }

    /// <summary>What was compared with the tolerance.</summary>
    public double Residual { get; init; }

    /// <summary>Whether the residual is within the tolerance.</summary>
    public bool Converged => Status == SolverStatus.Converged;

    /// <summary>The solution of a solver that converged.</summary>
    /// <exception cref="InvalidOperationException">It did not; the message says why and how far it was.</exception>
    public Tensor Required() => Converged
        ? Solution
        : throw new InvalidOperationException(
            $"The solver stopped with {Status} after {Iterations} iterations; the residual is {Residual:G3}. "
            + "Allow more iterations, a larger tolerance, or begin nearer to the solution.");

    /// <summary>Status, iterations and residual.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{Status} after {Iterations} iterations, value {Value:G6}, residual {Residual:G3}");
}
