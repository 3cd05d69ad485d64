using System.Xml.Linq;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Reporting;
using DatasetDistillation.Training;
using Microsoft.DotNet.Interactive.Formatting;
using TorchSharp;
using Xunit;

namespace DatasetDistillation.Tests.Reporting;

/// <summary>What a notebook host shows of the library's objects.</summary>
public class FormattersTests
{
    private static readonly Dictionary<string, object> Values = new()
    {
        ["chart"] = Charts.Line([3.0, 2, 1], "Loss", "step", "loss"),
        ["row"] = Charts.LearningCurves([1.0, 0.5], [1.1, 0.7], [0.8, 0.9], [0.7, 0.85]),
        ["images"] = ImageGrid.Of(new float[2, 3, 3], ["a", "b"]),
        ["predictions"] = PredictionsGrid.Of(new float[2, 3, 3], [1, 2], [0.9, 0.8], [1, 7]),
        ["table"] = new ResultsTable("method", Column.Percent("accuracy")).Add("a", 0.5),
        ["progress"] = new ProgressBar(0.5, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3), "training"),
        ["set"] = new DistilledSet(torch.rand([10, 1, 4, 4]), torch.eye(10), "test"),
        ["matrix"] = Cross(),
        ["tensor"] = torch.tensor(new[] { 1.5f, 2 }),
        ["large tensor"] = torch.zeros(100, 100),
        ["digits"] = SyntheticDigits.Create(10, seed: 1),
        ["network"] = Networks.LeNet(),
        ["spread"] = new Spread([0.5, 0.75]),
    };

    static FormattersTests() => Formatters.Register();

    [Theory]
    [InlineData("chart", "text/html")]
    [InlineData("row", "text/html")]
    [InlineData("images", "image/png")]
    [InlineData("predictions", "image/png")]
    [InlineData("table", "text/html")]
    [InlineData("progress", "text/html")]
    [InlineData("set", "image/png")]
    [InlineData("matrix", "text/html")]
    public void TheRichestFormComesFirstAndTextWithIt(string name, string rich)
    {
        var value = Values[name];
        Assert.Equal([rich, "text/plain"], Formatter.GetPreferredMimeTypesFor(value.GetType()));
        var shown = Formatter.ToDisplayString(value, rich);
        if (rich == "image/png")
            Assert.True(Png.Decode(Convert.FromBase64String(shown)).Width > 0);
        else if (name is "chart" or "row")
            Assert.StartsWith("<div data-plotly-chart=", shown);
        else
            Assert.NotEmpty(XElement.Parse($"<div>{shown}</div>").Descendants());
        Assert.False(string.IsNullOrWhiteSpace(Formatter.ToDisplayString(value, "text/plain")));
    }

    [Theory]
    [InlineData("tensor", "1.5")]
    [InlineData("large tensor", "100x100")]
    [InlineData("digits", "28×28")]
    [InlineData("network", "LeNet")]
    [InlineData("spread", "0.625")]
    public void WhatHasNoPictureIsALineOfText(string name, string part)
    {
        Assert.Equal(["text/plain"], Formatter.GetPreferredMimeTypesFor(Values[name].GetType()));
        Assert.Contains(part, Formatter.ToDisplayString(Values[name], "text/plain"));
    }

    [Fact]
    public void WhatIsShownHasAFormForOtherHosts()
    {
        Assert.StartsWith("<img src=\"data:image/png;base64,", ((IRichOutput)Values["images"]).ToHtml());
        Assert.StartsWith("<img ", ((DistilledSet)Values["set"]).ToHtml());
        Assert.Contains("means", ((CrossArchitecture)Values["matrix"]).ToHtml());
    }

    [Fact]
    public void AChartInTheTerminalIsOneLine() =>
        Assert.Equal("Loss: loss over step: █▅▁ 3 → 1", Formatter.ToDisplayString(Values["chart"], "text/plain"));

    [Fact]
    public void AChartIsTheSameEachTimeAndLoadsPlotlysScriptFromWherePlotlyNetSays()
    {
        var html = Formatter.ToDisplayString(Values["row"], "text/html");
        Assert.Equal(html, Formatter.ToDisplayString(Values["row"], "text/html"));
        Assert.Contains($"\"https://cdn.plot.ly/plotly-{Globals.PLOTLYJS_VERSION}.min.js\"", html);
        Assert.InRange(html.Length, 1, 42_000);
    }

    private static CrossArchitecture Cross()
    {
        using var digits = SyntheticDigits.Create(30, seed: 1);
        using var set = Baselines.ClassMeans(digits);
        return CrossArchitecture.Measure([("means", set)], [new NetworkReadOut(Networks.SoftmaxRegression()) { Steps = 1 }], digits, 2);
    }
}
