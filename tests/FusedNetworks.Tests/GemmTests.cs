using System.Numerics;
using System.Runtime.Intrinsics;
using Xunit;

namespace FusedNetworks.Tests;

[Collection(ThreadSettingTests.Name)]
public sealed unsafe class GemmTests
{
    /// <summary>Sizes on both sides of every tile, panel and choice of kernel, and those of unrolled LeNet steps.</summary>
    public static readonly TheoryData<int, int, int> Shapes = new()
    {
        { 1, 1, 1 }, { 3, 5, 0 }, { 5, 3, 1 }, { 7, 10, 2 }, { 8, 48, 16 }, { 9, 49, 17 }, { 1, 100, 33 }, { 100, 1, 33 },
        { 10, 120, 400 }, { 10, 84, 120 }, { 10, 10, 84 }, { 120, 400, 10 }, { 2, 13, 700 }, { 33, 12, 40 }, { 40, 13, 100 },
        { 63, 97, 130 }, { 120, 200, 110 }, { 131, 77, 401 }, { 300, 10, 900 }, { 900, 1, 40 },
        { 12, 2500, 900 }, { 10, 300, 900 }, { 65, 130, 800 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void FloatMatchesReference(int m, int n, int k) => MatchesReference<float>(m, n, k, Gemm.Run, 1e-6);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void DoubleMatchesReference(int m, int n, int k) => MatchesReference<double>(m, n, k, Gemm.Run, 1e-14);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryRegisterWidthMatchesReference(int m, int n, int k)
    {
        MatchesReference<float>(m, n, k, Run<Simd128<float>, Vector128<float>, float>, 1e-6);
        MatchesReference<float>(m, n, k, Run<Simd256<float>, Vector256<float>, float>, 1e-6);
        MatchesReference<float>(m, n, k, Run<Simd512<float>, Vector512<float>, float>, 1e-6);
        MatchesReference<double>(m, n, k, Run<Simd128<double>, Vector128<double>, double>, 1e-14);
        MatchesReference<double>(m, n, k, Run<Simd256<double>, Vector256<double>, double>, 1e-14);
        MatchesReference<double>(m, n, k, Run<Simd512<double>, Vector512<double>, double>, 1e-14);
    }

    [Theory]
    [InlineData(7000, 5, 9, false, false)]
    [InlineData(5, 7000, 9, false, true)]
    [InlineData(20, 6200, 70, true, false)]
    [InlineData(6200, 20, 70, true, true)]
    public void LongSidesMatchReference(int m, int n, int k, bool transA, bool transB) =>
        MatchesReference<float>(m, n, k, transA, transB, false, Gemm.Run, 1e-6);

    [Fact]
    public void InfinityStaysInItsRowAndColumn()
    {
        foreach ((int m, int n, int k) in new[] { (5, 7, 20), (40, 50, 60), (200, 150, 100) })
            foreach (bool transB in new[] { false, true })
            {
                using var a = new Native<float>(m * k, i => i == 3 ? double.PositiveInfinity : 1);
                using var b = new Native<float>(k * n, _ => 1);
                using Native<float> c = Native<float>.Output(m * n);
                Gemm.Run(false, transB, m, n, k, a.Pointer, k, b.Pointer, transB ? k : n, c.Pointer, n, false);
                for (int i = 0; i < m * n; i++)
                    Assert.Equal(i < n ? double.PositiveInfinity : k, c[i]);
            }
    }

    [Theory]
    [InlineData(10, 120, 400)]
    [InlineData(300, 301, 302)]
    [InlineData(16, 2000, 600)]
    [InlineData(2000, 10, 300)]
    [InlineData(128, 1536, 1152)]
    public void BitsDoNotDependOnThreads(int m, int n, int k)
    {
        var random = new Random(1);
        using Native<float> a = Native<float>.Random(random, m * k), b = Native<float>.Random(random, k * n);
        foreach ((bool transA, bool transB) in Transpositions)
        {
            double[]? first = null;
            foreach (int threads in new[] { 1, 2, 4, 3 })
            {
                using var setting = new ThreadSetting(threads);
                using Native<float> c = Native<float>.Output(m * n);
                Gemm.Run(transA, transB, m, n, k, a.Pointer, transA ? m : k, b.Pointer, transB ? k : n, c.Pointer, n, false);
                first ??= c.ToArray();
                Assert.Equal(first, c.ToArray());
            }
        }
    }

    [Fact]
    public void OtherElementTypesAreRejected() =>
        Assert.Throws<NotSupportedException>(() => Gemm.Run<int>(false, false, 1, 1, 1, null, 1, null, 1, null, 1, false));

    private delegate void Multiply<T>(
        bool transA, bool transB, int m, int n, int k, T* a, int lda, T* b, int ldb, T* c, int ldc, bool accumulate)
        where T : unmanaged;

    private static readonly (bool, bool)[] Transpositions = [(false, false), (false, true), (true, false), (true, true)];

    private static void Run<TSimd, TVector, T>(
        bool transA, bool transB, int m, int n, int k, T* a, int lda, T* b, int ldb, T* c, int ldc, bool accumulate)
        where TSimd : struct, ISimd<T, TVector>
        where TVector : struct
        where T : unmanaged
    {
        var product = new Product<T>(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
        GemmKernel<TSimd, TVector, T>.Run(in product);
    }

    private static void MatchesReference<T>(int m, int n, int k, Multiply<T> multiply, double tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        foreach ((bool transA, bool transB) in Transpositions)
            foreach (bool accumulate in new[] { false, true })
                MatchesReference(m, n, k, transA, transB, accumulate, multiply, tolerance);
    }

    /// <summary>Against a scalar product in double, with row strides longer than the rows.</summary>
    private static void MatchesReference<T>(
        int m, int n, int k, bool transA, bool transB, bool accumulate, Multiply<T> multiply, double tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var random = new Random(m + 1000 * n + 1000000 * k);
        int lda = (transA ? m : k) + random.Next(3), ldb = (transB ? k : n) + random.Next(3), ldc = n + random.Next(3);
        using Native<T> a = Native<T>.Random(random, Stored(transA ? k : m, transA ? m : k, lda));
        using Native<T> b = Native<T>.Random(random, Stored(transB ? n : k, transB ? k : n, ldb));
        using Native<T> c = accumulate ? Native<T>.Random(random, Stored(m, n, ldc)) : Native<T>.Output(Stored(m, n, ldc));
        double[] before = c.ToArray();

        multiply(transA, transB, m, n, k, a.Pointer, lda, b.Pointer, ldb, c.Pointer, ldc, accumulate);

        c.AssertBoundsKept();
        double[] wanted = (double[])before.Clone();
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
            {
                double sum = accumulate ? before[i * ldc + j] : 0;
                for (int p = 0; p < k; p++)
                    sum += a[transA ? p * lda + i : i * lda + p] * b[transB ? j * ldb + p : p * ldb + j];
                wanted[i * ldc + j] = sum;
            }
        double bound = tolerance * (1 + k);
        for (int i = 0; i < wanted.Length; i++)
            if (!wanted[i].Equals(c[i]) && !(Math.Abs(wanted[i] - c[i]) <= bound))
                Assert.Fail($"C[{i / ldc}, {i % ldc}] is {c[i]}, not {wanted[i]} ({m}x{n}x{k}, {transA}, {transB}, {accumulate})");
    }

    private static int Stored(int rows, int columns, int stride) => rows == 0 ? 0 : (rows - 1) * stride + columns;
}
