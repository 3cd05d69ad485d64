using DatasetDistillation.Kernels;
using TorchSharp;
using Xunit;
using static DatasetDistillation.Tests.Kernels.KernelChecks;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Kernels;

/// <summary>
/// Images so near to each other that the cosine between them has no digit left below 1: there the angle must not come from it.
/// </summary>
public sealed class NearImagesTests : IDisposable
{
    private readonly TorchSharp.DisposeScope scope = NewDisposeScope();

    public static TheoryData<IKernel> Kernels => new()
    {
        new FullyConnectedKernel(3),
        new FullyConnectedKernel(1, WideLimit.Nngp),
        new ConvolutionalKernel(2),
        new ConvolutionalKernel(2, poolRadius: 1),
    };

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_real_image_that_is_also_in_the_support_set_has_the_value_of_the_diagonal(IKernel kernel)
    {
        foreach (var (type, tolerance) in new[] { (float32, 1e-6), (float64, 1e-14) })
        {
            var support = randn([4, 1, 6, 6], type, generator: Seeded(1));
            var targets = cat([randn([3, 1, 6, 6], type, generator: Seeded(2)), support.clone()]);
            using var gram = kernel.Gram(support);
            using var cross = kernel.Cross(targets, support);
            AssertClose(gram.Value.diagonal(), cross.Value.narrow(0, 3, 4).diagonal(), tolerance);
            using var plain = KernelMatrix.ByAutograd(kernel, targets, support);
            AssertClose(plain.Value, cross.Value, 2 * tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void The_value_goes_to_that_of_the_diagonal_as_two_images_approach(IKernel kernel)
    {
        var image = randn([1, 1, 6, 6], float64, generator: Seeded(3));
        var direction = randn([1, 1, 6, 6], float64, generator: Seeded(4));
        using var gram = kernel.Gram(image);
        double limit = gram.Value.ToDouble(), former = double.PositiveInfinity;
        for (double distance = 1e-2; distance > 1e-9; distance /= 10)
        {
            using var cross = kernel.Cross(image + direction * distance, image);
            double apart = Math.Abs(cross.Value.ToDouble() / limit - 1);
            // A kernel of ReLUs falls no faster than with the distance.
            Assert.InRange(apart, 0, Math.Min(former / 5, 10 * distance) + 1e-15);
            former = apart;
        }
    }

    [Fact]
    public void A_deep_kernel_whose_cosines_are_1_has_the_values_of_its_limit()
    {
        // q = q/2 + 1/2 ends at 1, Θ = q + Θ/2 at 2, and 50 layers are enough for either.
        var images = randn([5, 20], float64, generator: Seeded(5));
        foreach (var (limit, value) in new[] { (WideLimit.Nngp, 1.0), (WideLimit.Ntk, 2.0) })
        {
            var kernel = new FullyConnectedKernel(50, limit, weightVariance: 1, biasVariance: 0.5);
            using var gram = kernel.Gram(images);
            Assert.All(gram.Value.diagonal().data<double>().ToArray(), q => Assert.Equal(value, q, 1e-9));
            Assert.All(gram.Value.data<double>().ToArray(), k => Assert.Equal(value, k, 1e-2));
            using var single = kernel.Gram(images.to_type(float32));
            AssertClose(gram.Value, single.Value, 1e-6);
        }
    }

    [Theory]
    [InlineData(15, WideLimit.Ntk)]
    [InlineData(15, WideLimit.Nngp)]
    [InlineData(25, WideLimit.Ntk)]
    [InlineData(50, WideLimit.Ntk)]
    public void The_gradient_of_a_deep_kernel_agrees_with_finite_differences(int depth, WideLimit limit)
    {
        // Each layer halves what is left of the images: cosines are below 1 by 1e-4 after 15 layers, by 1e-8 after 25, by 1e-15 after 50.
        var kernel = new FullyConnectedKernel(depth, limit, weightVariance: 1, biasVariance: 0.5);
        var (targets, support) = (randn([7, 20], float64, generator: Seeded(7)), randn([5, 20], float64, generator: Seeded(6)));
        var weights = randn([7, 5], float64, generator: Seeded(8));
        using var cross = kernel.Cross(targets, support);
        var gradient = cross.Backward(weights);
        var direction = gradient / gradient.norm();
        double Along(double step)
        {
            using var moved = kernel.Cross(targets, support + direction * step);
            return ((moved.Value - cross.Value) * weights).sum().ToDouble();
        }
        double slope = (Along(1e-2) - Along(-1e-2)) / 2e-2, expected = gradient.norm().ToDouble();
        Assert.InRange(slope / expected, 0.999, 1.001);
        using var plain = KernelMatrix.ByAutograd(kernel, targets, support);
        AssertClose(plain.Backward(weights), gradient, 1e-8);
        if (depth == 50)
            return; // Float32 has no digit of such an angle
        using var single = kernel.Cross(targets.to_type(float32), support.to_type(float32));
        AssertClose(gradient, single.Backward(weights), 1e-4);
    }

    public void Dispose() => scope.Dispose();
}
