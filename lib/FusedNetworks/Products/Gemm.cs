using System.Runtime.Intrinsics;

namespace FusedNetworks;

/// <summary>
/// Products of row-major matrices in float or double. Which kernel computes a product depends on its shape alone, and every
/// element's sum is taken in one fixed order, so results are the same bits for any number of threads.
/// </summary>
internal static unsafe class Gemm
{
    /// <summary>
    /// C[m, n] = op(A)[m, k] · op(B)[k, n], added to C if <paramref name="accumulate"/>; otherwise C is not read. A is stored as
    /// [m, k], or as [k, m] if <paramref name="transA"/>; B as [k, n], or as [n, k] if <paramref name="transB"/>. The distances
    /// between stored rows are <paramref name="lda"/>, <paramref name="ldb"/> and <paramref name="ldc"/> elements.
    /// </summary>
    public static void Run<T>(
        bool transA, bool transB, int m, int n, int k, T* a, int lda, T* b, int ldb, T* c, int ldc, bool accumulate)
        where T : unmanaged
    {
        var product = new Product<T>(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
        Run(in product);
    }

    internal static void Run<T>(in Product<T> product) where T : unmanaged
    {
        Scalar.Require<T>();
        if (Vector512.IsHardwareAccelerated)
            GemmKernel<Simd512<T>, Vector512<T>, T>.Run(in product);
        else if (Vector256.IsHardwareAccelerated)
            GemmKernel<Simd256<T>, Vector256<T>, T>.Run(in product);
        else
            GemmKernel<Simd128<T>, Vector128<T>, T>.Run(in product);
    }
}
