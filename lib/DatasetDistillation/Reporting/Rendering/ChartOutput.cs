namespace DatasetDistillation.Reporting.Rendering;

/// <summary>Hands a row of charts to the renderer of a MIME type.</summary>
internal static class ChartOutput
{
    public static IReadOnlyList<string> MimeTypes { get; } = [MimeType.Svg, MimeType.Plotly, MimeType.Html, MimeType.Text];

    public static string Render(ChartRow row, string mimeType) => mimeType switch
    {
        MimeType.Svg => SvgRenderer.Render(row),
        MimeType.Plotly => PlotlyRenderer.Render(row),
        MimeType.Html => SvgRenderer.Render(row),
        MimeType.Text => string.Join("\n\n", row.Charts.Select(TextRenderer.Render)),
        _ => throw Unsupported(mimeType, MimeTypes),
    };

    public static NotSupportedException Unsupported(string mimeType, IEnumerable<string> supported) =>
        new($"'{mimeType}' is not among the types this object renders in: {string.Join(", ", supported)}.");
}

/// <summary>Says which values a chart had to leave out.</summary>
internal static class ChartNotes
{
    public static IEnumerable<string> Of(Chart chart)
    {
        foreach (var series in chart.Series)
        {
            var name = series.Name.Length == 0 ? "" : $" of {series.Name}";
            var values = series switch
            {
                PointSeries points => points.X.Values.Zip(points.Y.Values, (x, y) => (x, y)).ToArray(),
                BarSeries bars => [.. bars.Values.Values.Select((y, x) => ((double)x, y))],
                HistogramSeries histogram => [.. histogram.Sample.Values.Select(x => (x, 1.0))],
                HeatMapSeries map => [.. map.Values.Values.Select(y => (0.0, y))],
                _ => [],
            };
            var notFinite = values.Count(v => !Axis.IsFinite(v.x) || !Axis.IsFinite(v.y));
            if (notFinite > 0)
                yield return $"{notFinite} of {values.Length} values{name} {(notFinite == 1 ? "is" : "are")} not finite and left out";
            var notPositive = values.Count(v => Axis.IsFinite(v.x) && Axis.IsFinite(v.y) && !(chart.XAxis.Shows(v.x) && chart.YAxis.Shows(v.y)));
            if (notPositive > 0)
                yield return $"{notPositive} of {values.Length} values{name} {(notPositive == 1 ? "is" : "are")} ≤ 0 and left out of the logarithmic axis";
        }
    }
}
