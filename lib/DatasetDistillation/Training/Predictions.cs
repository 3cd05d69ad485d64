using System.Collections;
using System.Globalization;
using System.Text;

namespace DatasetDistillation.Training;

/// <summary>What a classifier says of one image.</summary>
/// <param name="Predicted">The most probable class.</param>
/// <param name="Confidence">Its probability, in [0, 1].</param>
/// <param name="Truth">The class of the image; null where that is not known.</param>
public sealed record Classification(int Predicted, double Confidence, int? Truth)
{
    /// <summary>Whether the class is known and is not the predicted one.</summary>
    public bool IsWrong => Truth is { } truth && truth != Predicted;
}

/// <summary>What a classifier says of images, in their order.</summary>
public sealed class Predictions : IReadOnlyList<Classification>
{
    private readonly Classification[] predictions;

    /// <summary>Predictions among a number of classes.</summary>
    /// <param name="predictions">One for each image.</param>
    /// <param name="classCount">The number of classes.</param>
    /// <exception cref="ArgumentException">There is no prediction, or a class is out of range.</exception>
    public Predictions(IEnumerable<Classification> predictions, int classCount)
    {
        this.predictions = [.. predictions];
        ClassCount = classCount;
        if (this.predictions.Length == 0)
            throw new ArgumentException("There must be at least one prediction.", nameof(predictions));
        foreach (var (label, _, truth) in this.predictions)
        {
            if (label < 0 || label >= classCount || truth < 0 || truth >= classCount)
                throw new ArgumentException(
                    $"A class is out of the range from 0 to {classCount - 1}: predicted {label}, true {truth}.", nameof(predictions));
        }
    }

    /// <summary>The number of classes.</summary>
    public int ClassCount { get; }

    /// <summary>The number of images.</summary>
    public int Count => predictions.Length;

    /// <summary>The prediction for an image, from 0.</summary>
    public Classification this[int index] => predictions[index];

    /// <summary>The predicted classes.</summary>
    public IReadOnlyList<int> Predicted => [.. predictions.Select(static p => p.Predicted)];

    /// <summary>The probabilities of the predicted classes, in [0, 1].</summary>
    public IReadOnlyList<double> Confidences => [.. predictions.Select(static p => p.Confidence)];

    /// <summary>The classes of the images.</summary>
    /// <exception cref="InvalidOperationException">They are not known.</exception>
    public IReadOnlyList<int> Truths => [.. predictions.Select(static p => p.Truth ?? throw Unlabeled())];

    /// <summary>The share of correct predictions, in [0, 1].</summary>
    /// <exception cref="InvalidOperationException">The true classes are not known.</exception>
    public double Accuracy => Confusion().Accuracy;

    /// <summary>The positions of the wrong predictions, the most confident first.</summary>
    public IReadOnlyList<int> Mistakes =>
        [.. Enumerable.Range(0, Count).Where(i => predictions[i].IsWrong).OrderByDescending(i => predictions[i].Confidence)];

    /// <summary>How often each class was predicted as each class.</summary>
    /// <exception cref="InvalidOperationException">The true classes are not known.</exception>
    public ConfusionMatrix Confusion()
    {
        var counts = new int[ClassCount, ClassCount];
        foreach (var (label, _, truth) in predictions)
            counts[truth ?? throw Unlabeled(), label]++;
        return new ConfusionMatrix(counts);
    }

    /// <inheritdoc/>
    public IEnumerator<Classification> GetEnumerator() => ((IEnumerable<Classification>)predictions).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The number of images and of correct predictions.</summary>
    public override string ToString() => predictions.All(static p => p.Truth is not null)
        ? FormattableString.Invariant($"{Count:N0} predictions, {Accuracy:P2} right")
        : FormattableString.Invariant($"{Count:N0} predictions");

    private static InvalidOperationException Unlabeled() =>
        new("The true classes of the images are not known; give Predict the labels.");
}

/// <summary>How often images of each class were predicted as each.</summary>
public sealed class ConfusionMatrix
{
    private readonly int[,] counts;

    /// <summary>A matrix of counts, rows true and columns predicted classes.</summary>
    /// <exception cref="ArgumentException">The matrix is not square.</exception>
    public ConfusionMatrix(int[,] counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (counts.GetLength(0) != counts.GetLength(1) || counts.Length == 0)
            throw new ArgumentException($"A confusion matrix is square; got {counts.GetLength(0)}×{counts.GetLength(1)}.", nameof(counts));
        this.counts = (int[,])counts.Clone();
    }

    /// <summary>The number of classes.</summary>
    public int ClassCount => counts.GetLength(0);

    /// <summary>How often an image of a class was predicted as a class.</summary>
    /// <param name="truth">The true class.</param>
    /// <param name="predicted">The predicted class.</param>
    public int this[int truth, int predicted] => counts[truth, predicted];

    /// <summary>The number of images.</summary>
    public int Total => Classes.Sum(Row);

    /// <summary>The share of correct predictions, in [0, 1].</summary>
    public double Accuracy => (double)Classes.Sum(c => counts[c, c]) / Total;

    /// <summary>The share of the images of a class that were predicted as it, in [0, 1]; NaN where there are none.</summary>
    public double Recall(int truth) => (double)counts[truth, truth] / Row(truth);

    /// <summary>The share of the images predicted as a class that are of it, in [0, 1]; NaN where there are none.</summary>
    public double Precision(int predicted) => (double)counts[predicted, predicted] / Classes.Sum(c => counts[c, predicted]);

    /// <summary>
    /// The share of the images of a class that were predicted as another or the same, in [0, 1]; NaN where there are none.
    /// </summary>
    public double Share(int truth, int predicted) => (double)counts[truth, predicted] / Row(truth);

    /// <summary>The counts of several classifiers together.</summary>
    /// <exception cref="ArgumentException">There is none, or they have different classes.</exception>
    public static ConfusionMatrix Sum(IEnumerable<ConfusionMatrix> matrices)
    {
        ConfusionMatrix[] all = [.. matrices];
        if (all.Select(static m => m.ClassCount).Distinct().Count() != 1)
            throw new ArgumentException(
                "Confusion matrices are added where they have the same classes, and there is at least one; "
                + $"got {all.Length} with {string.Join(", ", all.Select(static m => m.ClassCount))} classes.", nameof(matrices));
        var sum = all[0].ToArray();
        foreach (var matrix in all.AsSpan(1))
            foreach (int truth in matrix.Classes)
                foreach (int predicted in matrix.Classes)
                    sum[truth, predicted] += matrix[truth, predicted];
        return new ConfusionMatrix(sum);
    }

    /// <summary>The counts, a copy.</summary>
    public int[,] ToArray() => (int[,])counts.Clone();

    /// <summary>The counts as rows of text.</summary>
    public override string ToString()
    {
        int width = Math.Max(2, counts.Cast<int>().Max().ToString(CultureInfo.InvariantCulture).Length) + 1;
        var text = new StringBuilder("true\\predicted");
        foreach (int c in Classes)
            text.Append(c.ToString(CultureInfo.InvariantCulture).PadLeft(width));
        foreach (int truth in Classes)
        {
            text.AppendLine().Append(truth.ToString(CultureInfo.InvariantCulture).PadLeft(14));
            foreach (int c in Classes)
                text.Append(counts[truth, c].ToString(CultureInfo.InvariantCulture).PadLeft(width));
        }
        return text.ToString();
    }

    private IEnumerable<int> Classes => Enumerable.Range(0, ClassCount);

    private int Row(int truth) => Classes.Sum(c => counts[truth, c]);
}
