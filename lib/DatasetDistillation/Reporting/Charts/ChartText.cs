using Plotly.NET;

namespace DatasetDistillation.Reporting;

/// <summary>Charts as a line of text, for terminals and logs, and for readers who hear a page.</summary>
internal static class ChartText
{
    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const int SparklineWidth = 20;
    private const int MostNames = 6;

    public static string Of(GenericChart chart)
    {
        var figure = Figure.Of(chart);
        return string.Join(" | ", figure.Panels.Select(Of).Prepend(figure.Title).Where(static words => words.Length > 0));
    }

    public static string Of(Panel panel)
    {
        if (StillChart.Read(panel, out _) is not { } chart)
        {
            var kinds = panel.Data.Select(static trace => (string?)trace!["type"]).Distinct();
            return Join(panel.Title, "a chart for plotly.js: " + string.Join(", ", kinds));
        }
        var axes = string.Join(" over ", new[] { chart.Y.Title, chart.X.Title }.Where(static title => title.Length > 0));
        var marks = chart.Marks.Take(MostNames).Select(mark => Join(mark.Name, mark switch
        {
            StillCurve curve => Of(curve, chart),
            StillBars bars => Of(bars, chart),
            StillMap map => $"{map.Rows} × {map.Columns} cells",
            _ => "",
        }));
        var rest = chart.Marks.Length > MostNames ? $"; and {chart.Marks.Length - MostNames} more" : "";
        return Join(panel.Title, Join(axes, string.Join("; ", marks) + rest));
    }

    private static string Join(string name, string words) => name.Length > 0 ? $"{name}: {words}" : words;

    private static string Of(StillCurve curve, StillChart chart)
    {
        double[] shown = [.. curve.Y.Where((_, i) => curve.Shows(i, chart))];
        if (shown.Length == 0)
            return "no value can be shown";
        var left = curve.Y.Length - shown.Length;
        var words = !curve.HasLine && shown.Length > 1
            ? $"{shown.Length} points from {Value(shown.Min(), chart.Y)} to {Value(shown.Max(), chart.Y)}"
            : $"{Sparkline(shown, chart.Y)} {Value(shown[0], chart.Y)} → {Value(shown[^1], chart.Y)}";
        return left == 0 ? words : $"{words} ({left} of {curve.Y.Length} values not shown)";
    }

    private static string Of(StillBars bars, StillChart chart) => chart.X.Categories.Length == bars.Heights.Length
        ? string.Join(", ", chart.X.Categories.Zip(bars.Heights, (name, height) => $"{name} {Value(height, chart.Y)}"))
        : $"{Sparkline(bars.Heights, chart.Y)} from {Value(bars.Left[0], chart.X)} to {Value(bars.Right[^1], chart.X)}";

    private static string Value(double value, StillAxis axis) =>
        axis.IsPercent ? NumberText.Percent(value) : NumberText.Significant(value, 4);

    /// <summary>One block for each value, or for the mean of neighbors where there are many.</summary>
    private static string Sparkline(double[] values, StillAxis axis)
    {
        var columns = Math.Min(SparklineWidth, values.Length);
        var parts = Enumerable.Range(0, columns).Select(i => values[(i * values.Length / columns)..((i + 1) * values.Length / columns)]);
        double[] means = [.. parts.Select(part => part.Select(v => axis.IsLog ? Math.Log(v) : v).Average())];
        var (low, range) = (means.Min(), means.Max() - means.Min());
        return string.Concat(means.Select(m => Blocks[range > 0 && double.IsFinite(range) ? (int)Math.Round((m - low) / range * 7) : 3]));
    }
}
