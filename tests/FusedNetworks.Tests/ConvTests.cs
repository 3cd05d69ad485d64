using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.Intrinsics;
using Xunit;

namespace FusedNetworks.Tests;

[Collection(ThreadSettingTests.Name)]
public sealed unsafe class ConvTests
{
    /// <summary>Shapes for every form of the kernels, with tile and vector remainders.</summary>
    private static readonly ConvShape[] Cases =
    [
        new(3, 1, 28, 28, 6, 5, 5, 1, 1, 2, 2), // LeNet
        new(2, 6, 14, 14, 16, 5, 5, 1, 1, 0, 0),
        new(2, 1, 28, 28, 64, 5, 5, 1, 1, 2, 2), // the baseline CNN
        new(2, 64, 14, 14, 128, 3, 3, 1, 1, 1, 1),
        new(1, 3, 5, 5, 2, 3, 3, 1, 1, 1, 1),
        new(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0),
        new(17, 5, 7, 9, 11, 3, 2, 1, 1, 0, 1),
        new(2, 19, 9, 33, 50, 1, 1, 1, 1, 0, 0), // 1 × 1
        new(2, 4, 6, 5, 33, 1, 3, 1, 1, 2, 4), // padding larger than the kernel
        new(3, 2, 3, 4, 5, 3, 3, 1, 1, 5, 3),
        new(2, 3, 4, 4, 7, 6, 6, 1, 1, 1, 1), // one output
        new(2, 3, 11, 12, 5, 3, 4, 2, 3, 1, 2), // strides, with rows and columns that no window reaches
        new(2, 17, 13, 12, 20, 3, 3, 3, 2, 0, 4),
        new(2, 2, 15, 14, 18, 2, 3, 2, 1, 1, 5),
        new(1, 130, 4, 4, 70, 3, 3, 1, 1, 1, 1),
        new(5, 33, 7, 7, 40, 3, 3, 1, 1, 1, 1),
        new(2, 16, 8, 6, 16, 3, 3, 1, 1, 0, 2),
        new(9, 32, 5, 9, 48, 3, 3, 1, 1, 1, 0),
        new(1, 64, 28, 28, 33, 3, 3, 1, 1, 1, 1),
        new(13, 33, 14, 14, 40, 3, 3, 1, 1, 1, 1), // Winograd
        new(50, 40, 7, 7, 33, 3, 3, 1, 1, 1, 1),
        new(65, 32, 4, 9, 33, 3, 3, 1, 1, 1, 2),
        new(4, 35, 26, 30, 32, 3, 3, 1, 1, 0, 3),
    ];

    public static TheoryData<int> CaseNumbers => [.. Enumerable.Range(0, Cases.Length)];

    [Theory]
    [MemberData(nameof(CaseNumbers))]
    public void FloatMatchesReference(int number) => MatchesReference(Cases[number], Passes.Dispatched<float>(), 2e-5);

    [Theory]
    [MemberData(nameof(CaseNumbers))]
    public void DoubleMatchesReference(int number) => MatchesReference(Cases[number], Passes.Dispatched<double>(), 1e-13);

    [Theory]
    [MemberData(nameof(CaseNumbers))]
    public void EveryRegisterWidthMatchesReference(int number)
    {
        MatchesReference(Cases[number], Passes.Direct<Simd128<float>, Vector128<float>, float>(), 1e-5);
        MatchesReference(Cases[number], Passes.Direct<Simd256<float>, Vector256<float>, float>(), 1e-5);
        MatchesReference(Cases[number], Passes.Direct<Simd512<float>, Vector512<float>, float>(), 1e-5);
        MatchesReference(Cases[number], Passes.Direct<Simd128<double>, Vector128<double>, double>(), 1e-13);
        MatchesReference(Cases[number], Passes.Direct<Simd256<double>, Vector256<double>, double>(), 1e-13);
        MatchesReference(Cases[number], Passes.Direct<Simd512<double>, Vector512<double>, double>(), 1e-13);
    }

    [Fact]
    public void WinogradOfEveryRegisterWidthMatchesReference()
    {
        ConvShape[] suited = [.. Cases.Where(s => Winograd.Suits<float>(Correlation.Forward(in s)))];
        Assert.True(suited.Length >= 4);
        foreach (ConvShape s in suited)
        {
            MatchesReference(s, Passes.Winograd<Simd128<float>, Vector128<float>>(), 1e-5);
            MatchesReference(s, Passes.Winograd<Simd256<float>, Vector256<float>>(), 1e-5);
            MatchesReference(s, Passes.Winograd<Simd512<float>, Vector512<float>>(), 1e-5);
        }
    }

    [Theory]
    [InlineData(10, 1, 28, 6, 5, 2)]
    [InlineData(10, 6, 14, 16, 5, 0)]
    [InlineData(1, 16, 28, 100, 5, 0)]
    [InlineData(21, 64, 14, 128, 3, 1)]
    [InlineData(1, 64, 14, 128, 3, 1)]
    [InlineData(3, 32, 30, 16, 3, 1)]
    public void BitsDoNotDependOnThreads(int n, int c, int size, int o, int kernel, int pad)
    {
        var s = new ConvShape(n, c, size, size, o, kernel, kernel, 1, 1, pad, pad);
        double[][]? first = null;
        foreach (int threads in new[] { 1, 2, 4, 3 })
        {
            using var setting = new ThreadSetting(threads);
            double[][] results = Results(s, Operands(s), Passes.Dispatched<float>());
            first ??= results;
            for (int pass = 0; pass < 3; pass++)
                Assert.Equal(first[pass], results[pass]);
        }
    }

    [Fact]
    public void EmptyBatchGivesZeroWeightGradient()
    {
        var s = new ConvShape(0, 2, 5, 5, 3, 3, 3, 1, 1, 0, 0);
        using Native<float> gw = Native<float>.Output(3 * 2 * 9);
        Conv.Forward<float>(in s, null, null, null, null);
        Conv.InputGradient<float>(in s, null, null, null);
        Conv.WeightGradient(in s, null, null, gw.Pointer);
        Assert.All(gw.ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void OutputSizesFollowTheDefinition()
    {
        var s = new ConvShape(1, 1, 10, 7, 1, 5, 5, 3, 2, 1, 0);
        Assert.Equal((3, 2), (s.OH, s.OW)); // rows 0, 3, 6 of a window of 5 in 12; columns 0, 2 of a window of 5 in 7
        Assert.Equal((0, 0), (new ConvShape(1, 1, 2, 2, 1, 3, 3, 2, 1, 0, 0).OH, new ConvShape(1, 1, 2, 2, 1, 3, 3, 1, 1, 0, 0).OW));
    }

    /// <summary>One implementation of the three passes.</summary>
    private sealed class Passes<T> where T : unmanaged
    {
        public required delegate*<in ConvShape, T*, T*, T*, T*, void> Forward { get; init; }
        public required delegate*<in ConvShape, T*, T*, T*, void> InputGradient { get; init; }
        public required delegate*<in ConvShape, T*, T*, T*, void> WeightGradient { get; init; }
    }

    private static class Passes
    {
        public static Passes<T> Dispatched<T>() where T : unmanaged => new()
        {
            Forward = &Conv.Forward,
            InputGradient = &Conv.InputGradient,
            WeightGradient = &Conv.WeightGradient,
        };

        public static Passes<T> Direct<TSimd, TVector, T>()
            where TSimd : struct, ISimd<T, TVector>
            where TVector : struct
            where T : unmanaged => new()
            {
                Forward = &DirectForward<TSimd, TVector, T>,
                InputGradient = &DirectInputGradient<TSimd, TVector, T>,
                WeightGradient = &DirectWeightGradient<TSimd, TVector, T>,
            };

        public static Passes<float> Winograd<TSimd, TVector>()
            where TSimd : struct, ISimd<float, TVector>
            where TVector : struct => new()
            {
                Forward = &WinogradForward<TSimd, TVector>,
                InputGradient = &WinogradInputGradient<TSimd, TVector>,
                WeightGradient = &WinogradWeightGradient<TSimd, TVector>,
            };

        private static void WinogradForward<TSimd, TVector>(in ConvShape s, float* x, float* w, float* bias, float* y)
            where TSimd : struct, ISimd<float, TVector>
            where TVector : struct => WinogradKernel<TSimd, TVector>.Correlate(Correlation.Forward(in s), x, w, bias, y);

        private static void WinogradInputGradient<TSimd, TVector>(in ConvShape s, float* gy, float* w, float* gx)
            where TSimd : struct, ISimd<float, TVector>
            where TVector : struct => WinogradKernel<TSimd, TVector>.Correlate(Correlation.InputGradient(in s), gy, w, null, gx);

        private static void WinogradWeightGradient<TSimd, TVector>(in ConvShape s, float* x, float* gy, float* gw)
            where TSimd : struct, ISimd<float, TVector>
            where TVector : struct => WinogradKernel<TSimd, TVector>.WeightGradient(Correlation.Forward(in s), x, gy, gw);

        private static void DirectForward<TSimd, TVector, T>(in ConvShape s, T* x, T* w, T* bias, T* y)
            where TSimd : struct, ISimd<T, TVector>
            where TVector : struct
            where T : unmanaged => ConvKernel<TSimd, TVector, T>.Correlate(Correlation.Forward(in s), x, w, bias, y);

        private static void DirectInputGradient<TSimd, TVector, T>(in ConvShape s, T* gy, T* w, T* gx)
            where TSimd : struct, ISimd<T, TVector>
            where TVector : struct
            where T : unmanaged => ConvKernel<TSimd, TVector, T>.Correlate(Correlation.InputGradient(in s), gy, w, null, gx);

        private static void DirectWeightGradient<TSimd, TVector, T>(in ConvShape s, T* x, T* gy, T* gw)
            where TSimd : struct, ISimd<T, TVector>
            where TVector : struct
            where T : unmanaged => ConvKernel<TSimd, TVector, T>.WeightGradient(Correlation.Forward(in s), x, gy, gw);
    }

    /// <summary>Random operands x, w, bias and gy of a shape.</summary>
    private static double[][] Operands(ConvShape s)
    {
        var random = new Random(s.GetHashCode());
        int[] sizes = [s.N * s.C * s.H * s.W, s.O * s.C * s.KH * s.KW, s.O, s.N * s.O * s.OH * s.OW];
        return [.. sizes.Select(size => Enumerable.Range(0, size).Select(_ => 2 * random.NextDouble() - 1).ToArray())];
    }

    /// <summary>What the passes compute: y, gx, gw and y without the bias.</summary>
    private static double[][] Results<T>(ConvShape s, double[][] operands, Passes<T> passes)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        Native<T>[] inputs = [.. operands.Select(values => new Native<T>(values.Length, i => values[i]))];
        Native<T>[] outputs = [.. operands.Select(values => Native<T>.Output(values.Length)), Native<T>.Output(operands[3].Length)];
        try
        {
            T* x = inputs[0].Pointer, w = inputs[1].Pointer, bias = inputs[2].Pointer, gy = inputs[3].Pointer;
            Native<T> gx = outputs[0], gw = outputs[1], y = outputs[3], unbiased = outputs[4];
            passes.Forward(in s, x, w, bias, y.Pointer);
            passes.InputGradient(in s, gy, w, gx.Pointer);
            passes.WeightGradient(in s, x, gy, gw.Pointer);
            passes.Forward(in s, x, w, null, unbiased.Pointer);
            Assert.All(outputs, output => output.AssertBoundsKept());
            return [y.ToArray(), gx.ToArray(), gw.ToArray(), unbiased.ToArray()];
        }
        finally
        {
            foreach (Native<T> array in inputs.Concat(outputs))
                array.Dispose();
        }
    }

    private static readonly ConcurrentDictionary<ConvShape, (double[][] Operands, double[][] Wanted)> References = new();

    private static void MatchesReference<T>(ConvShape s, Passes<T> passes, double tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        (double[][] operands, double[][] wanted) = References.GetOrAdd(s, static shape =>
        {
            double[][] operands = Operands(shape);
            return (operands, Reference(shape, operands[0], operands[1], operands[2], operands[3]));
        });
        double[][] results = Results(s, operands, passes);
        string[] names = ["output", "input gradient", "weight gradient", "output without bias"];
        for (int pass = 0; pass < 4; pass++)
        {
            double scale = 1e-3 + wanted[pass].Max(Math.Abs);
            double worst = results[pass].Zip(wanted[pass], (got, want) => double.IsNaN(got) ? double.NaN : Math.Abs(got - want)).Max();
            Assert.True(
                worst <= tolerance * scale && !results[pass].Any(double.IsNaN),
                $"{names[pass]} is off by {worst / scale:E1} of its largest element ({s})");
        }
    }

    /// <summary>The definition, term by term: y, gx, gw and y without the bias.</summary>
    private static double[][] Reference(ConvShape s, double[] x, double[] w, double[] bias, double[] gy)
    {
        double[] y = new double[gy.Length], gx = new double[x.Length], gw = new double[w.Length], unbiased = new double[gy.Length];
        for (int i = 0; i < gy.Length; i++)
        {
            int ox = i % s.OW, oy = i / s.OW % s.OH, o = i / (s.OW * s.OH) % s.O, n = i / (s.OW * s.OH * s.O);
            for (int c = 0; c < s.C; c++)
                for (int ky = 0; ky < s.KH; ky++)
                    for (int kx = 0; kx < s.KW; kx++)
                    {
                        int iy = oy * s.StrideH - s.PadH + ky, ix = ox * s.StrideW - s.PadW + kx;
                        if (iy < 0 || iy >= s.H || ix < 0 || ix >= s.W)
                            continue;
                        int at = ((n * s.C + c) * s.H + iy) * s.W + ix, tap = ((o * s.C + c) * s.KH + ky) * s.KW + kx;
                        unbiased[i] += x[at] * w[tap];
                        gx[at] += gy[i] * w[tap];
                        gw[tap] += gy[i] * x[at];
                    }
            y[i] = unbiased[i] + bias[o];
        }
        return [y, gx, gw, unbiased];
    }
}
