using System.Numerics.Tensors;
using DatasetDistillation.Data;
using Xunit;

namespace DatasetDistillation.Tests.Data;

public class SyntheticDigitsTests
{
    [Fact]
    public void An_image_depends_on_the_seed_and_its_index_alone()
    {
        var all = SyntheticDigits.Draw(50, seed: 3, first: 0);
        var part = SyntheticDigits.Draw(10, seed: 3, first: 25);
        var other = SyntheticDigits.Draw(50, seed: 4, first: 0);

        Assert.Equal(all.Slice(25, 10).Pixels, part.Pixels);
        Assert.Equal(all.Slice(25, 10).Labels, part.Labels);
        Assert.NotEqual(all.Pixels, other.Pixels);
    }

    [Fact]
    public void Every_ten_images_hold_every_digit()
    {
        var labels = SyntheticDigits.Draw(200, seed: 0, first: 0).Labels;

        Assert.All(labels.Chunk(10), ten => Assert.Equal(Enumerable.Range(0, 10).Select(digit => (long)digit), ten.Order()));
        Assert.NotEqual(labels[..10], labels[10..20]);
    }

    [Fact]
    public void Images_have_ink_near_the_middle_on_clean_paper()
    {
        var drawn = SyntheticDigits.Draw(500, seed: 1, first: 0);

        for (int i = 0; i < drawn.Count; i++)
        {
            var image = drawn.Slice(i, 1).Pixels;
            double mass = image.Sum(value => (double)value);
            double x = image.Select((value, at) => value * (double)(at % 28)).Sum() / mass;
            double y = image.Select((value, at) => value * (double)(at / 28)).Sum() / mass;
            Assert.InRange(mass / 255, 15, 350);
            Assert.InRange(x, 9, 18);
            Assert.InRange(y, 9, 18);
            Assert.True(image.Count(value => value == 0) > 300);
            Assert.True(image.Max() > 150);
        }
    }

    [Fact]
    public void No_two_images_are_alike()
    {
        var drawn = SyntheticDigits.Draw(2000, seed: 1, first: 0);

        Assert.Equal(2000, drawn.Pixels.Chunk(784).Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void A_linear_model_learns_much_but_stays_under_95_percent()
    {
        var training = SyntheticDigits.Draw(10_000, seed: 0, first: 0);
        var test = SyntheticDigits.Draw(2_000, seed: 0, first: 60_000);

        double accuracy = SoftmaxRegression.Train(training, epochs: 12).Accuracy(test);

        Assert.InRange(accuracy, 0.80, 0.95);
    }

    [Fact]
    public void Counts_and_indices_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SyntheticDigits.Create(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => SyntheticDigits.Create(1, first: -1));
    }

    /// <summary>Multinomial logistic regression, trained by stochastic gradient descent with a falling learning rate.</summary>
    private sealed class SoftmaxRegression
    {
        private readonly float[][] weights = [.. Enumerable.Range(0, 10).Select(_ => new float[785])];

        public static SoftmaxRegression Train(LabeledPixels data, int epochs)
        {
            const float LearningRate = 0.02f;
            var model = new SoftmaxRegression();
            for (int epoch = 0; epoch < epochs; epoch++)
            {
                float rate = LearningRate * (1 - (epoch / (float)epochs));
                foreach (int i in Sampling.Permutation(data.Count, seed: 0, stream: epoch))
                {
                    var x = Inputs(data, i);
                    var scores = model.Scores(x);
                    TensorPrimitives.SoftMax(scores, scores);
                    scores[data.Labels[i]] -= 1;
                    for (int label = 0; label < 10; label++)
                        TensorPrimitives.MultiplyAdd(x, -rate * scores[label], model.weights[label], model.weights[label]);
                }
            }
            return model;
        }

        public double Accuracy(LabeledPixels data) =>
            Enumerable.Range(0, data.Count)
                .Average(i => TensorPrimitives.IndexOfMax<float>(Scores(Inputs(data, i))) == data.Labels[i] ? 1.0 : 0.0);

        private float[] Scores(float[] x) => Array.ConvertAll(weights, row => TensorPrimitives.Dot<float>(row, x));

        private static float[] Inputs(LabeledPixels data, int index) =>
            [.. data.Slice(index, 1).Pixels.Select(static pixel => pixel / 255f), 1];
    }

    [Fact]
    public void Digits_like_Usps_are_the_same_ones_without_the_margin()
    {
        using var plain = SyntheticDigits.Create(50, seed: 3);
        using var filled = SyntheticDigits.CreateLikeUsps(50, seed: 3);

        Assert.Equal(plain.LabelValues(), filled.LabelValues());
        Assert.Equal([50L, 1, 28, 28], filled.Images.shape);
        Assert.True(Margin(filled.PixelValues()) > 10 * Margin(plain.PixelValues()));

        // The middle stays in the middle: 2×2 pixels of the one are about as dark as 2×2 of the other.
        double difference = Enumerable.Range(0, 50)
            .Average(i => Math.Abs(Middle(plain.PixelValues(), i) - Middle(filled.PixelValues(), i)));
        Assert.InRange(difference, 0, 0.12);

        static double Margin(float[] pixels) =>
            pixels.Select(static (p, i) => i / 28 % 28 is < 4 or > 23 || i % 28 is < 4 or > 23 ? p : 0).Sum();

        static double Middle(float[] pixels, int image) =>
            new[] { (13, 13), (13, 14), (14, 13), (14, 14) }.Average(at => pixels[(784 * image) + (28 * at.Item1) + at.Item2]);
    }
}
