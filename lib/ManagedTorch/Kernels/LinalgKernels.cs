using System.Numerics;

namespace TorchSharp.Kernels;

/// <summary>
/// Dense linear algebra on row-major matrices, in place. A matrix is a pointer to its first element and the distance
/// <c>ld</c> between its rows. Factorisations halve the matrix until a block is small, so that nearly all the work is matrix products.
/// </summary>
internal static unsafe partial class LinalgKernels
{
    /// <summary>Order at which the recursions end.</summary>
    private const int Leaf = 32;

    /// <summary>Where a matrix of order n &gt; <see cref="Leaf"/> is divided: about the middle, at a multiple of the leaf's order.</summary>
    private static int Half(int n) => Math.Max(n / 2 / Leaf, 1) * Leaf;

    /// <summary>
    /// Overwrites the symmetric A [n, n], of which the lower triangle is read, by L with A = L Lᵀ and zeros above the diagonal.
    /// </summary>
    /// <returns>0, or the order of the first leading minor that is not positive (or not a number).</returns>
    public static int Cholesky<T>(int n, T* a, int lda)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var minor = CholeskyLower(n, a, lda);
        for (var i = 0; i < n; i++)
            new Span<T>(a + (long)i * lda + i + 1, n - i - 1).Clear();
        return minor;
    }

    private static int CholeskyLower<T>(int n, T* a, int lda)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (n <= Leaf)
            return CholeskyLeaf(n, a, lda);

        var h = Half(n);
        T* below = a + (long)h * lda, rest = below + h;
        var minor = CholeskyLower(h, a, lda);
        if (minor != 0)
            return minor;
        SolveRight(lower: true, transposed: true, unit: false, n - h, h, a, lda, below, lda);
        SubtractSquare(n - h, h, below, lda, rest, lda);
        minor = CholeskyLower(n - h, rest, lda);
        return minor == 0 ? 0 : h + minor;
    }

    private static int CholeskyLeaf<T>(int n, T* a, int lda)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < n; i++)
        {
            var row = a + (long)i * lda;
            for (var j = 0; j <= i; j++)
            {
                var pivot = a + (long)j * lda;
                var rest = row[j] - Dot(j, row, pivot);
                if (i != j)
                    row[j] = rest / pivot[j];
                else if (rest > T.Zero)
                    row[j] = T.Sqrt(rest);
                else
                    return i + 1;
            }
        }
        return 0;
    }

    /// <summary>The lower triangle of C [n, n] -= B Bᵀ, B [n, k], in strips so that little is changed above the diagonal.</summary>
    private static void SubtractSquare<T>(int n, int k, T* b, int ldb, T* c, int ldc)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        const int Strip = 4 * Leaf;
        for (var i = 0; i < n; i += Strip)
        {
            var rows = Math.Min(Strip, n - i);
            MultiplySubtract(false, true, rows, i + rows, k, b + (long)i * ldb, ldb, b, ldb, c + (long)i * ldc, ldc);
        }
    }

    /// <summary>
    /// Overwrites B [n, m] by op(A)⁻¹ B, where A [n, n] is triangular (its other triangle is not read) and op transposes if asked to.
    /// With <paramref name="unit"/> the diagonal is taken to be 1 and not read.
    /// </summary>
    public static void SolveLeft<T>(bool lower, bool transposed, bool unit, int n, int m, T* a, int lda, T* b, int ldb)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (n <= Leaf)
        {
            SolveLeaf(lower, transposed, unit, n, m, a, lda, b, ldb);
            return;
        }
        var h = Half(n);
        T* second = a + (long)h * lda + h, bottom = b + (long)h * ldb;
        var offDiagonal = lower ? a + (long)h * lda : a + h;
        if (lower != transposed)
        {
            SolveLeft(lower, transposed, unit, h, m, a, lda, b, ldb);
            MultiplySubtract(transposed, false, n - h, m, h, offDiagonal, lda, b, ldb, bottom, ldb);
            SolveLeft(lower, transposed, unit, n - h, m, second, lda, bottom, ldb);
        }
        else
        {
            SolveLeft(lower, transposed, unit, n - h, m, second, lda, bottom, ldb);
            MultiplySubtract(transposed, false, h, m, n - h, offDiagonal, lda, bottom, ldb, b, ldb);
            SolveLeft(lower, transposed, unit, h, m, a, lda, b, ldb);
        }
    }

    private static void SolveLeaf<T>(bool lower, bool transposed, bool unit, int n, int m, T* a, int lda, T* b, int ldb)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (down, across) = transposed ? (1, lda) : (lda, 1);
        var forward = lower != transposed;
        for (var step = 0; step < n; step++)
        {
            var i = forward ? step : n - 1 - step;
            var row = b + (long)i * ldb;
            for (var before = 0; before < step; before++)
            {
                var j = forward ? before : n - 1 - before;
                AddScaled(m, -a[(long)i * down + (long)j * across], b + (long)j * ldb, row);
            }
            if (!unit)
                Divide(m, row, a[(long)i * (lda + 1)]);
        }
    }

    /// <summary>Overwrites B [m, n] by B op(A)⁻¹; the rest is as in <see cref="SolveLeft"/>.</summary>
    public static void SolveRight<T>(bool lower, bool transposed, bool unit, int m, int n, T* a, int lda, T* b, int ldb)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (n <= Leaf)
        {
            using var scratch = Scratch.Rent<T>((long)n * m);
            Transpose(m, n, b, ldb, scratch.Pointer, m);
            SolveLeaf(lower, !transposed, unit, n, m, a, lda, scratch.Pointer, m);
            Transpose(n, m, scratch.Pointer, m, b, ldb);
            return;
        }
        var h = Half(n);
        T* second = a + (long)h * lda + h, right = b + h;
        var offDiagonal = lower ? a + (long)h * lda : a + h;
        if (lower == transposed)
        {
            SolveRight(lower, transposed, unit, m, h, a, lda, b, ldb);
            MultiplySubtract(false, transposed, m, n - h, h, b, ldb, offDiagonal, lda, right, ldb);
            SolveRight(lower, transposed, unit, m, n - h, second, lda, right, ldb);
        }
        else
        {
            SolveRight(lower, transposed, unit, m, n - h, second, lda, right, ldb);
            MultiplySubtract(false, transposed, m, h, n - h, right, ldb, offDiagonal, lda, b, ldb);
            SolveRight(lower, transposed, unit, m, h, a, lda, b, ldb);
        }
    }

    /// <summary>C [m, n] -= op(A) op(B), k being the inner dimension.</summary>
    private static void MultiplySubtract<T>(bool transA, bool transB, int m, int n, int k, T* a, int lda, T* b, int ldb, T* c, int ldc)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (m == 0 || n == 0 || k == 0)
            return;
        var (rows, columns) = transA ? (k, m) : (m, k);
        using var negated = Scratch.Rent<T>((long)rows * columns);
        for (var i = 0; i < rows; i++)
            Negate(columns, a + (long)i * lda, negated.Pointer + (long)i * columns);
        Gemm.Run(transA, transB, m, n, k, negated.Pointer, columns, b, ldb, c, ldc, accumulate: true);
    }

    /// <summary>B [n, m] = Aᵀ, A [m, n], block by block.</summary>
    private static void Transpose<T>(int m, int n, T* a, int lda, T* b, int ldb)
        where T : unmanaged
    {
        const int Block = 16;
        for (var i0 = 0; i0 < m; i0 += Block)
        {
            for (var j0 = 0; j0 < n; j0 += Block)
            {
                for (var i = i0; i < Math.Min(i0 + Block, m); i++)
                {
                    for (var j = j0; j < Math.Min(j0 + Block, n); j++)
                        b[(long)j * ldb + i] = a[(long)i * lda + j];
                }
            }
        }
    }
}
