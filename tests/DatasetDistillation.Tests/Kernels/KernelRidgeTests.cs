using DatasetDistillation.Data;
using DatasetDistillation.Kernels;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Kernels;

public sealed class KernelRidgeTests : IDisposable
{
    private const int Support = 5, Targets = 9, Classes = 3;
    private readonly TorchSharp.DisposeScope scope = NewDisposeScope();
    private readonly Tensor kss, kts, ys, yt;

    public KernelRidgeTests()
    {
        var factor = Random(1, Support, Support);
        kss = factor.matmul(factor.t()) + eye(Support, dtype: float64);
        (kts, ys, yt) = (Random(2, Targets, Support), Random(3, Support, Classes), Random(4, Targets, Classes));
    }

    [Fact]
    public void The_loss_is_that_of_the_plain_formula()
    {
        var m = kss + eye(Support, dtype: float64) * (0.1 * kss.trace() / Support);
        var predictions = kts.matmul(linalg.solve(m, ys));
        var loss = new KernelRidge(0.1).Loss(kss, kts, ys, yt);
        Assert.Equal(0.5 * (predictions - yt).square().mean().ToDouble(), loss.Loss, 1e-12);
        Assert.Equal(0, (predictions - loss.Predictions).abs().max().ToDouble(), 1e-12);
        Assert.Equal(0, (predictions - new KernelRidge(0.1).Predict(kss, kts, ys)).abs().max().ToDouble(), 1e-12);
    }

    [Fact]
    public void Every_gradient_agrees_with_finite_differences()
    {
        var ridge = new KernelRidge(0.1);
        var loss = ridge.Loss(kss, kts, ys, yt);
        for (int seed = 10; seed < 15; seed++)
        {
            var anything = Random(seed, Support, Support);
            var (toKss, toKts, toYs) = (anything + anything.t(), Random(seed + 10, Targets, Support), Random(seed + 20, Support, Classes));
            AssertSlope(step => ridge.Loss(kss + toKss * step, kts, ys, yt), loss.ToKss, toKss);
            AssertSlope(step => ridge.Loss(kss, kts + toKts * step, ys, yt), loss.ToKts, toKts);
            AssertSlope(step => ridge.Loss(kss, kts, ys + toYs * step, yt), loss.ToLabels, toYs);
        }
    }

    [Fact]
    public void A_Float32_kernel_is_solved_in_Float64()
    {
        var (single, exact) = (kss.to_type(float32), kss.to_type(float32).to_type(float64));
        var loss = new KernelRidge().Loss(single, kts.to_type(float32), ys.to_type(float32), yt.to_type(float32));
        Assert.Equal(float64, loss.ToKss.dtype);
        var same = new KernelRidge()
            .Loss(exact, kts.to_type(float32).to_type(float64), ys.to_type(float32).to_type(float64), yt.to_type(float32).to_type(float64));
        Assert.Equal(same.Loss, loss.Loss);
    }

    [Fact]
    public void The_ridge_is_raised_where_rounding_made_the_matrix_indefinite()
    {
        // Two equal images whose covariance came out 0.001 % too large.
        var nearly = tensor(new double[,] { { 1, 1.00001 }, { 1.00001, 1 } });
        var predictions = new KernelRidge(1e-8).Predict(nearly, nearly, tensor(new double[,] { { 1 }, { 1 } }));
        Assert.All(predictions.data<double>().ToArray(), static p => Assert.Equal(1, p, 1e-3));
    }

    [Fact]
    public void A_matrix_that_no_small_ridge_makes_positive_definite_is_refused()
    {
        var indefinite = tensor(new double[,] { { 1, 2 }, { 2, 1 } });
        var error = Assert.Throws<InvalidOperationException>(
            () => new KernelRidge().Predict(indefinite, indefinite, ones([2, 1], float64)));
        Assert.Contains("not positive definite", error.Message, StringComparison.Ordinal);
        Assert.Contains("larger λ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1e-6)]
    [InlineData(double.NaN)]
    public void A_ridge_that_is_not_above_0_is_refused(double regularization) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelRidge(regularization));

    [Fact]
    public void Matrices_and_labels_that_do_not_fit_are_refused()
    {
        var ridge = new KernelRidge();
        Assert.Throws<ArgumentException>(() => ridge.Loss(kss, kts.t(), ys, yt));
        Assert.Throws<ArgumentException>(() => ridge.Loss(kss, kts, ys.t(), yt));
        var width = Assert.Throws<ArgumentException>(() => ridge.Loss(kss, kts, ys, zeros([Targets, Classes + 1], float64)));
        Assert.Contains($"must be [{Targets}, {Classes}]", width.Message, StringComparison.Ordinal);
        var nan = Assert.Throws<InvalidOperationException>(() => ridge.Loss(kss * double.NaN, kts, ys, yt));
        Assert.Contains("NaN", nan.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Solved_labels_are_the_best_for_the_whole_training_set()
    {
        using var data = Stripes(200);
        var (kernel, ridge, support) = (new FullyConnectedKernel(1), new KernelRidge(1e-3), data.Images.narrow(0, 0, 6).to_type(float32));
        var labels = ridge.SolveLabels(kernel, support, data, block: 64);
        double LossOf(Tensor candidate)
        {
            using var gram = kernel.Gram(support);
            using var cross = kernel.Cross(data.Images, support);
            return ridge.Loss(gram.Value, cross.Value, candidate, KernelRidge.CenteredLabels(data.Labels, data.ClassCount)).Loss;
        }
        double best = LossOf(labels);
        Assert.True(best < LossOf(KernelRidge.CenteredLabels(data.Labels.narrow(0, 0, 6), data.ClassCount)));
        for (int seed = 0; seed < 5; seed++)
            Assert.True(best < LossOf(labels + Random(seed, 6, data.ClassCount) * 0.01));
    }

    [Fact]
    public void Accuracy_counts_the_right_predictions_whatever_the_block()
    {
        using var data = Stripes(100);
        var (kernel, ridge) = (new FullyConnectedKernel(2), new KernelRidge());
        var support = data.Images.narrow(0, 0, 6);
        var labels = KernelRidge.CenteredLabels(data.Labels.narrow(0, 0, 6), data.ClassCount);
        using var gram = kernel.Gram(support);
        using var cross = kernel.Cross(data.Images, support);
        var right = ridge.Predict(gram.Value, cross.Value, labels).argmax(1).data<long>().ToArray()
            .Zip(data.LabelValues()).Count(static pair => pair.First == pair.Second);
        Assert.InRange(right, 60, 100);
        Assert.Equal(right / 100.0, ridge.Accuracy(kernel, support, labels, data, block: 33));
        Assert.Equal(right / 100.0, ridge.Accuracy(kernel, support, labels.to_type(float32), data));
    }

    [Fact]
    public void A_support_set_that_cannot_predict_is_refused()
    {
        using var data = Stripes(30);
        var (kernel, ridge, support) = (new FullyConnectedKernel(2), new KernelRidge(), data.Images.narrow(0, 0, 6));
        var labels = KernelRidge.CenteredLabels(data.Labels.narrow(0, 0, 6), data.ClassCount);
        var missing = Assert.Throws<ArgumentException>(() => ridge.Accuracy(kernel, support.narrow(0, 0, 2), labels.narrow(0, 0, 2), data));
        Assert.Contains("No support image speaks for class 2", missing.Message, StringComparison.Ordinal);
        var width = Assert.Throws<ArgumentException>(() => ridge.Accuracy(kernel, support, labels.narrow(1, 0, 2), data));
        Assert.Contains("must be [6, 3]", width.Message, StringComparison.Ordinal);
        var nan = Assert.Throws<ArgumentException>(() => ridge.Accuracy(kernel, support * float.NaN, labels, data));
        Assert.Contains("NaN", nan.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ridge.Accuracy(kernel, zeros([6, 1, 3, 3]), labels, data));
    }

    public void Dispose() => scope.Dispose();

    /// <summary>Noisy images of 6×6 pixels in three classes, told apart by the bright row.</summary>
    internal static ImageDataset Stripes(int count, double noise = 0.6)
    {
        using var inner = NewDisposeScope();
        var classes = tensor(Enumerable.Range(0, count).Select(static i => (long)(i % Classes)).ToArray());
        var rows = nn.functional.one_hot(classes, 6).to_type(float32).reshape(count, 1, 6, 1).expand(count, 1, 6, 6);
        return new ImageDataset(
            rows * (1 - noise) + rand([count, 1, 6, 6], generator: new Generator().manual_seed(9)) * noise,
            classes,
            "stripes",
            classCount: Classes);
    }

    private static Tensor Random(long seed, long rows, long columns) =>
        randn(rows, columns, float64, generator: new Generator().manual_seed(seed));

    private static void AssertSlope(Func<double, RidgeLoss> loss, Tensor gradient, Tensor direction)
    {
        double slope = (loss(1e-6).Loss - loss(-1e-6).Loss) / 2e-6;
        Assert.Equal(slope, (gradient * direction).sum().ToDouble(), 1e-8 * Math.Max(1, Math.Abs(slope)));
    }
}
