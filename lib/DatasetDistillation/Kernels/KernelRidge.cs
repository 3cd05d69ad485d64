using System.Globalization;
using System.Runtime.InteropServices;
using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>
/// Kernel ridge regression from a support set (Nguyen et al. 2021, "Dataset Meta-Learning from Kernel Ridge-Regression", eq. 7 and 8):
/// with M = K_ss + λ·(tr K_ss/n)·I, the prediction is K_ts M⁻¹ y_s. Everything is solved in Float64, whatever the kernel's type.
/// </summary>
internal sealed class KernelRidge
{
    private const double LargestRidge = 1e-2;
    private const double RidgeStep = 10;
    private const double LabelRidge = 1e-12;

    /// <param name="regularization">λ, relative to the mean of K_ss's diagonal; above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">λ is not above 0.</exception>
    public KernelRidge(double regularization = 1e-6)
    {
        if (!(regularization > 0 && double.IsFinite(regularization)))
            throw new ArgumentOutOfRangeException(nameof(regularization), regularization, "The ridge λ must be above 0; 1e-6 is usual.");
        Regularization = regularization;
    }

    /// <summary>λ.</summary>
    public double Regularization { get; }

    /// <summary>Labels as regression targets: one-hot minus 1/C, so that each row sums to 0.</summary>
    /// <param name="labels">Int64 [n].</param>
    /// <param name="classes">C.</param>
    /// <returns>Float64 [n, C].</returns>
    public static Tensor CenteredLabels(Tensor labels, int classes)
    {
        ArgumentNullException.ThrowIfNull(labels);
        using var scope = NewDisposeScope();
        return eye(classes, dtype: float64, device: labels.device).Minus(1.0 / classes).index_select(0, labels).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The loss L = ½ mean((K_ts M⁻¹ y_s − y_t)²) over all targets and classes, and its closed-form gradients: with A = M⁻¹ y_s,
    /// G = dL/dprediction and B = M⁻¹ K_tsᵀ G, they are dK_ts = G Aᵀ, dM = −½(B Aᵀ + A Bᵀ), dK_ss = dM + (λ/n) tr(dM) I, dy_s = B.
    /// </summary>
    /// <param name="kss">[n, n], symmetric.</param>
    /// <param name="kts">[t, n].</param>
    /// <param name="ys">[n, C].</param>
    /// <param name="yt">[t, C].</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    /// <exception cref="InvalidOperationException">M is not positive definite, or not finite.</exception>
    public RidgeLoss Loss(Tensor kss, Tensor kts, Tensor ys, Tensor yt)
    {
        RequireFit(kss, kts, ys);
        ArgumentNullException.ThrowIfNull(yt);
        if (yt.dim() != 2 || yt.shape[0] != kts.shape[0] || yt.shape[1] != ys.shape[1])
            throw new ArgumentException(
                $"Labels of {kts.shape[0]} targets beside support labels {KernelInputs.Describe(ys)} must be [{kts.shape[0]}, " +
                $"{ys.shape[1]}]; got {KernelInputs.Describe(yt)}.", nameof(yt));
        return Loss(kss, kts, ys, predictions =>
        {
            var difference = predictions - yt.to_type(float64);
            return (0.5 * difference.Squared().mean().Number(), difference.Over(difference.numel()));
        });
    }

    /// <summary>Any loss L of the predictions, and its gradients by the same closed forms.</summary>
    /// <param name="kss">[n, n], symmetric.</param>
    /// <param name="kts">[t, n].</param>
    /// <param name="ys">[n, C].</param>
    /// <param name="outer">Of the predictions, Float64 [t, C], the loss and its gradient G.</param>
    /// <inheritdoc cref="Loss(Tensor, Tensor, Tensor, Tensor)" path="/exception"/>
    public RidgeLoss Loss(Tensor kss, Tensor kts, Tensor ys, Func<Tensor, (double Loss, Tensor Gradient)> outer)
    {
        RequireFit(kss, kts, ys);
        ArgumentNullException.ThrowIfNull(outer);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (factor, ridge) = Factorize(kss, Regularization);
        var (n, k) = (kss.shape[0], InFloat64(kts));
        var a = cholesky_solve(ys.to_type(float64), factor);
        var predictions = Products.Of(k, a);
        var (loss, gradient) = outer(predictions);
        var g = gradient.to_type(float64);
        var b = cholesky_solve(Products.Of(k.t(), g), factor);
        // dM as one product of [B, A] and −½ [A, B], then on its diagonal (λ/n) tr(dM) as well.
        var dkss = Products.Of(cat([b, a], 1), cat([a, b], 1).TimesInPlace(-0.5).t());
        dkss.diagonal().PlusInPlace(dkss.trace().Number() * (ridge / n));
        var dkts = Products.Of(a, g.t()).t();
        return new RidgeLoss(
            loss,
            predictions.MoveToOuterDisposeScope(),
            dkts.MoveToOuterDisposeScope(),
            dkss.MoveToOuterDisposeScope(),
            b.MoveToOuterDisposeScope());
    }

    /// <summary>K_ts M⁻¹ y_s.</summary>
    /// <param name="kss">[n, n], symmetric.</param>
    /// <param name="kts">[t, n].</param>
    /// <param name="ys">[n, C].</param>
    /// <returns>Float64 [t, C].</returns>
    /// <inheritdoc cref="Loss(Tensor, Tensor, Tensor, Tensor)" path="/exception"/>
    public Tensor Predict(Tensor kss, Tensor kts, Tensor ys)
    {
        RequireFit(kss, kts, ys);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return Products.Of(InFloat64(kts), Weights(kss, ys)).MoveToOuterDisposeScope();
    }

    /// <summary>The part of the images whose largest prediction is that of their class.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="support">Support images [n, …], standardized as the test images are.</param>
    /// <param name="labels">Their labels [n, C].</param>
    /// <param name="test">The images to predict.</param>
    /// <param name="block">How many of them at once.</param>
    /// <returns>The accuracy in [0, 1].</returns>
    /// <exception cref="ArgumentException">A NaN is among the images, the labels have another width, or a class has no support.</exception>
    public double Accuracy(IKernel kernel, Tensor support, Tensor labels, ImageDataset test, int block = Blocks.Comparison)
    {
        ArgumentNullException.ThrowIfNull(test);
        RequireSupport(kernel, support, labels, test);
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 1);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var kss = kernel.Gram(support);
        var weights = Weights(kss.Value, labels);
        long right = 0;
        foreach (var (images, classes) in test.Batches(block))
        {
            using var blockScope = NewDisposeScope();
            using var kts = kernel.Cross(images, support);
            right += Products.Of(InFloat64(kts.Value), weights).argmax(1).eq(classes).sum().WholeNumber();
        }
        return (double)right / test.Count;
    }

    /// <summary>
    /// Label Solve (Nguyen et al. 2021, section 3.2): the support labels that predict a whole training set best in the least-squares
    /// sense, y* = M (K_ts⁺ y_t), by normal equations gathered block by block.
    /// </summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="support">Support images [n, …].</param>
    /// <param name="train">The training set; its labels are centered.</param>
    /// <param name="block">How many images at once.</param>
    /// <returns>Float64 [n, C].</returns>
    /// <exception cref="ArgumentException">The images do not fit, or hold a NaN.</exception>
    /// <exception cref="InvalidOperationException">A matrix is not positive definite.</exception>
    public Tensor SolveLabels(IKernel kernel, Tensor support, ImageDataset train, int block = Blocks.Comparison)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 1);
        KernelInputs.Require(train.Images, support);
        KernelInputs.RequireFinite(support, "support images");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var n = support.shape[0];
        var normal = zeros([n, n], float64, support.device);
        var right = zeros([n, train.ClassCount], float64, support.device);
        foreach (var (images, classes) in train.Batches(block))
        {
            using var blockScope = NewDisposeScope();
            using var kts = kernel.Cross(images, support);
            var transposed = InFloat64(kts.Value).t();
            normal.PlusInPlace(Products.Of(transposed, transposed.t()));
            right.PlusInPlace(Products.Of(transposed, CenteredLabels(classes, train.ClassCount)));
        }
        var solution = cholesky_solve(right, Factorize(normal, LabelRidge).Factor);
        using var kss = kernel.Gram(support);
        var m = kss.Value.to_type(float64);
        return m.matmul(solution).Plus(solution * m.trace(), Regularization / n).MoveToOuterDisposeScope();
    }

    /// <summary>A = M⁻¹ y_s, Float64 [n, C].</summary>
    private Tensor Weights(Tensor kss, Tensor ys) => cholesky_solve(ys.to_type(float64), Factorize(kss, Regularization).Factor);

    /// <summary>A matrix in Float64; one that is stored by columns stays so, which is much faster than to go across it.</summary>
    private static Tensor InFloat64(Tensor matrix) => matrix.is_contiguous() ? matrix.to_type(float64) : matrix.t().to_type(float64).t();

    /// <summary>The Cholesky factor of M, and the ridge that it took: λ, or more where rounding had made M indefinite.</summary>
    private static (Tensor Factor, double Ridge) Factorize(Tensor kss, double ridge)
    {
        var k = kss.to_type(float64);
        var n = k.shape[0];
        double mean = k.trace().Number() / n;
        if (!double.IsFinite(k.sum().Number()))
            throw new InvalidOperationException(
                $"The kernel matrix [{n}, {n}] of the support set holds a NaN or an infinity; " +
                $"its images must be finite and of a moderate scale: standardize them, or lower the learning rate.");
        for (var tried = ridge; ; tried *= RidgeStep)
        {
            try
            {
                using var m = k.clone();
                m.diagonal().PlusInPlace(tried * mean);
                return (linalg.cholesky(m), tried);
            }
            catch (ExternalException) when (tried * RidgeStep <= Math.Max(ridge, LargestRidge))
            {
                // Rounding made it indefinite: a larger ridge covers that.
            }
            catch (ExternalException error)
            {
                throw new InvalidOperationException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The kernel matrix [{n}, {n}] of the support set is not positive definite, " +
                    $"although the ridge was raised from {ridge:G3} to {tried:G3} of its mean diagonal {mean:G3}. " +
                    $"Look for equal images in the support set, and compute the kernel in Float64 or take a larger λ."), error);
            }
        }
    }

    private static void RequireFit(Tensor kss, Tensor kts, Tensor ys)
    {
        ArgumentNullException.ThrowIfNull(kss);
        ArgumentNullException.ThrowIfNull(kts);
        ArgumentNullException.ThrowIfNull(ys);
        if (kss.dim() != 2 || kss.shape[0] != kss.shape[1] || kts.dim() != 2 || kts.shape[1] != kss.shape[0])
            throw new ArgumentException(
                $"Kernel ridge regression takes K_ss [n, n] and K_ts [t, n]; " +
                $"got {KernelInputs.Describe(kss)} and {KernelInputs.Describe(kts)}.");
        if (ys.dim() != 2 || ys.shape[0] != kss.shape[0])
            throw new ArgumentException(
                $"Labels of {kss.shape[0]} support images must be [{kss.shape[0]}, classes]; got {KernelInputs.Describe(ys)}.", nameof(ys));
    }

    private static void RequireSupport(IKernel kernel, Tensor support, Tensor labels, ImageDataset test)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(support);
        ArgumentNullException.ThrowIfNull(labels);
        KernelInputs.Require(test.Images, support);
        if (labels.dim() != 2 || labels.shape[0] != support.shape[0] || labels.shape[1] != test.ClassCount)
            throw new ArgumentException(
                $"Labels of {support.shape[0]} support images and {test.ClassCount} classes must be [{support.shape[0]}, " +
                $"{test.ClassCount}]; got {KernelInputs.Describe(labels)}.", nameof(labels));
        KernelInputs.RequireFinite(support, "support images");
        KernelInputs.RequireFinite(labels, "support labels");
        using var scope = NewDisposeScope();
        var (largest, _) = labels.max(0);
        var missing = largest.to_type(float64).cpu().data<double>().ToArray().AsSpan().IndexOfAnyInRange(double.NegativeInfinity, 0);
        if (missing >= 0)
            throw new ArgumentException(
                $"No support image speaks for class {test.ClassNames[missing]}: column {missing} of the labels has no value above 0. " +
                $"Give every class at least one image, or a soft label above 0.", nameof(labels));
    }
}

/// <summary>A ridge loss with its gradients; all Float64.</summary>
/// <param name="Loss">½ mean((prediction − y_t)²), or the loss that was asked for.</param>
/// <param name="Predictions">[t, C].</param>
/// <param name="ToKts">dL/dK_ts, [t, n].</param>
/// <param name="ToKss">dL/dK_ss, symmetric [n, n].</param>
/// <param name="ToLabels">dL/dy_s, [n, C].</param>
internal readonly record struct RidgeLoss(double Loss, Tensor Predictions, Tensor ToKts, Tensor ToKss, Tensor ToLabels);
