using System.Text.Json;
using DatasetDistillation.Reporting;
using Xunit;

namespace DatasetDistillation.Tests.Reporting;

public class PlotlyChartTests
{
    [Fact]
    public void TheDataArriveWholeAndAGapIsNull()
    {
        var figure = Figure(Chart.Line([Series.Line("loss", [3.0, 4, 5], [1, double.NaN, 2]), Series.Line("b", [1.0])], "T", "x", "y", logY: true));
        var trace = figure.GetProperty("data")[0];
        Assert.Equal("loss", trace.GetProperty("name").GetString());
        Assert.Equal([3, 4, 5], trace.GetProperty("x").EnumerateArray().Select(v => v.GetDouble()));
        Assert.Equal(JsonValueKind.Null, trace.GetProperty("y")[1].ValueKind);
        Assert.Equal("log", figure.GetProperty("layout").GetProperty("yaxis").GetProperty("type").GetString());
        Assert.Equal("x", figure.GetProperty("layout").GetProperty("xaxis").GetProperty("title").GetProperty("text").GetString());
    }

    [Fact]
    public void ChartsSideBySideHaveAxesOfTheirOwn()
    {
        var figure = Figure(Chart.LearningCurves([1.0, 0.5], [1.1, 0.7], [0.8, 0.9], [0.7, 0.85]));
        Assert.Equal(["x", "x", "x2", "x2"], figure.GetProperty("data").EnumerateArray().Select(t => t.GetProperty("xaxis").GetString()));
        var (left, right) = (Domain(figure, "xaxis"), Domain(figure, "xaxis2"));
        Assert.True(left[1] < right[0]);
    }

    [Fact]
    public void AThirdChartStandsBelowTheFirst()
    {
        var figure = Figure(new ChartRow(Chart.Line([1.0, 2]), Chart.Line([1.0, 2]), Chart.Line([1.0, 2])));
        var (first, third) = (Domain(figure, "yaxis"), Domain(figure, "yaxis3"));
        Assert.Equal(first, Domain(figure, "yaxis2"));
        Assert.True(0 == third[0] && third[1] < first[0] && first[1] == 1, $"{third[0]} … {third[1]}, {first[0]} … {first[1]}");
        Assert.Equal(Domain(figure, "xaxis")[0], Domain(figure, "xaxis3")[0]);
    }

    [Fact]
    public void AHeatMapShowsItsNumbersRowZeroOnTop()
    {
        var figure = Figure(Chart.HeatMap(new[,] { { 1, double.NaN }, { -3, 4 } }));
        var map = figure.GetProperty("data")[0];
        Assert.Equal("1", map.GetProperty("text")[0][0].GetString());
        Assert.Equal(JsonValueKind.Null, map.GetProperty("z")[0][1].ValueKind);
        Assert.Equal("reversed", figure.GetProperty("layout").GetProperty("yaxis").GetProperty("autorange").GetString());
    }

    [Fact]
    public void ThePageShinesThrough() =>
        Assert.Equal("rgba(0,0,0,0)", Figure(Chart.Line([1.0])).GetProperty("layout").GetProperty("paper_bgcolor").GetString());

    private static double[] Domain(JsonElement figure, string axis) =>
        [.. figure.GetProperty("layout").GetProperty(axis).GetProperty("domain").EnumerateArray().Select(v => v.GetDouble())];

    private static JsonElement Figure(IRichOutput chart) => JsonDocument.Parse(chart.Render(MimeType.Plotly)).RootElement;
}
