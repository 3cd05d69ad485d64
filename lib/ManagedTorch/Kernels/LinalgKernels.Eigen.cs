using System.Numerics;

namespace TorchSharp.Kernels;

/// <summary>
/// The symmetric eigenproblem: Householder tridiagonalisation, then the implicit QL method (Golub and Van Loan, "Matrix
/// Computations", 4th ed., sections 8.3.1 and 8.3.3).
/// </summary>
internal static unsafe partial class LinalgKernels
{
    /// <summary>Reflectors that are applied together, by matrix products.</summary>
    private const int ReflectorBlock = 32;

    /// <summary>Rows of the trailing matrix that one task of the tridiagonalisation handles.</summary>
    private const int TrailingRows = 64;

    /// <summary>QL sweeps for one eigenvalue after which the method is said not to converge; two are usual.</summary>
    private const int MaxSweeps = 60;

    /// <summary>
    /// Overwrites the symmetric A [n, n], of which the lower triangle is read, by its orthonormal eigenvectors in columns;
    /// <paramref name="values"/> [n] are the eigenvalues in ascending order.
    /// </summary>
    /// <returns>Whether the iteration converged; it does unless A holds a NaN or an infinity.</returns>
    public static bool SymmetricEigen<T>(int n, T* a, int lda, T* values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using var scratch = Scratch.Rent<T>(5L * n);
        using var rows = Scratch.Rent<T>((long)n * n);
        T* d = scratch.Pointer, e = d + n, tau = e + n;
        if (!Symmetrise(n, a, lda, out var exponent))
            return false;

        Tridiagonalise(n, a, lda, d, e, tau, tau + n);
        FormRotation(n, a, lda, tau, rows.Pointer);
        if (!DiagonaliseTridiagonal(n, d, e, rows.Pointer))
            return false;

        var order = Enumerable.Range(0, n).ToArray();
        var ascending = new Span<T>(d, n);
        ascending.Sort(order.AsSpan());
        for (var k = 0; k < n; k++)
        {
            values[k] = T.ScaleB(ascending[k], exponent);
            Swap(n, rows.Pointer + (long)order[k] * n, a + (long)k * lda);
        }
        TransposeSquare(n, a, lda);
        return true;
    }

    /// <summary>
    /// Copies the lower triangle to the upper and divides all by a power of two that brings the greatest element near 1.
    /// </summary>
    private static bool Symmetrise<T>(int n, T* a, int lda, out int exponent)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var max = T.Zero;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
                max = T.Max(max, T.Abs(a[(long)i * lda + j]));
        }
        exponent = T.IsFinite(max) && max > T.Zero ? T.ILogB(max) : 0;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
                a[(long)j * lda + i] = a[(long)i * lda + j] = T.ScaleB(a[(long)i * lda + j], -exponent);
        }
        return T.IsFinite(max);
    }

    /// <summary>
    /// A = Q T Qᵀ with T tridiagonal (diagonal d, off-diagonal e[0 … n-2]) and Q = H₀ H₁ …; row k of A becomes the vector v of
    /// H_k = I - tau[k] v vᵀ, whose elements 0 … k are zero.
    /// </summary>
    private static void Tridiagonalise<T>(int n, T* a, int lda, T* d, T* e, T* tau, T* scratch)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T* product = scratch, w = scratch + n;
        for (var k = 0; k < n; k++)
        {
            // Row k is up to date here; the rows below still lack the update A -= v wᵀ + w vᵀ of the step before.
            var v = a + (long)k * lda;
            d[k] = v[k];
            new Span<T>(v, k + 1).Clear();
            tau[k] = k + 1 < n ? Reflector(n - k - 1, v + k + 1, out e[k]) : T.Zero;

            var job = new TrailingJob<T> { N = n, K = k, A = a, Lda = lda, W = w, Product = product, Tau = tau[k] };
            WorkPool.Run((n - k - 1 + TrailingRows - 1) / TrailingRows, ref job);
            if (k + 1 == n)
                break;

            // w = p - (tau/2)(pᵀv) v
            var half = tau[k] * Dot(n - k - 1, product + k + 1, v + k + 1) / T.CreateChecked(-2);
            new Span<T>(product + k + 1, n - k - 1).CopyTo(new Span<T>(w + k + 1, n - k - 1));
            AddScaled(n - k - 1, half, v + k + 1, w + k + 1);
            var next = v + lda;
            SubtractRankTwo(n - k - 1, v[k + 1], w + k + 1, w[k + 1], v + k + 1, next + k + 1);
        }
    }

    /// <summary>
    /// A task brings rows of the trailing matrix up to date with step k - 1 and, while they are in the cache, multiplies them by step k's v.
    /// </summary>
    private struct TrailingJob<T> : IJob
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int N, K, Lda;
        public T* A, W, Product;
        public T Tau;

        public readonly void Execute(int index)
        {
            var (begin, length) = (K + 1, N - K - 1);
            var v = A + (long)K * Lda;
            var end = Math.Min(begin + (index + 1) * TrailingRows, N);
            for (var i = begin + index * TrailingRows; i < end; i++)
            {
                var row = A + (long)i * Lda + begin;
                if (K > 0)
                {
                    var previous = v - Lda;
                    SubtractRankTwo(length, previous[i], W + begin, W[i], previous + begin, row);
                }
                Product[i] = Tau * Dot(length, row, v + begin);
            }
        }
    }

    /// <summary>
    /// Overwrites x [n] by v with v[0] = 1 and returns tau such that (I - tau v vᵀ) x = (<paramref name="length"/>, 0, …).
    /// </summary>
    private static T Reflector<T>(int n, T* x, out T length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        length = x[0];
        var tail = Dot(n - 1, x + 1, x + 1);
        x[0] = T.One;
        if (tail == T.Zero)
        {
            new Span<T>(x + 1, n - 1).Clear();
            return T.Zero;
        }
        var first = length;
        length = -T.CopySign(T.Sqrt(first * first + tail), first);
        Divide(n - 1, x + 1, first - length);
        return (length - first) / length;
    }

    /// <summary>The rows of Qᵀ [n, n], from the reflectors, in blocks: H₀ … H_{b-1} = I - Vᵀ T V (Schreiber and Van Loan, 1989).</summary>
    private static void FormRotation<T>(int n, T* reflectors, int ld, T* tau, T* q)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using var triangular = Scratch.Rent<T>(ReflectorBlock * ReflectorBlock);
        using var projected = Scratch.Rent<T>(2L * n * ReflectorBlock);
        var (t, w) = ((nint)triangular.Pointer, (nint)projected.Pointer);
        new Span<T>(q, checked(n * n)).Clear();
        for (var i = 0; i < n; i++)
            q[(long)i * (n + 1)] = T.One;

        for (var begin = (n - 1) / ReflectorBlock * ReflectorBlock; begin >= 0; begin -= ReflectorBlock)
        {
            var block = Math.Min(ReflectorBlock, n - begin);
            var size = n - begin;
            var v = reflectors + (long)begin * (ld + 1);
            var corner = q + (long)begin * (n + 1);
            BlockFactor(block, size, v, ld, tau + begin, (T*)t);

            // Qᵀ -= ((Qᵀ Vᵀ) Tᵀ) V
            T* qv = (T*)w, qvt = qv + (long)n * block;
            Gemm.Run(false, true, size, block, size, corner, n, v, ld, qv, block, accumulate: false);
            Gemm.Run(false, true, size, block, block, qv, block, (T*)t, block, qvt, block, accumulate: false);
            MultiplySubtract(false, false, size, size, block, qvt, block, v, ld, corner, n);
        }
    }

    /// <summary>The upper triangular T [block, block] of a product of reflectors, the vectors being the rows of V [block, size].</summary>
    private static void BlockFactor<T>(int block, int size, T* v, int ldv, T* tau, T* t)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        new Span<T>(t, block * block).Clear();
        for (var j = 0; j < block; j++)
        {
            t[j * (block + 1)] = tau[j];
            for (var k = 0; k < j; k++)
            {
                // T[0..j, j] = -tau_j T[0..j, 0..j] (V v_j), whose k-th term adds to the rows 0 … k.
                var projection = -tau[j] * Dot(size, v + (long)k * ldv, v + (long)j * ldv);
                for (var i = 0; i <= k; i++)
                    t[i * block + j] += t[i * block + k] * projection;
            }
        }
    }

    private static void TransposeSquare<T>(int n, T* a, int lda)
        where T : unmanaged
    {
        const int Block = 16;
        for (var i0 = 0; i0 < n; i0 += Block)
        {
            for (var j0 = 0; j0 <= i0; j0 += Block)
            {
                for (var i = i0; i < Math.Min(i0 + Block, n); i++)
                {
                    for (var j = j0; j < Math.Min(j0 + Block, i); j++)
                        (a[(long)i * lda + j], a[(long)j * lda + i]) = (a[(long)j * lda + i], a[(long)i * lda + j]);
                }
            }
        }
    }
}
