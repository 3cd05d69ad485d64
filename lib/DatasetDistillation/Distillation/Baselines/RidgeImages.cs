using DatasetDistillation.Data;
using DatasetDistillation.Kernels;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>As many images as there are classes that hold a whole linear classifier.</summary>
internal static class RidgeImages
{
    private const int Block = 5000;

    /// <summary>
    /// With W = (XᵀX + λ·(tr XᵀX/d)·I)⁻¹XᵀY [d, C] of all images X and one-hot labels Y, the images
    /// W⁺ with labels I: the least-squares solution of least norm on them, W⁺⁺·I, is W again (Chen
    /// et al. 2024, "Provable and efficient dataset distillation for kernel ridge regression").
    /// </summary>
    /// <returns>Float32 [C, d].</returns>
    public static Tensor Of(ImageDataset data, double regularization)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        long pixels = data.Images[0].numel();
        var normal = zeros([pixels, pixels], float64, data.Device);
        var right = zeros([pixels, data.ClassCount], float64, data.Device);
        foreach (var (images, classes) in data.Batches(Block))
        {
            using var block = NewDisposeScope();
            var x = images.flatten(1).to_type(float64);
            normal.PlusInPlace(x.t().matmul(x));
            right.PlusInPlace(x.t().matmul(KernelRidge.CenteredLabels(classes, data.ClassCount).Plus(1.0 / data.ClassCount)));
        }
        var ridge = normal.trace().Number() * regularization / pixels;
        var weights = cholesky_solve(right, linalg.cholesky(normal.Plus(eye(pixels, dtype: float64, device: data.Device), ridge)));
        return linalg.pinv(weights).to_type(float32).MoveToOuterDisposeScope();
    }
}
