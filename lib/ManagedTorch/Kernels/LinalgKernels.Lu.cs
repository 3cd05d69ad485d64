using System.Numerics;

namespace TorchSharp.Kernels;

internal static unsafe partial class LinalgKernels
{
    /// <summary>Columns at which the recursion of the LU factorisation ends.</summary>
    private const int LuLeaf = 8;

    /// <summary>
    /// Overwrites A [n, n] by the factors of P A = L U, L's unit diagonal not stored. Row i was exchanged with row
    /// <paramref name="pivots"/>[i] ≥ i, in the order of i.
    /// </summary>
    /// <returns>0, or the order k of the first diagonal element of U that is exactly zero.</returns>
    public static int Lu<T>(int n, T* a, int lda, int* pivots)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => LuPanel(n, n, a, lda, pivots);

    /// <summary>The factorisation of a panel A [m, n], m ≥ n; pivots count from the panel's first row.</summary>
    private static int LuPanel<T>(int m, int n, T* a, int lda, int* pivots)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (n <= LuLeaf)
            return LuColumns(m, n, a, lda, pivots);

        var h = n / 2;
        T* right = a + h, below = a + (long)h * lda, rest = below + h;
        var zero = LuPanel(m, h, a, lda, pivots);
        Permute(h, n - h, right, lda, pivots, forward: true);
        SolveLeft(lower: true, transposed: false, unit: true, h, n - h, a, lda, right, lda);
        MultiplySubtract(false, false, m - h, n - h, h, below, lda, right, lda, rest, lda);
        var zeroRight = LuPanel(m - h, n - h, rest, lda, pivots + h);
        Permute(n - h, h, below, lda, pivots + h, forward: true);
        for (var i = h; i < n; i++)
            pivots[i] += h;
        return zero != 0 || zeroRight == 0 ? zero : h + zeroRight;
    }

    private static int LuColumns<T>(int m, int n, T* a, int lda, int* pivots)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var zero = 0;
        for (var j = 0; j < n; j++)
        {
            var best = j;
            for (var i = j + 1; i < m; i++)
            {
                if (T.Abs(a[(long)i * lda + j]) > T.Abs(a[(long)best * lda + j]))
                    best = i;
            }
            pivots[j] = best;
            var top = a + (long)j * lda;
            if (best != j)
                Swap(n, top, a + (long)best * lda);
            if (top[j] == T.Zero)
            {
                zero = zero == 0 ? j + 1 : zero;
                continue;
            }
            for (var i = j + 1; i < m; i++)
            {
                var row = a + (long)i * lda;
                var factor = row[j] /= top[j];
                for (var k = j + 1; k < n; k++)
                    row[k] -= factor * top[k];
            }
        }
        return zero;
    }

    /// <summary>
    /// Overwrites B [n, m] by op(A)⁻¹ B, given the factors of A. A zero on U's diagonal gives infinities.
    /// </summary>
    public static void LuSolve<T>(bool transposed, int n, int m, T* lu, int lda, int* pivots, T* b, int ldb)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!transposed)
        {
            Permute(n, m, b, ldb, pivots, forward: true);
            SolveLeft(lower: true, transposed: false, unit: true, n, m, lu, lda, b, ldb);
            SolveLeft(lower: false, transposed: false, unit: false, n, m, lu, lda, b, ldb);
        }
        else
        {
            SolveLeft(lower: false, transposed: true, unit: false, n, m, lu, lda, b, ldb);
            SolveLeft(lower: true, transposed: true, unit: true, n, m, lu, lda, b, ldb);
            Permute(n, m, b, ldb, pivots, forward: false);
        }
    }

    /// <summary>Carries out <paramref name="count"/> row exchanges on B [·, m], or undoes them.</summary>
    private static void Permute<T>(int count, int m, T* b, int ldb, int* pivots, bool forward)
        where T : unmanaged
    {
        for (var step = 0; step < count; step++)
        {
            var i = forward ? step : count - 1 - step;
            if (pivots[i] != i)
                Swap(m, b + (long)i * ldb, b + (long)pivots[i] * ldb);
        }
    }
}
