using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using TorchSharp;

namespace DatasetDistillation.Reporting;

/// <summary>
/// A row of numbers to be shown. Arrays and lists of the usual numeric types convert to it by themselves, so that a chart
/// takes whatever the caller has. The numbers are copied.
/// </summary>
[CollectionBuilder(typeof(Numbers), nameof(Create))]
public readonly struct Numbers : IEquatable<Numbers>
{
    private readonly ImmutableArray<double> values;

    private Numbers(IEnumerable<double> values) => this.values = [.. values];

    /// <summary>The numbers, as float64.</summary>
    public ImmutableArray<double> Values => values.IsDefault ? [] : values;

    /// <summary>How many there are.</summary>
    public int Count => Values.Length;

    /// <summary>Copies a span of numbers.</summary>
    public static Numbers Create(ReadOnlySpan<double> values) => new(values.ToArray());

    /// <summary>Copies a sequence of numbers.</summary>
    public static Numbers From(IEnumerable<double> values) => new(values);

    /// <summary>The whole numbers first, first + 1, …</summary>
    public static Numbers Range(int first, int count) => new(Enumerable.Range(first, count).Select(i => (double)i));

    /// <summary>Enumerates the numbers.</summary>
    public ImmutableArray<double>.Enumerator GetEnumerator() => Values.GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Numbers other) => Values.AsSpan().SequenceEqual(other.Values.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Numbers other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var value in Values)
            hash.Add(value);
        return hash.ToHashCode();
    }

    /// <summary>Compares the numbers in order.</summary>
    public static bool operator ==(Numbers left, Numbers right) => left.Equals(right);

    /// <summary>Compares the numbers in order.</summary>
    public static bool operator !=(Numbers left, Numbers right) => !left.Equals(right);

    /// <summary>Copies an array.</summary>
    public static implicit operator Numbers(double[] values) => new(values);

    /// <summary>Copies an array.</summary>
    public static implicit operator Numbers(float[] values) => new(values.Select(v => (double)v));

    /// <summary>Copies an array.</summary>
    public static implicit operator Numbers(int[] values) => new(values.Select(v => (double)v));

    /// <summary>Copies an array.</summary>
    public static implicit operator Numbers(long[] values) => new(values.Select(v => (double)v));

    /// <summary>Copies a list.</summary>
    public static implicit operator Numbers(List<double> values) => new(values);

    /// <summary>Copies a list.</summary>
    public static implicit operator Numbers(List<float> values) => new(values.Select(v => (double)v));

    /// <summary>The measurements in their order.</summary>
    public static implicit operator Numbers(Training.Spread spread) =>
        new(spread?.Values ?? throw new ArgumentNullException(nameof(spread)));

    /// <summary>Copies the elements of a tensor of any shape and numeric type, in row-major order.</summary>
    public static implicit operator Numbers(torch.Tensor values) => TensorValues.Of(values, torch.float64, t => t.data<double>().ToArray());

    internal double[] ToArray() => [.. Values];
}

internal static class TensorValues
{
    /// <summary>Reads a tensor through a copy of the type wanted, outside the graph and on the CPU.</summary>
    public static T[] Of<T>(torch.Tensor tensor, torch.ScalarType type, Func<torch.Tensor, T[]> read)
    {
        using var scope = torch.NewDisposeScope();
        return read(tensor.detach().to(type).cpu());
    }
}
