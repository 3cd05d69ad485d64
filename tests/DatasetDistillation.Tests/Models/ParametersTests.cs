using DatasetDistillation.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Models;

public sealed class ParametersTests
{
    [Fact]
    public void The_layout_names_the_parameters_in_order_without_gaps()
    {
        var layout = Networks.LeNet().Layout;

        Assert.Equal(
            [
                "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "linear1.weight", "linear1.bias",
                "linear2.weight", "linear2.bias", "linear3.weight", "linear3.bias"],
            layout.Select(static p => p.Name));
        Assert.Equal([16, 6, 5, 5], layout[2].Shape);
        long offset = 0;
        foreach (var parameter in layout)
        {
            Assert.Equal(offset, parameter.Offset);
            offset += parameter.Count;
        }
        Assert.Equal(offset, layout.TotalCount);
        Assert.Contains(
            "linear3.weight", Assert.Throws<KeyNotFoundException>(() => layout.IndexOf("conv9.weight")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Views_are_the_elements_of_the_flat_vector_in_place()
    {
        using var scope = NewDisposeScope();
        var network = Networks.LeNet();
        var theta = new Parameters(network.Layout, arange(network.ParameterCount, dtype: float64));

        var views = theta.Split();

        for (int i = 0; i < views.Length; i++)
        {
            var spec = network.Layout[i];
            Assert.Equal(spec.Shape, views[i].shape);
            Assert.Equal(
                Enumerable.Range((int)spec.Offset, (int)spec.Count).Select(static v => (double)v), views[i].data<double>().ToArray());
            Assert.Equal(views[i].data<double>().ToArray(), theta[spec.Name].data<double>().ToArray());
        }
    }

    [Fact]
    public void A_step_of_descent_is_differentiable_in_everything()
    {
        using var scope = NewDisposeScope();
        var layout = new Network("line", [2], [new Linear(1)]).Layout;
        var theta = tensor([1.0, 2, 3], requires_grad: true);
        var gradient = tensor([4.0, 5, 6], requires_grad: true);
        var rate = tensor(0.5, requires_grad: true);

        var next = new Parameters(layout, theta).Descend(gradient, rate);
        var gradients = autograd.grad([(next.Flat * tensor([1.0, 10, 100])).sum()], [theta, gradient, rate]);

        Assert.Equal([-1, -0.5, 0], next.Flat.data<double>().ToArray());
        Assert.Equal(
            next.Flat.data<double>().ToArray(), new Parameters(layout, theta).Descend(gradient, 0.5).Flat.data<double>().ToArray());
        Assert.Equal([1, 10, 100], gradients[0].data<double>().ToArray());
        Assert.Equal([-0.5, -5, -50], gradients[1].data<double>().ToArray());
        Assert.Equal(-654, gradients[2].ToDouble());
    }

    [Fact]
    public void Arrays_carry_parameters_without_loss()
    {
        using var scope = NewDisposeScope();
        var network = Networks.Mlp(20);
        var theta = network.Initialize(8);

        var restored = new Parameters(network.Layout, tensor(theta.ToArray(), float32));

        Assert.Equal(theta.Flat.data<float>().ToArray(), restored.Flat.data<float>().ToArray());
        Assert.Throws<ArgumentException>(() => new Parameters(network.Layout, zeros(3)));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Files_carry_parameters_without_loss_to_the_network_they_are_of(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var network = Networks.LeNet();
        var theta = network.Initialize(8, type);
        string path = Path.GetTempFileName();
        try
        {
            theta.Save(path);
            var restored = Parameters.Load(network, path);

            Assert.Equal(type, restored.Type);
            Assert.Equal(theta.ToArray(), restored.ToArray());
            Assert.Throws<InvalidDataException>(() => Parameters.Load(Networks.ConvNet(), path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    public static TheoryData<Initialization, double> Variances => new()
    {
        { Initialization.XavierNormal, 2.0 / (400 + 120) },
        { Initialization.XavierUniform, 2.0 / (400 + 120) },
        { Initialization.HeNormal, 2.0 / 400 },
        { Initialization.HeUniform, 2.0 / 400 },
        { Initialization.LeCunNormal, 1.0 / 400 },
        { Initialization.LeCunUniform, 1.0 / 400 },
    };

    [Theory]
    [MemberData(nameof(Variances))]
    public void Weights_have_the_variance_of_their_distribution_and_biases_are_zero(Initialization initialization, double variance)
    {
        using var scope = NewDisposeScope();
        var theta = Networks.LeNet().With(initialization).Initialize(seed: 11);
        double[] weights = [.. theta["linear1.weight"].data<float>().ToArray().Select(static w => (double)w)];

        Assert.InRange(weights.Average(), -4 * Math.Sqrt(variance / weights.Length), 4 * Math.Sqrt(variance / weights.Length));
        Assert.Equal(variance, weights.Average(static w => w * w), 0.05 * variance);
        Assert.Equal(
            initialization.Uniform ? Math.Sqrt(3 * variance) : 4.4 * Math.Sqrt(variance),
            weights.Max(),
            0.15 * Math.Sqrt(variance) * (initialization.Uniform ? 0.1 : 6));
        Assert.All(theta["linear1.bias"].data<float>().ToArray(), static b => Assert.Equal(0, b));
    }

    [Fact]
    public void The_fans_of_a_convolution_count_its_receptive_field()
    {
        using var scope = NewDisposeScope();
        var theta = Networks.ConvNet(depth: 2, width: 64)
            .With(Initialization.XavierNormal with { BiasStandardDeviation = 0.1 })
            .Initialize(seed: 3);
        double Deviation(string name) => Math.Sqrt(theta[name].square().mean().ToDouble());

        Assert.Equal(Math.Sqrt(2.0 / (9 * 128)), Deviation("conv2.weight"), 2e-3);
        Assert.Equal(Math.Sqrt(2.0 / (9 * 65)), Deviation("conv1.weight"), 5e-3);
        Assert.InRange(Deviation("conv2.bias"), 0.06, 0.14);
        Assert.All(theta["norm1.gain"].data<float>().ToArray(), static g => Assert.Equal(1, g));
    }

    [Fact]
    public void The_seed_decides_the_draw()
    {
        using var scope = NewDisposeScope();
        var network = Networks.LeNet();
        float[] Draw(long seed) => network.Initialize(seed).Flat.data<float>().ToArray();

        Assert.Equal(Draw(1), Draw(1));
        Assert.NotEqual(Draw(1), Draw(2));
        var generator = new Generator(1);
        Assert.Equal(Draw(1), network.Initialize(generator).Flat.data<float>().ToArray());
        Assert.NotEqual(Draw(1), network.Initialize(generator).Flat.data<float>().ToArray());
    }
}
