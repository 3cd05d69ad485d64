using FusedNetworks;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>Products of matrices without history: on the processor by our own kernel, elsewhere by libtorch.</summary>
internal static class Products
{
    /// <summary>a·b, stored row by row.</summary>
    /// <param name="a">Float64 [m, k], stored by rows or by columns.</param>
    /// <param name="b">Float64 [k, n].</param>
    public static unsafe Tensor Of(Tensor a, Tensor b)
    {
        if (!Compute.IsFused || a.device_type != DeviceType.CPU)
            return a.matmul(b);
        using var scope = NewDisposeScope();
        var (m, k, n) = ((int)a.shape[0], (int)a.shape[1], (int)b.shape[1]);
        var (left, transA) = Stored(a);
        var (right, transB) = Stored(b);
        var product = empty([m, n], a.dtype);
        Gemm.Run(
            transA, transB, m, n, k,
            Memory.Of<double>(left), transA ? m : k,
            Memory.Of<double>(right), transB ? k : n,
            Memory.Of<double>(product), n,
            accumulate: false);
        return product.MoveToOuterDisposeScope();
    }

    /// <summary>The matrix as it is stored, and whether that is its transpose.</summary>
    private static (Tensor Matrix, bool IsTransposed) Stored(Tensor matrix)
    {
        if (matrix.is_contiguous())
            return (matrix, false);
        var transposed = matrix.t();
        return transposed.is_contiguous() ? (transposed, true) : (matrix.contiguous(), false);
    }
}
