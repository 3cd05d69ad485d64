using System.Globalization;

namespace DatasetDistillation.Reporting;

/// <summary>Which value of a column is the best.</summary>
public enum Best
{
    /// <summary>None is emphasized.</summary>
    None,

    /// <summary>The highest, such as an accuracy.</summary>
    Highest,

    /// <summary>The lowest, such as a loss.</summary>
    Lowest,
}

/// <summary>A column of a <see cref="ResultsTable"/>: its heading, how its values are written, which of them is the best.</summary>
public sealed record Column
{
    private readonly Func<double, double?, string> format;

    private Column(string name, Best best, Func<double, double?, string> format) => (Name, Best, this.format) = (name, best, format);

    /// <summary>The heading.</summary>
    public string Name { get; }

    /// <summary>Which value is emphasized.</summary>
    public Best Best { get; }

    /// <summary>Numbers with a fixed number of decimals and a unit after them ("images/s").</summary>
    public static Column Number(string name, string unit = "", int decimals = 2, Best best = Best.None) =>
        new(name, best, (value, deviation) => WithUnit(PlusMinus(value, deviation, v => NumberText.Fixed(v, decimals)), unit));

    /// <summary>Whole numbers with thousands separators.</summary>
    public static Column Count(string name, string unit = "", Best best = Best.None) => Number(name, unit, 0, best);

    /// <summary>Fractions in [0, 1] written as percentages.</summary>
    public static Column Percent(string name, int decimals = 1, Best best = Best.Highest) =>
        new(name, best, (value, deviation) => WithUnit(PlusMinus(value, deviation, v => NumberText.Fixed(100 * v, decimals)), "%"));

    /// <summary>Numbers with so many significant digits, for values of very different sizes.</summary>
    public static Column Significant(string name, string unit = "", int digits = 3, Best best = Best.None) =>
        new(name, best, (value, deviation) => WithUnit(PlusMinus(value, deviation, v => NumberText.Significant(v, digits)), unit));

    /// <summary>Seconds (or a <see cref="TimeSpan"/>) written as people say them: 3 min 05 s.</summary>
    public static Column Duration(string name, Best best = Best.None) =>
        new(name, best, (value, deviation) => PlusMinus(value, deviation, NumberText.Seconds));

    /// <summary>Words, flush left.</summary>
    public static Column Text(string name) => new(name, Best.None, static (value, _) => NumberText.Significant(value)) { IsText = true };

    /// <summary>Whether the column is one of words.</summary>
    internal bool IsText { get; private init; }

    internal string Written(Cell cell) =>
        cell.Value is not { } value ? cell.Words : double.IsNaN(value) ? "–" : format(value, cell.Deviation);

    private static string PlusMinus(double value, double? deviation, Func<double, string> format) =>
        deviation is { } d ? $"{format(value)} ± {format(d)}" : format(value);

    private static string WithUnit(string number, string unit) => unit.Length > 0 ? $"{number} {unit}" : number;
}

/// <summary>
/// One value of a <see cref="ResultsTable"/>: a number, a (mean, deviation)
/// pair, a time, or words. All of these convert to it by themselves.
/// </summary>
public readonly record struct Cell
{
    private Cell(double? value, double? deviation, string words) => (Value, Deviation, Words) = (value, deviation, words);

    /// <summary>The number; null for words.</summary>
    public double? Value { get; }

    /// <summary>Its standard deviation, where known.</summary>
    public double? Deviation { get; }

    /// <summary>The words of a cell without a number.</summary>
    public string Words => field ?? "";

    /// <summary>An empty cell, written as a dash.</summary>
    public static Cell Missing => new(double.NaN, null, "");

    /// <summary>The mean and the sample standard deviation of repeated measurements.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static Cell MeanOf(Numbers values)
    {
        if (values.Count == 0)
            throw new ArgumentException("There are no values to take the mean of.", nameof(values));
        var spread = new Training.Spread(values.Values);
        return new Cell(spread.Mean, values.Count > 1 ? spread.StandardDeviation : null, "");
    }

    /// <summary>A number.</summary>
    public static implicit operator Cell(double value) => new(value, null, "");

    /// <summary>A mean and its standard deviation.</summary>
    public static implicit operator Cell((double Mean, double Deviation) value) => new(value.Mean, value.Deviation, "");

    /// <summary>A time, in seconds.</summary>
    public static implicit operator Cell(TimeSpan value) => new(value.TotalSeconds, null, "");

    /// <summary>Mean and standard deviation of repeated measurements; the value alone where there is one.</summary>
    public static implicit operator Cell(Training.Spread spread) => MeanOf(spread);

    /// <summary>Words.</summary>
    public static implicit operator Cell(string words) => new(null, null, words);

    /// <summary>The bare value, without its column's format.</summary>
    public override string ToString() => Value?.ToString(CultureInfo.InvariantCulture) ?? Words;
}
