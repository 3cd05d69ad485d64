using System.Collections;

namespace DatasetDistillation.Models;

/// <summary>What a parameter is for, which decides what it is before training.</summary>
internal enum ParameterRole
{
    /// <summary>Multiplies features; drawn at random.</summary>
    Weight,

    /// <summary>Is added to features; zero, or drawn at random.</summary>
    Bias,

    /// <summary>Scales a normalized feature; one.</summary>
    Gain,
}

/// <summary>One parameter tensor of a network.</summary>
/// <param name="Name">What it is called, such as <c>conv1.weight</c>.</param>
/// <param name="Shape">Its shape, such as <c>[6, 1, 5, 5]</c>.</param>
/// <param name="Role">What it is for.</param>
/// <param name="FanIn">How many inputs one output is summed over.</param>
/// <param name="FanOut">How many outputs one input takes part in.</param>
internal sealed record ParameterSpec(string Name, IReadOnlyList<long> Shape, ParameterRole Role, long FanIn, long FanOut)
{
    /// <summary>The number of elements.</summary>
    public long Count { get; } = Shape.Aggregate(1L, static (product, size) => product * size);

    /// <summary>Where its first element lies in the flat vector of all parameters.</summary>
    public long Offset { get; init; }
}

/// <summary>How the parameters of a network lie, one after another, in one flat vector.</summary>
internal sealed class ParameterLayout : IReadOnlyList<ParameterSpec>, IEquatable<ParameterLayout>
{
    private readonly ParameterSpec[] specs;

    /// <summary>Lays parameters out in the given order.</summary>
    /// <param name="parameters">The parameters; their offsets are set here.</param>
    /// <exception cref="ArgumentException">Two parameters have the same name.</exception>
    public ParameterLayout(IEnumerable<ParameterSpec> parameters)
    {
        long offset = 0;
        var laidOut = new List<ParameterSpec>();
        foreach (var parameter in parameters)
        {
            laidOut.Add(parameter with { Offset = offset });
            offset += parameter.Count;
        }
        specs = [.. laidOut];
        TotalCount = offset;
        Sizes = [.. specs.Select(static s => s.Count)];
        Shapes = [.. specs.Select(static s => s.Shape.ToArray())];
        if (specs.GroupBy(static s => s.Name).FirstOrDefault(static g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"Two parameters are called '{twice.Key}'.", nameof(parameters));
    }

    /// <summary>The number of elements of the flat vector.</summary>
    public long TotalCount { get; }

    /// <summary>The number of parameter tensors.</summary>
    public int Count => specs.Length;

    /// <summary>The parameter at a position.</summary>
    public ParameterSpec this[int index] => specs[index];

    internal long[] Sizes { get; }

    internal long[][] Shapes { get; }

    /// <summary>The position of the parameter of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public int IndexOf(string name)
    {
        int index = Array.FindIndex(specs, s => s.Name == name);
        return index >= 0 ? index
            : throw new KeyNotFoundException($"There is no parameter '{name}'; there are {string.Join(", ", specs.Select(static s => s.Name))}.");
    }

    /// <inheritdoc/>
    public IEnumerator<ParameterSpec> GetEnumerator() => ((IEnumerable<ParameterSpec>)specs).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Whether both have the same names and shapes in the same order.</summary>
    public bool Equals(ParameterLayout? other) => ReferenceEquals(this, other)
        || (other is not null && Count == other.Count
            && specs.Zip(other.specs).All(static p => p.First.Name == p.Second.Name && p.First.Shape.SequenceEqual(p.Second.Shape)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ParameterLayout);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Count, TotalCount);

    /// <summary>Names and shapes.</summary>
    public override string ToString() => string.Join(", ", specs.Select(static s => $"{s.Name} [{string.Join(", ", s.Shape)}]"));
}
