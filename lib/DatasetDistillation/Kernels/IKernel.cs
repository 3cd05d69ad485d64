using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>
/// A kernel K(x, x′) on images, in two forms: plain tensor operations that autograd follows, and a fast path of value and
/// vector–Jacobian product for the matrices that kernel ridge regression needs.
/// </summary>
public interface IKernel
{
    /// <summary>What it is called, with everything that makes it another kernel.</summary>
    string Name { get; }

    /// <summary>
    /// K(x, x′), differentiable in both to any order. Given the same tensor twice, the diagonal is exact.
    /// </summary>
    /// <param name="x">Images [n, …], Float32 or Float64.</param>
    /// <param name="xPrime">Images [m, …] of the same size and type.</param>
    /// <returns>[n, m] of the images' type.</returns>
    Tensor Evaluate(Tensor x, Tensor xPrime);

    /// <summary>K_ss of a support set with itself; its <see cref="KernelMatrix.Backward"/> leads to the support images.</summary>
    /// <param name="support">Images [n, …].</param>
    KernelMatrix Gram(Tensor support);

    /// <summary>K_ts of targets with a support set; its <see cref="KernelMatrix.Backward"/> leads to the support images alone.</summary>
    /// <param name="targets">Images [t, …].</param>
    /// <param name="support">Images [n, …] of the same size and type.</param>
    KernelMatrix Cross(Tensor targets, Tensor support);

    /// <summary>The memory, in bytes, that K_ss and K_ts with their ways back are expected to need beside the images and the values.</summary>
    /// <param name="support">n, how many support images.</param>
    /// <param name="targets">t, how many targets.</param>
    /// <param name="image">The shape of an image, <c>[channels, height, width]</c>, in Float32.</param>
    long EstimateMemory(long support, long targets, IReadOnlyList<long> image) => 0;
}
