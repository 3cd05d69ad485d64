using DatasetDistillation.Reporting;
using Xunit;

namespace DatasetDistillation.Tests.Reporting;

/// <summary>Bad input is refused with a message that quotes it.</summary>
public class ChartInputTests
{
    [Fact]
    public void AnEmptyCurve() => AssertRefused(() => Series.Line("loss", Array.Empty<double>()), "'loss'", "empty");

    [Fact]
    public void XAndYOfDifferentLength() => AssertRefused(() => Series.Line("loss", [1.0, 2], [1.0]), "2 values", "has 1");

    [Fact]
    public void NoSeries() => AssertRefused(() => Chart.Line(Array.Empty<Series>()), "at least one series");

    [Fact]
    public void AHeatMapAndAnotherSeries() =>
        AssertRefused(() => new Chart(new HeatMapSeries(new double[1, 1]), Series.Line("a", [1.0])), "2 series");

    [Fact]
    public void ARaggedMatrix() =>
        AssertRefused(() => Chart.HeatMap(new double[][] { [1, 2], [3] }), "row 0 has 2", "row 1 has 1");

    [Fact]
    public void AnEmptyMatrix() => AssertRefused(() => Chart.HeatMap(new double[0, 3]), "0 rows");

    [Fact]
    public void TooFewRowLabels() => AssertRefused(() => Chart.HeatMap(new double[3, 2], ["a", "b"]), "3 rows", "2 row labels");

    [Fact]
    public void AConfusionMatrixThatIsNotSquare() => AssertRefused(() => Chart.ConfusionMatrix(new int[2, 3]), "2 rows and 3 columns");

    [Fact]
    public void ABarWithoutACategory() => AssertRefused(() => Chart.Bar(["a"], [1.0, 2]), "1 categories", "2 bars");

    [Fact]
    public void ABandShorterThanItsCurve() =>
        AssertRefused(() => Series.Line("m", [1.0, 2]) with { Band = new Band([1.0], [2.0]) }, "1 lower", "curve 2");

    [Fact]
    public void RunsOfAnotherLength() => AssertRefused(() => Series.MeanOfRuns("m", [1, 2, 3], new double[2, 2]), "2 values each", "x has 3");

    [Fact]
    public void AnAxisThatEndsBeforeItBegins() =>
        AssertRefused(() => Chart.Line([1.0]) with { YAxis = new Axis { Title = "loss", Min = 5, Max = 2 } }, "'loss'", "5", "2");

    [Fact]
    public void ALabelOutsideTheClasses() =>
        AssertRefused(() => Chart.ClassHistogram([0, 12], classes: 10), "Label 1 is 12", "from 0 to 9");

    [Fact]
    public void OnlyNegativeLabels() => AssertRefused(() => Chart.ClassHistogram([-3, -5]), "Label 0 is -3");

    private static void AssertRefused(Func<object> make, params string[] quoted)
    {
        var error = Assert.ThrowsAny<ArgumentException>(make);
        Assert.All(quoted, text => Assert.Contains(text, error.Message));
    }
}
