using System.Text;

namespace DatasetDistillation.Reporting.Rendering;

/// <summary>Charts in words and block characters, for terminals and logs.</summary>
internal static class TextRenderer
{
    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const int SparklineWidth = 48;
    private const int BarWidth = 40;

    public static string Render(Chart chart)
    {
        var lines = new List<string>();
        if (chart.Title.Length > 0)
            lines.Add(chart.Title);
        var axes = string.Join(" over ", new[] { chart.YAxis.Title, chart.XAxis.Title }.Where(title => title.Length > 0));
        var names = chart.Series.Max(series => series.Name.Length);
        foreach (var series in chart.Series)
            lines.AddRange(series switch
            {
                PointSeries points => [Curve(points, chart, names)],
                BarSeries bars => Bars(bars, chart),
                HistogramSeries histogram => HistogramLines(histogram, chart),
                HeatMapSeries map => [Table(map, chart)],
                _ => [],
            });
        if (axes.Length > 0)
            lines.Add(axes);
        lines.AddRange(chart.Annotations.Select(annotation => annotation.Text).Where(text => text.Length > 0));
        lines.AddRange(chart.Notes.Select(note => "note: " + note));
        return string.Join("\n", lines);
    }

    private static string Curve(PointSeries series, Chart chart, int nameWidth)
    {
        var shown = series.Y.Values.Where((y, i) => chart.YAxis.Shows(y) && chart.XAxis.Shows(series.X.Values[i])).ToArray();
        var name = nameWidth == 0 ? "" : series.Name.PadRight(nameWidth) + "  ";
        if (shown.Length == 0)
            return $"{name}no value can be shown";
        string Value(double y) => chart.YAxis.Percent ? NumberText.Percent(y) : NumberText.Significant(y, 4);
        return series.Mark == PointMark.Points
            ? $"{name}{series.Y.Count} points, from {Value(shown.Min())} to {Value(shown.Max())}"
            : $"{name}{Sparkline(series.Y, chart.YAxis)}  {Value(shown[0])} → {Value(shown[^1])} (min {Value(shown.Min())}, max {Value(shown.Max())}, {series.Y.Count} points)";
    }

    /// <summary>One block for each value, or for the mean of neighbours where there are many; a gap is a space.</summary>
    public static string Sparkline(Numbers values, Axis axis)
    {
        var columns = Math.Min(SparklineWidth, values.Count);
        var means = Enumerable.Range(0, columns)
            .Select(i => Spread.Of(values.Values[(i * values.Count / columns)..((i + 1) * values.Count / columns)]
                .Where(axis.Shows).Select(v => axis.IsLog ? Math.Log(v) : v)).Mean)
            .ToArray();
        var finite = means.Where(double.IsFinite).DefaultIfEmpty(0).ToArray();
        var (low, range) = (finite.Min(), finite.Max() - finite.Min());
        return string.Concat(means.Select(m => !double.IsFinite(m) ? ' ' : range == 0 ? Blocks[3] : Blocks[(int)Math.Round((m - low) / range * 7)]));
    }

    private static IEnumerable<string> Bars(BarSeries bars, Chart chart)
    {
        if (bars.Name.Length > 0)
            yield return bars.Name;
        var names = Enumerable.Range(0, bars.Values.Count)
            .Select(i => i < chart.XAxis.Categories.Length ? chart.XAxis.Categories[i] : NumberText.Whole(i)).ToArray();
        foreach (var line in BarLines(names, bars.Values.Values, v => chart.YAxis.Percent ? NumberText.Percent(v) : NumberText.Significant(v, 4)))
            yield return line;
    }

    private static IEnumerable<string> HistogramLines(HistogramSeries histogram, Chart chart)
    {
        string Edge(double x) => chart.XAxis.Percent ? NumberText.Percent(x) : NumberText.Significant(x);
        var names = histogram.Counts.Select((_, i) => $"{Edge(histogram.Edges[i])} … {Edge(histogram.Edges[i + 1])}").ToArray();
        return BarLines(names, histogram.Counts.Select(c => (double)c), NumberText.Whole);
    }

    private static IEnumerable<string> BarLines(string[] names, IEnumerable<double> values, Func<double, string> format)
    {
        var heights = values.ToArray();
        var most = heights.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        var nameWidth = names.Max(name => name.Length);
        return names.Zip(heights, (name, v) =>
            $"{name.PadLeft(nameWidth)} {new string('█', double.IsFinite(v) && most > 0 ? (int)Math.Round(Math.Abs(v) / most * BarWidth) : 0)} {format(v)}");
    }

    private static string Table(HeatMapSeries map, Chart chart)
    {
        var table = new List<string[]> { (string[])["", .. chart.XAxis.Categories] };
        for (var row = 0; row < map.Values.Rows; row++)
            table.Add([chart.YAxis.Categories[row], .. map.Values.Row(row).ToArray().Select(v => SvgMarks.CellText(map, v))]);
        return TextTable.Align(table, leftColumns: 1);
    }
}

/// <summary>Columns aligned with spaces.</summary>
internal static class TextTable
{
    /// <summary>The first columns flush left, the others flush right.</summary>
    public static string Align(IReadOnlyList<string[]> rows, int leftColumns)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(j => rows.Max(row => row[j].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
            text.AppendJoin("  ", row.Select((cell, j) => j < leftColumns ? cell.PadRight(widths[j]) : cell.PadLeft(widths[j])).ToArray()).Append('\n');
        return string.Join("\n", text.ToString().TrimEnd('\n').Split('\n').Select(line => line.TrimEnd()));
    }
}
