using DatasetDistillation.Distillation;
using DatasetDistillation.Reporting;
using Plotly.NET;
using Plotly.NET.CSharp;
using Xunit;
using static TorchSharp.torch;
using PlotlyChart = Plotly.NET.CSharp.Chart;

namespace DatasetDistillation.Tests.Reporting;

/// <summary>What the charts hand to plotly.js.</summary>
public class ChartsTests
{
    [Fact]
    public void ACurveHasItsPointsAndItsAxesTheirTitles()
    {
        var chart = new ChartReading(Charts.Line(
            [20, 40, 60], [0.5, 0.625, 0.7], "Accuracy <of> it", "outer step", "accuracy", percent: true));
        Assert.Equal([20, 40, 60], ChartReading.Numbers(chart.Trace(0)["x"]));
        Assert.Equal([0.5, 0.625, 0.7], ChartReading.Numbers(chart.Trace(0)["y"]));
        var layout = chart.Panels[0]["layout"]!;
        Assert.Equal("<b>Accuracy &lt;of&gt; it</b>", (string?)layout["title"]!["text"]);
        Assert.Equal("outer step", (string?)layout["xaxis"]!["title"]!["text"]);
        Assert.EndsWith("%", (string?)layout["yaxis"]!["tickformat"]);
    }

    [Fact]
    public void StepsMayBeCountedFromOne() =>
        Assert.Equal([1, 2, 3], ChartReading.Numbers(new ChartReading(Charts.Line([5.0, 4, 3], firstX: 1)).Trace(0)["x"]));

    [Fact]
    public void NamesStandAtTheEndsOfAFewCurvesApartFromEachOther()
    {
        var curves = Enumerable.Range(0, 4).Select(static i => ($"curve {i}", Numbers.Range(0, 2), (Numbers)new[] { 1, 0.001 * i }));
        var chart = new ChartReading(Charts.Lines(curves));
        Assert.False((bool)chart.Panels[0]["layout"]!["showlegend"]!);
        var labels = chart.Elements("text")
            .Where(static t => t.Value.StartsWith("curve", StringComparison.Ordinal) && t.Attribute("aria-hidden") is null)
            .Select(static t => ChartReading.Number(t.Attribute("y")!.Value)).Order().ToArray();
        Assert.Equal(4, labels.Length);
        Assert.All(labels.Zip(labels.Skip(1)), static pair => Assert.True(pair.Second - pair.First >= 12));
    }

    [Fact]
    public void ManyCurvesHaveALegendAboveTheData()
    {
        var chart = new ChartReading(Charts.Lines(Enumerable.Range(0, 9).Select(
            static i => ($"a rather long name {i}", Numbers.Range(0, 3), Numbers.Range(1, 3)))));
        Assert.True((bool)chart.Panels[0]["layout"]!["showlegend"]!);
        var legend = chart.Elements("text")
            .Where(static t => t.Value.StartsWith("a rather", StringComparison.Ordinal))
            .Select(static t => ChartReading.Number(t.Attribute("y")!.Value))
            .ToArray();
        Assert.Equal(9, legend.Length);
        Assert.True(legend.Max() < chart.Curve("a rather long name 0").Min(static p => p.Y));
    }

    [Fact]
    public void WhatIsNotFiniteIsAGapAndTheChartSaysSo()
    {
        var chart = Charts.Lines(
        [
            ("loss", Numbers.Range(0, 5), [1, double.NaN, 2, 3, double.PositiveInfinity]),
            ("x", Numbers.Range(0, 2), [1.0, 2]),
        ]);
        var read = new ChartReading(chart);
        Assert.Equal([1, null, 2, 3, null], ChartReading.Numbers(read.Trace(0)["y"]));
        Assert.Contains(read.Words(), static w => w.Contains("2 of 5 values of loss not finite", StringComparison.Ordinal));
        Assert.Contains("2 of 5 values not shown", chart.ToText());
        Assert.Contains(
            new ChartReading(Charts.Line([1.0, 0, 2], logY: true)).Words(),
            static w => w.Contains("1 of 3 values ≤ 0", StringComparison.Ordinal));
    }

    [Fact]
    public void LearningCurvesStandSideBySideEachWithItsHeading()
    {
        var chart = Charts.LearningCurves([1.0, 0.5], [1.1, 0.7], [0.8, 0.9], [0.7, 0.85]);
        var read = new ChartReading(chart);
        Assert.Equal(2, read.Panels.Length);
        Assert.Equal(["<b>Loss</b>", "<b>Accuracy</b>"], read.Panels.Select(static p => (string?)p["layout"]!["title"]!["text"]));
        Assert.Equal([0.7, 0.85], ChartReading.Numbers(read.Trace(1, panel: 1)["y"]));
        Assert.All(read.Ticks("y", panel: 1), static tick => Assert.EndsWith(" %", tick.Label));
        Assert.Equal(["1", "2"], read.Ticks("x").Select(static t => t.Label));
        Assert.Equal(960, GenericChart.tryGetLayoutSize(chart).Item1.Value);
    }

    [Fact]
    public void ChartsSideBySideKeepTheirLinesAndWords()
    {
        var read = new ChartReading(Charts.SideBySide(Charts.Line([1.0, 2]), Charts.Histogram([0.5, 0.6, 0.9], "T", percent: true)));
        var layout = read.Panels[1]["layout"]!;
        Assert.Equal(("x", "y domain"), ((string?)layout["shapes"]![0]!["xref"], (string?)layout["shapes"]![0]!["yref"]));
        Assert.Contains(read.Words(panel: 1), static w => w.StartsWith("mean 66.7", StringComparison.Ordinal));
        Assert.DoesNotContain(read.Words(), static w => w.StartsWith("mean", StringComparison.Ordinal));
    }

    [Fact]
    public void ACellMayGoOnWithPlotlysFunctions()
    {
        var chart = Charts.LearningCurves([1.0, 0.5], [], [0.8, 0.9], []).WithTitle("Both & more").WithSize(Width: 700, Height: 250);
        var read = new ChartReading(chart);
        Assert.Contains("Both &amp; more</div>", read.Html, StringComparison.Ordinal);
        Assert.Equal([250, 250], read.Panels.Select(static p => (int)p["height"]!));
        var styled = new ChartReading(Charts.Line([1.0, 2], "T", "step").WithXAxisStyle<double, double, string>(TitleText: "iteration"));
        Assert.Equal("iteration", (string?)styled.Panels[0]["layout"]!["xaxis"]!["title"]!["text"]);
        var both = new ChartReading(PlotlyChart.Combine([
            Charts.Line([1.0, 2]), PlotlyChart.Point<double, double, string>([0, 1], [2, 1], Name: "mine")]));
        Assert.Equal(["lines", "markers"], both.Panels[0]["data"]!.AsArray().Select(static t => (string?)t!["mode"]));
    }

    [Fact]
    public void TheLossIsAveragedOverStretchesThatEndWhereTheyAreDrawn()
    {
        using var set = new DistilledSet(rand([2, 1, 4, 4]), eye(2), "toy");
        DistillationRun Run(params double[] losses) => new(set, set) { Losses = losses, Evaluations = [new(50, 0.5), new(100, 0.75)] };
        var curve = new ChartReading(Charts.OuterLoss(Run(5, 3, 4, 2, 1), points: 2)).Trace(0);
        Assert.Equal([3, 5], ChartReading.Numbers(curve["x"]));
        Assert.Equal([4, 1.5], ChartReading.Numbers(curve["y"]));
        Assert.Equal([1, 2], ChartReading.Numbers(new ChartReading(Charts.OuterLoss(Run(5, 3))).Trace(0)["x"]));
        var scores = Charts.Evaluations(Run(1), "held out");
        Assert.Equal([50, 100], ChartReading.Numbers(new ChartReading(scores).Trace(0)["x"]));
        Assert.Contains("75.0 %", scores.ToText());
    }

    [Fact]
    public void SamplesToBeComparedShareTheirBinsAndTheirAxis()
    {
        double[] before = [.. Enumerable.Range(0, 200).Select(static i => 0.6 + (0.04 * Math.Sin(i)))];
        double[] after = [.. before.Select(static v => 0.9 + ((v - 0.6) / 4))];
        var read = new ChartReading(Charts.Histograms([("before", before), ("after", after)], "T", percent: true));
        var bins = Enumerable.Range(0, 2).Select(i => read.Trace(i)["xbins"]!.ToJsonString()).ToArray();
        Assert.Equal(bins[0], bins[1]);
        var heights = read.Series("before")
            .Elements()
            .Where(static e => e.Name.LocalName == "rect")
            .Select(static e => ChartReading.Number(e.Attribute("height")!.Value))
            .ToArray();
        var (start, size) = ((double)read.Trace(0)["xbins"]!["start"]!, (double)read.Trace(0)["xbins"]!["size"]!);
        var values = ChartReading.Numbers(read.Trace(0)["x"]);
        for (var bin = 0; bin < heights.Length; bin++)
            Assert.Equal(
                values.Count(v => Math.Floor((v!.Value - start) / size) == bin) * heights[0] / values.Count(v => v < start + size),
                heights[bin],
                0.5);
        Assert.Contains(read.Words(), static w => w.StartsWith("after: mean 90", StringComparison.Ordinal));
    }

    [Fact]
    public void ClassesAreCounted()
    {
        var read = new ChartReading(Charts.ClassHistogram(new long[] { 0, 2, 2, 2 }, classes: 4));
        Assert.Equal([1, 0, 3, 0], ChartReading.Numbers(read.Trace(0)["y"]));
        Assert.Equal(["0", "1", "2", "3"], read.Ticks("x").Select(static t => t.Label));
    }

    [Fact]
    public void AHeatMapShowsItsNumbersRowZeroOnTop()
    {
        var read = new ChartReading(Charts.HeatMap(
            new[,] { { 0.25, 0.5 }, { -0.75, double.NaN } }, ["first", "second"], ["l", "r"], format: "F2"));
        Assert.Equal(
            "[[\"0.25\",\"0.50\"],[\"−0.75\",\"NaN\"]]",
            read.Trace(0)["text"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.Null(read.Trace(0)["z"]![1]![1]);
        Assert.Equal((-0.75, 0.75), ((double)read.Trace(0)["zmin"]!, (double)read.Trace(0)["zmax"]!));
        var cells = read.Series("").Elements().Where(static e => e.Name.LocalName == "text").ToArray();
        Assert.Equal(["0.25", "0.50", "−0.75", "NaN"], cells.Select(static c => c.Value));
        Assert.True(ChartReading.Number(cells[0].Attribute("y")!.Value) < ChartReading.Number(cells[2].Attribute("y")!.Value));
        Assert.True(ChartReading.Number(cells[0].Attribute("x")!.Value) < ChartReading.Number(cells[1].Attribute("x")!.Value));
        Assert.Equal(["first", "second"], read.Ticks("y").Select(static t => t.Label));
        Assert.Equal("0.0", (string?)new ChartReading(Charts.HeatMap(new[,] { { -0.01, 1 } }, format: "F1")).Trace(0)["text"]![0]![0]);
    }

    [Fact]
    public void AConfusionIsRedAndTheDiagonalBlue()
    {
        var read = new ChartReading(Charts.ConfusionMatrix(new[,] { { 990, 10 }, { 0, 1000 } }));
        Assert.Equal(
            ["blue", "red", "blue", "blue"],
            read.Series("").Elements().Where(static e => e.Name.LocalName == "rect").Select(static e => e.Attribute("class")!.Value));
        var shades = read.Trace(0)["z"]!.AsArray().SelectMany(static row => ChartReading.Numbers(row)).ToArray();
        Assert.True(shades[0] > 0.8 && shades[1] < -0.3 && shades[2] == 0);
    }
}
