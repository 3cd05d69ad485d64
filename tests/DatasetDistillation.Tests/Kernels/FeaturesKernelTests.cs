using DatasetDistillation.Distillation;
using DatasetDistillation.Kernels;
using DatasetDistillation.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Kernels;

public sealed class FeaturesKernelTests : IDisposable
{
    private static readonly Initialization Wide = Initialization.HeNormal with { BiasStandardDeviation = 0.3 };

    private readonly TorchSharp.DisposeScope scope = NewDisposeScope();

    [Fact]
    public void Values_and_gradients_are_those_of_the_mean_over_networks()
    {
        var network = ConvNet(width: 5, size: [2, 5, 4]);
        var draws = Enumerable.Range(0, 3).Select(seed => network.Initialize(seed, float64)).ToArray();
        var kernel = new NetworkFeaturesKernel(network, draws, weightVariance: 1.5, biasVariance: 0.2);
        var (targets, support) = (Random(1, 300, 2, 5, 4), Random(2, 4, 2, 5, 4));
        foreach (var isGram in new[] { false, true })
        {
            using var matrix = isGram ? kernel.Gram(support) : kernel.Cross(targets, support);
            using var reference = KernelMatrix.ByAutograd(kernel, isGram ? null : targets, support);
            var (left, right) = (network.Features(draws[1], isGram ? support : targets).flatten(1), network.Features(draws[1], support).flatten(1));
            var single = new NetworkFeaturesKernel(network, [draws[1]], 1.5, 0.2).Evaluate(isGram ? support : targets, support);
            Assert.Equal((left[3] * right[2]).mean().ToDouble() * 1.5 + 0.2, single[3, 2].ToDouble(), 1e-12);
            Assert.Equal(
                draws.Average(theta => new NetworkFeaturesKernel(network, [theta], 1.5, 0.2).Evaluate(isGram ? support : targets, support)[3, 2].ToDouble()),
                matrix.Value[3, 2].ToDouble(), 1e-12);
            var gradient = Random(3, [.. matrix.Value.shape]);
            Assert.Equal(0, (reference.Value - matrix.Value).abs().max().ToDouble(), 1e-12);
            Assert.Equal(0, (reference.Backward(gradient) - matrix.Backward(gradient)).abs().max().ToDouble(), 1e-11);
        }
    }

    [Fact]
    public void Gradients_agree_with_finite_differences()
    {
        var network = ConvNet(width: 4, size: [1, 5, 4]);
        var kernel = new NetworkFeaturesKernel(network, [network.Initialize(1, float64)]);
        var (targets, support, direction) = (Random(1, 6, 1, 5, 4), Random(2, 4, 1, 5, 4), Random(3, 4, 1, 5, 4));
        foreach (var isGram in new[] { false, true })
        {
            using var matrix = isGram ? kernel.Gram(support) : kernel.Cross(targets, support);
            var weights = Random(4, [.. matrix.Value.shape]);
            double Along(double step)
            {
                using var moved = isGram ? kernel.Gram(support + direction * step) : kernel.Cross(targets, support + direction * step);
                return (moved.Value * weights).sum().ToDouble();
            }
            double slope = (Along(1e-7) - Along(-1e-7)) / 2e-7;
            Assert.Equal(slope, (matrix.Backward(weights) * direction).sum().ToDouble(), 1e-6 * Math.Abs(slope));
        }
    }

    [Fact]
    public void Random_features_have_the_kernel_of_infinite_width_as_their_mean()
    {
        const int width = 32, draws = 100;
        var network = ConvNet(width, size: [2, 4, 4]).With(Wide);
        var family = new RandomFeaturesKernel(network, networks: 1, readOutNetworks: 1, weightVariance: 2, biasVariance: 0.09, type: float64);
        var x = Random(1, 4, 2, 4, 4);
        using var random = new Generator().manual_seed(5);
        var samples = stack(Enumerable.Range(0, draws).Select(_ => family.Draw(random).Evaluate(x, x)));
        var standardError = samples.var([0]).sqrt() / Math.Sqrt(draws);
        using var exact = new ConvolutionalKernel(2, WideLimit.Nngp, weightVariance: 2, biasVariance: 0.09).Gram(x);
        var allowed = standardError * 4 + exact.Value.abs() * (2.0 / width);
        Assert.True(((samples.mean([0]) - exact.Value).abs() <= allowed).all().ToBoolean());
        Assert.InRange((allowed / exact.Value.diagonal().mean()).max().ToDouble(), 0, 0.2);
    }

    [Fact]
    public void Each_step_draws_other_networks_and_the_read_out_keeps_its_own()
    {
        var x = rand([3, 1, 6, 6], generator: new Generator().manual_seed(1));
        var network = ConvNet(width: 4, size: [1, 6, 6]);
        RandomFeaturesKernel Kernel(long seed) => new(network, networks: 2, readOutNetworks: 2, seed);
        var kernel = Kernel(7);
        var random = new Generator().manual_seed(2);
        var (first, second) = (Values(kernel.Draw(random)), Values(kernel.Draw(random)));
        Assert.NotEqual(first, second);
        Assert.Equal(first, Values(kernel.Draw(new Generator().manual_seed(2))));
        Assert.Equal(Values(kernel), Values(Kernel(7)));
        Assert.NotEqual(Values(kernel), Values(Kernel(8)));

        float[] Values(IKernel drawn)
        {
            using var gram = drawn.Gram(x);
            return gram.Value.data<float>().ToArray();
        }
    }

    [Fact]
    public void The_name_tells_kernels_apart_that_are_not_the_same()
    {
        var network = ConvNet(width: 4, size: [1, 6, 6]);
        string[] names =
        [
            new RandomFeaturesKernel(network, networks: 2, readOutNetworks: 2).Name,
            new RandomFeaturesKernel(network, networks: 2, readOutNetworks: 2, seed: 1).Name,
            new RandomFeaturesKernel(network.With(Wide), networks: 2, readOutNetworks: 2).Name,
            new NetworkFeaturesKernel(network, [network.Initialize(1)]).Name,
            new NetworkFeaturesKernel(network, [network.Initialize(2)]).Name,
        ];
        Assert.Equal(names, names.Distinct());
        Assert.Equal(names[0], new RandomFeaturesKernel(network, networks: 2, readOutNetworks: 2).Name);
    }

    [Fact]
    public void Inducing_points_learn_from_random_features()
    {
        using var data = KernelRidgeTests.Stripes(300).Standardize();
        var kip = new KernelInducingPoints
        {
            Kernel = new RandomFeaturesKernel(ConvNet(width: 8, size: [1, 6, 6]), networks: 2, readOutNetworks: 4),
            BatchSize = 60,
            Regularization = 5e-3,
            Start = ImageStart.Noise,
        };
        using var run = new DistillationDriver { Steps = 40 }.Run(kip, data);
        Assert.True(run.Losses.TakeLast(5).Average() < 0.6 * run.Losses.Take(5).Average());
        Assert.InRange(kip.Accuracy(run.Set, data), 0.9, 1);
    }

    [Fact]
    public void What_no_network_can_be_is_refused()
    {
        var network = ConvNet(width: 4, size: [1, 6, 6]);
        Assert.Throws<ArgumentException>(() => new NetworkFeaturesKernel(network, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NetworkFeaturesKernel(network, [network.Initialize(1)], weightVariance: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomFeaturesKernel(network, networks: 0));
        var kernel = new RandomFeaturesKernel(network, networks: 1, readOutNetworks: 1);
        var size = Assert.Throws<ArgumentException>(() => kernel.Gram(zeros([2, 1, 5, 5])));
        Assert.Contains("[n, 1, 6, 6]", size.Message, StringComparison.Ordinal);
        using var gram = kernel.Gram(zeros([2, 1, 6, 6]));
        Assert.Throws<ArgumentException>(() => gram.Backward(zeros([3, 2])));
    }

    public void Dispose() => scope.Dispose();

    /// <summary>Two convolutions and a dense layer.</summary>
    private static Network ConvNet(int width, long[] size) => new(
        "two convolutions", size, [Conv.Same(width, 3), new ReLU(), Conv.Same(width, 3), new ReLU(), new Flatten(), new Linear(3)], Initialization.HeNormal);

    private static Tensor Random(long seed, params long[] shape) => randn(shape, float64, generator: new Generator().manual_seed(seed));
}
