using DatasetDistillation.Distillation;
using DatasetDistillation.Kernels;
using TorchSharp;
using Xunit;
using static DatasetDistillation.Tests.Kernels.KernelChecks;
using static TorchSharp.torch;
using Lane256 = DatasetDistillation.Kernels.FloatLane<FusedNetworks.Simd256<float>, System.Runtime.Intrinsics.Vector256<float>>;
using Lane512 = DatasetDistillation.Kernels.FloatLane<FusedNetworks.Simd512<float>, System.Runtime.Intrinsics.Vector512<float>>;

namespace DatasetDistillation.Tests.Kernels;

public sealed class ConvolutionalKernelTests : IDisposable
{
    private readonly TorchSharp.DisposeScope scope = NewDisposeScope();

    public static TheoryData<int, WideLimit, int> Kernels => new()
    {
        { 1, WideLimit.Ntk, 0 }, { 3, WideLimit.Ntk, 0 }, { 2, WideLimit.Nngp, 0 },
        { 1, WideLimit.Ntk, 2 }, { 2, WideLimit.Ntk, 1 }, { 3, WideLimit.Nngp, 2 }, { 1, WideLimit.Ntk, 5 },
    };

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Values_are_those_of_the_definition_over_all_pairs_of_positions(int depth, WideLimit limit, int radius)
    {
        var kernel = new ConvolutionalKernel(depth, limit, radius, weightVariance: 1.7, biasVariance: 0.05);
        var literal = new LiteralConvolutionalKernel(depth, limit, radius, 1.7, 0.05);
        var support = randn([3, 2, 4, 3], float64, generator: Seeded(3));
        var targets = randn([4, 2, 4, 3], float64, generator: Seeded(4));
        using var gram = kernel.Gram(support);
        using var cross = kernel.Cross(targets, support);
        var (left, right) = (Planes(targets), Planes(support));
        for (int j = 0; j < 3; j++)
        {
            for (int i = 0; i < 4; i++)
                Assert.Equal(literal.Evaluate(left[i], right[j]), cross.Value[i, j].ToDouble(), 1e-12);
            for (int i = 0; i < 3; i++)
                Assert.Equal(literal.Evaluate(right[i], right[j]), gram.Value[i, j].ToDouble(), 1e-12);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Gradients_agree_with_finite_differences(int depth, WideLimit limit, int radius)
    {
        var (targets, support) = Images(float64);
        GradientsAgreeWithFiniteDifferences(new ConvolutionalKernel(depth, limit, radius), targets, support);
    }

    [Fact]
    public void The_way_back_is_there_where_gradients_are_switched_off()
    {
        using var switchedOff = no_grad();
        AssertWaysAgree(new ConvolutionalKernel(2));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void The_fused_pass_gives_what_the_tensor_operations_give(int depth, WideLimit limit, int radius) =>
        AssertWaysAgree(new ConvolutionalKernel(depth, limit, radius, weightVariance: 1.7, biasVariance: 0.05));

    private static void AssertWaysAgree(ConvolutionalKernel kernel)
    {
        var (targets, support) = Images(float64);
        FusedPassEquals(kernel, targets, support,
            (targets, support) => KernelMatrix.ByAutograd(kernel, targets, support),
            (targets, support) => KernelMatrix.ByRecomputation(kernel, targets, support, pairsPerBlock: 40));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Values_and_gradients_in_float32_are_those_of_float64(int depth, WideLimit limit, int radius)
    {
        var (targets, support) = Images(float64);
        SinglePrecisionAgrees(new ConvolutionalKernel(depth, limit, radius), targets, support);
    }

    [Fact]
    public void Narrow_lanes_give_what_wide_ones_give()
    {
        var (targets, support) = Images(float32);
        var network = new ConvolutionalNetwork(WideLimit.Ntk, 2, 1, 2, 0.01);
        using var wide = new ConvolutionalMatrix<Lane512, float>(network, targets, support);
        using var narrow = new ConvolutionalMatrix<Lane256, float>(network, targets, support);
        Assert.Equal(wide.Value.data<float>().ToArray(), narrow.Value.data<float>().ToArray());
        AssertClose(wide.Backward(ones_like(wide.Value)), narrow.Backward(ones_like(wide.Value)), 1e-6);
    }

    [Fact]
    public void The_kernel_is_symmetric_and_positive_definite()
    {
        var (_, support) = Images(float32);
        using var gram = new ConvolutionalKernel(2, WideLimit.Ntk, poolRadius: 1).Gram(support);
        Assert.Equal(gram.Value.data<float>().ToArray(), gram.Value.t().contiguous().data<float>().ToArray());
        Assert.True(linalg.eigh(gram.Value.to_type(float64)).Item1.min().ToDouble() > 0);
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0)]
    public void Equal_and_empty_images_have_finite_values_and_gradients(double biasVariance)
    {
        var kernel = new ConvolutionalKernel(2, WideLimit.Ntk, poolRadius: 2, biasVariance: biasVariance);
        var images = cat([zeros([1, 1, 6, 6]), full([2, 1, 6, 6], 0.5, float32), randn([1, 1, 6, 6], generator: Seeded(1))]);
        using var gram = kernel.Gram(images);
        Assert.Equal(1, (gram.Value[1, 2] / gram.Value[1, 1]).ToDouble(), 1e-3);
        using var exact = kernel.Gram(images.to_type(float64));
        AssertClose(exact.Value, gram.Value, 1e-3);
        Assert.All(gram.Backward(ones_like(gram.Value)).data<float>().ToArray(), static g => Assert.True(float.IsFinite(g)));
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var support = randn([3, 1, 6, 6], generator: Seeded(1));
        var targets = randn([300, 1, 6, 6], generator: Seeded(2));
        ThreadsChangeNoBit(new ConvolutionalKernel(2, WideLimit.Ntk, poolRadius: 1), targets, support);
    }

    [Fact]
    public void Inducing_points_learn_with_it()
    {
        using var data = KernelRidgeTests.Stripes(300).Standardize();
        var kip = new KernelInducingPoints { Kernel = new ConvolutionalKernel(2, poolRadius: 1), BatchSize = 60, Start = ImageStart.Noise };
        using var run = new DistillationDriver { Steps = 30 }.Run(kip, data);
        Assert.True(run.Losses.TakeLast(5).Average() < 0.3 * run.Losses.Take(5).Average());
        Assert.InRange(kip.Accuracy(run.Set, data), 0.95, 1);
    }

    [Fact]
    public void Images_that_do_not_fit_are_refused()
    {
        var kernel = new ConvolutionalKernel(2);
        var sizes = Assert.Throws<ArgumentException>(() => kernel.Cross(zeros([2, 1, 4, 4]), zeros([3, 1, 5, 5])));
        Assert.Contains("[3, 1, 5, 5]", sizes.Message, StringComparison.Ordinal);
        var flat = Assert.Throws<ArgumentException>(() => kernel.Gram(zeros([3, 16])));
        Assert.Contains("[n, channels, height, width]", flat.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => kernel.Cross(zeros([2, 1, 4, 4]), zeros([3, 1, 4, 4], float64)));
        using var gram = kernel.Gram(ones([3, 1, 4, 4]));
        Assert.Throws<ArgumentException>(() => gram.Backward(zeros([3, 2])));
    }

    [Fact]
    public void Images_that_are_not_finite_are_not_hidden()
    {
        using var gram = new ConvolutionalKernel(2, WideLimit.Ntk, poolRadius: 1).Gram(full([3, 1, 4, 4], float.NaN, float32));
        var error = Assert.Throws<InvalidOperationException>(() => new KernelRidge().Predict(gram.Value, gram.Value, ones([3, 1])));
        Assert.Contains("NaN", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, 2, 0.01)]
    [InlineData(2, -1, 2, 0.01)]
    [InlineData(2, 0, 0, 0.01)]
    [InlineData(2, 0, 2, double.NaN)]
    public void Kernels_that_do_not_exist_are_refused(int depth, int radius, double weightVariance, double biasVariance) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new ConvolutionalKernel(depth, WideLimit.Ntk, radius, weightVariance, biasVariance));

    public void Dispose() => scope.Dispose();

    /// <summary>As many images as are no multiple of a lane; the first target is nearly opposite to the first support image.</summary>
    private static (Tensor Targets, Tensor Support) Images(ScalarType type)
    {
        var support = randn([5, 2, 5, 4], type, generator: Seeded(3));
        var others = randn([18, 2, 5, 4], type, generator: Seeded(4));
        return (cat([support.narrow(0, 0, 1) * -0.9, others]), support);
    }

    private static double[][][,] Planes(Tensor images)
    {
        var (n, channels, height, width) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3]);
        var planes = new double[n][][,];
        for (int i = 0; i < n; i++)
        {
            planes[i] = new double[channels][,];
            for (int c = 0; c < channels; c++)
            {
                planes[i][c] = new double[height, width];
                for (int p = 0; p < height * width; p++)
                    planes[i][c][p / width, p % width] = images[i, c, p / width, p % width].ToDouble();
            }
        }
        return planes;
    }
}
