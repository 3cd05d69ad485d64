using DatasetDistillation.Models;
using DatasetDistillation.Training;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Training;

public sealed class EvaluationTests
{
    /// <summary>A classifier of two numbers that gives them back as logits.</summary>
    private static readonly Network Identity = new("identity", [2], [new Linear(2)]);

    private static Parameters IdentityParameters => new(Identity.Layout, tensor([1.0, 0, 0, 1, 0, 0]));

    private static Tensor Logits => tensor([3.0, 1, 0, 2, 5, 0, 1, 1.5, 0, 1], [5, 2]);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(100)]
    public void Scores_and_predictions_do_not_depend_on_the_batches(int batchSize)
    {
        using var scope = NewDisposeScope();
        var labels = tensor([0L, 1, 1, 1, 0]);
        static double Loss(double right, double wrong) => Math.Log(1 + Math.Exp(wrong - right));
        double loss = (Loss(3, 1) + Loss(2, 0) + Loss(0, 5) + Loss(1.5, 1) + Loss(0, 1)) / 5;

        var score = Evaluation.Evaluate(Identity, IdentityParameters, Logits, labels, batchSize: batchSize);
        var predictions = Evaluation.Predict(Identity, IdentityParameters, Logits, labels, batchSize);

        Assert.Equal(0.6, score.Accuracy, 1e-12);
        Assert.Equal(loss, score.Loss, 1e-12);
        Assert.Equal([0, 1, 0, 1, 1], predictions.Predicted);
        Assert.Equal(1 / (1 + Math.Exp(-5)), predictions[2].Confidence, 1e-12);
        Assert.Equal([0, 1, 1, 1, 0], predictions.Truths);
        Assert.Equal(0.6, predictions.Accuracy, 1e-12);
        Assert.Equal([2, 4], predictions.Mistakes);
        Assert.Equal(new[,] { { 1, 1 }, { 1, 2 } }, predictions.Confusion().ToArray());
    }

    [Fact]
    public void Soft_labels_count_as_their_largest_entry()
    {
        using var scope = NewDisposeScope();
        var soft = tensor([0.6, 0.4, 0.1, 0.9, 0, 1, 0.5, 0.5, 0, 1], [5, 2]);

        Assert.Equal(0.6, Evaluation.Evaluate(Identity, IdentityParameters, Logits, soft).Accuracy, 1e-12);
    }

    [Fact]
    public void Predictions_without_labels_have_no_accuracy()
    {
        using var scope = NewDisposeScope();
        var predictions = Evaluation.Predict(Identity, IdentityParameters, Logits);

        Assert.All(predictions, static p => Assert.False(p.IsWrong));
        Assert.Contains(
            "give Predict the labels",
            Assert.Throws<InvalidOperationException>(() => predictions.Accuracy).Message,
            StringComparison.Ordinal);
        Assert.Equal("5 predictions", predictions.ToString());
    }

    [Fact]
    public void The_confusion_matrix_counts_by_truth_and_prediction()
    {
        var predictions = new Predictions(
            [new(0, 0.9, 0), new(1, 0.8, 0), new(1, 0.7, 1), new(2, 0.99, 1), new(2, 0.6, 2), new(2, 0.5, 2)], classCount: 4);
        var confusion = predictions.Confusion();

        Assert.Equal(6, confusion.Total);
        Assert.Equal(1, confusion[1, 2]);
        Assert.Equal(0, confusion[2, 1]);
        Assert.Equal(4 / 6.0, confusion.Accuracy, 1e-12);
        Assert.Equal(0.5, confusion.Recall(0));
        Assert.Equal(2 / 3.0, confusion.Precision(2), 1e-12);
        Assert.True(double.IsNaN(confusion.Recall(3)));
        Assert.Equal([3, 1], predictions.Mistakes);
        Assert.Throws<ArgumentException>(() => new Predictions([new(4, 1, 0)], classCount: 4));
        Assert.Throws<ArgumentException>(() => new Predictions([], classCount: 4));
        Assert.Throws<ArgumentException>(() => new ConfusionMatrix(new int[2, 3]));
    }

    [Fact]
    public void Repeated_runs_give_mean_and_unbiased_deviation()
    {
        var spread = Spread.Over([1, 2, 6], static seed => seed);

        Assert.Equal([1, 2, 6], spread.Values);
        Assert.Equal(3, spread.Mean);
        Assert.Equal(Math.Sqrt(7), spread.StandardDeviation, 1e-12);
        Assert.Equal((1, 6), (spread.Minimum, spread.Maximum));
        Assert.StartsWith("3 ± 2.6", spread.ToString(), StringComparison.Ordinal);
        Assert.True(double.IsNaN(Spread.Over([5], static seed => seed).StandardDeviation));
        Assert.Throws<ArgumentException>(() => Spread.Over([], static seed => seed));

        using var cancellation = new CancellationTokenSource();
        var partial = Spread.Over([1, 2, 3], seed =>
        {
            if (seed == 2)
                cancellation.Cancel();
            return seed;
        }, cancellation.Token);
        Assert.Equal([1, 2], partial.Values);
    }
}
