using DatasetDistillation.Distillation;
using DatasetDistillation.Training;

namespace DatasetDistillation.Reporting;

/// <content>What training and distillation record is shown as it is.</content>
public sealed partial record Chart
{
    /// <summary>Loss and accuracy of a training side by side, epoch by epoch.</summary>
    /// <param name="history">The epochs.</param>
    /// <param name="logLoss">A logarithmic axis for the loss.</param>
    public static ChartRow LearningCurves(TrainingHistory history, bool logLoss = false)
    {
        ArgumentNullException.ThrowIfNull(history);
        return LearningCurves(
            history.TrainingLoss.ToArray(), history.ValidationLoss.ToArray(), history.TrainingAccuracy.ToArray(), history.ValidationAccuracy.ToArray(), logLoss);
    }

    /// <summary>The outer loss of a distillation, over the outer steps: means of as many stretches of steps as points are wanted.</summary>
    /// <param name="run">The distillation.</param>
    /// <param name="title">The heading.</param>
    /// <param name="yTitle">What the loss is ("cross-entropy").</param>
    /// <param name="points">How many points at most.</param>
    public static Chart OuterLoss(DistillationRun run, string title = "Outer loss", string yTitle = "loss", int points = 20)
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
    public static Chart Evaluations(DistillationRun run, string title = "Accuracy")
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.Evaluations.Count == 0)
            throw new ArgumentException("The run has no evaluations to draw. Set Evaluate and EvaluateEvery of its driver.", nameof(run));
        var steps = Numbers.From(run.Evaluations.Select(static e => (double)e.Step));
        var scores = Numbers.From(run.Evaluations.Select(static e => e.Score));
        return Line(steps, scores, title, "outer step", "accuracy", percent: true);
    }

    /// <summary>How often each true class (row) was predicted as each class (column).</summary>
    public static Chart ConfusionMatrix(ConfusionMatrix confusion, IEnumerable<string>? classNames = null, string title = "Confusion matrix")
    {
        ArgumentNullException.ThrowIfNull(confusion);
        return ConfusionMatrix((Matrix)confusion.ToArray(), classNames, title);
    }
}

/// <content>Predictions of a trained network.</content>
public sealed partial class PredictionsGrid
{
    /// <summary>Shows predictions of a trained network.</summary>
    /// <param name="images">The images, n of them.</param>
    /// <param name="predictions">One for each image; all with their true class, or none.</param>
    /// <param name="columns">Images in a row; 0 takes 10, or as many as there are images.</param>
    /// <param name="title">The heading.</param>
    /// <exception cref="ArgumentException">The numbers of images and predictions differ.</exception>
    public static PredictionsGrid Of(ImageBatch images, IEnumerable<Classification> predictions, int columns = 0, string title = "")
    {
        var all = predictions.ToArray();
        var known = all.All(static p => p.Truth is not null);
        return Of(
            images,
            all.Select(static p => p.Predicted).ToArray(),
            all.Select(static p => p.Confidence).ToArray(),
            known ? all.Select(static p => p.Truth!.Value).ToArray() : default(Numbers),
            columns,
            title);
    }
}

/// <content>A display follows a training or a distillation.</content>
public sealed partial class ProgressDisplay : IProgress<StepReport>, IProgress<PoolProgress>, IProgress<DistillationProgress>
{
    /// <summary>Reports a step of a training.</summary>
    public void Report(StepReport value) =>
        Report(value.Step, value.Steps, FormattableString.Invariant($"epoch {value.Epoch}, loss {value.Loss:F3}"));

    /// <summary>Reports a trained network of a pool.</summary>
    public void Report(PoolProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Report(value.Networks, value.Wanted, $"{value.Networks} of {value.Wanted} networks");
    }

    /// <summary>Reports a step of a distillation; what was out of the ordinary takes the place of the loss.</summary>
    public void Report(DistillationProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Report(value.Step, value.Steps, value.Message ?? FormattableString.Invariant($"outer loss {value.Loss:F4}"));
    }
}

/// <content>Repeated measurements convert to what is shown as arrays do.</content>
public readonly partial struct Numbers
{
    /// <summary>The measurements in their order.</summary>
    public static implicit operator Numbers(Training.Spread spread) => new(spread?.Values ?? throw new ArgumentNullException(nameof(spread)));
}

/// <content>Repeated measurements are written as mean ± standard deviation.</content>
public readonly partial record struct Cell
{
    /// <summary>Mean and standard deviation of repeated measurements; the value alone where there is one.</summary>
    public static implicit operator Cell(Training.Spread spread) => MeanOf(spread);
}
