using System.Globalization;

namespace DatasetDistillation.Reporting.Rendering;

/// <summary>
/// Draws charts as SVG on a card of its own, light or dark as the reader prefers, so that the picture is legible on any page:
/// shown as an image it cannot know the colours around it.
/// </summary>
internal static class SvgRenderer
{
    public static string Render(ChartRow row)
    {
        var svg = new SvgCanvas();
        var label = string.Join(", ", row.Charts.Select(chart => chart.Title).Where(title => title.Length > 0));
        svg.Open("svg", string.Create(CultureInfo.InvariantCulture,
            $"xmlns=\"http://www.w3.org/2000/svg\" class=\"dd-chart\" role=\"img\" aria-label=\"{Xml.Escape(label)}\" width=\"{row.Width}\" height=\"{row.Height}\" viewBox=\"0 0 {row.Width} {row.Height}\" font-family=\"{Theme.Font}\""));
        svg.Raw($"<style>{Theme.StyleSheet}</style>\n");
        svg.Rectangle(0, 0, row.Width, row.Height, "rx=\"6\" " + Theme.Part("card"));
        foreach (var panel in row.Panels)
        {
            svg.Open("g", string.Create(CultureInfo.InvariantCulture, $"class=\"dd-panel\" transform=\"translate({panel.Left} {panel.Top})\""));
            new SvgChart(svg, panel.Chart).Draw(panel.Height);
            svg.Close("g");
        }
        svg.Close("svg");
        return svg.ToString();
    }
}

/// <summary>Draws one chart: its heading, legend, axes and notes; the data are left to <see cref="SvgMarks"/>.</summary>
internal sealed class SvgChart(SvgCanvas svg, Chart chart)
{
    private const double LabelSize = 12;
    private const string Tabular = "style=\"font-variant-numeric:tabular-nums\"";

    private bool Direct => chart.Series.Length <= 4
        && chart.Series.All(series => series is PointSeries { Name.Length: > 0, Mark: not PointMark.Points });

    private bool Legend => !Direct && chart.Series.Any(series => series.Name.Length > 0);

    public void Draw(double height)
    {
        var title = chart.Title.Length > 0 ? 26 : 0;
        var rows = Legend ? LegendRows() : [];
        var notes = chart.Notes;
        var right = Direct ? 26 + chart.Series.Max(series => 1.08 * SvgCanvas.WidthOf(series.Name, LabelSize)) : 26;
        var bottom = 16 + 18 + (chart.XAxis.Title.Length > 0 ? 20 : 0) + 16 * notes.Length;
        var top = 18 + title + 22 * rows.Count + (rows.Count > 0 ? 8 : 0) + (chart.HasWordsAbove ? 10 : 0);
        var area = new PlotArea(chart, top, right, bottom, chart.Width, height);

        if (title > 0)
            svg.Text(16, 28, chart.Title, "font-weight=\"600\" " + Theme.Part("text"), size: 14.5);
        for (var i = 0; i < rows.Count; i++)
            DrawLegendRow(rows[i], 18 + title + 22 * i);
        DrawAxes(area);
        new SvgMarks(svg, chart, area).Draw();
        DrawAnnotations(area);
        if (Direct)
            DrawDirectLabels(area);
        for (var i = 0; i < notes.Length; i++)
            svg.Text(16, height - 12 - 16 * (notes.Length - 1 - i), "⚠ " + notes[i], Theme.Part("muted"), size: 11);
    }

    private void DrawAxes(PlotArea area)
    {
        var isMap = chart.Series[0] is HeatMapSeries;
        for (var i = 0; i < area.YTicks.Values.Length; i++)
        {
            var y = area.Y(area.YTicks.Values[i]);
            if (!isMap)
                svg.Line(area.Left, y, area.Right, y, "stroke-width=\"1\" " + Theme.Part("grid"));
            svg.Text(area.Left - 8, y + 4, area.YTicks.Labels[i], Tabular + " data-axis=\"y\" " + Theme.Part("muted"), Anchor.End, PlotArea.TickSize);
        }
        for (var i = 0; i < area.XTicks.Values.Length; i++)
        {
            var x = area.X(area.XTicks.Values[i]);
            if (chart.XAxis.Categories.IsEmpty)
                svg.Line(x, area.Bottom, x, area.Bottom + 4, "stroke-width=\"1\" " + Theme.Part("axis"));
            svg.Text(x, area.Bottom + 17, area.XTicks.Labels[i], Tabular + " data-axis=\"x\" " + Theme.Part("muted"), Anchor.Middle, PlotArea.TickSize);
        }
        if (!isMap)
            svg.Line(area.Left, area.Bottom, area.Right, area.Bottom, "stroke-width=\"1\" " + Theme.Part("axis"));
        if (chart.XAxis.Title.Length > 0)
            svg.Text((area.Left + area.Right) / 2, area.Bottom + 36, chart.XAxis.Title, Theme.Part("text"), Anchor.Middle, LabelSize);
        if (chart.YAxis.Title.Length > 0)
            svg.Text(24, (area.Top + area.Bottom) / 2, chart.YAxis.Title, Theme.Part("text"), Anchor.Middle, LabelSize, upwards: true);
    }

    private void DrawAnnotations(PlotArea area)
    {
        foreach (var annotation in chart.Annotations)
        {
            if (annotation is ReferenceLine { IsVertical: true } vertical && chart.XAxis.Shows(vertical.Value))
            {
                var x = area.X(vertical.Value);
                svg.Line(x, area.Top, x, area.Bottom, "stroke-width=\"1.2\" stroke-dasharray=\"4 3\" " + Theme.Part("axis"));
                DrawWords(x, area.Top - 5, vertical.Text, area);
            }
            else if (annotation is ReferenceLine { IsVertical: false } horizontal && chart.YAxis.Shows(horizontal.Value))
            {
                var y = area.Y(horizontal.Value);
                svg.Line(area.Left, y, area.Right, y, "stroke-width=\"1.2\" stroke-dasharray=\"4 3\" " + Theme.Part("axis"));
                DrawWords(area.Left, y < area.Top + 16 ? y + 14 : y - 5, horizontal.Text, area);
            }
            else if (annotation is PointAnnotation point && area.Shows(point.X, point.Y))
            {
                svg.Circle(area.X(point.X), area.Y(point.Y), 3.5, "fill=\"none\" stroke-width=\"1.5\" " + Theme.Part("axis"));
                DrawWords(area.X(point.X), area.Y(point.Y) - 6, point.Text, area);
            }
        }
    }

    /// <summary>Words to the right of a point, or to its left where the chart ends.</summary>
    private void DrawWords(double x, double y, string text, PlotArea area)
    {
        var fits = x + 6 + SvgCanvas.WidthOf(text, 11.5) <= area.Right;
        var (at, anchor) = fits ? (x + 6, Anchor.Start) : (x - 6, Anchor.End);
        svg.Text(at, y, text, "stroke-width=\"3\" stroke-linejoin=\"round\" fill=\"none\" aria-hidden=\"true\" " + Theme.Part("halo"), anchor, 11.5);
        svg.Text(at, y, text, Theme.Part("text"), anchor, 11.5);
    }

    /// <summary>Names at the ends of the curves, moved apart where they would touch.</summary>
    private void DrawDirectLabels(PlotArea area)
    {
        var ends = chart.Series.OfType<PointSeries>()
            .Select((series, index) => (series.Name, index, End: LastPoint(series, area)))
            .Where(label => label.End is not null)
            .OrderBy(label => label.End!.Value.Y).ToArray();
        var heights = Spread([.. ends.Select(label => label.End!.Value.Y)], 15, area.Top, area.Bottom);
        for (var i = 0; i < ends.Length; i++)
        {
            var (name, index, end) = ends[i];
            svg.Line(end!.Value.X + 2, end.Value.Y, area.Right + 8, heights[i], "stroke-width=\"1\" stroke-opacity=\"0.55\" " + Theme.Stroke(index));
            svg.Text(area.Right + 11, heights[i] + 4, name, "font-weight=\"600\" " + Theme.Fill(index), size: LabelSize);
        }
    }

    private static (double X, double Y)? LastPoint(PointSeries series, PlotArea area)
    {
        for (var i = series.Y.Count - 1; i >= 0; i--)
            if (area.Shows(series.X.Values[i], series.Y.Values[i]))
                return (area.X(series.X.Values[i]), area.Y(series.Y.Values[i]));
        return null;
    }

    private static double[] Spread(double[] ascending, double gap, double top, double bottom)
    {
        for (var i = 1; i < ascending.Length; i++)
            ascending[i] = Math.Max(ascending[i], ascending[i - 1] + gap);
        for (var i = ascending.Length - 1; i >= 0; i--)
            ascending[i] = Math.Clamp(ascending[i], top, i == ascending.Length - 1 ? bottom : ascending[i + 1] - gap);
        return ascending;
    }

    private List<List<(string Name, int Index)>> LegendRows()
    {
        var rows = new List<List<(string, int)>> { new() };
        var width = 0.0;
        for (var i = 0; i < chart.Series.Length; i++)
        {
            var item = LegendWidth(chart.Series[i].Name);
            if (width > 0 && width + item > chart.Width - 32)
            {
                rows.Add([]);
                width = 0;
            }
            rows[^1].Add((chart.Series[i].Name, i));
            width += item;
        }
        return rows;
    }

    private static double LegendWidth(string name) => 42 + SvgCanvas.WidthOf(name, LabelSize);

    private void DrawLegendRow(List<(string Name, int Index)> items, double top)
    {
        var x = 16.0;
        foreach (var (name, index) in items)
        {
            SvgMarks.DrawKey(svg, chart.Series[index], index, x, top + 7);
            svg.Text(x + 24, top + 11, name, Theme.Part("text"), size: LabelSize);
            x += LegendWidth(name);
        }
    }
}
