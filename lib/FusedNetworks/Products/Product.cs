namespace FusedNetworks;

/// <summary>The arguments of <see cref="Gemm.Run{T}(bool, bool, int, int, int, T*, int, T*, int, T*, int, bool)"/>.</summary>
internal unsafe struct Product<T>(
    bool transA, bool transB, int m, int n, int k, T* a, nint lda, T* b, nint ldb, T* c, nint ldc, bool accumulate)
    where T : unmanaged
{
    public bool TransA = transA, TransB = transB, Accumulate = accumulate;
    public int M = m, N = n, K = k;
    public T* A = a, B = b, C = c;
    public nint Lda = lda, Ldb = ldb, Ldc = ldc;

    public readonly nint ARowStride => TransA ? 1 : Lda;
    public readonly nint ADepthStride => TransA ? Lda : 1;

    /// <summary>Multiplications.</summary>
    public readonly long Work => (long)M * N * K;
}
