using System.Collections.Immutable;

namespace DatasetDistillation.Reporting;

/// <summary>Data drawn in one colour under one name.</summary>
public abstract record Series
{
    private protected Series(string name) => Name = name ?? throw new ArgumentNullException(nameof(name));

    /// <summary>The name in the legend; may be empty when the chart has one series.</summary>
    public string Name { get; init; }

    /// <summary>A curve through y(0), y(1), …</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="y">The values; those that are not finite leave a gap.</param>
    /// <param name="firstX">The x of the first value (1 for epochs counted from one).</param>
    public static PointSeries Line(string name, Numbers y, int firstX = 0) => new(name, Numbers.Range(firstX, y.Count), y);

    /// <summary>A curve through the points (x, y), in the order given.</summary>
    public static PointSeries Line(string name, Numbers x, Numbers y) => new(name, x, y);

    /// <summary>Separate points (x, y).</summary>
    public static PointSeries Points(string name, Numbers x, Numbers y) => new(name, x, y) { Mark = PointMark.Points };

    /// <summary>
    /// The mean of several runs with a band of ± one sample standard deviation. Values that are not finite are left out of both.
    /// </summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="x">Where the values were taken.</param>
    /// <param name="runs">One row for each run, as long as <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">A run is not as long as x.</exception>
    public static PointSeries MeanOfRuns(string name, Numbers x, Matrix runs)
    {
        if (runs.Columns != x.Count)
            throw new ArgumentException($"Series '{name}': the runs have {runs.Columns} values each, x has {x.Count}.", nameof(runs));
        var columns = Enumerable.Range(0, x.Count)
            .Select(j => Spread.Of(Enumerable.Range(0, runs.Rows).Select(i => runs[i, j]).Where(double.IsFinite)))
            .ToArray();
        return new PointSeries(name, x, Numbers.From(columns.Select(c => c.Mean)))
        {
            Band = new Band(
                Numbers.From(columns.Select(c => c.Mean - c.Deviation)),
                Numbers.From(columns.Select(c => c.Mean + c.Deviation))),
        };
    }

    /// <summary>One bar for each category of the x axis.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="values">The heights.</param>
    /// <param name="deviations">Half the lengths of the error bars; none by default.</param>
    public static BarSeries Bars(string name, Numbers values, Numbers deviations = default) => new(name, values, deviations);

    private protected void RequireValues(int count, string what)
    {
        if (count == 0)
            throw new ArgumentException($"Series '{Name}' is empty: {what} has no values. Give at least one.");
    }
}

/// <summary>How a <see cref="PointSeries"/> is drawn.</summary>
public enum PointMark
{
    /// <summary>A curve.</summary>
    Line,

    /// <summary>A curve with a dot at each point.</summary>
    LineAndPoints,

    /// <summary>Dots alone.</summary>
    Points,
}

/// <summary>The lower and upper edge of a shaded band about a curve, such as mean ± standard deviation.</summary>
public sealed record Band(Numbers Lower, Numbers Upper);

/// <summary>A curve or a cloud of points. A point that is not finite leaves a gap, and the chart says so below.</summary>
public sealed record PointSeries : Series
{
    private readonly Band? band;

    /// <summary>Pairs x and y.</summary>
    /// <exception cref="ArgumentException">There are no points, or x and y are of different length.</exception>
    public PointSeries(string name, Numbers x, Numbers y)
        : base(name)
    {
        RequireValues(y.Count, "y");
        if (x.Count != y.Count)
            throw new ArgumentException($"Series '{name}': x has {x.Count} values, y has {y.Count}. Each point needs both.");
        X = x;
        Y = y;
    }

    /// <summary>Where the points are along the x axis.</summary>
    public Numbers X { get; }

    /// <summary>Their heights.</summary>
    public Numbers Y { get; }

    /// <summary>A curve unless said otherwise.</summary>
    public PointMark Mark { get; init; }

    /// <summary>Whether the curve is dashed.</summary>
    public bool Dashed { get; init; }

    /// <summary>The shaded band about the curve, if any.</summary>
    /// <exception cref="ArgumentException">An edge is not as long as the curve.</exception>
    public Band? Band
    {
        get => band;
        init => band = value is null || (value.Lower.Count == Y.Count && value.Upper.Count == Y.Count)
            ? value
            : throw new ArgumentException(
                $"Series '{Name}': the band has {value.Lower.Count} lower and {value.Upper.Count} upper values, the curve {Y.Count}.");
    }
}

/// <summary>Bars over the categories of the x axis.</summary>
public sealed record BarSeries : Series
{
    /// <summary>Bars of these heights.</summary>
    /// <exception cref="ArgumentException">There are no bars, or the deviations do not match them.</exception>
    public BarSeries(string name, Numbers values, Numbers deviations = default)
        : base(name)
    {
        RequireValues(values.Count, "the bars");
        if (deviations.Count != 0 && deviations.Count != values.Count)
            throw new ArgumentException($"Series '{name}': {values.Count} bars, but {deviations.Count} deviations.");
        Values = values;
        Deviations = deviations;
    }

    /// <summary>The heights, one for each category.</summary>
    public Numbers Values { get; }

    /// <summary>Half the lengths of the error bars; empty for none.</summary>
    public Numbers Deviations { get; }
}

/// <summary>Counts of values in adjacent bins of equal width.</summary>
public sealed record HistogramSeries : Series
{
    /// <summary>Counts the values that are finite.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="values">What is counted.</param>
    /// <param name="bins">How many bins; 0 chooses by the rule of Freedman and Diaconis (1981).</param>
    public HistogramSeries(string name, Numbers values, int bins = 0)
        : base(name)
    {
        RequireValues(values.Count, "the sample");
        ArgumentOutOfRangeException.ThrowIfNegative(bins);
        Sample = values;
        (Edges, Counts) = Histogram.Count([.. values.Values.Where(Axis.IsFinite)], bins);
    }

    /// <summary>What was counted.</summary>
    public Numbers Sample { get; }

    /// <summary>The borders of the bins, one more than there are bins.</summary>
    public ImmutableArray<double> Edges { get; }

    /// <summary>How many values fell in each bin; the last bin includes its upper edge.</summary>
    public ImmutableArray<int> Counts { get; }
}

/// <summary>How the cells of a heat map are coloured.</summary>
public enum HeatMapColours
{
    /// <summary>From pale to dark between the least and the greatest value.</summary>
    Sequential,

    /// <summary>Blue for positive, red for negative, pale at zero.</summary>
    Diverging,

    /// <summary>Shares of the row's sum: blue on the diagonal, red off it, so that confusions stand out however rare.</summary>
    Confusion,
}

/// <summary>A matrix of coloured cells. Row 0 is at the top.</summary>
public sealed record HeatMapSeries : Series
{
    /// <summary>Shows a matrix.</summary>
    /// <exception cref="ArgumentException">Confusion colours for a matrix that is not square.</exception>
    public HeatMapSeries(Matrix values, HeatMapColours colours = HeatMapColours.Sequential, string format = "")
        : base("")
    {
        if (colours == HeatMapColours.Confusion && values.Rows != values.Columns)
            throw new ArgumentException($"A confusion matrix is square; this one has {values.Rows} rows and {values.Columns} columns.");
        Values = values;
        Colours = colours;
        Format = format;
    }

    /// <summary>The values of the cells.</summary>
    public Matrix Values { get; }

    /// <summary>How they are coloured.</summary>
    public HeatMapColours Colours { get; }

    /// <summary>The .NET format of the numbers in the cells ("0.00"); empty for three significant digits.</summary>
    public string Format { get; }
}
