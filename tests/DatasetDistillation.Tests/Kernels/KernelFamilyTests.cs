using DatasetDistillation.Kernels;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Kernels;

public class KernelFamilyTests
{
    private static readonly IKernel[] Members = [new FullyConnectedKernel(1), new FullyConnectedKernel(3, WideLimit.Nngp)];

    [Fact]
    public void Each_step_draws_one_of_the_members_and_every_one_in_time()
    {
        var family = new KernelFamily(Members);
        using var random = new Generator().manual_seed(1);
        var drawn = Enumerable.Range(0, 60).Select(_ => family.Draw(random)).ToArray();
        Assert.All(Members, member => Assert.InRange(drawn.Count(k => ReferenceEquals(k, member)), 15, 45));
    }

    [Fact]
    public void As_a_kernel_the_family_is_the_mean_with_its_gradient()
    {
        using var scope = NewDisposeScope();
        var (support, targets) = (randn(3, 8, float64), randn(5, 8, float64));
        var family = new KernelFamily(Members);
        foreach (var isGram in new[] { false, true })
        {
            using var fused = isGram ? family.Gram(support) : family.Cross(targets, support);
            using var reference = KernelMatrix.ByAutograd(family, isGram ? null : targets, support);
            var gradient = randn(fused.Value.shape, float64);
            Assert.Equal(0, (reference.Value - fused.Value).abs().max().ToDouble(), 1e-12);
            Assert.Equal(0, (reference.Backward(gradient) - fused.Backward(gradient)).abs().max().ToDouble(), 1e-11);
        }
    }

    [Fact]
    public void A_family_without_members_is_refused() => Assert.Throws<ArgumentException>(() => new KernelFamily());
}
