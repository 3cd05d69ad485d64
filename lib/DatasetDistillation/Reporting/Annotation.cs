namespace DatasetDistillation.Reporting;

/// <summary>Something said about a place in a <see cref="Chart"/>.</summary>
public abstract record Annotation
{
    private protected Annotation(string text) => Text = text;

    /// <summary>What is said.</summary>
    public string Text { get; init; }

    /// <summary>A dashed line across the chart at a value of the y axis.</summary>
    public static Annotation Horizontal(double y, string text) => new ReferenceLine(y, false, text);

    /// <summary>A dashed line from bottom to top at a value of the x axis.</summary>
    public static Annotation Vertical(double x, string text) => new ReferenceLine(x, true, text);

    /// <summary>A dot with words beside it.</summary>
    public static Annotation At(double x, double y, string text) => new PointAnnotation(x, y, text);
}

/// <summary>A dashed line at one value of an axis.</summary>
public sealed record ReferenceLine : Annotation
{
    internal ReferenceLine(double value, bool isVertical, string text)
        : base(text) => (Value, IsVertical) = (value, isVertical);

    /// <summary>Where the line stands on its axis.</summary>
    public double Value { get; }

    /// <summary>Whether the value is on the x axis.</summary>
    public bool IsVertical { get; }
}

/// <summary>Words at one point of a chart.</summary>
public sealed record PointAnnotation : Annotation
{
    internal PointAnnotation(double x, double y, string text)
        : base(text) => (X, Y) = (x, y);

    /// <summary>The place along the x axis.</summary>
    public double X { get; }

    /// <summary>The place along the y axis.</summary>
    public double Y { get; }
}
