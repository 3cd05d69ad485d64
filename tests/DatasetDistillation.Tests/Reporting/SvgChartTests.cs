using DatasetDistillation.Reporting;
using Xunit;

namespace DatasetDistillation.Tests.Reporting;

public class SvgChartTests
{
    [Fact]
    public void EachCurveHasAsManyPointsAsGivenAtTheirPlaces()
    {
        double[] x = [0, 10, 20, 50], y = [1.5, 0.5, 0.25, 2];
        var svg = new SvgReading(Chart.Line([Series.Line("a", x, y), Series.Line("b", [1.0, 2, 3])], "T", "step", "loss"));
        Assert.Equal(3, svg.Curve("b").Count);
        var curve = svg.Curve("a");
        var (xTicks, yTicks) = (svg.Ticks("x"), svg.Ticks("y"));
        for (var i = 0; i < x.Length; i++)
        {
            Assert.Equal(Interpolated(xTicks, x[i]), curve[i].X, 0.1);
            Assert.Equal(Interpolated(yTicks, y[i]), curve[i].Y, 0.1);
        }
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
        var chart = Chart.Line([low, high, (low + high) / 2]);
        var ticks = new SvgReading(chart).Ticks("y");
        Assert.InRange(ticks.Count, 3, 9);
        Assert.Equal(ticks.Count, ticks.Select(t => t.Label).Distinct().Count());
        var curve = new SvgReading(chart).Curve("");
        Assert.All(curve, point => Assert.InRange(point.Y, ticks[^1].Position - 0.01, ticks[0].Position + 0.01));
        var steps = ticks.Zip(ticks.Skip(1), (a, b) => a.Position - b.Position).ToArray();
        Assert.All(steps, step => Assert.Equal(steps[0], step, 0.02));
    }

    [Fact]
    public void ALogarithmicAxisPutsEqualRatiosAtEqualDistances()
    {
        var svg = new SvgReading(Chart.Line([1.0, 0.1, 0.01, 0.001, 0.0001], logY: true));
        var y = svg.Curve("").Select(p => p.Y).ToArray();
        for (var i = 2; i < y.Length; i++)
            Assert.Equal(y[1] - y[0], y[i] - y[i - 1], 0.05);
        Assert.Equal(["10⁻⁴", "0.001", "0.01", "0.1", "1"], svg.Ticks("y").Select(t => t.Label));
    }

    [Theory]
    [InlineData(1e-300, 1e300)]
    [InlineData(0.2, 0.3)]
    [InlineData(7, 7)]
    public void ALogarithmicAxisBracketsAnyRange(double low, double high)
    {
        var svg = new SvgReading(Chart.Line([low, high], logY: true));
        var ticks = svg.Ticks("y");
        Assert.InRange(ticks.Count, 2, 9);
        Assert.All(svg.Curve(""), point => Assert.InRange(point.Y, ticks[^1].Position - 0.01, ticks[0].Position + 0.01));
    }

    [Fact]
    public void LongNamesOfCategoriesAreThinnedOut()
    {
        var names = Enumerable.Range(0, 30).Select(i => $"a rather long category {i}").ToArray();
        var ticks = new SvgReading(Chart.Bar(names, Numbers.Range(0, 30))).Ticks("x");
        Assert.InRange(ticks.Count, 2, 5);
    }

    [Fact]
    public void TitlesAndNamesAreWritten()
    {
        var svg = new SvgReading(Chart.Line([Series.Line("a < b & c", [1.0, 2]), Series.Line("d", [2.0, 1])], "Heading", "outer step", "loss"));
        foreach (var word in (string[])["Heading", "outer step", "loss", "a < b & c", "d"])
            Assert.Contains(word, svg.Words);
    }

    [Fact]
    public void NamesBesideTheCurvesDoNotOverlap()
    {
        var series = Enumerable.Range(0, 4).Select(i => Series.Line($"curve {i}", [1.0, 0.001 * i])).ToArray();
        var labels = new SvgReading(Chart.Line(series)).Elements("text").Where(t => t.Value.StartsWith("curve ", StringComparison.Ordinal))
            .Select(t => SvgReading.Number(t.Attribute("y")!.Value)).Order().ToArray();
        Assert.Equal(4, labels.Length);
        Assert.All(labels.Zip(labels.Skip(1)), pair => Assert.True(pair.Second - pair.First >= 12));
    }

    [Fact]
    public void TheLegendStaysAboveTheData()
    {
        var series = Enumerable.Range(0, 9).Select(i => Series.Line($"a rather long name {i}", [1.0, 2, 3])).ToArray();
        var svg = new SvgReading(Chart.Line(series, "T"));
        var legend = svg.Elements("text").Where(t => t.Value.StartsWith("a rather", StringComparison.Ordinal)).Max(t => SvgReading.Number(t.Attribute("y")!.Value));
        Assert.Equal(9, svg.Words.Count(w => w.StartsWith("a rather", StringComparison.Ordinal)));
        Assert.True(legend < svg.Curve("a rather long name 0").Min(p => p.Y));
    }

    [Fact]
    public void AValueThatIsNotFiniteLeavesAGapAndANote()
    {
        var chart = Chart.Line([Series.Line("loss", [1, double.NaN, 2, 3, double.PositiveInfinity]), Series.Line("x", [1.0, 2])]);
        var svg = new SvgReading(chart);
        Assert.Equal(3, svg.Curve("loss").Count);
        Assert.Equal(2, svg.Series("loss").Elements().Single(e => e.Name.LocalName == "path").Attribute("d")!.Value.Count(c => c == 'M'));
        Assert.Contains(svg.Words, w => w.Contains("2 of 5 values of loss are not finite"));
        Assert.Contains("2 of 5 values of loss are not finite", chart.ToString());
    }

    [Fact]
    public void AValueBelowZeroIsNotedOnALogarithmicAxis() =>
        Assert.Contains("1 of 3 values is ≤ 0", Assert.Single(Chart.Line([1.0, 0, 2], logY: true).Notes));

    [Fact]
    public void ADivergedTrainingStillHasAChart() =>
        Assert.Contains(new SvgReading(Chart.Line([double.NaN, double.NaN], "Loss")).Words, w => w.Contains("2 of 2 values are not finite"));

    public static TheoryData<double[], bool> Ranges => new()
    {
        { [-1e308, 1e308], false },
        { [double.MinValue, 0, 1], false },
        { [0, double.Epsilon], false },
        { [double.Epsilon], false },
        { [1e-308, 3e-308], false },
        { [1, 1 + 1e-15], false },
        { [1e-300, 1e300], true },
        { [double.Epsilon, double.MaxValue], true },
    };

    [Theory]
    [MemberData(nameof(Ranges))]
    public void NumbersOfAnySizeHaveACurveAndAHistogram(double[] values, bool log)
    {
        foreach (var chart in (Chart[])[Chart.Line(values, logY: log), Chart.Line(values, [1.0, .. values[1..]]), Chart.Histogram(values)])
        {
            var attributes = new SvgReading(chart).Elements("*").SelectMany(static element => element.Attributes());
            Assert.DoesNotContain(attributes, static attribute => attribute.Value.Contains("NaN", StringComparison.Ordinal) || attribute.Value.Contains('∞', StringComparison.Ordinal));
        }
    }

    [Fact]
    public void AnyTextMayBeATitle()
    {
        var chart = Chart.Line([1.0, 2], "</text>&\"'\0\u0001 half \ud83d whole \ud83d\ude00 ]]>");
        Assert.Contains("</text>&\"' half \ufffd whole \ud83d\ude00 ]]>", new SvgReading(chart).Words);
    }

    [Fact]
    public void MeanOfRunsHasABandOfOneStandardDeviation()
    {
        var series = Series.MeanOfRuns("m", [0, 1], new double[,] { { 1, 5 }, { 3, 5 } });
        Assert.Equal([2, 5], series.Y.Values.ToArray());
        Assert.Equal(2 - Math.Sqrt(2), series.Band!.Lower.Values[0], 1e-12);
        Assert.Equal(5, series.Band.Upper.Values[1]);
        Assert.Contains(new SvgReading(Chart.Line([series])).Series("m").Elements(), e => (string?)e.Attribute("fill-opacity") == "0.18");
    }

    [Fact]
    public void BarsAreAsHighAsTheirValues()
    {
        var svg = new SvgReading(Chart.Bar(["a", "b", "c"], [2.0, 4, -1]));
        var heights = svg.Series("").Elements().Where(e => e.Name.LocalName == "rect").Select(e => SvgReading.Number(e.Attribute("height")!.Value)).ToArray();
        Assert.Equal(2, heights[1] / heights[0], 0.01);
        Assert.Equal(0.5, heights[2] / heights[0], 0.01);
        Assert.Equal(["a", "b", "c"], svg.Ticks("x").Select(t => t.Label));
    }

    [Fact]
    public void ClassesAreCounted()
    {
        var svg = new SvgReading(Chart.ClassHistogram(new long[] { 0, 2, 2, 2 }, classes: 4));
        Assert.Equal(["0", "1", "2", "3"], svg.Ticks("x").Select(t => t.Label));
        Assert.Equal([1, 0, 3, 0], Assert.IsType<BarSeries>(Chart.ClassHistogram([0, 2, 2, 2], 4).Series[0]).Values.Values.ToArray());
    }

    [Fact]
    public void AHistogramCountsEveryFiniteValueOnce()
    {
        var values = Enumerable.Range(0, 1000).Select(i => Math.Sin(i)).Append(double.NaN).ToArray();
        var chart = Chart.Histogram(values, "T");
        var histogram = Assert.IsType<HistogramSeries>(chart.Series[0]);
        Assert.Equal(1000, histogram.Counts.Sum());
        for (var bin = 0; bin < histogram.Counts.Length - 1; bin++)
            Assert.Equal(values.Count(v => v >= histogram.Edges[bin] && v < histogram.Edges[bin + 1]), histogram.Counts[bin]);
        Assert.Contains("1 of 1001 values", Assert.Single(chart.Notes));
        Assert.Contains(new SvgReading(chart).Words, w => w.StartsWith("mean ", StringComparison.Ordinal));
    }

    [Fact]
    public void EveryCellOfAHeatMapIsWrittenRowZeroOnTop()
    {
        var svg = new SvgReading(Chart.HeatMap(new[,] { { 0.25, 0.5 }, { 0.75, 1 } }, ["first", "second"], ["l", "r"]));
        var cells = svg.Series("").Elements().Where(e => e.Name.LocalName == "text").ToArray();
        Assert.Equal(["0.25", "0.5", "0.75", "1"], cells.Select(c => c.Value));
        Assert.True(SvgReading.Number(cells[0].Attribute("y")!.Value) < SvgReading.Number(cells[2].Attribute("y")!.Value));
        Assert.True(SvgReading.Number(cells[0].Attribute("x")!.Value) < SvgReading.Number(cells[1].Attribute("x")!.Value));
        Assert.Equal(["first", "second"], svg.Ticks("y").Select(t => t.Label));
    }

    [Fact]
    public void AConfusionIsRedAndTheDiagonalBlue()
    {
        var svg = new SvgReading(Chart.ConfusionMatrix(new[,] { { 990, 10 }, { 0, 1000 } }));
        var classes = svg.Series("").Elements().Where(e => e.Name.LocalName == "rect").Select(e => e.Attribute("class")!.Value);
        Assert.Equal(["dd-blue", "dd-red", "dd-blue", "dd-blue"], classes);
    }

    [Fact]
    public void LearningCurvesStandSideBySide()
    {
        var row = Chart.LearningCurves([1.0, 0.5], [1.1, 0.7], [0.8, 0.9], [0.7, 0.85]);
        var svg = new SvgReading(row);
        Assert.Equal(2, svg.Elements("g").Count(g => (string?)g.Attribute("class") == "dd-panel"));
        Assert.All(svg.Ticks("y", panel: 1), tick => Assert.EndsWith(" %", tick.Label));
        Assert.Equal(["1", "2"], svg.Ticks("x").Select(t => t.Label));
    }

    [Fact]
    public void ChartsStandTwoToALineNoWiderThanAPageWithLettersOfTheSameSize()
    {
        var (wide, narrow) = (Chart.Line([1.0, 2, 3], "first"), Chart.Line([1.0, 2], "second") with { Width = 320, Height = 200 });
        var row = new ChartRow(wide, wide, narrow);
        Assert.Equal((960, 580), (row.Width, row.Height));
        var svg = new SvgReading(row);
        var panels = svg.Elements("g").Where(g => (string?)g.Attribute("class") == "dd-panel").ToArray();
        Assert.Equal(["translate(0 0)", "translate(480 0)", "translate(0 380)"], panels.Select(p => p.Attribute("transform")!.Value));
        Assert.All(svg.Ticks("x", panel: 1), tick => Assert.InRange(tick.Position, 0, 480));
        Assert.Equal(Sizes(new SvgReading(wide)), Sizes(svg));
        Assert.Equal(640, wide.Width);
        Assert.Equal(640, new ChartRow(narrow, narrow).Width);

        static string[] Sizes(SvgReading svg) => [.. svg.Elements("text").Select(t => t.Attribute("font-size")!.Value).Distinct().Order()];
    }

    [Fact]
    public void TheMeanOfAHistogramIsWrittenAboveItsBars()
    {
        var svg = new SvgReading(Chart.Histogram([0.5, 0.5, 0.5, 0.2, 0.8], "T", percent: true));
        var bars = svg.Series("").Elements().Where(e => e.Name.LocalName == "rect").Min(e => SvgReading.Number(e.Attribute("y")!.Value));
        var words = svg.Elements("text").Last(text => text.Value.StartsWith("mean ", StringComparison.Ordinal));
        Assert.InRange(SvgReading.Number(words.Attribute("y")!.Value), SvgReading.Number(svg.Elements("text").First(t => t.Value == "T").Attribute("y")!.Value) + 11, bars - 3);
    }

    [Fact]
    public void ACurveThroughGivenPointsOfFractionsIsLabelledInPercent()
    {
        var svg = new SvgReading(Chart.Line([20, 40, 60], [0.5, 0.6, 0.7], percent: true));
        Assert.All(svg.Ticks("y"), tick => Assert.EndsWith(" %", tick.Label));
        Assert.Equal(svg.Ticks("x").Single(tick => tick.Label == "40").Position, svg.Curve("")[1].X, 0.1);
    }

    [Fact]
    public void LightAndDarkReadersAreBothServed()
    {
        var svg = Chart.Line([1.0, 2]).Render(MimeType.Svg);
        Assert.Contains("@media (prefers-color-scheme: dark)", svg);
        Assert.Contains("class=\"dd-card\" fill=\"#FFFFFF\"", svg);
    }

    private static double Interpolated(IReadOnlyList<(string Label, double Position)> ticks, double value)
    {
        var (a, b) = (ticks[0], ticks[^1]);
        var (from, to) = (SvgReading.Number(a.Label), SvgReading.Number(b.Label));
        return a.Position + (b.Position - a.Position) * (value - from) / (to - from);
    }
}
