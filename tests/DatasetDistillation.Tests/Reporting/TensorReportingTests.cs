using DatasetDistillation.Reporting;
using TorchSharp;
using Xunit;

namespace DatasetDistillation.Tests.Reporting;

public class TensorReportingTests
{
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
        Assert.All(images.Pixels.ToArray(), pixel => Assert.Equal(0.5f, pixel));
        Assert.False(derived.IsInvalid);
    }

    [Fact]
    public void ATensorOfAnotherShapeIsRefusedQuotingIt()
    {
        using var tensor = torch.zeros(5);
        Assert.Contains("[5]", Assert.Throws<ArgumentException>(() => ImageGrid.Of(tensor)).Message);
        Assert.Contains("[5]", Assert.Throws<ArgumentException>(() => Chart.HeatMap(tensor)).Message);
    }

    [Fact]
    public void Repeated_measurements_are_shown_as_mean_and_deviation()
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
}
