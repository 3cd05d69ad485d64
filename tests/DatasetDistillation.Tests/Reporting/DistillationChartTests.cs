using DatasetDistillation.Distillation;
using DatasetDistillation.Reporting;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Reporting;

public sealed class DistillationChartTests : IDisposable
{
    private readonly DistilledSet set = new(rand([2, 1, 4, 4]), eye(2), "toy");

    public void Dispose() => set.Dispose();

    [Fact]
    public void TheLossIsAveragedOverStretchesThatEndWhereTheyAreDrawn()
    {
        var curve = Curve(Chart.OuterLoss(Run(5, 3, 4, 2, 1), points: 2));
        Assert.Equal([3.0, 5], curve.X.Values.ToArray());
        Assert.Equal([4.0, 1.5], curve.Y.Values.ToArray());
    }

    [Fact]
    public void AShortRunIsDrawnStepByStep() => Assert.Equal([1.0, 2], Curve(Chart.OuterLoss(Run(5, 3))).X.Values.ToArray());

    [Fact]
    public void AccuraciesStandAtTheStepsThatTheyWereMeasuredAtInPercent()
    {
        var run = new DistillationRun(set, set) { Losses = [1], Evaluations = [new(50, 0.5), new(100, 0.75)] };
        var chart = Chart.Evaluations(run, "held out");
        Assert.Equal([50.0, 100], Curve(chart).X.Values.ToArray());
        Assert.Contains("75.0 %", chart.ToString());
    }

    [Fact]
    public void NoEvaluationsAreRefusedWithAdvice() =>
        Assert.Contains("EvaluateEvery", Assert.Throws<ArgumentException>(() => Chart.Evaluations(Run(1))).Message);

    private DistillationRun Run(params double[] losses) => new(set, set) { Losses = losses };

    private static PointSeries Curve(Chart chart) => Assert.IsType<PointSeries>(Assert.Single(chart.Series));
}
