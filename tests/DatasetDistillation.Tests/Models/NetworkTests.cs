using DatasetDistillation.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Models;

public sealed class NetworkTests
{
    public static TheoryData<string, long, long[]> ReadyMade => new()
    {
        { nameof(Networks.SoftmaxRegression), 7_850, [784] },
        { nameof(Networks.Mlp), (785 * 256) + (257 * 128) + (129 * 10), [128] },
        { nameof(Networks.LeNet), 61_706, [84] },
        { nameof(Networks.DigitCnn), 1_664 + 73_856 + (2_049 * 256) + 2_570, [256] },
        { nameof(Networks.ConvNet), 1_280 + (2 * 147_584) + (3 * 256) + 11_530, [1_152] },
    };

    private static Network Make(string name) => name switch
    {
        nameof(Networks.SoftmaxRegression) => Networks.SoftmaxRegression(),
        nameof(Networks.Mlp) => Networks.Mlp(),
        nameof(Networks.LeNet) => Networks.LeNet(),
        nameof(Networks.DigitCnn) => Networks.DigitCnn(),
        _ => Networks.ConvNet(),
    };

    [Theory]
    [MemberData(nameof(ReadyMade))]
    public void Ready_made_networks_have_the_parameters_and_shapes_of_their_recipes(string name, long parameters, long[] features)
    {
        using var scope = NewDisposeScope();
        var network = Make(name);
        var theta = network.Initialize(seed: 1);
        var x = rand([2, 1, 28, 28]);

        Assert.Equal(parameters, network.ParameterCount);
        Assert.Equal([parameters], theta.Flat.shape);
        Assert.Equal([2, 10], network.Forward(theta, x).shape);
        Assert.Equal(features, network.FeatureShape);
        Assert.Equal([2, .. features], network.Features(theta, x).shape);
        Assert.Contains($"{parameters:N0} parameters", network.Describe(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(ReadyMade))]
    public void No_images_have_no_outputs_and_a_gradient_of_zero(string name, long parameters, long[] features)
    {
        using var scope = NewDisposeScope();
        var network = Make(name);
        var theta = network.Initialize(seed: 1);
        theta.Flat.requires_grad_();
        var outputs = network.Forward(theta, rand([0, 1, 28, 28]));
        Assert.Equal([0, 10], outputs.shape);
        Assert.Equal([0, .. features], network.Features(theta, rand([0, 1, 28, 28])).shape);
        outputs.sum().backward();
        Assert.Equal(parameters, theta.Flat.grad!.eq(0).sum().ToInt64());
    }

    [Fact]
    public void Channels_double_from_block_to_block_where_that_is_wanted()
    {
        var network = Networks.ConvNet(3, 16, Normalization.None, doubling: true);
        Assert.Equal("ConvNet 16-32-64", network.Name);
        Assert.Equal(160 + 4_640 + 18_496 + 5_770, network.ParameterCount);
        Assert.Equal(
            [[16, 14, 14], [32, 7, 7], [64, 3, 3]],
            network.Layers.Where(static l => l.Layer is AveragePool).Select(static l => l.OutputShape));
    }

    [Theory]
    [MemberData(nameof(ReadyMade))]
    public void The_head_applied_to_the_features_is_the_output(string name, long parameters, long[] features)
    {
        Assert.True(parameters > features.Length);
        using var scope = NewDisposeScope();
        var network = Make(name);
        var theta = network.Initialize(seed: 2, float64);
        var x = rand([3, 1, 28, 28], float64);
        var head = network.Layout[^2].Name.Split('.')[0];

        var logits = nn.functional.linear(network.Features(theta, x), theta[$"{head}.weight"], theta[$"{head}.bias"]);

        Assert.InRange((logits - network.Forward(theta, x)).abs().max().ToDouble(), 0, 1e-12);
    }

    [Theory]
    [InlineData(nameof(Networks.LeNet))]
    [InlineData(nameof(Networks.ConvNet))]
    [InlineData(nameof(Networks.DigitCnn))]
    public void Outputs_do_not_depend_on_the_other_images_and_the_input_stays_as_it_is(string name)
    {
        using var scope = NewDisposeScope();
        var network = Make(name);
        var theta = network.Initialize(seed: 3, float64);
        var x = rand([3, 1, 28, 28], float64);
        var before = x.clone();

        var all = network.Forward(theta, x);
        var one = network.Forward(theta, x.narrow(0, 1, 1));

        Assert.InRange((all.narrow(0, 1, 1) - one).abs().max().ToDouble(), 0, 1e-12);
        Assert.Equal(before.data<double>().ToArray(), x.data<double>().ToArray());
    }

    [Theory]
    [InlineData(nameof(Networks.LeNet))]
    [InlineData(nameof(Networks.ConvNet))]
    [InlineData(nameof(Networks.Mlp))]
    public void The_gradient_is_that_of_finite_differences(string name)
    {
        using var scope = NewDisposeScope();
        var network = name == nameof(Networks.ConvNet) ? Networks.ConvNet(depth: 2, width: 4) : Make(name);
        var generator = new Generator(5);
        var labels = tensor([3L, 7]);
        var inputs = new[] { network.Initialize(5, float64).Flat, randn([2, 1, 28, 28], float64, generator: generator) };
        double Loss(Tensor[] at) =>
            nn.functional.cross_entropy(network.Forward(new Parameters(network.Layout, at[0]), at[1]), labels).ToDouble();

        Tensor[] leaves = [.. inputs.Select(static t => t.clone().requires_grad_())];
        var loss = nn.functional.cross_entropy(network.Forward(new Parameters(network.Layout, leaves[0]), leaves[1]), labels);
        var gradients = autograd.grad([loss], leaves);

        for (int i = 0; i < inputs.Length; i++)
        {
            var direction = randn(inputs[i].shape, float64, generator: generator);
            const double H = 1e-6;
            Tensor[] Moved(double step) => [.. inputs.Select((t, j) => i == j ? t + (direction * step) : t)];
            double numeric = (Loss(Moved(H)) - Loss(Moved(-H))) / (2 * H);
            Assert.Equal(numeric, (gradients[i] * direction).sum().ToDouble(), 1e-7 * Math.Max(1, Math.Abs(numeric)));
        }
    }

    [Fact]
    public void Pooling_before_clipping_is_clipping_before_pooling()
    {
        using var scope = NewDisposeScope();
        var network = new Network("one block", [1, 6, 6], [new Conv(3, 3), new ReLU(), new MaxPool(2)]);
        var theta = network.Initialize(4, float64).ToLeaf();
        var x = randn([2, 1, 6, 6], float64, generator: new Generator(9));
        var plain = nn.functional.max_pool2d(nn.functional.relu(nn.functional.conv2d(x, theta["conv1.weight"], theta["conv1.bias"])), 2);

        var pooled = network.Forward(theta, x);

        Assert.Equal(plain.data<double>().ToArray(), pooled.data<double>().ToArray());
        var expected = autograd.grad([plain.square().sum()], [theta.Flat])[0];
        var actual = autograd.grad([pooled.square().sum()], [theta.Flat])[0];
        Assert.InRange((expected - actual).abs().max().ToDouble(), 0, 1e-12);
        Assert.True(expected.abs().max().ToDouble() > 0.1);
    }

    [Fact]
    public void Dropout_drops_its_share_in_training_only_and_repeats_with_its_generator()
    {
        using var scope = NewDisposeScope();
        var network = new Network("dropout", [20_000], [new Dropout(0.4)]);
        var theta = network.Initialize(0);
        var x = ones([1, 20_000]);

        var first = network.Forward(theta, x, training: true, new Generator(1)).data<float>().ToArray();

        Assert.InRange(first.Count(static v => v == 0) / 20_000.0, 0.38, 0.42);
        Assert.All(first, static v => Assert.True(v is 0 or (> 1.66f and < 1.67f)));
        Assert.Equal(first, network.Forward(theta, x, training: true, new Generator(1)).data<float>().ToArray());
        Assert.NotEqual(first, network.Forward(theta, x, training: true, new Generator(2)).data<float>().ToArray());
        Assert.NotEqual(x.data<float>().ToArray(), network.Forward(theta, x, training: true).data<float>().ToArray());
        Assert.Equal(x.data<float>().ToArray(), network.Forward(theta, x).data<float>().ToArray());
    }

    [Fact]
    public void A_layer_that_does_not_fit_is_named_with_the_shape_that_it_got()
    {
        void Rejects(string message, params Layer[] layers)
        {
            var error = Assert.Throws<ArgumentException>(() => new Network("bad", [1, 28, 28], layers));
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }

        Rejects("Layer 3 (Conv 3×3, 128) does not fit: the 3×3 window is larger than the input; got [64, 2, 2]",
            new Conv(64, 5), new MaxPool(12), new Conv(128, 3));
        Rejects("Layer 1 (Linear 10) does not fit: wanted [features]; put a Flatten before it; got [1, 28, 28]", new Linear(10));
        Rejects("Layer 2 (MaxPool 2×2) does not fit: wanted [channels, height, width]; got [784]", new Flatten(), new MaxPool(2));
        Rejects("Layer 2 (AveragePool 2×2) does not fit", new MaxPool(28), new AveragePool(2));
        Rejects("Layer 2 (InstanceNorm) does not fit", new MaxPool(28), new InstanceNorm());
        Rejects("Layer 1 (Dropout 1) does not fit: the probability 1 is not in [0, 1)", new Dropout(1));
        Rejects(
            "Layer 1 (Conv 3×3, 6, stride 0) does not fit: the window and its step must be at least 1 pixel", new Conv(6, 3, Stride: 0));
        Rejects("Layer 1 (MaxPool 0×0) does not fit: the window and its step must be at least 1 pixel", new MaxPool(0));
        Rejects("Layer 1 (Conv 3×3, 0) does not fit: its output [0, 26, 26] would be empty; got [1, 28, 28]", new Conv(0, 3));
        Rejects("Layer 2 (Linear -1) does not fit: its output [-1] would be empty; got [784]", new Flatten(), new Linear(-1));
        Assert.Throws<ArgumentException>(() => new Network("empty", [1, 28, 28], []));
        Assert.Throws<ArgumentException>(() => new Network("no pixels", [1, 0, 28], [new Flatten()]));
        Assert.Throws<ArgumentException>(() => Conv.Same(8, kernelSize: 4));
        Assert.Contains(
            "Layer 15 (AveragePool 2×2)",
            Assert.Throws<ArgumentException>(() => Networks.ConvNet(depth: 6, normalization: Normalization.None)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_and_inputs_that_do_not_fit_are_rejected_before_anything_is_computed()
    {
        using var scope = NewDisposeScope();
        var network = Networks.LeNet();
        var theta = network.Initialize(1);

        void Rejects(string message, Action act) =>
            Assert.Contains(message, Assert.Throws<ArgumentException>(act).Message, StringComparison.Ordinal);

        Rejects("LeNet takes inputs [n, 1, 28, 28]; got [2, 28, 28]", () => network.Forward(theta, rand([2, 28, 28])));
        Rejects("of another network than LeNet", () => network.Forward(Networks.Mlp().Initialize(1), rand([2, 1, 28, 28])));
        Rejects("The inputs are Float64 but the parameters Float32", () => network.Forward(theta, rand([2, 1, 28, 28], float64)));
        Rejects("61706", () => theta.With(zeros(5)));
        Assert.Equal([2, 10], network.Forward(Networks.LeNet().Initialize(1), rand([2, 1, 28, 28])).shape);
    }
}
