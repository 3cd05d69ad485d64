using DatasetDistillation.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Benchmarks.Peers;

/// <summary>
/// The NTK of a fully connected ReLU network as one would write it for libtorch: tensor operations with as few temporaries as there
/// can be, derivatives by autograd. σ_w² = 2, σ_b² = 0.01, as <see cref="FullyConnectedKernel"/> has them.
/// </summary>
/// <param name="depth">Hidden layers.</param>
internal sealed class ArcCosineByAutograd(int depth) : IKernel
{
    private const double BiasVariance = 0.01;
    private const float Largest = 1 - 1e-6f; // Of cosines: autograd divides by the sine.

    private readonly Scalar share = (1 / Math.PI).ToScalar(), bias = BiasVariance.ToScalar(), smallest = (-Largest).ToScalar();

    public string Name => $"NTK FC{depth} by autograd";

    public Tensor Evaluate(Tensor x, Tensor xPrime)
    {
        using var scope = NewDisposeScope();
        var (left, right) = (x.flatten(1), xPrime.flatten(1));
        using var scale = (2.0 / left.shape[1]).ToScalar();
        var q = addmm(full([1], BiasVariance, x.dtype), left, right.t(), beta: 1, alpha: 2f / left.shape[1]);
        var rowVariance = left.square().sum(1, keepdim: true).mul_(scale).add_(bias);
        var columnVariance = right.square().sum(1).unsqueeze(0).mul_(scale).add_(bias);
        var (tangent, tangentOnDiagonal) = (q, rowVariance);
        for (var l = 0; l < depth; l++)
        {
            var s = rowVariance.sqrt() * columnVariance.sqrt();
            var opening = q.div(s).neg_().clamp_min_(smallest).acos(); // π less the angle
            var next = s.mul(opening.sin()).addcmul_(opening, q, 1).mul_(share).add_(bias);
            tangent = next.addcmul(opening, tangent, share);
            q = next;
            (rowVariance, columnVariance) = (rowVariance.add(bias), columnVariance.add(bias));
            tangentOnDiagonal = rowVariance + tangentOnDiagonal;
        }
        if (ReferenceEquals(x, xPrime))
            tangent = where(eye(x.shape[0], dtype: ScalarType.Bool), tangentOnDiagonal, tangent);
        return tangent.MoveToOuterDisposeScope();
    }

    public KernelMatrix Gram(Tensor support) => KernelMatrix.ByAutograd(this, null, support);

    public KernelMatrix Cross(Tensor targets, Tensor support) => KernelMatrix.ByAutograd(this, targets, support);
}
