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
