using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>One step on M images undoes unknown weights of a linear model in M directions.</summary>
public sealed class LinearCaseTests : IDisposable
{
    private readonly ImageDataset digits = SyntheticDigits.Create(1000, seed: 1).Standardize();
    private readonly LinearCase linear;

    public LinearCaseTests() => linear = new LinearCase(digits, side: 4);

    public void Dispose()
    {
        linear.Dispose();
        digits.Dispose();
    }

    [Fact]
    public void As_many_images_as_pixels_undo_any_weights_and_fewer_do_not()
    {
        Assert.Equal(16, linear.Dimension);
        Assert.InRange(linear.MeasuredError(16, models: 3).Maximum, 0, 1e-20);
        Assert.True(linear.MeasuredError(15, models: 3).Minimum > 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(15)]
    public void What_is_expected_is_what_is_measured(int count)
    {
        var measured = linear.MeasuredError(count, models: 400);
        Assert.Equal(linear.ExpectedError(count), measured.Mean, 5 * measured.StandardDeviation / Math.Sqrt(measured.Count));
    }

    [Fact]
    public void No_other_images_leave_less_of_the_first_weights()
    {
        using var scope = NewDisposeScope();
        // Of the labels' part of the error nothing is asked here, so it is left out: σ is large.
        using var wide = new LinearCase(digits, side: 4, deviation: 1e3);
        var (images, _) = wide.Images(4);
        var moments = Moments();
        double Left(Tensor of) => Trace(eye(16, dtype: float64) - of.mT.mm(of).div(4), moments);
        var best = Left(images);
        Assert.Equal(best, 2 * wide.ExpectedError(4) / (10 * 1e6), 1e-6 * best);
        for (var trial = 1ul; trial <= 20; trial++)
            Assert.True(Left(images + (0.1 * randn(images.shape, float64, generator: new Generator(trial)))) > best);
    }

    [Fact]
    public void Pixels_that_cannot_be_told_apart_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new LinearCase(digits, side: 5));
        using var few = digits.Take(10);
        Assert.Throws<ArgumentException>(() => new LinearCase(few, side: 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => linear.Images(17));
    }

    private Tensor Moments()
    {
        var pixels = nn.functional.avg_pool2d(digits.Images, 7).reshape(digits.Count, -1).to(float64);
        return pixels.mT.mm(pixels).div(digits.Count);
    }

    private static double Trace(Tensor left, Tensor moments) => left.mul(moments.mm(left)).sum().ToDouble();
}
