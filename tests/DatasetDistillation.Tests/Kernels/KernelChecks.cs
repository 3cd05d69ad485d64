using DatasetDistillation.Kernels;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Kernels;

/// <summary>What every kernel with a fused pass must do.</summary>
internal static class KernelChecks
{
    public static Generator Seeded(long seed) => new Generator().manual_seed(seed);

    /// <summary>The largest difference, relative to the largest value.</summary>
    public static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.shape, actual.shape);
        var difference = (expected.to_type(float64) - actual.to_type(float64)).abs().max().ToDouble();
        Assert.InRange(difference / expected.abs().max().ToDouble(), 0, tolerance);
    }

    public static void GradientsAgreeWithFiniteDifferences(IKernel kernel, Tensor targets, Tensor support)
    {
        foreach (var isGram in new[] { false, true })
        {
            using var matrix = Matrix(kernel, isGram, targets, support);
            var weights = randn(matrix.Value.shape, float64, generator: Seeded(6));
            var gradient = matrix.Backward(weights);
            for (int seed = 0; seed < 3; seed++)
            {
                var direction = randn(support.shape, float64, generator: Seeded(seed));
                double Along(double step)
                {
                    using var moved = Matrix(kernel, isGram, targets, support + direction * step);
                    return (moved.Value * weights).sum().ToDouble();
                }
                double slope = (Along(1e-6) - Along(-1e-6)) / 2e-6;
                Assert.Equal(slope, (gradient * direction).sum().ToDouble(), 2e-7 * (gradient.norm() * direction.norm()).ToDouble());
            }
        }
    }

    /// <summary>The fused pass in float64 against other ways to the same matrix.</summary>
    public static void FusedPassEquals(IKernel kernel, Tensor targets, Tensor support, params Func<Tensor?, Tensor, KernelMatrix>[] others)
    {
        foreach (var isGram in new[] { false, true })
        {
            using var fused = Matrix(kernel, isGram, targets, support);
            var gradient = randn(fused.Value.shape, float64, generator: Seeded(5));
            foreach (var other in others)
            {
                using var reference = other(isGram ? null : targets, support);
                AssertClose(reference.Value, fused.Value, 1e-13);
                AssertClose(reference.Backward(gradient), fused.Backward(gradient), 1e-11);
            }
        }
    }

    public static void SinglePrecisionAgrees(IKernel kernel, Tensor targets, Tensor support)
    {
        var (targetsSingle, supportSingle) = (targets.to_type(float32), support.to_type(float32));
        foreach (var isGram in new[] { false, true })
        {
            using var exact = Matrix(kernel, isGram, targets, support);
            using var single = Matrix(kernel, isGram, targetsSingle, supportSingle);
            Assert.Equal(float32, single.Value.dtype);
            AssertClose(exact.Value, single.Value, 2e-6);
            var gradient = randn(single.Value.shape, float64, generator: Seeded(5));
            AssertClose(exact.Backward(gradient), single.Backward(gradient), 1e-5);
        }
    }

    public static void ThreadsChangeNoBit(IKernel kernel, Tensor targets, Tensor support)
    {
        int threads = Compute.Threads;
        var results = new List<float[]>();
        try
        {
            foreach (int count in new[] { 1, 2, 7 })
            {
                Compute.Threads = count;
                using var kts = kernel.Cross(targets, support);
                using var kss = kernel.Gram(support);
                results.Add([
                    .. kts.Value.data<float>().ToArray(),
                    .. kts.Backward(kts.Value).data<float>().ToArray(),
                    .. kss.Backward(kss.Value).data<float>().ToArray()]);
            }
        }
        finally
        {
            Compute.Threads = threads;
        }
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    private static KernelMatrix Matrix(IKernel kernel, bool isGram, Tensor targets, Tensor support) =>
        isGram ? kernel.Gram(support) : kernel.Cross(targets, support);
}
