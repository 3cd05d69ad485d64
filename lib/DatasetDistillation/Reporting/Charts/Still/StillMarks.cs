using System.Globalization;
using System.Text;

namespace DatasetDistillation.Reporting;

/// <summary>Draws the data of a still picture: curves, points, bars, histograms and heat maps.</summary>
internal sealed class StillMarks(SvgCanvas svg, StillChart chart, PlotArea area)
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    public void Draw()
    {
        foreach (var mark in chart.Marks)
        {
            svg.Open("g", $"data-series=\"{Xml.Escape(mark.Name)}\"");
            switch (mark)
            {
                case StillCurve curve: DrawCurve(curve); break;
                case StillBars bars: DrawBars(bars); break;
                case StillMap map: DrawMap(map); break;
            }
            svg.Close("g");
        }
    }

    /// <summary>The sign of a series in the legend: 18 pixels wide, centered on y.</summary>
    public static void DrawKey(SvgCanvas svg, StillMark mark, double x, double y)
    {
        if (mark is StillCurve { HasLine: true } line)
            svg.Line(x, y, x + 18, y, "stroke-width=\"2.2\" " + Dashes(line.Dash) + Stroke(mark));
        if (mark is StillCurve { HasPoints: true } points)
            DrawSymbol(svg, points, x + 9, y, 4);
        else if (mark is StillBars)
            svg.Rectangle(x + 3, y - 6, 12, 12, "rx=\"2\" " + Fill(mark));
    }

    public static string Dashes(string? dash) => dash switch
    {
        null or "solid" => "",
        "dot" => "stroke-dasharray=\"2 3\" ",
        _ => "stroke-dasharray=\"6 4\" ",
    };

    private static string Fill(StillMark mark) =>
        string.Create(Invariant, $"fill=\"{Xml.Escape(mark.Color)}\" fill-opacity=\"{mark.Opacity:0.##}\"");

    private static string Stroke(StillMark mark) => $"stroke=\"{Xml.Escape(mark.Color)}\"";

    private void DrawCurve(StillCurve curve)
    {
        var runs = Runs(curve.Y.Length, i => curve.Shows(i, chart)).ToArray();
        if (curve.HasLine)
        {
            var path = new StringBuilder();
            foreach (var (first, last) in runs)
                for (var i = first; i < last; i++)
                    path.Append(Invariant, $"{(i == first ? 'M' : 'L')}{area.X(curve.X[i]):0.##} {area.Y(curve.Y[i]):0.##}");
            var pen = string.Create(Invariant, $"stroke-width=\"{curve.Width:0.##}\" ")
                + "fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\" ";
            if (path.Length > 0)
                svg.Path(path.ToString(), pen + Dashes(curve.Dash) + Stroke(curve));
        }
        foreach (var (first, last) in runs)
            if (curve.HasPoints || last - first == 1)
                for (var i = first; i < last; i++)
                    DrawSymbol(svg, curve, area.X(curve.X[i]), area.Y(curve.Y[i]), curve.Size / 2);
    }

    private static void DrawSymbol(SvgCanvas svg, StillCurve curve, double x, double y, double radius)
    {
        var isOpen = curve.Symbol.EndsWith("-open", StringComparison.Ordinal);
        svg.Circle(x, y, radius, isOpen ? "fill=\"none\" stroke-width=\"1.6\" " + Stroke(curve) : Fill(curve));
    }

    private void DrawBars(StillBars bars)
    {
        var zero = area.Y(Math.Max(0, area.YTicks.Low));
        var labeled = bars.Labels.Length == bars.Heights.Length
            && bars.Labels.Zip(bars.Left, bars.Right)
                .All(bar => SvgCanvas.WidthOf(bar.First, 11) <= 1.2 * (area.X(bar.Third) - area.X(bar.Second)));
        for (var i = 0; i < bars.Heights.Length; i++)
        {
            var (left, right, value) = (area.X(bars.Left[i]), area.X(bars.Right[i]), bars.Heights[i]);
            if (!chart.Y.Shows(value) || !double.IsFinite(left + right))
                continue;
            var (y, gap) = (area.Y(value), Math.Min(1, (right - left) / 4));
            svg.Rectangle(left + (gap / 2), Math.Min(y, zero), right - left - gap, Math.Abs(y - zero), Fill(bars));
            if (labeled)
                svg.Text((left + right) / 2, value < 0 ? y + 13 : y - 4, bars.Labels[i], StillPicture.Part("muted"), Anchor.Middle, 11);
        }
        svg.Line(area.Left, zero, area.Right, zero, "stroke-width=\"1\" " + StillPicture.Part("axis"));
    }

    private void DrawMap(StillMap map)
    {
        var (width, height) = (Math.Abs(area.X(1) - area.X(0)), Math.Abs(area.Y(1) - area.Y(0)));
        var size = Math.Min(12, height * 0.6);
        var annotated = map.Labels.Length > 0 && size >= 8 && map.Labels.All(label => SvgCanvas.WidthOf(label, size) <= width);
        for (var k = 0; k < map.Shades.Length; k++)
        {
            var (x, y, shade) = (area.X(k % map.Columns), area.Y(k / map.Columns), map.Shades[k]);
            svg.Rectangle(x - (width / 2) + 0.5, y - (height / 2) + 0.5, Math.Max(width - 1, 0.5), Math.Max(height - 1, 0.5), Shade(shade));
            var ink = double.IsNaN(shade) ? "muted" : Math.Abs(shade) > 0.6 ? "on" : "text";
            if (annotated)
                svg.Text(x, y + (size * 0.36), map.Labels[k], StillPicture.Part(ink), Anchor.Middle, size);
        }
    }

    /// <summary>Cells let the card shine through, so that a weak value is pale on a light card and dim on a dark one.</summary>
    private static string Shade(double shade) => double.IsNaN(shade)
        ? "fill=\"none\""
        : string.Create(
            Invariant, $"{StillPicture.Part(shade < 0 ? "red" : "blue")} fill-opacity=\"{0.04 + (0.96 * Math.Abs(shade)):0.###}\"");

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
