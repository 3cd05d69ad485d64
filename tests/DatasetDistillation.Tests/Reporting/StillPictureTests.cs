using DatasetDistillation.Reporting;
using Xunit;
using GenericChart = Plotly.NET.GenericChart;
using PlotlyChart = Plotly.NET.CSharp.Chart;

namespace DatasetDistillation.Tests.Reporting;

/// <summary>The picture that stands where no script runs.</summary>
public class StillPictureTests
{
    [Fact]
    public void EachCurveHasAsManyPointsAsGivenAtTheirPlaces()
    {
        double[] x = [0, 10, 20, 50], y = [1.5, 0.5, 0.25, 2];
        var read = new ChartReading(Charts.Lines([("a", x, y), ("b", Numbers.Range(0, 3), [1.0, 2, 3])], "T", "step", "loss"));
        Assert.Equal(3, read.Curve("b").Count);
        var (curve, xTicks, yTicks) = (read.Curve("a"), read.Ticks("x"), read.Ticks("y"));
        for (var i = 0; i < x.Length; i++)
        {
            Assert.Equal(Interpolated(xTicks, x[i]), curve[i].X, 0.1);
            Assert.Equal(Interpolated(yTicks, y[i]), curve[i].Y, 0.1);
        }
        foreach (var word in (string[])["T", "step", "loss", "a", "b"])
            Assert.Contains(word, read.Words());
    }

    [Theory]
    [InlineData(0.0213, 0.5212)]
    [InlineData(-3.2, 17)]
    [InlineData(1e-6, 3.7e-6)]
    [InlineData(-4.1e8, 2.2e8)]
    [InlineData(0.981, 0.9937)]
    [InlineData(5, 5)]
    [InlineData(0.3, 0.30000000000000004)]
    [InlineData(0, 0)]
    public void TicksBracketTheDataInEqualSteps(double low, double high)
    {
        var read = new ChartReading(Charts.Line([low, high, (low + high) / 2]));
        var ticks = read.Ticks("y");
        Assert.InRange(ticks.Count, 3, 9);
        Assert.Equal(ticks.Count, ticks.Select(static t => t.Label).Distinct().Count());
        Assert.All(read.Curve(""), point => Assert.InRange(point.Y, ticks[^1].Position - 0.01, ticks[0].Position + 0.01));
        var steps = ticks.Zip(ticks.Skip(1), static (a, b) => a.Position - b.Position).ToArray();
        Assert.All(steps, step => Assert.Equal(steps[0], step, 0.02));
    }

    [Fact]
    public void ALogarithmicAxisPutsEqualRatiosAtEqualDistances()
    {
        var read = new ChartReading(Charts.Line([1.0, 0.1, 0.01, 0.001, 0.0001], logY: true));
        var y = read.Curve("").Select(static p => p.Y).ToArray();
        for (var i = 2; i < y.Length; i++)
            Assert.Equal(y[1] - y[0], y[i] - y[i - 1], 0.05);
        Assert.Equal(["10⁻⁴", "0.001", "0.01", "0.1", "1"], read.Ticks("y").Select(static t => t.Label));
    }

    public static TheoryData<double[], bool> Ranges => new()
    {
        { [-1e308, 1e308], false },
        { [double.MinValue, 0, 1], false },
        { [0, double.Epsilon], false },
        { [1e-308, 3e-308], false },
        { [1, 1 + 1e-15], false },
        { [double.NaN, double.NaN], false },
        { [1e-300, 1e300], true },
        { [double.Epsilon, double.MaxValue], true },
    };

    [Theory]
    [MemberData(nameof(Ranges))]
    public void NumbersOfAnySizeHaveAPicture(double[] values, bool log)
    {
        var attributes = new ChartReading(Charts.Line(values, logY: log)).Elements("*").SelectMany(static element => element.Attributes());
        Assert.DoesNotContain(
            attributes, static a => a.Value.Contains("NaN", StringComparison.Ordinal) || a.Value.Contains('∞', StringComparison.Ordinal));
    }

    [Fact]
    public void LongNamesOfCategoriesAreThinnedOut()
    {
        var names = Enumerable.Range(0, 30).Select(static i => $"a rather long category {i}").ToArray();
        Assert.InRange(new ChartReading(Charts.Bars(names, Numbers.Range(0, 30))).Ticks("x").Count, 2, 5);
    }

    [Fact]
    public void BarsAreAsHighAsTheirValues()
    {
        var read = new ChartReading(Charts.Bars(["a", "b", "c"], [2.0, 4, -1]));
        var heights = read.Series("")
            .Elements()
            .Where(static e => e.Name.LocalName == "rect")
            .Select(static e => ChartReading.Number(e.Attribute("height")!.Value))
            .ToArray();
        Assert.Equal(2, heights[1] / heights[0], 0.01);
        Assert.Equal(0.5, heights[2] / heights[0], 0.01);
        Assert.Equal(["a", "b", "c"], read.Ticks("x").Select(static t => t.Label));
    }

    [Fact]
    public void AnyTextMayBeATitle()
    {
        var read = new ChartReading(Charts.Line([1.0, 2], "</script></text>&\"'\0\u0001 half \ud83d whole \ud83d\ude00 ]]>"));
        Assert.Contains("</script></text>&\"' half \ufffd whole \ud83d\ude00 ]]>", read.Words());
        Assert.Equal(read.Html.Length - "</script>".Length, read.Html.IndexOf("</script>", StringComparison.Ordinal));
    }

    private static readonly string[] Sides = ["left", "right"];
    private static readonly string[] Letters = ["a", "b", "c"];

    [Fact]
    public void TheReadersOwnChartsHaveOneToo()
    {
        GenericChart[] own =
        [
            PlotlyChart.Point<double, double, string>([1, 2, 3], [3, 4, 1], Name: "points"),
            PlotlyChart.Column<double, string, string>([1, 5, 3], Letters),
            PlotlyChart.Histogram<double, double, string>(X: new double[] { 1, 2, 2, 3 }),
            PlotlyChart.Heatmap<double, string, string, string>([[1, 2], [3, 4]]),
        ];
        Assert.All(own, static chart => Assert.Equal(1, new ChartReading(chart).PictureCount));
        var grid = new ChartReading(PlotlyChart.Grid(own[..2], 1, 2, SubPlotTitles: Sides));
        Assert.Equal(2, grid.PictureCount);
        Assert.Contains("right", grid.Words(panel: 1));
        Assert.Equal(["a", "b", "c"], grid.Ticks("x", panel: 1).Select(static t => t.Label));
    }

    [Fact]
    public void AKindThatItCannotDrawSaysSoAndStaysInteractive()
    {
        var chart = PlotlyChart.Surface<double, double, double, string>([[1, 2], [2, 4]]);
        var read = new ChartReading(chart);
        Assert.Equal(0, read.PictureCount);
        Assert.Contains("no still picture (its kind is &apos;surface&apos;)", read.Html, StringComparison.Ordinal);
        Assert.Equal("surface", (string?)read.Trace(0)["type"]);
        Assert.Contains("surface", chart.ToText());
    }

    [Fact]
    public void LightAndDarkReadersAreBothServed()
    {
        var read = new ChartReading(Charts.Line([1.0, 2]));
        Assert.Contains("@media (prefers-color-scheme: dark)", read.Elements("style").Single().Value);
        Assert.Contains(read.Elements("rect"), static rect => (string?)rect.Attribute("fill") == "#FFFFFF");
    }

    private static double Interpolated(IReadOnlyList<(string Label, double Position)> ticks, double value)
    {
        var (a, b) = (ticks[0], ticks[^1]);
        var (from, to) = (ChartReading.Number(a.Label), ChartReading.Number(b.Label));
        return a.Position + (b.Position - a.Position) * (value - from) / (to - from);
    }
}
