using DatasetDistillation.Data;
using DatasetDistillation.Solvers;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Benchmarks.Peers;

/// <summary>
/// Bilevel logistic regression as one would write it for libtorch: the inner problem by Newton's method in the coefficients of the
/// representer theorem, a few dozen numbers; the outer loss over all real images in one product; the derivative by autograd and the
/// implicit function theorem.
/// </summary>
internal sealed class LogisticByAutograd : IDisposable
{
    private const int NewtonSteps = 50;
    private const double NewtonTolerance = 1e-11;

    private readonly Tensor real, classes, labels;
    private readonly Scalar penalty;
    private readonly long features;

    /// <param name="data">The real images.</param>
    /// <param name="l2">The factor of half the squared weights in the inner loss.</param>
    /// <param name="imagesPerClass">Distilled images of each class.</param>
    public LogisticByAutograd(ImageDataset data, double l2, int imagesPerClass)
    {
        // Pixels times images and classes times images: libtorch multiplies and normalises twice as fast along the images.
        (real, classes) = (data.Images.flatten(1).t().contiguous(), data.Labels.unsqueeze(0));
        features = real.shape[0];
        labels = eye(data.ClassCount, dtype: float64).repeat(imagesPerClass, 1);
        penalty = (l2 * labels.shape[0]).ToScalar();
    }

    /// <summary>The outer loss as a function of the distilled images, Float64 [n·features].</summary>
    public Objective Objective => new(
        x =>
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var theta = x.reshape(-1, features);
            return OuterLoss(Weights(theta, Solve(Kernel(theta)).Coefficients)).ToDouble();
        },
        x =>
        {
            using var scope = NewDisposeScope();
            var theta = x.detach().reshape(-1, features).requires_grad_();
            var kernel = Kernel(theta);
            Tensor a, hessian;
            using (no_grad())
                (a, hessian) = Solve(kernel);

            // loss(θ, a) with a at rest, then what a adds: −⟨λ, F(θ, a)⟩ with λ = F'⁻ᵀ ∂loss/∂a for the optimality condition F = 0.
            var at = a.requires_grad_();
            var weights = Weights(theta, at);
            var leaf = weights.detach().requires_grad_();
            var loss = OuterLoss(leaf);
            var outer = (weights * autograd.grad([loss], [leaf])[0]).sum();
            var toCoefficients = autograd.grad([outer], [at], retain_graph: true)[0];
            var adjoint = linalg.solve(hessian.t(), toCoefficients.reshape(-1, 1)).reshape(a.shape);
            var total = outer.to_type(float64) - (adjoint * Condition(kernel, a.detach()).Residual).sum();
            return (loss.ToDouble(), autograd.grad([total], [theta])[0].flatten().MoveToOuterDisposeScope());
        });

    public void Dispose()
    {
        real.Dispose();
        classes.Dispose();
        labels.Dispose();
        penalty.Dispose();
    }

    private static Tensor Kernel(Tensor theta) => theta.mm(theta.t());

    /// <summary>Wᵀ, [classes, features].</summary>
    private static Tensor Weights(Tensor theta, Tensor coefficients) => coefficients.t().mm(theta).to_type(float32);

    private Tensor OuterLoss(Tensor weights) => F.cross_entropy(weights.mm(real).unsqueeze(0), classes);

    /// <summary>F(a) = n·l2·a + softmax(K·a) − Y, which is 0 at the optimum, and the softmax.</summary>
    private (Tensor Residual, Tensor Probabilities) Condition(Tensor kernel, Tensor coefficients)
    {
        var probabilities = F.softmax(kernel.mm(coefficients), 1);
        return (probabilities.sub(labels).add(coefficients, alpha: penalty), probabilities);
    }

    /// <summary>The coefficients [n, classes] of the inner solution, and the derivative of the optimality condition there.</summary>
    private (Tensor Coefficients, Tensor Hessian) Solve(Tensor kernel)
    {
        var a = zeros_like(labels);
        var unknowns = a.numel();
        using var ridge = eye(unknowns, dtype: float64).mul_(penalty);
        for (var step = 0; ; step++)
        {
            var (residual, p) = Condition(kernel, a);
            var curvature = diag_embed(p) - p.unsqueeze(2) * p.unsqueeze(1);
            var hessian = (curvature.unsqueeze(2) * kernel.unsqueeze(1).unsqueeze(3)).reshape(unknowns, unknowns).add_(ridge);
            if (residual.norm().ToDouble() <= NewtonTolerance || step == NewtonSteps)
                return (a, hessian);
            a = a - linalg.solve(hessian, residual.reshape(-1, 1)).reshape(a.shape);
        }
    }
}
