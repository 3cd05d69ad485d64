namespace DatasetDistillation.Solvers;

/// <summary>Where a solver stands, or why it stopped.</summary>
internal enum SolverStatus
{
    /// <summary>It goes on.</summary>
    Running,

    /// <summary>The residual is within the tolerance.</summary>
    Converged,

    /// <summary>The allowed iterations are used up before the residual is within the tolerance.</summary>
    IterationLimit,

    /// <summary>The objective or its gradient is not a finite number; the solution is the last finite one.</summary>
    NotFinite,

    /// <summary>No step along the direction lowers the objective: it is no direction of descent, or rounding hides the descent.</summary>
    NoDescent,

    /// <summary>The matrix is singular or indefinite where it must be positive definite.</summary>
    Singular,
}
