using System.Numerics;
using Xunit;

namespace FusedNetworks.Tests;

public sealed unsafe class PoolKernelsTests
{
    /// <summary>planes, h, w, kernel, stride, padding, ceil.</summary>
    public static TheoryData<int, int, int, int, int, int, bool> Shapes => new()
    {
        { 3, 28, 28, 2, 2, 0, false },
        { 2, 9, 13, 2, 2, 0, false },
        { 2, 9, 13, 2, 2, 0, true },
        { 2, 4, 7, 2, 2, 0, true },
        { 1, 5, 5, 2, 1, 1, false },
        { 2, 8, 11, 3, 2, 1, false },
        { 2, 8, 11, 3, 2, 1, true },
        { 2, 14, 14, 4, 4, 1, true },
        { 3, 7, 6, 3, 1, 1, false },
        { 2, 13, 17, 5, 3, 2, false },
        { 2, 9, 20, 3, 5, 0, true },
        { 1, 11, 8, 4, 1, 2, false },
        { 1, 6, 6, 3, 4, 0, true },
        { 1, 1, 1, 1, 1, 0, false },
        { 1, 3, 3, 3, 5, 1, true },
    };

    private static PoolShape Shape(int planes, int h, int w, int kernel, int stride, int padding, bool ceil) =>
        new(planes, h, w, kernel, kernel, stride, stride, padding, padding, ceil);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Maximum_is_that_of_each_window(int planes, int h, int w, int kernel, int stride, int padding, bool ceil)
    {
        var shape = Shape(planes, h, w, kernel, stride, padding, ceil);
        CheckMaximum<float>(shape);
        CheckMaximum<double>(shape);
    }

    private static void CheckMaximum<T>(PoolShape shape)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // Few distinct values of either sign, so that ties are frequent; some infinities, NaNs and negative zeros.
        var random = new Random(1);
        var x = Values<T>(shape.Planes * shape.H * shape.W, () => random.Next(40) switch
        {
            0 => double.NaN,
            1 or 2 => double.NegativeInfinity,
            3 => double.PositiveInfinity,
            4 or 5 => -0.0,
            var v => v % 5 - 3,
        });
        var (y, index) = (new T[shape.Planes * shape.OH * shape.OW], new int[shape.Planes * shape.OH * shape.OW]);
        fixed (T* px = x, py = y)
        fixed (int* pi = index)
        {
            PoolKernels.MaxForward(shape, px, py, pi);
        }
        foreach (var (output, window) in Windows(shape))
        {
            var best = window[0];
            foreach (var at in window)
            {
                if (x[at.Flat] > x[best.Flat] || T.IsNaN(x[at.Flat]))
                    best = at;
            }
            Assert.Equal(x[best.Flat], y[output]);
            Assert.Equal(best.InPlane, index[output]);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Scattering_is_the_adjoint_of_gathering(int planes, int h, int w, int kernel, int stride, int padding, bool ceil)
    {
        var shape = Shape(planes, h, w, kernel, stride, padding, ceil);
        var random = new Random(2);
        var x = Values<double>(shape.Planes * h * w, random.NextDouble);
        var u = Values<double>(shape.Planes * h * w, random.NextDouble);
        var g = Values<double>(shape.Planes * shape.OH * shape.OW, random.NextDouble);
        var (y, index) = (new double[g.Length], new int[g.Length]);
        var (gathered, scattered) = (new double[g.Length], Values<double>(x.Length, () => double.NaN));
        fixed (double* px = x, pu = u, pg = g, py = y, pGathered = gathered, pScattered = scattered)
        fixed (int* pi = index)
        {
            PoolKernels.MaxForward(shape, px, py, pi);
            PoolKernels.Gather(shape, px, pi, pGathered);
            Assert.Equal(y, gathered);
            PoolKernels.Gather(shape, pu, pi, pGathered);
            PoolKernels.ScatterAdd(shape, pg, pi, pScattered);
        }
        Assert.Equal(Inner(g, gathered), Inner(scattered, u), 1e-9);
        Assert.Equal(g.Sum(), scattered.Sum(), 1e-9);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Average_divides_as_asked(int planes, int h, int w, int kernel, int stride, int padding, bool ceil)
    {
        var shape = Shape(planes, h, w, kernel, stride, padding, ceil);
        foreach (var (countPadding, divisor) in new[] { (true, 0L), (false, 0L), (true, 7L) })
        {
            CheckAverage<float>(shape, countPadding, divisor, 1e-6);
            CheckAverage<double>(shape, countPadding, divisor, 1e-14);
        }
    }

    private static void CheckAverage<T>(PoolShape shape, bool countPadding, long divisor, double tolerance)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(3);
        var x = Values<T>(shape.Planes * shape.H * shape.W, random.NextDouble);
        var g = Values<T>(shape.Planes * shape.OH * shape.OW, random.NextDouble);
        var (y, adjoint) = (new T[g.Length], Values<T>(x.Length, () => double.NaN));
        fixed (T* px = x, py = y, pg = g, pa = adjoint)
        {
            PoolKernels.AverageForward(shape, countPadding, divisor, px, py);
            PoolKernels.AverageAdjoint(shape, countPadding, divisor, pg, pa);
        }
        foreach (var (output, window) in Windows(shape))
        {
            var (row, column) = (output / shape.OW % shape.OH, output % shape.OW);
            var height = Math.Min(row * shape.SH - shape.PH + shape.KH, shape.H + shape.PH) - (row * shape.SH - shape.PH);
            var width = Math.Min(column * shape.SW - shape.PW + shape.KW, shape.W + shape.PW) - (column * shape.SW - shape.PW);
            var count = divisor != 0 ? divisor : countPadding ? height * width : window.Count;
            Assert.Equal(window.Sum(at => double.CreateChecked(x[at.Flat])) / count, double.CreateChecked(y[output]), tolerance);
        }
        var forward = y.Zip(g, (a, b) => double.CreateChecked(a) * double.CreateChecked(b)).Sum();
        var backward = x.Zip(adjoint, (a, b) => double.CreateChecked(a) * double.CreateChecked(b)).Sum();
        Assert.Equal(forward, backward, tolerance * 1000);
    }

    [Theory]
    // What PyTorch gives for these sizes.
    [InlineData(14, 4, 4, 0, false, 3)]
    [InlineData(14, 4, 4, 0, true, 4)]
    [InlineData(14, 4, 4, 1, false, 4)]
    [InlineData(5, 3, 2, 1, true, 3)]
    [InlineData(6, 3, 2, 1, true, 4)]
    [InlineData(3, 3, 5, 1, true, 1)]
    [InlineData(2, 3, 1, 0, false, 0)]
    public void Output_sizes_follow_the_ceil_rule(int size, int kernel, int stride, int padding, bool ceil, int expected)
    {
        var shape = Shape(1, size, size, kernel, stride, padding, ceil);
        Assert.Equal((expected, expected), (shape.OH, shape.OW));
    }

    /// <summary>For each output, the input elements of its window: their place in the whole input and in their plane.</summary>
    private static IEnumerable<(int Output, List<(int Flat, int InPlane)> Window)> Windows(PoolShape shape)
    {
        var output = 0;
        for (var p = 0; p < shape.Planes; p++)
        {
            for (var i = 0; i < shape.OH; i++)
            {
                for (var j = 0; j < shape.OW; j++)
                {
                    var window = new List<(int, int)>();
                    for (var r = i * shape.SH - shape.PH; r < i * shape.SH - shape.PH + shape.KH; r++)
                    {
                        for (var c = j * shape.SW - shape.PW; c < j * shape.SW - shape.PW + shape.KW; c++)
                        {
                            if (r >= 0 && r < shape.H && c >= 0 && c < shape.W)
                                window.Add(((p * shape.H + r) * shape.W + c, r * shape.W + c));
                        }
                    }
                    yield return (output++, window);
                }
            }
        }
    }

    private static T[] Values<T>(long count, Func<double> next)
        where T : INumberBase<T> => [.. Enumerable.Range(0, (int)count).Select(_ => T.CreateChecked(next()))];

    private static double Inner(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
