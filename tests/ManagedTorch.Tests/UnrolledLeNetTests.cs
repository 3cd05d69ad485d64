using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests;

/// <summary>Three unrolled inner steps of a LeNet, against PyTorch's meta-gradients in float64.</summary>
public sealed class UnrolledLeNetTests
{
    private const double Tolerance = 1e-9;

    [Fact]
    public void LossAndMetaGradientsOfThreeInnerSteps()
    {
        using var scope = NewDisposeScope();
        var reference = new Fixture("lenet_unroll");
        var images = reference.Tensor("images").requires_grad_();
        var rawRates = reference.Tensor("raw_lr").requires_grad_();
        var theta0 = Enumerable.Range(0, LeNet.Shapes.Length).Select(i => reference.Tensor($"theta{i}").requires_grad_()).ToArray();

        var theta = LeNet.Unroll(theta0, images, arange(10), nn.functional.softplus(rawRates));
        // The outer batch: MNIST's first 64 training images, standardised in float32.
        var digits = new Fixture("mnist_first2000");
        var batch = ((digits.Tensor("images", float32)[..64] / 255f - 0.1307f) / 0.3081f).to_type(float64);
        var loss = nn.functional.cross_entropy(LeNet.Forward(theta, batch), digits.Tensor("labels", int64)[..64]);
        Assert.InRange(reference.Error("loss", loss), 0, Tolerance);

        var gradients = autograd.grad([loss], [images, rawRates, .. theta0]);
        string[] names = ["grad_images", "grad_raw_lr", .. theta0.Select((_, i) => $"grad_theta{i}")];
        Assert.All(names.Zip(gradients), pair => Assert.InRange(reference.Error(pair.First, pair.Second), 0, Tolerance));
    }
}
