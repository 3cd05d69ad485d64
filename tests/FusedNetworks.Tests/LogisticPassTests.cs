using System.Numerics;
using Xunit;

namespace FusedNetworks.Tests;

/// <summary>The fused pass over bytes against the same in plain loops.</summary>
public sealed class LogisticPassTests
{
    [Theory]
    [InlineData(1, 3)]
    [InlineData(300, 10)]
    [InlineData(2500, 17)]
    [InlineData(130, 33)]
    public void Loss_accuracy_and_gradient_are_those_of_plain_loops(int count, int classes)
    {
        (byte[] pixels, long[] labels, double[] weights) = Data(count, 45, classes);
        var (loss, accuracy, expected) = Plain(pixels, labels, weights, classes);
        var images = Images(pixels, labels, 45, classes);
        Compare<double>(1e-12);
        Compare<float>(2e-6);

        void Compare<T>(double tolerance) where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            var pass = new LogisticPass<T>(images);
            var gradient = new double[weights.Length];
            var (both, alone) = (pass.Evaluate(weights, gradient), pass.Evaluate(weights));
            Assert.Equal(both, alone);
            Assert.InRange(Math.Abs(both.Loss - loss) / loss, 0, tolerance);
            Assert.Equal(accuracy, both.Accuracy, 12);
            Assert.InRange(gradient.Zip(expected, (a, b) => Math.Abs(a - b)).Max() / expected.Max(Math.Abs), 0, tolerance);
        }
    }

    [Fact]
    public void Results_are_the_same_to_the_bit_for_any_number_of_threads()
    {
        (byte[] pixels, long[] labels, double[] weights) = Data(5000, 60, 10);
        var pass = new LogisticPass<float>(Images(pixels, labels, 60, 10));
        int[] threadCounts = [1, 2, 4, 7];
        var runs = threadCounts.Select(threads =>
        {
            pass.Threads = threads;
            var gradient = new double[weights.Length];
            return (Loss: pass.Evaluate(weights, gradient).Loss, Gradient: gradient);
        }).ToArray();

        Assert.All(runs, run =>
        {
            Assert.Equal(runs[0].Loss, run.Loss);
            Assert.Equal(runs[0].Gradient, run.Gradient);
        });
    }

    [Fact]
    public void Logits_beyond_the_range_of_exp_give_a_finite_loss()
    {
        byte[] pixels = [255, 0, 0, 255];
        var pass = new LogisticPass<float>(Images(pixels, [0, 1], 2, 3));
        var gradient = new double[6];
        var result = pass.Evaluate([1000, -1000, 0, 1000, -1000, 0], gradient);

        Assert.Equal(1000, result.Loss, 3);
        Assert.Equal(0.5, result.Accuracy);
        Assert.Equal([0, 0, 0, 0.5, -0.5, 0], gradient.Select(g => Math.Round(g, 6)));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e60)]
    public void A_weight_that_is_not_finite_in_the_precision_gives_NaN(double weight)
    {
        var pass = new LogisticPass<float>(Images([255, 0, 0, 255], [0, 1], 2, 3));
        var gradient = new double[6];
        Assert.True(double.IsNaN(pass.Evaluate([0, 0, weight, 0, 0, 0], gradient).Loss));
        Assert.All(gradient, g => Assert.True(double.IsNaN(g)));
        Assert.Equal(Math.Log(3), pass.Evaluate(new double[6]).Loss, 6);
    }

    [Fact]
    public void Among_equal_logits_the_first_is_the_prediction()
    {
        var pass = new LogisticPass<double>(Images([1, 1], [0, 1], 1, 2));
        var result = pass.Evaluate([0, 0]);
        Assert.Equal(0.5, result.Accuracy);
        Assert.Equal(Math.Log(2), result.Loss, 14);
    }

    [Fact]
    public void Bad_input_is_refused_with_what_came()
    {
        Assert.Throws<ArgumentException>(() => Images([], [], 4, 2));
        Assert.Throws<ArgumentException>(() => Images(new byte[7], [0, 1], 4, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Images(new byte[8], [0, 1], 4, 1));
        var label = Assert.Throws<ArgumentException>(() => Images(new byte[8], [0, 2], 4, 2));
        Assert.Contains("Label 1 is 2", label.Message, StringComparison.Ordinal);

        var pixel = Assert.Throws<ArgumentException>(() => new SparseImages([0, 1, 0.5f, 1], [0, 1], 2, 2));
        Assert.Contains("Pixel 2 is 0.5", pixel.Message, StringComparison.Ordinal);

        var pass = new LogisticPass<float>(Images(new byte[8], [0, 1], 4, 2));
        var weights = Assert.Throws<ArgumentException>(() => pass.Evaluate(new double[9]));
        Assert.Contains("4·2 = 8", weights.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => pass.Evaluate(new double[8], new double[7]));
    }

    private static SparseImages Images(byte[] pixels, long[] labels, int features, int classes) =>
        new([.. pixels.Select(static p => p / 255f)], labels, features, classes);

    /// <summary>Images of which about a quarter of the pixels are not black.</summary>
    private static (byte[] Pixels, long[] Labels, double[] Weights) Data(int count, int features, int classes)
    {
        var random = new Random(count);
        var pixels = new byte[count * features];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = random.Next(4) == 0 ? (byte)random.Next(1, 256) : (byte)0;
        return (pixels,
            [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(classes))],
            [.. Enumerable.Range(0, features * classes).Select(_ => 2 * random.NextDouble() - 1)]);
    }

    /// <summary>Mean cross-entropy, accuracy and gradient, term by term.</summary>
    private static (double Loss, double Accuracy, double[] Gradient) Plain(byte[] pixels, long[] labels, double[] weights, int classes)
    {
        var (count, features) = (labels.Length, weights.Length / classes);
        var (loss, right, gradient) = (0.0, 0, new double[weights.Length]);
        for (int i = 0; i < count; i++)
        {
            double[] x = [.. pixels.Skip(i * features).Take(features).Select(static b => b / 255.0)];
            double[] logits = [.. Enumerable.Range(0, classes).Select(k => x.Select((value, p) => value * weights[p * classes + k]).Sum())];
            double sum = logits.Sum(Math.Exp);
            loss += (Math.Log(sum) - logits[labels[i]]) / count;
            right += Array.IndexOf(logits, logits.Max()) == labels[i] ? 1 : 0;
            for (int p = 0; p < features; p++)
                for (int k = 0; k < classes; k++)
                    gradient[p * classes + k] += x[p] * (Math.Exp(logits[k]) / sum - (k == labels[i] ? 1 : 0)) / count;
        }
        return (loss, (double)right / count, gradient);
    }
}
