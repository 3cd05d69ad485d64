using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>The mean loss of a batch, differentiable in both.</summary>
/// <param name="outputs">What the network gave, <c>[n, classes]</c>.</param>
/// <param name="targets">Int64 labels <c>[n]</c>, or soft labels of the outputs' shape and type.</param>
/// <returns>One number.</returns>
public delegate Tensor LossFunction(Tensor outputs, Tensor targets);

/// <summary>The losses that classifiers are trained with.</summary>
public static class LossFunctions
{
    /// <summary>−Σ target·log softmax(output), for labels or for soft labels.</summary>
    public static Tensor CrossEntropy(Tensor outputs, Tensor targets) => nn.functional.cross_entropy(outputs, targets);

    /// <summary>
    /// ½·Σ (output − target)², summed over classes. Labels become centered targets, one-hot − 1/classes; soft labels are
    /// taken as they are.
    /// </summary>
    public static Tensor SquaredError(Tensor outputs, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(targets);
        long classes = outputs.shape[1];
        var wanted = targets.dtype == ScalarType.Int64
            ? nn.functional.one_hot(targets, classes).to(outputs.dtype) - (1.0 / classes)
            : targets;
        return (outputs - wanted).square().sum(1).mean() * 0.5;
    }
}
