using DatasetDistillation.Distillation;
using DatasetDistillation.Reporting;
using TorchSharp;
using Xunit;

namespace DatasetDistillation.Tests.Reporting;

/// <summary>Bad input is refused with a message that quotes it; tensors and spreads are taken as they are.</summary>
public class ChartInputTests
{
    [Fact]
    public void CurvesWithoutPointsOrOfUnequalLengthAreRefused()
    {
        AssertRefused(() => Charts.Line(Array.Empty<double>()), "0 values of x", "at least one point");
        AssertRefused(() => Charts.Lines([("loss", [1.0, 2], [1.0])]), "'loss'", "2 values of x", "1 of y");
        AssertRefused(() => Charts.Lines([]), "at least one curve");
        AssertRefused(() => Charts.Histogram([double.NaN]), "finite");
        AssertRefused(() => Charts.SideBySide(), "at least one chart");
        AssertRefused(() => Charts.SideBySide(Charts.LearningCurves([1.0], [], [1.0], []), Charts.Line([1.0])), "several pairs of axes");
    }

    [Fact]
    public void MatricesAndLabelsThatDoNotFitAreRefused()
    {
        AssertRefused(() => Charts.HeatMap(new double[][] { [1, 2], [3] }), "row 0 has 2", "row 1 has 1");
        AssertRefused(() => Charts.HeatMap(new double[0, 3]), "0 rows");
        AssertRefused(() => Charts.HeatMap(new double[3, 2], ["a", "b"]), "3 rows", "2 row labels");
        AssertRefused(() => Charts.ConfusionMatrix(new int[2, 3]), "2 rows and 3 columns");
        AssertRefused(() => Charts.Bars(["a"], [1.0, 2]), "1 categories", "2 values");
        AssertRefused(() => Charts.ClassHistogram([0, 12], classes: 10), "Label 1 is 12", "from 0 to 9");
        AssertRefused(() => Charts.ClassHistogram([-3, -5]), "Label 0 is -3");
    }

    [Fact]
    public void ARunWithoutEvaluationsIsRefusedWithAdvice()
    {
        using var set = new DistilledSet(torch.rand([2, 1, 4, 4]), torch.eye(2), "toy");
        AssertRefused(() => Charts.Evaluations(new DistillationRun(set, set) { Losses = [1] }), "EvaluateEvery");
    }

    [Fact]
    public void ATensorOfAnyNumericTypeIsARowOfNumbers()
    {
        using var whole = torch.tensor(new long[] { 3, 1, 2 });
        using var real = torch.tensor(new[] { 0.5f, -1 });
        Assert.Equal<Numbers>([3, 1, 2], whole);
        Assert.Equal<Numbers>([0.5, -1], real);
    }

    [Fact]
    public void ATransposedTensorKeepsItsOrder()
    {
        using var tensor = torch.arange(6).reshape(2, 3);
        Matrix matrix = tensor.t();
        Assert.Equal((3, 2, 3, 2), (matrix.Rows, matrix.Columns, matrix[0, 1], matrix[2, 0]));
    }

    [Fact]
    public void ALearnedTensorIsShownOutsideItsGraph()
    {
        using var learned = torch.ones([2, 1, 4, 4], requires_grad: true);
        using var derived = learned * 0.5;
        ImageBatch images = derived;
        Assert.Equal((2, 1, 4, 4), (images.Count, images.Channels, images.Height, images.Width));
        Assert.All(images.Pixels.ToArray(), static pixel => Assert.Equal(0.5f, pixel));
        Assert.False(derived.IsInvalid);
    }

    [Fact]
    public void ATensorOfAnotherShapeIsRefusedQuotingIt()
    {
        using var tensor = torch.zeros(5);
        AssertRefused(() => ImageGrid.Of(tensor), "[5]");
        AssertRefused(() => Charts.HeatMap(tensor), "[5]");
    }

    [Fact]
    public void RepeatedMeasurementsAreShownAsMeanAndDeviation()
    {
        var spread = new DatasetDistillation.Training.Spread([0.8, 0.9]);
        Cell cell = spread;
        Assert.Equal(0.85, cell.Value!.Value, 1e-12);
        Assert.Equal(spread.StandardDeviation, cell.Deviation!.Value, 1e-12);
        Cell single = new DatasetDistillation.Training.Spread([0.8]);
        Assert.Null(single.Deviation);
        Numbers numbers = spread;
        Assert.Equal(spread.Values, numbers.Values.AsEnumerable());
    }

    private static void AssertRefused(Func<object> make, params string[] quoted)
    {
        var error = Assert.ThrowsAny<ArgumentException>(make);
        Assert.All(quoted, text => Assert.Contains(text, error.Message));
    }
}
