using System.Text.Json.Nodes;

namespace DatasetDistillation.Reporting;

/// <summary>The rectangle between a still picture's axes, and the way from values to pixels.</summary>
internal sealed class PlotArea
{
    public const double TickSize = 11.5;
    private readonly StillChart chart;

    public PlotArea(StillChart chart, double top, double right, double bottomMargin)
    {
        this.chart = chart;
        var isMap = chart.Marks[0] is StillMap;
        (Top, Right, Bottom) = (top, chart.Panel.Width - right, chart.Panel.Height - bottomMargin);
        YTicks = TicksOf(chart.Y, ExtentOf(isX: false), isMap ? int.MaxValue : Math.Clamp((int)((Bottom - Top) / 40), 3, 8));
        var labels = YTicks.Labels.Select(static label => SvgCanvas.WidthOf(label, TickSize)).DefaultIfEmpty(0).Max();
        Left = 16 + labels + 8 + (chart.Y.Title.Length > 0 ? 20 : 0);

        var x = ExtentOf(isX: true);
        var most = chart.X.Categories.Length == 0 ? Math.Clamp((int)((Right - Left) / 50), 3, 10) : int.MaxValue;
        XTicks = TicksOf(chart.X, x, most);
        for (most = Math.Min(most, XTicks.Values.Length); most > 1 && Crowded(); most--)
            XTicks = TicksOf(chart.X, x, Math.Max(most - 1, 1));
    }

    public double Left { get; }

    public double Right { get; }

    public double Top { get; }

    public double Bottom { get; }

    public Ticks XTicks { get; }

    public Ticks YTicks { get; }

    public double X(double value) => Left + ((Right - Left) * Share(chart.X, XTicks, value));

    public double Y(double value) => Bottom - ((Bottom - Top) * Share(chart.Y, YTicks, value));

    /// <summary>Where a coordinate of words or of a shape stands, which may be a value of an axis or a share of its length.</summary>
    public double Place(JsonObject item, string axis, string name)
    {
        var coordinate = Panel.Number(item[name]) ?? double.NaN;
        var (own, reference) = (axis == "x" ? chart.X : chart.Y, (string?)item[axis + "ref"] ?? axis);
        if (reference != axis)
            return axis == "x" ? Left + ((Right - Left) * coordinate) : Bottom - ((Bottom - Top) * coordinate);
        var at = item["type"] is null ? own.Value(coordinate) : coordinate; // a shape's place is a value, that of words its logarithm
        return !own.Shows(at) ? double.NaN : axis == "x" ? X(at) : Y(at);
    }

    private static Ticks TicksOf(StillAxis axis, (double Low, double High, bool Whole) extent, int most) =>
        Ticks.For(axis, extent.Low, extent.High, most, extent.Whole);

    private static double Share(StillAxis axis, Ticks ticks, double value)
    {
        var share = axis.IsLog
            ? (Math.Log(value) - Math.Log(ticks.Low)) / (Math.Log(ticks.High) - Math.Log(ticks.Low))
            : (value - ticks.Low) / (ticks.High - ticks.Low);
        return axis.IsReversed ? 1 - share : share;
    }

    /// <summary>The least and the greatest value that an axis must show, and whether all are whole numbers.</summary>
    private (double Low, double High, bool Whole) ExtentOf(bool isX)
    {
        var axis = isX ? chart.X : chart.Y;
        var data = chart.Marks.SelectMany(mark => (mark, isX) switch
        {
            (StillCurve curve, true) => curve.X,
            (StillCurve curve, false) => curve.Y,
            (StillBars bars, true) => bars.Left.Concat(bars.Right),
            (StillBars bars, false) => bars.Heights.Append(0),
            _ => (IEnumerable<double>)[],
        });
        var said = chart.Shapes.Where(shape => ((string?)shape[isX ? "xref" : "yref"] ?? "") is "x" or "y")
            .Select(shape => Panel.Number(shape[isX ? "x0" : "y0"]) ?? double.NaN);
        var (low, high, whole) = (double.PositiveInfinity, double.NegativeInfinity, true);
        foreach (var value in data.Where(axis.Shows))
            (low, high, whole) = (Math.Min(low, value), Math.Max(high, value), whole && value == Math.Floor(value));
        foreach (var value in said.Where(axis.Shows))
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        return (low, high, whole && low <= high);
    }

    private bool Crowded()
    {
        for (var i = 1; i < XTicks.Values.Length; i++)
        {
            var room = X(XTicks.Values[i]) - X(XTicks.Values[i - 1]);
            var needed = ((SvgCanvas.WidthOf(XTicks.Labels[i], TickSize) + SvgCanvas.WidthOf(XTicks.Labels[i - 1], TickSize)) / 2) + 10;
            if (Math.Abs(room) < needed)
                return true;
        }
        return false;
    }
}
