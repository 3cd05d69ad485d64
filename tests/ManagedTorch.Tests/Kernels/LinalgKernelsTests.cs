using System.Numerics;
using TorchSharp.Kernels;
using Xunit;

namespace ManagedTorch.Tests.Kernels;

/// <summary>Every factorisation is multiplied out again; residuals are relative to the matrix and to the unit roundoff times n.</summary>
public sealed unsafe class LinalgKernelsTests
{
    private const int Gap = 3;

    public static TheoryData<int> Orders => new(1, 2, 3, 7, 16, 31, 32, 33, 64, 97, 150);

    [Theory]
    [MemberData(nameof(Orders))]
    public void Cholesky_factor_multiplies_back(int n)
    {
        Check<float>();
        Check<double>();

        void Check<T>()
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            var a = PositiveDefinite<T>(n, n);
            var l = a.Copy();
            l.UpperGarbage();
            fixed (T* p = l.Data)
                Assert.Equal(0, LinalgKernels.Cholesky(n, p, l.Stride));
            for (var i = 0; i < n; i++)
            {
                for (var j = i + 1; j < n; j++)
                    Assert.Equal(T.Zero, l[i, j]);
            }
            AssertClose(a, l.Times(l.Transposed()), n);
            l.AssertGapUntouched();
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(6, 3)]
    [InlineData(70, 1)]
    [InlineData(70, 50)]
    [InlineData(70, 70)]
    public void Cholesky_reports_the_first_minor_that_is_not_positive(int n, int order)
    {
        var a = PositiveDefinite<double>(n, 4);
        a[order - 1, order - 1] = -1;
        fixed (double* p = a.Data)
            Assert.Equal(order, LinalgKernels.Cholesky(n, p, a.Stride));
        var b = PositiveDefinite<double>(n, 4);
        b[order - 1, order - 1] = double.NaN;
        fixed (double* p = b.Data)
            Assert.Equal(order, LinalgKernels.Cholesky(n, p, b.Stride));
    }

    public static TheoryData<int, int, bool, bool, bool> TriangularCases
    {
        get
        {
            var data = new TheoryData<int, int, bool, bool, bool>();
            foreach (var (n, m) in new[] { (1, 1), (5, 3), (32, 20), (33, 1), (90, 41), (130, 17) })
            {
                for (var bits = 0; bits < 8; bits++)
                    data.Add(n, m, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(TriangularCases))]
    public void Triangular_solutions_satisfy_their_equations(int n, int m, bool lower, bool transposed, bool unit)
    {
        Check<float>();
        Check<double>();

        void Check<T>()
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            // What the solver must not read is NaN.
            Matrix<T> stored = Matrix<T>.Random(n, n, 5), a = new(n, n);
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    if (i == j)
                        a[i, i] = unit ? T.One : stored[i, i] += T.CreateChecked(2);
                    else if (i > j == lower)
                        a[i, j] = stored[i, j] /= T.CreateChecked(n);
                    else
                        stored[i, j] = T.NaN;
                    if (i == j && unit)
                        stored[i, i] = T.NaN;
                }
            }
            var op = transposed ? a.Transposed() : a;
            Matrix<T> left = Matrix<T>.Random(n, m, 6), right = Matrix<T>.Random(m, n, 7);
            Matrix<T> x = left.Copy(), y = right.Copy();
            fixed (T* pa = stored.Data, px = x.Data, py = y.Data)
            {
                LinalgKernels.SolveLeft(lower, transposed, unit, n, m, pa, stored.Stride, px, x.Stride);
                LinalgKernels.SolveRight(lower, transposed, unit, m, n, pa, stored.Stride, py, y.Stride);
            }
            AssertClose(left, op.Times(x), n);
            AssertClose(right, y.Times(op), n);
            x.AssertGapUntouched();
            y.AssertGapUntouched();
        }
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Lu_multiplies_back_and_solves(int n)
    {
        Check<float>();
        Check<double>();

        void Check<T>()
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            var a = Matrix<T>.Random(n, n, 8);
            var b = Matrix<T>.Random(n, 4, 9);
            Matrix<T> lu = a.Copy(), x = b.Copy(), xt = b.Copy();
            var pivots = new int[n];
            fixed (T* pa = lu.Data, px = x.Data, pxt = xt.Data)
            fixed (int* pp = pivots)
            {
                Assert.Equal(0, LinalgKernels.Lu(n, pa, lu.Stride, pp));
                LinalgKernels.LuSolve(false, n, 4, pa, lu.Stride, pp, px, x.Stride);
                LinalgKernels.LuSolve(true, n, 4, pa, lu.Stride, pp, pxt, xt.Stride);
            }
            Matrix<T> lower = new(n, n), upper = new(n, n), permuted = a.Copy();
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    (i > j ? lower : upper)[i, j] = lu[i, j];
                    (permuted[i, j], permuted[pivots[i], j]) = (permuted[pivots[i], j], permuted[i, j]);
                }
                lower[i, i] = T.One;
            }
            Assert.All(lower.Data, v => Assert.True(T.IsNaN(v) || T.Abs(v) <= T.One));
            AssertClose(permuted, lower.Times(upper), n);
            AssertSolves(a, x, b, n);
            AssertSolves(a.Transposed(), xt, b, n);
            lu.AssertGapUntouched();
        }
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(40, 1)]
    [InlineData(40, 25)]
    public void Lu_reports_the_first_pivot_that_is_zero(int n, int column)
    {
        var a = Matrix<double>.Random(n, n, 10);
        for (var i = 0; i < n; i++)
            a[i, column - 1] = 0;
        fixed (double* p = a.Data)
        fixed (int* pivots = new int[n])
        {
            Assert.Equal(column, LinalgKernels.Lu(n, p, a.Stride, pivots));
        }
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Eigenvectors_are_orthonormal_and_rebuild_the_matrix(int n)
    {
        foreach (var scale in new[] { 1, 1e-30, 1e30 })
        {
            CheckEigen(Symmetric<float>(n, scale));
            CheckEigen(Symmetric<double>(n, scale));
        }
    }

    [Fact]
    public void Eigenvalues_of_special_matrices_are_exact()
    {
        foreach (var n in new[] { 1, 5, 40 })
        {
            CheckEigen(new Matrix<double>(n, n));
            var diagonal = new Matrix<double>(n, n);
            for (var i = 0; i < n; i++)
                diagonal[i, i] = (i * 7) % n - 2;
            Assert.Equal(Enumerable.Range(0, n).Select(i => (double)((i * 7) % n - 2)).Order(), CheckEigen(diagonal));

            // Second differences: 2 - 2 cos(k π / (n + 1)).
            var laplacian = new Matrix<double>(n, n);
            for (var i = 0; i < n; i++)
                (laplacian[i, i], laplacian[i, Math.Max(i - 1, 0)]) = (2, i == 0 ? 2 : -1);
            laplacian.MirrorLower();
            var values = CheckEigen(laplacian);
            for (var k = 1; k <= n; k++)
                Assert.Equal(2 - 2 * Math.Cos(k * Math.PI / (n + 1)), values[k - 1], 1e-13);

            // Rank one: eigenvalues 0 (n - 1 times) and n.
            var ones = new Matrix<double>(n, n);
            for (var i = 0; i < n * n; i++)
                ones[i / n, i % n] = 1;
            Assert.Equal(n, CheckEigen(ones)[^1], 1e-12);
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Eigenproblem_of_what_is_not_finite_fails(double value)
    {
        var a = Symmetric<double>(5, 1);
        a[3, 1] = value;
        var values = stackalloc double[5];
        fixed (double* p = a.Data)
            Assert.False(LinalgKernels.SymmetricEigen(5, p, a.Stride, values));
    }

    private static T[] CheckEigen<T>(Matrix<T> a)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var n = a.Rows;
        var v = a.Copy();
        v.UpperGarbage();
        var values = new T[n];
        fixed (T* pv = v.Data, pw = values)
            Assert.True(LinalgKernels.SymmetricEigen(n, pv, v.Stride, pw));

        Assert.Equal(values.Order(), values);
        Matrix<T> identity = new(n, n), scaled = v.Copy();
        for (var i = 0; i < n; i++)
        {
            identity[i, i] = T.One;
            for (var j = 0; j < n; j++)
                scaled[i, j] *= values[j];
        }
        AssertClose(identity, v.Transposed().Times(v), n);
        AssertClose(a, scaled.Times(v.Transposed()), n);
        v.AssertGapUntouched();
        return values;
    }

    private static void AssertSolves<T>(Matrix<T> a, Matrix<T> x, Matrix<T> b, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var residual = a.Times(x);
        var scale = a.Norm() * x.Norm() + b.Norm();
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < b.Columns; j++)
                Assert.True(double.CreateChecked(T.Abs(residual[i, j] - b[i, j])) <= 20 * Matrix<T>.Epsilon * scale);
        }
    }

    private static void AssertClose<T>(Matrix<T> expected, Matrix<T> actual, int n)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var bound = 10 * (n + 10) * Matrix<T>.Epsilon * expected.Norm() / Math.Sqrt(n);
        for (var i = 0; i < expected.Rows; i++)
        {
            for (var j = 0; j < expected.Columns; j++)
                Assert.True(double.CreateChecked(T.Abs(expected[i, j] - actual[i, j])) <= bound, $"[{i}, {j}]: {expected[i, j]} and {actual[i, j]}");
        }
    }

    private static Matrix<T> Symmetric<T>(int n, double scale)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var a = Matrix<T>.Random(n, n, 12, scale);
        a.MirrorLower();
        return a;
    }

    private static Matrix<T> PositiveDefinite<T>(int n, int seed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var factor = Matrix<T>.Random(n, n, seed);
        var a = factor.Times(factor.Transposed());
        for (var i = 0; i < n; i++)
            a[i, i] += T.One;
        return a;
    }

    /// <summary>A matrix whose rows are further apart than they are long; what lies between is NaN and must stay so.</summary>
    private sealed class Matrix<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public Matrix(int rows, int columns)
        {
            (Rows, Columns, Data) = (rows, columns, new T[rows * (columns + Gap)]);
            for (var i = 0; i < rows; i++)
                Data.AsSpan(i * Stride + columns, Gap).Fill(T.NaN);
        }

        public static double Epsilon => typeof(T) == typeof(float) ? 6e-8 : 1.1e-16;

        public int Rows { get; }

        public int Columns { get; }

        public int Stride => Columns + Gap;

        public T[] Data { get; }

        public ref T this[int i, int j] => ref Data[i * Stride + j];

        public static Matrix<T> Random(int rows, int columns, int seed, double scale = 1)
        {
            var random = new Random(seed);
            var a = new Matrix<T>(rows, columns);
            for (var i = 0; i < rows * columns; i++)
                a[i / columns, i % columns] = T.CreateChecked((2 * random.NextDouble() - 1) * scale);
            return a;
        }

        public Matrix<T> Copy()
        {
            var copy = new Matrix<T>(Rows, Columns);
            Data.CopyTo(copy.Data, 0);
            return copy;
        }

        public Matrix<T> Transposed()
        {
            var a = new Matrix<T>(Columns, Rows);
            for (var i = 0; i < Rows * Columns; i++)
                a[i % Columns, i / Columns] = this[i / Columns, i % Columns];
            return a;
        }

        public Matrix<T> Times(Matrix<T> b)
        {
            var c = new Matrix<T>(Rows, b.Columns);
            for (var i = 0; i < Rows; i++)
            {
                for (var j = 0; j < b.Columns; j++)
                {
                    for (var k = 0; k < Columns; k++)
                        c[i, j] += this[i, k] * b[k, j];
                }
            }
            return c;
        }

        public double Norm() => Math.Sqrt(Data.Where(v => !T.IsNaN(v)).Sum(v => double.CreateChecked(v) * double.CreateChecked(v)));

        public void MirrorLower()
        {
            for (var i = 0; i < Rows; i++)
            {
                for (var j = 0; j < i; j++)
                    this[j, i] = this[i, j];
            }
        }

        public void UpperGarbage()
        {
            for (var i = 0; i < Rows; i++)
            {
                for (var j = i + 1; j < Columns; j++)
                    this[i, j] = T.NaN;
            }
        }

        public void AssertGapUntouched()
        {
            for (var i = 0; i < Rows; i++)
                Assert.All(Data.AsSpan(i * Stride + Columns, Gap).ToArray(), v => Assert.True(T.IsNaN(v)));
        }
    }
}
