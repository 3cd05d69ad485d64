using System.Collections.Immutable;

namespace DatasetDistillation.Reporting;

/// <summary>How values are placed along an axis.</summary>
public enum AxisScale
{
    /// <summary>Equal distances are equal differences.</summary>
    Linear,

    /// <summary>Equal distances are equal ratios; values ≤ 0 cannot be shown and are left out with a note.</summary>
    Logarithmic,
}

/// <summary>One axis of a <see cref="Chart"/>.</summary>
public sealed record Axis
{
    /// <summary>What the axis measures, with its unit.</summary>
    public string Title { get; init; } = "";

    /// <summary>Linear unless said otherwise.</summary>
    public AxisScale Scale { get; init; }

    /// <summary>Values are fractions, labelled as percentages: 0.98 is shown as 98 %.</summary>
    public bool Percent { get; init; }

    /// <summary>The lowest value shown; null fits the data.</summary>
    public double? Min { get; init; }

    /// <summary>The highest value shown; null fits the data.</summary>
    public double? Max { get; init; }

    /// <summary>Names at the positions 0, 1, 2, …; empty for a numeric axis.</summary>
    public ImmutableArray<string> Categories { get; init; } = [];

    internal bool IsLog => Scale == AxisScale.Logarithmic && Categories.IsEmpty;

    /// <summary>Whether a value has a place on this axis.</summary>
    internal bool Shows(double value) => IsFinite(value) && (!IsLog || value > 0);

    /// <summary>Whether a value can be shown at all: the distance between two of them must not overflow.</summary>
    internal static bool IsFinite(double value) => Math.Abs(value) <= 1e300;
}
