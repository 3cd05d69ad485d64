using DatasetDistillation.Distillation;
using DatasetDistillation.Training;
using Plotly.NET;

namespace DatasetDistillation.Reporting;

/// <content>What training and distillation record.</content>
public static partial class Charts
{
    /// <summary>Loss and accuracy of a training side by side, epoch by epoch.</summary>
    /// <param name="history">The epochs.</param>
    /// <param name="logLoss">A logarithmic axis for the loss.</param>
    public static GenericChart LearningCurves(TrainingHistory history, bool logLoss = false)
    {
        ArgumentNullException.ThrowIfNull(history);
        return LearningCurves(
            history.TrainingLoss.ToArray(), history.ValidationLoss.ToArray(),
            history.TrainingAccuracy.ToArray(), history.ValidationAccuracy.ToArray(), logLoss);
    }

    /// <summary>Loss and accuracy of a training side by side, epoch by epoch.</summary>
    /// <param name="trainingLoss">The mean training loss of each epoch.</param>
    /// <param name="validationLoss">The validation loss after each epoch; may be empty.</param>
    /// <param name="trainingAccuracy">Fractions in [0, 1].</param>
    /// <param name="validationAccuracy">Fractions in [0, 1]; may be empty.</param>
    /// <param name="logLoss">A logarithmic axis for the loss.</param>
    public static GenericChart LearningCurves(
        Numbers trainingLoss, Numbers validationLoss, Numbers trainingAccuracy, Numbers validationAccuracy, bool logLoss = false)
    {
        return SideBySide(
            Lines(Both(trainingLoss, validationLoss), "Loss", "epoch", "loss", logY: logLoss),
            Lines(Both(trainingAccuracy, validationAccuracy), "Accuracy", "epoch", "accuracy", percent: true));

        static IEnumerable<(string, Numbers, Numbers)> Both(Numbers training, Numbers validation)
        {
            yield return ("training", Numbers.Range(1, training.Count), training);
            if (validation.Count > 0)
                yield return ("validation", Numbers.Range(1, validation.Count), validation);
        }
    }

    /// <summary>The outer loss of a distillation, over the outer steps: means of as many stretches of steps as points are wanted.</summary>
    /// <param name="run">The distillation.</param>
    /// <param name="title">The heading.</param>
    /// <param name="yTitle">What the loss is ("cross-entropy").</param>
    /// <param name="points">How many points at most.</param>
    public static GenericChart OuterLoss(DistillationRun run, string title = "Outer loss", string yTitle = "loss", int points = 20)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentOutOfRangeException.ThrowIfLessThan(points, 1);
        var length = Math.Max(1, (run.Losses.Count + points - 1) / points);
        var means = run.Losses.Chunk(length).Select(static part => part.Average()).ToArray();
        var steps = means.Select((_, i) => Math.Min((i + 1) * length, run.Losses.Count)).ToArray();
        return Line(steps, means, title, "outer step", yTitle);
    }

    /// <summary>The scores of a distillation's evaluations, over the outer steps.</summary>
    /// <param name="run">The distillation; its scores are accuracies in [0, 1].</param>
    /// <param name="title">The heading, which says whose accuracies they are and on what.</param>
    /// <exception cref="ArgumentException">Nothing was evaluated.</exception>
    public static GenericChart Evaluations(DistillationRun run, string title = "Accuracy")
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.Evaluations.Count == 0)
            throw new ArgumentException("The run has no evaluations to draw. Set Evaluate and EvaluateEvery of its driver.", nameof(run));
        var steps = Numbers.From(run.Evaluations.Select(static e => (double)e.Step));
        var scores = Numbers.From(run.Evaluations.Select(static e => e.Score));
        return Line(steps, scores, title, "outer step", "accuracy", percent: true);
    }

    /// <summary>How often each true class (row) was predicted as each class (column).</summary>
    public static GenericChart ConfusionMatrix(
        ConfusionMatrix confusion, IEnumerable<string>? classNames = null, string title = "Confusion matrix")
    {
        ArgumentNullException.ThrowIfNull(confusion);
        return ConfusionMatrix((Matrix)confusion.ToArray(), classNames, title);
    }
}
