using DatasetDistillation.Data;
using DatasetDistillation.Solvers;
using DatasetDistillation.Training;
using FusedNetworks;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// Multiclass logistic regression on a whole data set, by L-BFGS over the fused pass:
/// what a linear classifier reaches on all images, the ceiling for distilled ones.
/// </summary>
public sealed class LogisticRegression
{
    /// <summary>The factor of ‖W‖²/2 beside the mean cross-entropy.</summary>
    public double Regularization { get; init; } = 1e-4;

    /// <summary>The solver.</summary>
    internal LBfgs Solver { get; init; } = new() { Tolerance = 1e-3, MaxIterations = 100 };

    /// <summary>W, Float64 <c>[features, classes]</c>, in the caller's dispose scope, and how the solver ended.</summary>
    /// <param name="data">Images whose pixels are multiples of 1/255 in [0, 1].</param>
    public SolverResult Fit(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        SparseImages images = LogisticProblem.EightBitImages(data);
        var pass = new LogisticPass<float>(images);
        double Penalized(Tensor w, (double Loss, double) e) => e.Loss + 0.5 * Regularization * w.Squared().sum().Number();
        var objective = new Objective(
            w => Penalized(w, pass.Evaluate(w.data<double>().ToArray())),
            w =>
            {
                var gradient = new double[w.numel()];
                double value = Penalized(w, pass.Evaluate(w.data<double>().ToArray(), gradient));
                return (value, tensor(gradient, w.shape).Plus(w, Regularization));
            });
        return Solver.Run(objective, zeros([images.Features, images.Classes], float64));
    }

    /// <summary>Mean cross-entropy and accuracy of a model on <paramref name="data"/>.</summary>
    /// <param name="weights">W, Float64 <c>[features, classes]</c>.</param>
    /// <param name="data">Images whose pixels are multiples of 1/255 in [0, 1].</param>
    public static Score Evaluate(Tensor weights, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(data);
        var pass = new LogisticPass<float>(LogisticProblem.EightBitImages(data));
        var (loss, accuracy) = pass.Evaluate(weights.data<double>().ToArray());
        return new Score(loss, accuracy);
    }
}
