using DatasetDistillation.Kernels;
using TorchSharp;
using Xunit;
using static DatasetDistillation.Tests.Kernels.KernelChecks;
using static TorchSharp.torch;
using Lane256 = DatasetDistillation.Kernels.FloatLane<FusedNetworks.Simd256<float>, System.Runtime.Intrinsics.Vector256<float>>;
using Lane512 = DatasetDistillation.Kernels.FloatLane<FusedNetworks.Simd512<float>, System.Runtime.Intrinsics.Vector512<float>>;

namespace DatasetDistillation.Tests.Kernels;

public sealed class FullyConnectedKernelTests : IDisposable
{
    private readonly TorchSharp.DisposeScope scope = NewDisposeScope();

    public static TheoryData<int, WideLimit> Kernels => new()
    {
        { 1, WideLimit.Ntk }, { 3, WideLimit.Ntk }, { 6, WideLimit.Ntk }, { 1, WideLimit.Nngp }, { 3, WideLimit.Nngp },
    };

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Fused_values_and_gradients_in_float64_equal_the_tensor_operations(int depth, WideLimit limit)
    {
        var kernel = new FullyConnectedKernel(depth, limit, weightVariance: 1.7, biasVariance: 0.05);
        var (targets, support) = Images(float64);
        FusedPassEquals(kernel, targets, support, (targets, support) => KernelMatrix.ByAutograd(kernel, targets, support));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Fused_values_and_gradients_in_float32_are_those_of_float64(int depth, WideLimit limit)
    {
        var (targets, support) = Images(float64);
        SinglePrecisionAgrees(new FullyConnectedKernel(depth, limit), targets, support);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Gradients_agree_with_finite_differences(int depth, WideLimit limit)
    {
        var (targets, support) = Images(float64);
        GradientsAgreeWithFiniteDifferences(new FullyConnectedKernel(depth, limit), targets, support);
    }

    [Fact]
    public void Narrow_lanes_give_what_wide_ones_give()
    {
        var (targets, support) = Images(float32);
        var network = new ArcCosineNetwork(WideLimit.Ntk, 3, 2, 0.01);
        using var wide = new ArcCosineMatrix<Lane512, float>(network, targets, support);
        using var narrow = new ArcCosineMatrix<Lane256, float>(network, targets, support);
        Assert.Equal(wide.Value.data<float>().ToArray(), narrow.Value.data<float>().ToArray());
        AssertClose(wide.Backward(ones_like(wide.Value)), narrow.Backward(ones_like(wide.Value)), 1e-6);
    }

    [Fact]
    public void Arc_cosine_is_right_to_a_millionth()
    {
        var u = Enumerable.Range(0, 400_000)
            .Select(static k => (float)Math.Min(2, k / 200_000.0))
            .Concat(Enumerable.Range(0, 40_000).Select(static k => (float)Math.Pow(10, -k / 1000.0)))
            .ToArray();
        var expected = u.Select(static x => ArcCosine.Of((double)x)).ToArray();
        foreach (var found in new[] { Openings<Lane512>(u), Openings<Lane256>(u) })
        {
            for (int i = 0; i < u.Length; i++)
            {
                double angle = 2 * Math.Atan2(Math.Sqrt(u[i]), Math.Sqrt(2.0 - u[i]));
                Assert.InRange(Math.Abs(Math.PI * (1 - found[i].Opening) - angle), 0, 1e-6);
                Assert.InRange(Math.Abs(expected[i].Opening - (1 - angle / Math.PI)), 0, 1e-14);
                // The growth and the slope keep their digits however near the images are.
                Assert.InRange(Math.Abs(found[i].Growth - expected[i].Growth), 0, 1e-6 * expected[i].Growth);
                if (u[i] is > 2e-12f and < 1.99f)
                    Assert.InRange(Math.Abs(found[i].Slope / expected[i].Slope - 1), 0, 1e-5);
            }
        }
    }

    [Fact]
    public void Identical_images_have_the_diagonal_of_the_closed_form_and_a_finite_gradient()
    {
        var kernel = new FullyConnectedKernel(2, WideLimit.Ntk, weightVariance: 2, biasVariance: 0);
        var one = full([3, 8], 0.5, float32);
        using var gram = kernel.Gram(one);
        // With σ_b² = 0 and σ_w² = 2 every layer keeps the variance v, and Θ(x, x) = (L + 1) v, where v = 2·mean(x²) = 0.5.
        Assert.Equal(1.5f, gram.Value[1, 1].ToSingle(), 1e-6f);
        Assert.All(gram.Backward(ones_like(gram.Value)).data<float>().ToArray(), static g => Assert.True(float.IsFinite(g)));
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var support = randn([23, 50], generator: Seeded(1));
        var targets = randn([701, 50], generator: Seeded(2));
        ThreadsChangeNoBit(new FullyConnectedKernel(3), targets, support);
    }

    [Fact]
    public void Images_that_do_not_fit_are_refused()
    {
        var kernel = new FullyConnectedKernel(2);
        var error = Assert.Throws<ArgumentException>(() => kernel.Cross(zeros([2, 1, 4, 4]), zeros([3, 1, 5, 5])));
        Assert.Contains("[2, 1, 4, 4]", error.Message, StringComparison.Ordinal);
        Assert.Contains("[3, 1, 5, 5]", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => kernel.Cross(zeros([2, 4]), zeros([3, 4], float64)));
        using var gram = kernel.Gram(ones([3, 4]));
        Assert.Throws<ArgumentException>(() => gram.Backward(zeros([3, 2])));
    }

    [Theory]
    [InlineData(0, 2, 0.01)]
    [InlineData(2, 0, 0.01)]
    [InlineData(2, double.NaN, 0.01)]
    [InlineData(2, 2, -1)]
    public void Kernels_that_do_not_exist_are_refused(int depth, double weightVariance, double biasVariance) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new FullyConnectedKernel(depth, WideLimit.Ntk, weightVariance, biasVariance));

    public void Dispose() => scope.Dispose();

    /// <summary>Sizes that are no multiple of a lane; the first target is nearly opposite to the first support image.</summary>
    private static (Tensor Targets, Tensor Support) Images(ScalarType type)
    {
        var support = randn([7, 2, 3, 5], type, generator: Seeded(3));
        var others = randn([36, 2, 3, 5], type, generator: Seeded(4));
        return (cat([support.narrow(0, 0, 1) * -0.9, others]), support);
    }

    private static unsafe (float Opening, float Growth, float Slope)[] Openings<TLane>(float[] u) where TLane : unmanaged, IFloatLane<TLane>
    {
        var results = new (float, float, float)[u.Length];
        float* parts = stackalloc float[3 * TLane.Width];
        fixed (float* source = u)
            for (int i = 0; i < u.Length; i += TLane.Width)
            {
                TLane.Opening(TLane.Load(source + i), out var growth, out var slope).Store(parts);
                growth.Store(parts + TLane.Width);
                slope.Store(parts + 2 * TLane.Width);
                for (int k = 0; k < TLane.Width; k++)
                    results[i + k] = (parts[k], parts[TLane.Width + k], parts[2 * TLane.Width + k]);
            }
        return results;
    }
}
