using DatasetDistillation.Kernels;
using TorchSharp;
using Xunit;
using static DatasetDistillation.Tests.Kernels.KernelChecks;
using static TorchSharp.torch;

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
        double worst = 0;
        for (int i = 0; i <= 400_000; i += Lane512.Width)
        {
            var x = Enumerable.Range(i, Lane512.Width).Select(static k => (float)Math.Clamp(k / 200_000.0 - 1, -ArcCosine.LargestSingle, ArcCosine.LargestSingle)).ToArray();
            foreach (var (cosine, angle) in x.Zip(Angles<Lane512>(x)).Concat(x.Zip(Angles<Lane256>(x))))
                worst = Math.Max(worst, Math.Abs(angle - Math.Acos(cosine)));
        }
        Assert.InRange(worst, 0, 1e-6);
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

    private static unsafe float[] Angles<TLane>(float[] cosines) where TLane : unmanaged, IFloatLane<TLane>
    {
        var angles = new float[cosines.Length];
        fixed (float* source = cosines, target = angles)
            for (int i = 0; i < cosines.Length; i += TLane.Width)
            {
                var cosine = TLane.Load(source + i);
                TLane.Angle(ref cosine, out _).Store(target + i);
            }
        return angles;
    }
}
