using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Tests.Data;
using DatasetDistillation.Training;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>A checkpoint is resumed by the run that wrote it, and by no other that looks like it.</summary>
public sealed class RunIdentityTests : IDisposable
{
    private static readonly Network Small = Tiny(new ReLU(), new AveragePool(2));
    private readonly TemporaryFolder folder = new();
    private readonly ImageDataset data = Digits(exchanged: false);

    private string Checkpoint => folder["run.npz"];

    public void Dispose()
    {
        folder.Dispose();
        data.Dispose();
    }

    public static TheoryData<string, UnrolledDistiller> Others => new()
    {
        { "a layer of the same size", Distiller() with { Network = Tiny(new ReLU(), new MaxPool(2)) } },
        { "a layer of another number", Distiller() with { Network = Tiny(new Dropout(0.10001), new AveragePool(2)) } },
        { "another spread of the first weights", Distiller() with { Network = Small.With(Small.Initialization with { Gain = 1.5 }) } },
        { "a layer of the caller's", Distiller() with { Network = Tiny(new Leak(0.1), new AveragePool(2)) } },
        {
            "another loss",
            Distiller() with { InnerLoss = new LossFunction("twice", static (o, t) => LossFunction.CrossEntropy.Of(o, t) * 2) }
        },
        { "other given weights", Distiller() with { InitialWeights = InitialWeights.Fixed(Small.Initialize(1)) } },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Another_configuration_is_refused(string what, UnrolledDistiller other)
    {
        Run(Distiller(), data, 2);
        Run(Distiller(), data, 3);
        var error = Assert.Throws<InvalidDataException>(() => Run(other, data, 4));
        Assert.True(error.Message.Contains("another run", StringComparison.Ordinal), what);
        Run(Distiller(), data, 4);
    }

    [Fact]
    public void Given_weights_and_layers_are_known_by_their_numbers()
    {
        static string Identity(InitialWeights weights) => (Distiller() with { InitialWeights = weights }).Identity;
        Assert.Equal(Identity(InitialWeights.Fixed(Small.Initialize(1))), Identity(InitialWeights.Fixed(Small.Initialize(1))));
        Assert.NotEqual(Identity(InitialWeights.Fixed(Small.Initialize(1))), Identity(InitialWeights.Fixed(Small.Initialize(2))));
        Assert.NotEqual(
            Identity(InitialWeights.Pool([Small.Initialize(1), Small.Initialize(2)])),
            Identity(InitialWeights.Pool([Small.Initialize(2), Small.Initialize(1)])));

        static string OfLeak(double slope) => (Distiller() with { Network = Tiny(new Leak(slope), new AveragePool(2)) }).Identity;
        Assert.Equal(OfLeak(0.1), OfLeak(0.1));
        Assert.NotEqual(OfLeak(0.1), OfLeak(0.10000001));
    }

    [Fact]
    public void The_same_images_in_another_order_are_other_data()
    {
        using var exchanged = Digits(exchanged: true);
        Assert.Equal(data.LabelValues(), exchanged.LabelValues());
        Run(Distiller(), data, 2);
        Assert.Throws<InvalidDataException>(() => Run(Distiller(), exchanged, 3));
    }

    [Fact]
    public void A_network_that_cannot_be_described_is_refused_for_checkpoints_alone()
    {
        var functional = Distiller() with { Network = Tiny(new Functional(static x => x.tanh()), new AveragePool(2)) };
        var error = Assert.Throws<NotSupportedException>(() => Run(functional, data, 2));
        Assert.Contains("layer 2 of tiny", error.Message, StringComparison.Ordinal);
        Assert.Contains("Func", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Checkpoint));
        new DistillationDriver { Steps = 2 }.Run(functional, data).Dispose();
        Assert.Throws<NotSupportedException>(() => new PoolTrainer { Network = functional.Network, File = folder["pool.npz"] }.Train(data));
    }

    [Fact]
    public void A_set_to_start_from_is_known_by_its_images()
    {
        static FeatureRegression From(double first)
        {
            var images = full([20, 1, 6, 6], first);
            return new FeatureRegression { InitialSet = new DistilledSet(images, eye(10).repeat(2, 1), "a set") };
        }
        Assert.Equal(From(0.25).Identity, From(0.25).Identity);
        Assert.NotEqual(From(0.25).Identity, From(0.5).Identity);
    }

    private void Run(IDistiller distiller, ImageDataset images, long steps) =>
        new DistillationDriver { Steps = steps, Checkpoint = Checkpoint }.Run(distiller, images).Dispose();

    private static UnrolledDistiller Distiller() => new() { Network = Small, Epochs = 1, BatchSize = 10 };

    private static Network Tiny(Layer second, Layer pool) =>
        new("tiny", [1, 6, 6], [Conv.Same(2, 3), second, pool, new Flatten(), new Linear(10)]);

    private static ImageDataset Digits(bool exchanged)
    {
        using var scope = NewDisposeScope();
        var images = rand([20, 1, 6, 6], generator: new Generator(5));
        var order = Enumerable.Range(0, 20).Select(static i => (long)i).ToArray();
        if (exchanged)
            (order[3], order[13]) = (13, 3);
        return new ImageDataset(
            images.index_select(0, tensor(order)), tensor(Enumerable.Range(0, 20).Select(static i => i % 10L).ToArray()), "small digits");
    }

    private sealed record Leak(double Slope) : Layer
    {
        internal override long[] OutputShape(long[] input) => input;

        internal override Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode) => nn.functional.leaky_relu(x, Slope);
    }

    private sealed record Functional(Func<Tensor, Tensor> Function) : Layer
    {
        internal override long[] OutputShape(long[] input) => input;

        internal override Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode) => Function(x);
    }
}
