using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests.Ops;

public sealed class LinalgTests
{
    private static Tensor Definite(Tensor x) => x.mm(x.mT) + eye(x.shape[0], dtype: x.dtype);

    private static Tensor Random(params long[] shape) => randn(shape, float64, generator: new Generator(5));

    private static double Error(Tensor a, Tensor b) => (a - b).abs().max().item<double>();

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(40)]
    public void CholeskyIsDifferentiableTwice(int n) =>
        FiniteDifferences.Check(x => linalg.cholesky(Definite(x[0] / Math.Sqrt(n))), [[n, n]]);

    [Theory]
    [InlineData(false, true, false)]
    [InlineData(true, true, false)]
    [InlineData(false, false, true)]
    [InlineData(true, false, true)]
    [InlineData(true, false, false)]
    public void TriangularSolutionsAreDifferentiableTwice(bool upper, bool left, bool unitriangular)
    {
        const int N = 37;
        FiniteDifferences.Check(
            x => linalg.solve_triangular(x[0] / N + eye(N, dtype: float64), x[1], upper, left, unitriangular),
            [[N, N], left ? [N, 3] : [3, N]]);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(6, true)]
    [InlineData(6, false)]
    [InlineData(35, true)]
    public void SolutionsAreDifferentiableTwice(int n, bool left)
    {
        Tensor Matrix(Tensor x) => x / Math.Sqrt(n) + eye(n, dtype: float64) * 3;
        FiniteDifferences.Check(x => linalg.solve(Matrix(x[0]), x[1], left), [[n, n], left ? [n, 2] : [2, n]]);
        FiniteDifferences.Check(x => linalg.solve(Matrix(x[0]), x[1], left), [[n, n], [n]]);
        FiniteDifferences.Check(x => linalg.inv(Matrix(x[0])), [[n, n]]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(33)]
    public void LogDeterminantIsDifferentiableTwice(int n) =>
        FiniteDifferences.Check(x => linalg.slogdet(x[0] / Math.Sqrt(n) - eye(n, dtype: float64) * 3).Item2, [[n, n]]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CholeskySolveTakesEitherFactor(bool upper)
    {
        Tensor Solve(Tensor[] x)
        {
            var l = linalg.cholesky(Definite(x[0] / 3));
            return cholesky_solve(x[1], upper ? l.mT : l, upper);
        }

        var (a, b) = (Random(7, 7), Random(7, 2));
        Assert.InRange(Error(Definite(a / 3).mm(Solve([a, b])), b), 0, 1e-12);
        FiniteDifferences.Check(Solve, [[7, 7], [7, 2]]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void EigenvaluesAndVectorsAreDifferentiableTwice(int n)
    {
        // Distinct eigenvalues, and a function of the vectors that their signs do not change.
        Tensor Symmetric(Tensor x) => (x + x.mT) / 20 + diag(arange(n, float64));
        FiniteDifferences.Check(x => linalg.eigh(Symmetric(x[0])).Item1, [[n, n]]);
        FiniteDifferences.Check(x => linalg.eigh(Symmetric(x[0])).Item2.square(), [[n, n]]);
        FiniteDifferences.Check(
            x =>
            {
                var (w, v) = linalg.eigh(Symmetric(x[0]));
                return (v * w.exp()).mm(v.mT);
            },
            [[n, n]]);
    }

    [Fact]
    public void TheGradientOfEighIsSymmetric()
    {
        var x = Random(6, 6);
        var a = (x + x.mT).requires_grad_();
        var g = autograd.grad([(linalg.eigh(a).Item2.square() * Random(6, 6)).sum()], [a])[0];
        Assert.InRange(g.abs().max().item<double>(), 1e-3, double.MaxValue);
        Assert.InRange(Error(g, g.mT), 0, 1e-12);
    }

    [Fact]
    public void EighReadsOneTriangle()
    {
        var x = Random(6, 6);
        var (lower, upper) = (x.tril() + x.tril(-1).mT, x.triu() + x.triu(1).mT);
        foreach (var (uplo, symmetric) in new[] { ('L', lower), ('U', upper) })
        {
            var (w, v) = linalg.eigh(x, uplo);
            Assert.InRange(Error((v * w).mm(v.mT), symmetric), 0, 1e-13);
        }
        Assert.Throws<ArgumentException>(() => linalg.eigh(x, 'X'));
    }

    [Fact]
    public void SlogdetKnowsTheSign()
    {
        var (sign, logarithm) = linalg.slogdet(tensor(new double[,] { { 0, 2, 0 }, { 3, 0, 0 }, { 0, 0, 4 } }));
        Assert.Equal(-1, sign.item<double>());
        Assert.Equal(Math.Log(24), logarithm.item<double>(), 1e-15);

        (sign, logarithm) = linalg.slogdet(tensor(new double[,] { { 1, 2 }, { 2, 4 } }));
        Assert.Equal((0, double.NegativeInfinity), (sign.item<double>(), logarithm.item<double>()));
    }

    [Fact]
    public void StridedViewsAreReadAsTheyAre()
    {
        var wide = Random(9, 18);
        var a = wide[.., ..9] / 9 + eye(9, dtype: float64) * 2;
        var view = cat([a, a], 1)[.., 9..];
        var b = Random(3, 9).mT;

        Assert.InRange(Error(view.mm(linalg.solve(view, b)), b), 0, 1e-12);
        Assert.InRange(Error(view.mT.mm(linalg.solve(view.mT, b)), b), 0, 1e-12);
        foreach (var matrix in new[] { view, view.mT, stack([a, a], 2).flatten(1)[.., TensorIndex.Slice(0, 18, 2)] })
        {
            Assert.InRange(Error(matrix.tril().mm(linalg.solve_triangular(matrix, b, upper: false)), b), 0, 1e-12);
            Assert.InRange(Error(matrix.triu().mm(linalg.solve_triangular(matrix, b, upper: true)), b), 0, 1e-12);
        }
    }

    [Fact]
    public void Float32SolvesToItsPrecision()
    {
        var a = Definite(randn([50, 50], generator: new Generator(1)));
        var b = randn([50, 4], generator: new Generator(2));
        var exact = linalg.solve(a.to(float64), b.to(float64));

        foreach (var x in new[] { linalg.solve(a, b), cholesky_solve(b, linalg.cholesky(a)) })
        {
            Assert.Equal(float32, x.dtype);
            Assert.InRange(Error(a.to(float64).mm(x.to(float64)), b.to(float64)), 0, 1e-3);
            Assert.InRange(Error(x.to(float64), exact), 0, 1e-3);
        }
    }

    [Fact]
    public void WhatCannotBeFactorisedSaysWhy()
    {
        var indefinite = diag(tensor([1.0, 2, -3, 4]));
        Assert.Contains("the leading minor of order 3 is not positive", Assert.Throws<ExternalException>(() => linalg.cholesky(indefinite)).Message, StringComparison.Ordinal);
        var singular = ones([3, 3], float64);
        Assert.Contains("[3, 3] is singular: pivot 2", Assert.Throws<ExternalException>(() => linalg.solve(singular, singular)).Message, StringComparison.Ordinal);
        Assert.Contains("singular", Assert.Throws<ExternalException>(() => linalg.inv(singular)).Message, StringComparison.Ordinal);
        Assert.Contains("not finite", Assert.Throws<ExternalException>(() => linalg.eigh(singular * double.NaN)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ShapesThatDoNotFitAreNamed()
    {
        static void Fails(Action action, params string[] parts)
        {
            var message = Assert.Throws<ExternalException>(action).Message;
            Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        }

        var a = eye(3, dtype: float64);
        Fails(() => linalg.cholesky(Random(2, 3)), "linalg.cholesky", "[2, 3]");
        Fails(() => linalg.inv(Random(2, 3, 3)), "linalg.inv", "[2, 3, 3]");
        Fails(() => linalg.eigh(tensor([1L])), "linalg.eigh", "Int64");
        Fails(() => linalg.slogdet(zeros([0, 0])), "linalg.slogdet", "[0, 0]");
        Fails(() => linalg.solve(a, Random(4, 2)), "linalg.solve", "[4, 2]", "[3, m]");
        Fails(() => linalg.solve(a, Random(2, 4), left: false), "linalg.solve", "[2, 4]", "[m, 3]");
        Fails(() => linalg.solve_triangular(a, Random(3), upper: true), "linalg.solve_triangular", "[3]");
        Fails(() => linalg.solve_triangular(a, randn([3, 1]), upper: true), "Float64", "Float32");
    }
}
