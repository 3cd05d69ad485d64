using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>
/// What a solver carries from one update to the next: the solution, how far it is, and whatever tensors and numbers that
/// solver needs, by name, so that any solver's state can be stored and resumed. It owns its tensors.
/// </summary>
internal sealed class SolverState : IDisposable
{
    /// <summary>The name of the solution among <see cref="Tensors"/>.</summary>
    internal const string SolutionName = "solution";

    /// <summary>What the names of numbers begin with among <see cref="Tensors"/>.</summary>
    internal const string NumberPrefix = "number.";

    private readonly Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> numbers = new(StringComparer.Ordinal);

    /// <summary>A state at <paramref name="start"/>, of which it keeps a copy.</summary>
    public SolverState(Tensor start)
    {
        ArgumentNullException.ThrowIfNull(start);
        Solution = start.detach().clone();
        (Value, Residual) = (double.NaN, double.PositiveInfinity);
    }

    private SolverState()
    {
    }

    /// <summary>The current solution.</summary>
    public Tensor Solution
    {
        get => this[SolutionName];
        internal set => this[SolutionName] = value;
    }

    /// <summary>The objective at the last point at which it was needed; for a linear system, ‖b − A·x‖.</summary>
    public double Value
    {
        get => Number(nameof(Value));
        internal set => Set(nameof(Value), value);
    }

    /// <summary>What is compared with the tolerance.</summary>
    public double Residual
    {
        get => Number(nameof(Residual));
        internal set => Set(nameof(Residual), value);
    }

    /// <summary>The updates made.</summary>
    public int Iterations
    {
        get => (int)Number(nameof(Iterations));
        internal set => Set(nameof(Iterations), value);
    }

    /// <summary>Whether the solver goes on, and if not, why.</summary>
    public SolverStatus Status
    {
        get => (SolverStatus)(int)Number(nameof(Status));
        internal set => Set(nameof(Status), (int)value);
    }

    /// <summary>A tensor of the state. Setting takes it over and frees the former.</summary>
    internal Tensor this[string name]
    {
        get => tensors[name];
        set
        {
            Tensor kept = value.requires_grad ? value.detach() : value;
            kept.DetachFromDisposeScope();
            if (tensors.TryGetValue(name, out Tensor? former) && !ReferenceEquals(former, kept))
                former.Dispose();
            tensors[name] = kept;
        }
    }

    /// <summary>A state that <see cref="Tensors"/> described.</summary>
    public static SolverState Restore(IEnumerable<(string Name, Tensor Tensor)> stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        var state = new SolverState();
        foreach ((string name, Tensor value) in stored)
        {
            if (name.StartsWith(NumberPrefix, StringComparison.Ordinal))
                state.Set(name[NumberPrefix.Length..], value.Number());
            else
                state[name] = value.clone();
        }
        return state.Contains(SolutionName)
            ? state
            : throw new ArgumentException($"The stored state has no '{SolutionName}'.", nameof(stored));
    }

    /// <summary>The state as named tensors, copies in the caller's dispose scope.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> Tensors() =>
    [
        .. tensors.Select(static t => (t.Key, t.Value.clone())),
        .. numbers.Select(static n => (NumberPrefix + n.Key, tensor(n.Value))),
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor value in tensors.Values)
            value.Dispose();
        tensors.Clear();
    }

    internal bool Contains(string name) => tensors.ContainsKey(name);

    internal double Number(string name) => numbers.GetValueOrDefault(name);

    internal void Set(string name, double number) => numbers[name] = number;
}
