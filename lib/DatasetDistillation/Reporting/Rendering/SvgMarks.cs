using System.Globalization;
using System.Text;

namespace DatasetDistillation.Reporting.Rendering;

/// <summary>Draws the data of a chart: curves, bands, points, bars, histograms and heat maps.</summary>
internal sealed class SvgMarks(SvgCanvas svg, Chart chart, PlotArea area)
{
    private const string Dashes = "stroke-dasharray=\"6 4\" ";
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    public void Draw()
    {
        for (var i = 0; i < chart.Series.Length; i++)
        {
            svg.Open("g", $"class=\"dd-series\" data-series=\"{Xml.Escape(chart.Series[i].Name)}\"");
            if (chart.Series[i].Name.Length > 0)
                svg.Title(chart.Series[i].Name);
            switch (chart.Series[i])
            {
                case PointSeries points: DrawPoints(points, i); break;
                case BarSeries bars: DrawBars(bars, i); break;
                case HistogramSeries histogram: DrawHistogram(histogram, i); break;
                case HeatMapSeries map: DrawHeatMap(map); break;
            }
            svg.Close("g");
        }
    }

    /// <summary>The sign of a series in the legend: 18 pixels wide, centred on y.</summary>
    public static void DrawKey(SvgCanvas svg, Series series, int index, double x, double y)
    {
        if (series is PointSeries { Mark: PointMark.Points })
            svg.Circle(x + 9, y, 4, Theme.Fill(index));
        else if (series is PointSeries line)
            svg.Line(x, y, x + 18, y, "stroke-width=\"2.2\" " + (line.Dashed ? Dashes : "") + Theme.Stroke(index));
        else
            svg.Rectangle(x + 3, y - 6, 12, 12, "rx=\"2\" " + Theme.Fill(index));
    }

    private void DrawPoints(PointSeries series, int index)
    {
        var (x, y) = (series.X.Values, series.Y.Values);
        var runs = Runs(y.Length, i => area.Shows(x[i], y[i])).ToArray();
        if (series.Band is { } band)
            DrawBand(series, band, index);
        if (series.Mark != PointMark.Points)
        {
            var path = new StringBuilder();
            foreach (var (first, last) in runs)
                for (var i = first; i < last; i++)
                    path.Append(Invariant, $"{(i == first ? 'M' : 'L')}{area.X(x[i]):0.##} {area.Y(y[i]):0.##}");
            if (path.Length > 0)
                svg.Path(path.ToString(), "fill=\"none\" stroke-width=\"2\" stroke-linejoin=\"round\" stroke-linecap=\"round\" "
                    + (series.Dashed ? Dashes : "") + Theme.Stroke(index));
        }
        var (radius, opacity) = series.Mark == PointMark.Points && y.Length > 60 ? (2.5, "0.6") : (3.5, "0.9");
        foreach (var (first, last) in runs)
            if (series.Mark != PointMark.Line || last - first == 1)
                for (var i = first; i < last; i++)
                    svg.Circle(area.X(x[i]), area.Y(y[i]), radius, $"fill-opacity=\"{opacity}\" " + Theme.Fill(index));
    }

    private void DrawBand(PointSeries series, Band band, int index)
    {
        var (x, lower, upper) = (series.X.Values, band.Lower.Values, band.Upper.Values);
        foreach (var (first, last) in Runs(x.Length, i => area.Shows(x[i], upper[i]) && double.IsFinite(lower[i])))
        {
            var path = new StringBuilder();
            for (var i = first; i < last; i++)
                path.Append(Invariant, $"{(i == first ? 'M' : 'L')}{area.X(x[i]):0.##} {area.Y(upper[i]):0.##}");
            for (var i = last - 1; i >= first; i--)
                path.Append(Invariant, $"L{area.X(x[i]):0.##} {(area.Shows(x[i], lower[i]) ? area.Y(lower[i]) : area.Bottom):0.##}");
            svg.Path(path.Append('Z').ToString(), "fill-opacity=\"0.18\" " + Theme.Fill(index));
        }
    }

    private void DrawBars(BarSeries bars, int index)
    {
        var group = chart.Series.OfType<BarSeries>().Count();
        var step = area.X(1) - area.X(0);
        var width = Math.Min(step * 0.8 / group, 60);
        var zero = area.Y(Math.Max(0, area.YTicks.Low));
        var labels = bars.Values.Values.Select(v => NumberText.Significant(v, chart.YAxis.Percent ? 3 : 4)).ToArray();
        if (chart.YAxis.Percent)
            labels = [.. bars.Values.Values.Select(v => NumberText.Percent(v))];
        var labelled = labels.All(label => SvgCanvas.WidthOf(label, 11) <= step * 0.98 / group);
        for (var i = 0; i < bars.Values.Count; i++)
        {
            var value = bars.Values.Values[i];
            if (!area.Shows(i, value))
                continue;
            var (centre, y) = (area.X(i) + (index - (group - 1) / 2.0) * width, area.Y(value));
            var inner = Math.Max(width - 2, 0.5);
            svg.Rectangle(centre - inner / 2, Math.Min(y, zero), inner, Math.Abs(y - zero), "fill-opacity=\"0.88\" " + Theme.Fill(index));
            var top = y;
            if (bars.Deviations.Count > 0 && area.Shows(i, value + bars.Deviations.Values[i]))
            {
                var deviation = bars.Deviations.Values[i];
                top = area.Y(value + deviation);
                svg.Line(centre, top, centre, area.Shows(i, value - deviation) ? area.Y(value - deviation) : area.Bottom, "stroke-width=\"1.5\" " + Theme.Part("rule"));
            }
            if (labelled)
                svg.Text(centre, value < 0 ? y + 13 : top - 4, labels[i], "style=\"font-variant-numeric:tabular-nums\" " + Theme.Part("muted"), Anchor.Middle, 11);
        }
        svg.Line(area.Left, zero, area.Right, zero, "stroke-width=\"1\" " + Theme.Part("axis"));
    }

    private void DrawHistogram(HistogramSeries histogram, int index)
    {
        for (var i = 0; i < histogram.Counts.Length; i++)
        {
            var (left, right) = (area.X(histogram.Edges[i]), area.X(histogram.Edges[i + 1]));
            var top = area.Y(histogram.Counts[i]);
            svg.Rectangle(left + 0.5, top, Math.Max(right - left - 1, 0.5), area.Bottom - top, "fill-opacity=\"0.88\" " + Theme.Fill(index));
        }
    }

    private void DrawHeatMap(HeatMapSeries map)
    {
        var shades = ColourScale.Shades(map);
        var (width, height) = (area.X(1) - area.X(0), area.Y(1) - area.Y(0));
        var labels = map.Values.Values.Select(v => CellText(map, v)).ToArray();
        var size = Math.Min(12, height * 0.6);
        var annotated = size >= 8 && labels.All(label => SvgCanvas.WidthOf(label, size) <= width);
        for (var k = 0; k < shades.Length; k++)
        {
            var (row, column) = (k / map.Values.Columns, k % map.Values.Columns);
            svg.Rectangle(area.X(column - 0.5) + 0.5, area.Y(row - 0.5) + 0.5, Math.Max(width - 1, 0.5), Math.Max(height - 1, 0.5), Shade(shades[k]));
            if (!annotated)
                continue;
            var faint = double.IsNaN(shades[k]) || (map.Colours == HeatMapColours.Confusion && map.Values.Values[k] == 0);
            var ink = Theme.Part(faint ? "muted" : Math.Abs(shades[k]) > 0.6 ? "on" : "text") + (faint ? " fill-opacity=\"0.6\"" : "");
            svg.Text(area.X(column), area.Y(row) + size * 0.36, labels[k], "style=\"font-variant-numeric:tabular-nums\" " + ink, Anchor.Middle, size);
        }
    }

    /// <summary>Cells let the card shine through, so that a weak value is pale on a light card and dim on a dark one.</summary>
    private static string Shade(double shade) => double.IsNaN(shade)
        ? "fill=\"none\""
        : string.Create(Invariant, $"{Theme.Part(shade < 0 ? "red" : "blue")} fill-opacity=\"{0.04 + 0.96 * Math.Abs(shade):0.###}\"");

    /// <summary>The number in a cell of a heat map.</summary>
    public static string CellText(HeatMapSeries map, double value) =>
        map.Format.Length > 0 ? NumberText.Formatted(value, map.Format) : NumberText.Significant(value);

    /// <summary>The stretches [first, last) of indices that are shown.</summary>
    private static IEnumerable<(int First, int Last)> Runs(int count, Func<int, bool> shown)
    {
        for (var i = 0; i < count; i++)
        {
            if (!shown(i))
                continue;
            var first = i;
            while (i < count && shown(i))
                i++;
            yield return (first, i);
        }
    }
}
