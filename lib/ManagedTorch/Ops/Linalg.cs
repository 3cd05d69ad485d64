using TorchSharp.Kernels;

namespace TorchSharp;

// Single matrices; a batch is refused. Derivatives after Giles, "An extended collection of matrix derivative results for forward
// and reverse mode algorithmic differentiation" (2008).
public static partial class torch
{
    public static class linalg
    {
        /// <summary>The lower triangular L with A = L Lᵀ, of a symmetric positive definite A [n, n] whose lower triangle is read.</summary>
        public static Tensor cholesky(Tensor input)
        {
            RequireSquare("linalg.cholesky", input);
            var l = input.Copied();
            var minor = l.dtype == ScalarType.Float32 ? Cholesky<float>(l) : Cholesky<double>(l);
            if (minor != 0)
            {
                l.Dispose();
                throw Error("linalg.cholesky", $"the input [{Text(input.shape)}] is not positive definite: the leading minor of order {minor} is not positive");
            }
            return RecordWithResult(l, "linalg.cholesky", [input], [], static (g, s, _) =>
            {
                var inner = s[0].mT.mm(g);
                var symmetric = inner.tril() + inner.tril(-1).mT;
                var left = solve_triangular(s[0].mT, symmetric, upper: true);
                return solve_triangular(s[0], left, upper: false, left: false) * 0.5;
            });
        }

        /// <summary>
        /// The X with A X = B, or X A = B unless <paramref name="left"/>, of a triangular A [n, n]: its other triangle is not read, and
        /// with <paramref name="unitriangular"/> its diagonal is taken to be 1.
        /// </summary>
        public static Tensor solve_triangular(Tensor A, Tensor B, bool upper, bool left = true, bool unitriangular = false)
        {
            RequireFit("linalg.solve_triangular", A, B, left);
            var x = B.Copied();
            if (x.dtype == ScalarType.Float32)
                SolveTriangular<float>(A, x, upper, left, unitriangular);
            else
                SolveTriangular<double>(A, x, upper, left, unitriangular);
            return RecordWithResult(x, "linalg.solve_triangular", [A, B], [A], (g, s, i) =>
            {
                var adjoint = solve_triangular(s[0].mT, g, !upper, left, unitriangular);
                if (i == 1)
                    return adjoint;
                var full = left ? adjoint.mm(s[1].mT) : s[1].mT.mm(adjoint);
                var diagonal = unitriangular ? 1 : 0;
                return -(upper ? full.triu(diagonal) : full.tril(-diagonal));
            });
        }

        /// <summary>The X with A X = B, or X A = B unless <paramref name="left"/>; A [n, n], B [n, m] or, as a vector, [n].</summary>
        public static Tensor solve(Tensor A, Tensor B, bool left = true)
        {
            if (B.shape.Length == 1)
                return left ? solve(A, B.unsqueeze(1)).squeeze(1) : solve(A, B.unsqueeze(0), left: false).squeeze(0);
            RequireFit("linalg.solve", A, B, left);
            if (!left)
                return solve(A.mT, B.mT).mT;
            var (lu, pivots, zero) = Factorise(A);
            using (lu)
            using (pivots)
                return zero == 0
                    ? Solve(A, B, lu, pivots, transposed: false)
                    : throw Error("linalg.solve", $"the matrix [{Text(A.shape)}] is singular: pivot {zero} of its LU factorisation is zero");
        }

        /// <summary>The inverse of A [n, n]. To solve equations, <see cref="solve"/> is faster and more accurate.</summary>
        public static Tensor inv(Tensor input)
        {
            RequireSquare("linalg.inv", input);
            using var identity = eye(input.shape[0], dtype: input.dtype);
            return solve(input, identity);
        }

        /// <summary>The sign of the determinant of A [n, n] and the logarithm of its absolute value; 0 and −∞ if A is singular.</summary>
        public static (Tensor, Tensor) slogdet(Tensor input)
        {
            RequireSquare("linalg.slogdet", input);
            var (lu, pivots, _) = Factorise(input);
            using (lu)
            using (pivots)
            {
                var (sign, logarithm) = LogDeterminant(lu, pivots);
                var results = RecordJoint([full([], sign, input.dtype), full([], logarithm, input.dtype)], "linalg.slogdet", [input], [input, lu, pivots],
                    static (g, s, _) => g[1] is { } slope
                        ? slope * Solve(s[0], eye(s[0].shape[0], dtype: s[0].dtype), s[1], s[2], transposed: true)
                        : null);
                return (results[0], results[1]);
            }
        }

        /// <summary>
        /// The eigenvalues [n] in ascending order and the orthonormal eigenvectors, in columns [n, n], of a symmetric matrix of which
        /// the lower triangle is read, or with <paramref name="UPLO"/> 'U' the upper. Gradients through the eigenvectors are finite
        /// only where all eigenvalues differ.
        /// </summary>
        public static (Tensor, Tensor) eigh(Tensor input, char UPLO = 'L')
        {
            RequireSquare("linalg.eigh", input);
            if (UPLO is not ('L' or 'U'))
                throw new ArgumentException($"linalg.eigh: UPLO must be 'L' or 'U', not '{UPLO}'.", nameof(UPLO));
            using var triangle = UPLO == 'U' ? input.detach().mT : input.detach();
            var vectors = triangle.Copied();
            var values = Tensor.Empty([input.shape[0]], input.dtype);
            var converged = vectors.dtype == ScalarType.Float32 ? Eigen<float>(vectors, values) : Eigen<double>(vectors, values);
            if (!converged)
                throw Error("linalg.eigh", $"the iteration did not converge: the input [{Text(input.shape)}] holds values that are not finite");
            var results = RecordJoint([values, vectors], "linalg.eigh", [input], [], static (g, s, _) =>
            {
                var (w, v) = (s[0], s[1]);
                var inner = g[0] is { } slope ? diag(slope) : null;
                if (g[1] is { } turn)
                {
                    // Only the antisymmetric part turns the vectors; what would change their lengths drops out.
                    var gaps = w.unsqueeze(0) - w.unsqueeze(1) + eye(w.shape[0], dtype: w.dtype);
                    var rotation = v.mT.mm(turn);
                    var mixing = (rotation - rotation.mT) / (gaps * 2);
                    inner = inner is null ? mixing : inner + mixing;
                }
                return inner is null ? null : v.mm(inner).mm(v.mT);
            }, saveResults: true);
            return (results[0], results[1]);
        }

        /// <summary>op(A)⁻¹ B, given A's factors, which the derivatives use again.</summary>
        private static unsafe Tensor Solve(Tensor a, Tensor b, Tensor lu, Tensor pivots, bool transposed)
        {
            var x = b.Copied();
            fixed (byte* exchanges = &pivots.FirstByte())
                if (x.dtype == ScalarType.Float32)
                    fixed (float* factors = &lu.First<float>(), px = &x.First<float>())
                        LinalgKernels.LuSolve(transposed, Order(lu), Order(b, 1), factors, Order(lu), (int*)exchanges, px, Order(b, 1));
                else
                    fixed (double* factors = &lu.First<double>(), px = &x.First<double>())
                        LinalgKernels.LuSolve(transposed, Order(lu), Order(b, 1), factors, Order(lu), (int*)exchanges, px, Order(b, 1));
            return RecordWithResult(x, "linalg.solve", [a, b], [a, lu, pivots], (g, s, i) =>
            {
                var adjoint = Solve(s[0], g, s[1], s[2], !transposed);
                return i == 1 ? adjoint : -(transposed ? s[3].mm(adjoint.mT) : adjoint.mm(s[3].mT));
            });
        }

        /// <summary>The LU factors, the row exchanges (Int32), and 0 or the number of the first zero pivot.</summary>
        private static unsafe (Tensor Factors, Tensor Pivots, int Zero) Factorise(Tensor a)
        {
            var lu = a.Copied();
            var pivots = new Tensor(new Storage(a.shape[0] * sizeof(int)), [a.shape[0]], ScalarType.Int32);
            fixed (byte* exchanges = &pivots.FirstByte())
                if (lu.dtype == ScalarType.Float32)
                    fixed (float* p = &lu.First<float>())
                        return (lu, pivots, LinalgKernels.Lu(Order(lu), p, Order(lu), (int*)exchanges));
                else
                    fixed (double* p = &lu.First<double>())
                        return (lu, pivots, LinalgKernels.Lu(Order(lu), p, Order(lu), (int*)exchanges));
        }

        private static unsafe (double Sign, double Logarithm) LogDeterminant(Tensor lu, Tensor pivots)
        {
            using var exact = lu.to_type(ScalarType.Float64, copy: true);
            var factors = exact.Span<double>();
            var (n, sign, logarithm) = (Order(lu), 1.0, 0.0);
            fixed (byte* exchanges = &pivots.FirstByte())
                for (var i = 0; i < n; i++)
                {
                    var pivot = factors[i * (n + 1)];
                    sign *= Math.Sign(pivot) * (((int*)exchanges)[i] == i ? 1 : -1);
                    logarithm += Math.Log(Math.Abs(pivot));
                }
            return (sign, logarithm);
        }

        private static unsafe int Cholesky<T>(Tensor a) where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
        {
            fixed (T* p = &a.First<T>())
                return LinalgKernels.Cholesky(Order(a), p, Order(a));
        }

        private static unsafe bool Eigen<T>(Tensor a, Tensor values) where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
        {
            fixed (T* p = &a.First<T>(), w = &values.First<T>())
                return LinalgKernels.SymmetricEigen(Order(a), p, Order(a), w);
        }

        private static unsafe void SolveTriangular<T>(Tensor a, Tensor x, bool upper, bool left, bool unit) where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
        {
            // A transposed view is read as what it is a view of.
            var transposed = a.Strides[0] == 1 && a.Strides[1] >= a.shape[0];
            using var copy = transposed || (a.Strides[1] == 1 && a.Strides[0] >= a.shape[1]) ? a.detach() : a.Copied();
            var lower = upper == transposed;
            var ld = (int)copy.Strides[transposed ? 1 : 0];
            fixed (T* pa = &copy.First<T>(), px = &x.First<T>())
                if (left)
                    LinalgKernels.SolveLeft(lower, transposed, unit, Order(x), Order(x, 1), pa, ld, px, Order(x, 1));
                else
                    LinalgKernels.SolveRight(lower, transposed, unit, Order(x), Order(x, 1), pa, ld, px, Order(x, 1));
        }

        private static int Order(Tensor a, int dim = 0) => checked((int)a.shape[dim]);

        private static void RequireSquare(string operation, Tensor a)
        {
            if (a.shape.Length != 2 || a.shape[0] != a.shape[1] || !IsFloat(a.dtype))
                throw Error(operation, $"needs one square floating-point matrix [n, n]; got [{Text(a.shape)}] ({a.dtype})");
            if (a.shape[0] == 0)
                throw Error(operation, "needs at least one row; the matrix is [0, 0]");
        }

        private static void RequireFit(string operation, Tensor a, Tensor b, bool left)
        {
            RequireSquare(operation, a);
            if (b.shape.Length != 2 || b.shape[left ? 0 : 1] != a.shape[0])
                throw Error(operation, $"the right-hand side [{Text(b.shape)}] does not fit the matrix [{Text(a.shape)}]; wanted {(left ? $"[{a.shape[0]}, m]" : $"[m, {a.shape[0]}]")}");
            if (a.dtype != b.dtype)
                throw Error(operation, $"needs one type; the matrix is {a.dtype}, the right-hand side {b.dtype}");
        }
    }

    /// <summary>
    /// The X with A X = B, given B [n, m] and the Cholesky factor of A = L Lᵀ (or, with <paramref name="upper"/>, of A = Uᵀ U).
    /// </summary>
    public static Tensor cholesky_solve(Tensor input, Tensor input2, bool upper = false)
    {
        using var transposed = input2.mT;
        var (first, second) = upper ? (transposed, input2) : (input2, transposed);
        using var half = linalg.solve_triangular(first, input, upper: false);
        return linalg.solve_triangular(second, half, upper: true);
    }
}
