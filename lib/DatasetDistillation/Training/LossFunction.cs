using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>The mean loss of a batch, differentiable in outputs and targets.</summary>
/// <param name="Name">What it is called. Checkpoints tell losses apart by it, so each needs a name of its own.</param>
/// <param name="Of">
/// The loss, one number, of outputs <c>[n, classes]</c> and targets: Int64
/// labels <c>[n]</c>, or soft labels of the outputs' shape and type.
/// </param>
/// <param name="CentersLabels">Whether a label is one-hot − 1/classes as a soft label, and not one-hot.</param>
public sealed record LossFunction(string Name, Func<Tensor, Tensor, Tensor> Of, bool CentersLabels = false)
{
    /// <summary>−Σ target·log softmax(output), for labels or for soft labels.</summary>
    public static LossFunction CrossEntropy { get; } = new("cross-entropy",
        static (outputs, targets) => nn.functional.cross_entropy(outputs, targets));

    /// <summary>
    /// ½·Σ (output − target)², summed over classes. Labels become centered targets, one-hot − 1/classes; soft labels are
    /// taken as they are.
    /// </summary>
    public static LossFunction SquaredError { get; } = new("squared error", HalfSquares, CentersLabels: true);

    /// <summary>Labels as soft labels, as this loss takes them.</summary>
    /// <param name="labels">Int64 <c>[n]</c>.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="type">Float32 or Float64.</param>
    /// <returns><c>[n, classes]</c>.</returns>
    public Tensor SoftLabels(Tensor labels, long classes, ScalarType type)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var oneHot = nn.functional.one_hot(labels, classes).to(type);
        return CentersLabels ? oneHot.Minus(1.0 / classes) : oneHot;
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private static Tensor HalfSquares(Tensor outputs, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(targets);
        var wanted = targets.dtype == ScalarType.Int64 ? SquaredError.SoftLabels(targets, outputs.shape[1], outputs.dtype) : targets;
        return (outputs - wanted).Squared().sum(1).mean().Times(0.5);
    }
}
