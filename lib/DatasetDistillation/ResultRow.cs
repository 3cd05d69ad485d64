using System.Text.Json.Serialization;

namespace DatasetDistillation;

/// <summary>One measured figure: a classifier, the set that it learned from, and what both cost. <see cref="Saved"/> keeps it.</summary>
/// <param name="Notebook">The notebook that measured it, such as "02"; letters, digits, points, dashes and underscores.</param>
/// <param name="TrainingSet">What was trained on, such as "KIP, FC3".</param>
/// <param name="ReadOut">The classifier and how it learned, such as "kernel ridge" or "digit CNN, soft labels".</param>
/// <param name="Images">How many images were trained on.</param>
/// <param name="DistillationTime">How long the set took to make; zero for real images.</param>
/// <param name="TrainingTime">How long one classifier took to learn.</param>
/// <param name="Accuracy">On test images, in [0, 1]; the mean where several classifiers were trained.</param>
/// <param name="Deviation">The standard deviation over those classifiers; NaN where there was one.</param>
/// <param name="Data">Which images the figure is about, such as "MNIST".</param>
public sealed record ResultRow(
    string Notebook, string TrainingSet, string ReadOut, int Images, TimeSpan DistillationTime, TimeSpan TrainingTime,
    [property: JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] double Accuracy,
    [property: JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] double Deviation,
    string Data)
{
    /// <summary>Whether another row measures the same: it is of the same notebook, training set and read-out, on as many images.</summary>
    public bool Replaces(ResultRow other) =>
        (Notebook, TrainingSet, ReadOut, Images) == (other?.Notebook, other?.TrainingSet, other?.ReadOut, other?.Images);
}
