namespace DatasetDistillation.Reporting.Rendering;

/// <summary>The rectangle between a chart's axes, and the way from values to pixels.</summary>
internal sealed class PlotArea
{
    public const double TickSize = 11.5;
    private readonly Chart chart;
    private readonly bool rowsDownwards;

    public PlotArea(Chart chart, double top, double right, double bottomMargin, double width, double height)
    {
        this.chart = chart;
        rowsDownwards = chart.Series[0] is HeatMapSeries;
        Top = top;
        Right = width - right;
        Bottom = height - bottomMargin;
        YTicks = TicksOf(chart.YAxis, Extent.OfY(chart), rowsDownwards ? int.MaxValue : Math.Clamp((int)((Bottom - Top) / 40), 3, 8));
        var labels = YTicks.Labels.Select(label => SvgCanvas.WidthOf(label, TickSize)).DefaultIfEmpty(0).Max();
        Left = 16 + labels + 8 + (chart.YAxis.Title.Length > 0 ? 20 : 0);

        var x = Extent.OfX(chart);
        var most = chart.XAxis.Categories.IsEmpty ? Math.Clamp((int)((Right - Left) / 50), 3, 10) : int.MaxValue;
        XTicks = TicksOf(chart.XAxis, x, most);
        for (most = Math.Min(most, XTicks.Values.Length); most > 1 && Crowded(); most--)
            XTicks = TicksOf(chart.XAxis, x, Math.Max(most - 1, 1));
    }

    public double Left { get; }

    public double Right { get; }

    public double Top { get; }

    public double Bottom { get; }

    public Ticks XTicks { get; }

    public Ticks YTicks { get; }

    public double X(double value) => Left + (Right - Left) * Share(chart.XAxis, XTicks, value);

    public double Y(double value)
    {
        var share = Share(chart.YAxis, YTicks, value);
        return Top + (Bottom - Top) * (rowsDownwards ? share : 1 - share);
    }

    public bool Shows(double x, double y) => chart.XAxis.Shows(x) && chart.YAxis.Shows(y);

    private static Ticks TicksOf(Axis axis, Extent extent, int most) => Ticks.For(axis, extent.Low, extent.High, most, extent.Whole);

    private static double Share(Axis axis, Ticks ticks, double value) => axis.IsLog
        ? (Math.Log(value) - Math.Log(ticks.Low)) / (Math.Log(ticks.High) - Math.Log(ticks.Low))
        : (value - ticks.Low) / (ticks.High - ticks.Low);

    private bool Crowded()
    {
        for (var i = 1; i < XTicks.Values.Length; i++)
        {
            var room = X(XTicks.Values[i]) - X(XTicks.Values[i - 1]);
            var needed = (SvgCanvas.WidthOf(XTicks.Labels[i], TickSize) + SvgCanvas.WidthOf(XTicks.Labels[i - 1], TickSize)) / 2 + 14;
            if (room < needed)
                return true;
        }
        return false;
    }
}

/// <summary>The least and the greatest value that an axis must show, and whether all are whole numbers.</summary>
internal readonly record struct Extent(double Low, double High, bool Whole)
{
    public static Extent OfX(Chart chart)
    {
        var data = chart.Series.SelectMany(series => series switch
        {
            PointSeries points => points.X.Values,
            HistogramSeries histogram => histogram.Edges,
            _ => (IEnumerable<double>)[],
        });
        var said = chart.Annotations.Select(a => a switch
        {
            ReferenceLine { IsVertical: true } line => line.Value,
            PointAnnotation point => point.X,
            _ => double.NaN,
        });
        return Of(chart.XAxis, data, said);
    }

    public static Extent OfY(Chart chart)
    {
        var data = chart.Series.SelectMany(series => series switch
        {
            PointSeries { Band: { } band } points => [.. points.Y.Values, .. band.Lower.Values, .. band.Upper.Values],
            PointSeries points => points.Y.Values,
            BarSeries { Deviations.Count: > 0 } bars => bars.Values.Values
                .Concat(bars.Values.Values.Zip(bars.Deviations.Values, (v, d) => v + d))
                .Concat(bars.Values.Values.Zip(bars.Deviations.Values, (v, d) => v - d)).Append(0),
            BarSeries bars => bars.Values.Values.Append(0),
            HistogramSeries histogram => histogram.Counts.Select(count => (double)count).Append(0),
            _ => (IEnumerable<double>)[],
        });
        var said = chart.Annotations.Select(a => a switch
        {
            ReferenceLine { IsVertical: false } line => line.Value,
            PointAnnotation point => point.Y,
            _ => double.NaN,
        });
        return Of(chart.YAxis, data, said);
    }

    private static Extent Of(Axis axis, IEnumerable<double> data, IEnumerable<double> said)
    {
        var (low, high, whole) = (double.PositiveInfinity, double.NegativeInfinity, true);
        foreach (var value in data.Where(axis.Shows))
            (low, high, whole) = (Math.Min(low, value), Math.Max(high, value), whole && value == Math.Floor(value));
        foreach (var value in said.Where(axis.Shows))
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        return new Extent(low, high, whole && low <= high);
    }
}
