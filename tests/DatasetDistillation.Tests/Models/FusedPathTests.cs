using DatasetDistillation.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Models;

/// <summary>The fused passes against their definition, the loop over layers.</summary>
public sealed class FusedPathTests
{
    private static readonly Dictionary<string, Network> Cases = new()
    {
        ["convolution"] = Of([2, 9, 8], new Conv(5, 3, Padding: 1)),
        ["convolution, strided"] = Of([3, 11, 9], new Conv(4, 3, Padding: 2, Stride: 2), new ReLU(), new Conv(3, 2)),
        ["convolution, wide"] = Of([32, 10, 11], new Conv(33, 3, Padding: 1), new ReLU(), new Conv(35, 3)),
        ["linear"] = Of([7], new Linear(5)),
        ["linear, twice"] = Of([1, 5, 5], new Flatten(), new Linear(33), new ReLU(), new Linear(3)),
        ["ReLU first"] = Of([6], new ReLU(), new Linear(4)),
        ["ReLU last"] = Of([6], new Linear(40), new ReLU()),
        ["softplus"] = Of([6], new Linear(40), new Softplus(3), new Linear(4)),
        ["softplus first and last"] = Of([2, 5, 5], new Softplus(60), new Conv(3, 3), new Softplus(1)),
        ["softplus, max pool"] = Of([3, 9, 11], new Conv(2, 3), new Softplus(5), new MaxPool(2), new Flatten(), new Linear(3)),
        ["max pool"] = Of([3, 9, 11], new Conv(2, 3), new MaxPool(2), new ReLU()),
        ["max pool, padded"] = Of(
            [2, 14, 14], new Conv(3, 3, Padding: 1), new ReLU(), new MaxPool(4, Padding: 1), new Flatten(), new Linear(3)),
        ["average pool"] = Of([3, 9, 10], new Conv(4, 3, Padding: 1), new AveragePool(2), new ReLU(), new AveragePool(3)),
        ["instance norm"] = Of([3, 6, 7], new Conv(4, 3), new InstanceNorm(), new ReLU(), new Conv(2, 2)),
        ["instance norm, not affine"] = Of([3, 6, 7], new InstanceNorm(Affine: false), new Conv(4, 3), new InstanceNorm(Affine: false)),
        ["instance norm alone"] = Of([2, 5, 5], new InstanceNorm()),
        ["dropout"] = Of(
            [3, 6, 6], new Conv(4, 3), new ReLU(), new Dropout(0.3), new Flatten(), new Linear(8), new Dropout(0.5), new Linear(3)),
        ["LeNet"] = Networks.LeNet(),
        ["MLP"] = Networks.Mlp(),
        ["softmax regression"] = Networks.SoftmaxRegression(),
        ["ConvNet"] = Networks.ConvNet(depth: 3, width: 16),
        ["ConvNet without norm"] = Networks.ConvNet(depth: 2, width: 8, Normalization.None, doubling: true),
        ["digit CNN"] = Networks.DigitCnn(),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Value_and_both_derivatives_are_those_of_the_loop_over_layers(string name)
    {
        foreach (var (type, tolerance) in new[] { (ScalarType.Float64, 1e-10), (ScalarType.Float32, 1e-4) })
        {
            foreach (int count in new[] { 1, 3, 37 })
            {
                if (count == 37 && Cases[name].ParameterCount > 100_000)
                    continue;
                var fused = All(Cases[name], type, count, fused: true);
                var plain = All(Cases[name], type, count, fused: false);
                Assert.Equal(plain.Count, fused.Count);
                foreach (var (what, values) in plain)
                    AssertClose($"{name}, {type}, {count} images, {what}", values, fused[what], tolerance);
            }
        }
    }

    [Theory]
    [InlineData("LeNet")]
    [InlineData("ConvNet")]
    [InlineData("MLP")]
    public void Features_are_those_of_the_loop_over_layers(string name)
    {
        using var scope = NewDisposeScope();
        var network = Cases[name];
        var theta = network.Initialize(seed: 1, ScalarType.Float64);
        var x = Random([4, .. network.InputShape], ScalarType.Float64, 2).requires_grad_();
        var (fused, plain) = (Features(fused: true), Features(fused: false));
        AssertClose(name, plain.Value, fused.Value, 1e-10);
        AssertClose(name, plain.Gradient, fused.Gradient, 1e-10);

        (double[] Value, double[] Gradient) Features(bool fused) => With(fused, () =>
        {
            var features = network.Features(theta, x);
            Assert.Equal([4, .. network.FeatureShape], features.shape);
            return (Values(features), Values(autograd.grad([features.square().sum()], [x])[0]));
        });
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        foreach (var name in new[] { "LeNet", "MLP", "ConvNet", "digit CNN", "convolution, wide" })
        {
            int before = Compute.Threads;
            try
            {
                int[] counts = [1, 2, 4];
                var results = counts.Select(threads =>
                {
                    Compute.Threads = threads;
                    return All(Cases[name], ScalarType.Float32, 40, fused: true);
                }).ToArray();
                foreach (var other in results.Skip(1))
                    foreach (var (what, values) in results[0])
                        Assert.True(values.SequenceEqual(other[what]), $"{name}: {what} differs");
            }
            finally
            {
                Compute.Threads = before;
            }
        }
    }

    [Fact]
    public void A_third_derivative_is_that_of_the_definition()
    {
        var network = Of([4], new Linear(3), new ReLU(), new Linear(2));
        var (fused, plain) = (Third(fused: true), Third(fused: false));
        AssertClose("third derivative", plain, fused, 1e-10);

        double[] Third(bool fused) => With(fused, () =>
        {
            using var scope = NewDisposeScope();
            var theta = network.Initialize(seed: 3, ScalarType.Float64).ToLeaf();
            var x = Random([5, 4], ScalarType.Float64, 1);
            Tensor value = network.Forward(theta, x).pow(4).sum();
            for (int order = 1; order < 3; order++)
                value = autograd.grad([value], [theta.Flat], create_graph: true, retain_graph: true)[0].square().sum();
            return Values(autograd.grad([value], [theta.Flat])[0]);
        });
    }

    [Fact]
    public void No_images_give_no_outputs()
    {
        using var scope = NewDisposeScope();
        foreach (var network in new[] { Networks.LeNet(), Networks.ConvNet(width: 8) })
        {
            var theta = network.Initialize(seed: 1).ToLeaf();
            var y = network.Forward(theta, empty([0, 1, 28, 28]));
            Assert.Equal([0, 10], y.shape);
            Assert.Equal(0, autograd.grad([y.sum()], [theta.Flat])[0].abs().sum().ToDouble());
        }
    }

    [Fact]
    public void One_network_stands_several_times_in_a_graph()
    {
        var network = Cases["linear, twice"];
        var (fused, plain) = (Twice(fused: true), Twice(fused: false));
        AssertClose("used twice", plain, fused, 1e-10);

        double[] Twice(bool fused) => With(fused, () =>
        {
            using var scope = NewDisposeScope();
            var theta = network.Initialize(seed: 3, ScalarType.Float64).ToLeaf();
            var (a, b) = (Random([2, 1, 5, 5], ScalarType.Float64, 1), Random([6, 1, 5, 5], ScalarType.Float64, 2));
            var step = autograd.grad([network.Forward(theta, a).square().sum()], [theta.Flat], create_graph: true, retain_graph: true)[0];
            var later = theta.Descend(step, 0.1);
            return Values(autograd.grad([network.Forward(later, b).square().sum() + network.Forward(theta, b).sum()], [theta.Flat])[0]);
        });
    }

    [Fact]
    public void Softplus_takes_the_place_of_every_ReLU_and_comes_close_to_it()
    {
        using var scope = NewDisposeScope();
        var (network, smooth) = (Networks.LeNet(), Networks.LeNet().WithSoftplus(1e4));
        Assert.Equal(4, smooth.Layers.Count(static l => l.Layer is Softplus));
        Assert.DoesNotContain(smooth.Layers, static l => l.Layer is ReLU);
        var theta = network.Initialize(seed: 1);
        var x = Random([4, 1, 28, 28], ScalarType.Float32, 2);
        AssertClose("logits", Values(network.Forward(theta, x)), Values(smooth.Forward(theta, x)), 1e-3);
        Assert.NotEqual(Values(network.Forward(theta, x)), Values(network.WithSoftplus(1).Forward(theta, x)));
        // Where e^(βx) has no number: 0 below, x above.
        var far = new Network("far", [2], [new Softplus(60)]);
        Assert.Equal([0, 1000], Values(far.Forward(far.Initialize(0), tensor(new[] { -1000f, 1000f }, [1, 2]))));
        Assert.Contains("positive", Assert.Throws<ArgumentException>(() => network.WithSoftplus(0)).Message, StringComparison.Ordinal);
    }

    private static Network Of(long[] input, params Layer[] layers) =>
        new("case", input, layers, Initialization.XavierNormal with { BiasStandardDeviation = 0.3 });

    /// <summary>y, its gradients along a cotangent δ, and the gradients of ⟨u, those⟩ with respect to θ, x and δ.</summary>
    private static Dictionary<string, double[]> All(Network network, ScalarType type, int count, bool fused) => With(fused, () =>
    {
        using var scope = NewDisposeScope();
        var theta = network.ParameterCount == 0 ? network.Initialize(1, type) : network.Initialize(seed: 5, type).ToLeaf();
        var x = Random([count, .. network.InputShape], type, 1).requires_grad_();
        var delta = Random([count, .. network.OutputShape], type, 2).requires_grad_();
        var (utheta, ux) = (Random(theta.Flat.shape, type, 3), Random(x.shape, type, 4));
        using var generator = new Generator(7);
        var y = network.Forward(theta, x, training: true, generator);
        var inputs = theta.Flat.requires_grad ? new[] { theta.Flat, x } : [x];
        var first = autograd.grad([y], inputs, [delta], create_graph: true, retain_graph: true);
        var along = (first[^1] * ux).sum();
        if (inputs.Length == 2)
            along += (first[0] * utheta).sum();
        var second = autograd.grad([along], [.. inputs, delta], allow_unused: true);
        var all = new Dictionary<string, double[]>
        {
            ["y"] = Values(y),
            ["dx"] = Values(first[^1]),
            ["rdelta"] = Values(second[^1]),
            ["rdx"] = Values(second[^2].IsInvalid ? zeros_like(x) : second[^2])
        };
        if (inputs.Length == 2)
            (all["dtheta"], all["rdtheta"]) = (Values(first[0]), Values(second[0].IsInvalid ? zeros_like(utheta) : second[0]));
        return all;
    });

    private static T With<T>(bool fused, Func<T> work)
    {
        bool before = Networks.Fused;
        Networks.Fused = fused;
        try
        {
            return work();
        }
        finally
        {
            Networks.Fused = before;
        }
    }

    private static Tensor Random(long[] shape, ScalarType type, ulong seed)
    {
        using var generator = new Generator(seed);
        return randn(shape, ScalarType.Float64, generator: generator).to(type);
    }

    private static double[] Values(Tensor tensor) => tensor.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();

    private static void AssertClose(string what, double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = Math.Max(1, expected.Length == 0 ? 0 : expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * scale, $"{what}: element {i} is {actual[i]:G10} instead of " +
                $"{expected[i]:G10}, of at most {scale:G4}");
    }
}
