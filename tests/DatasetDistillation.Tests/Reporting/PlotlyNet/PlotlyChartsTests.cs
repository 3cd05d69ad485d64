using System.Text.Json;
using DatasetDistillation.Reporting;
using DatasetDistillation.Reporting.PlotlyNet;
using Plotly.NET;
using Plotly.NET.CSharp;
using Xunit;
using Chart = DatasetDistillation.Reporting.Chart;

namespace DatasetDistillation.Tests.Reporting.PlotlyNet;

public class PlotlyChartsTests
{
    [Fact]
    public void AChartOfPlotlyNetHasTheSameCurvesAndTitles()
    {
        var chart = Chart.Line([3.0, 4, 5], [1.5, 2, 0.25], "Loss", "step", "cross-entropy");
        var (own, figure) = (Parse(chart.Render(MimeType.Plotly)), Figure(chart.ToPlotly()));
        var (wanted, trace) = (own.GetProperty("data")[0], figure.GetProperty("data")[0]);
        foreach (var axis in new[] { "x", "y" })
        {
            Assert.Equal(Numbers(wanted.GetProperty(axis)), Numbers(trace.GetProperty(axis)));
            Assert.Equal(Title(own, axis), Title(figure, axis));
        }
        Assert.Equal("step", Title(figure, "x"));
        Assert.Equal("scatter", trace.GetProperty("type").GetString());
    }

    [Fact]
    public void ItsStyleCanBeChangedFurther()
    {
        var row = Chart.LearningCurves([1.0, 0.5], [1.1, 0.7], [0.8, 0.9], [0.7, 0.85]);
        var figure = Figure(row.ToPlotly().WithSize(900, 500));
        Assert.Equal(900, figure.GetProperty("layout").GetProperty("width").GetInt32());
        Assert.Equal(["x", "x", "x2", "x2"], figure.GetProperty("data").EnumerateArray().Select(t => t.GetProperty("xaxis").GetString()));
    }

    private static JsonElement Figure(GenericChart chart) => Parse(GenericChart.toFigureJson(chart));

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetDouble())];

    private static string? Title(JsonElement figure, string axis) =>
        figure.GetProperty("layout").GetProperty(axis + "axis").GetProperty("title").GetProperty("text").GetString();
}
