using DatasetDistillation.Data;
using DatasetDistillation.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Models;

/// <summary>
/// LeNet differentiated through three inner steps θ ← θ − softplus(r_k)·∇CE(f(θ, distilled), 0…9), against PyTorch in
/// float64. The outer loss is the cross-entropy of 64 digits.
/// </summary>
public sealed class LeNetUnrollTests
{
    private readonly Npz reference = Npz.Load(Path.Combine(AppContext.BaseDirectory, "fixtures", "lenet_unroll.npz"));
    private readonly Npz batch = Npz.Load(Path.Combine(AppContext.BaseDirectory, "fixtures", "lenet_unroll_batch.npz"));

    [Fact]
    public void Loss_and_meta_gradients_are_those_of_the_reference()
    {
        using var scope = NewDisposeScope();
        var network = Networks.LeNet();
        var distilled = Reference("images").requires_grad_();
        var raw = Reference("raw_lr").requires_grad_();
        var theta0 = new Parameters(network.Layout, cat([.. Enumerable.Range(0, 10).Select(i => Reference($"theta{i}").flatten())]))
            .ToLeaf();
        var pixels = tensor(batch["pixels"].ToSingles(), [64, 1, 28, 28]);
        var digits = pixels.div(255).sub(0.1307).div(0.3081).to(float64);

        var rates = nn.functional.softplus(raw);
        var theta = theta0;
        for (int k = 0; k < 3; k++)
        {
            var inner = nn.functional.cross_entropy(network.Forward(theta, distilled), arange(10));
            var gradient = autograd.grad([inner], [theta.Flat], retain_graph: true, create_graph: true)[0];
            theta = theta.Descend(gradient, rates[k]);
        }
        var loss = nn.functional.cross_entropy(network.Forward(theta, digits), tensor(batch["labels"].ToInt64s()));
        var gradients = autograd.grad([loss], [distilled, raw, theta0.Flat]);

        AssertClose("loss", loss);
        AssertClose("grad_images", gradients[0]);
        AssertClose("grad_raw_lr", gradients[1]);
        var parameters = new Parameters(network.Layout, gradients[2]).Split();
        for (int i = 0; i < parameters.Length; i++)
            AssertClose($"grad_theta{i}", parameters[i]);
    }

    private Tensor Reference(string name) => tensor(reference[name].ToDoubles(), [.. reference[name].Shape]);

    private void AssertClose(string name, Tensor actual)
    {
        var expected = Reference(name);
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange(((expected - actual).abs().max() / expected.abs().max()).ToDouble(), 0, 1e-9);
    }
}
