using System.Numerics;
using Xunit;

namespace FusedNetworks.Tests;

public sealed unsafe class PoolKernelsTests
{
    /// <summary>planes, h, w, side of the windows, padding.</summary>
    public static TheoryData<int, int, int, int, int> Shapes => new()
    {
        { 3, 28, 28, 2, 0 },
        { 2, 9, 13, 2, 0 },
        { 2, 4, 7, 2, 0 },
        { 1, 5, 5, 2, 1 },
        { 2, 8, 11, 3, 1 },
        { 2, 14, 14, 4, 1 },
        { 3, 7, 6, 3, 1 },
        { 2, 13, 17, 5, 2 },
        { 2, 9, 20, 3, 0 },
        { 1, 11, 8, 4, 2 },
        { 1, 1, 1, 1, 0 },
        { 1, 3, 3, 3, 1 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Maximum_is_that_of_each_window(int planes, int h, int w, int side, int padding)
    {
        var shape = new PoolShape(planes, h, w, side, padding);
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
    public void Scattering_is_the_adjoint_of_gathering(int planes, int h, int w, int side, int padding)
    {
        var shape = new PoolShape(planes, h, w, side, padding);
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
    public void Average_is_the_mean_of_each_window(int planes, int h, int w, int side, int _)
    {
        var shape = new PoolShape(planes, h, w, side, padding: 0);
        CheckAverage<float>(shape, 1e-6);
        CheckAverage<double>(shape, 1e-14);
    }

    private static void CheckAverage<T>(PoolShape shape, double tolerance)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(3);
        var x = Values<T>(shape.Planes * shape.H * shape.W, random.NextDouble);
        var g = Values<T>(shape.Planes * shape.OH * shape.OW, random.NextDouble);
        var (y, adjoint) = (new T[g.Length], Values<T>(x.Length, () => double.NaN));
        fixed (T* px = x, py = y, pg = g, pa = adjoint)
        {
            PoolKernels.AverageForward(shape, px, py);
            PoolKernels.AverageAdjoint(shape, pg, pa);
        }
        foreach (var (output, window) in Windows(shape))
        {
            Assert.Equal(window.Sum(at => double.CreateChecked(x[at.Flat])) / window.Count, double.CreateChecked(y[output]), tolerance);
        }
        var forward = y.Zip(g, (a, b) => double.CreateChecked(a) * double.CreateChecked(b)).Sum();
        var backward = x.Zip(adjoint, (a, b) => double.CreateChecked(a) * double.CreateChecked(b)).Sum();
        Assert.Equal(forward, backward, tolerance * 1000);
    }

    [Theory]
    // What PyTorch gives for these sizes.
    [InlineData(14, 4, 0, 3)]
    [InlineData(14, 4, 1, 4)]
    [InlineData(2, 3, 0, 0)]
    public void Output_sizes_are_of_whole_windows(int size, int side, int padding, int expected)
    {
        var shape = new PoolShape(1, size, size, side, padding);
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
                    for (var r = i * shape.Side - shape.Padding; r < (i + 1) * shape.Side - shape.Padding; r++)
                    {
                        for (var c = j * shape.Side - shape.Padding; c < (j + 1) * shape.Side - shape.Padding; c++)
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
