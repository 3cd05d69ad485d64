using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>Training by a stored schedule, and judging a set by it.</summary>
public sealed class ReplayTests : IDisposable
{
    private static readonly Network Tiny = new("tiny", [1, 4, 4], [new Flatten(), new Linear(6), new ReLU(), new Linear(3)]);

    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    public static TheoryData<string> Optimizers => ["descent", "momentum", "adam"];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void A_replay_is_what_an_ordinary_optimizer_does_on_the_batches_in_order(string name)
    {
        using var set = Set();
        using var start = Tiny.Initialize(7, float64);
        var rule = name switch
        {
            "momentum" => InnerOptimizer.Momentum(0.8),
            "adam" => InnerOptimizer.Adam(),
            _ => InnerOptimizer.GradientDescent,
        };
        using var replayed = set.Replay(Tiny, start, rule);

        var theta = new Parameter(start.Flat.clone());
        optim.Optimizer ordinary = name == "adam" ? optim.Adam([theta]) : optim.SGD([theta], 1, name == "momentum" ? 0.8 : 0);
        for (var t = 0; t < set.LearningRates.Count; t++)
        {
            foreach (var group in ordinary.ParamGroups)
                group.LearningRate = set.LearningRates[t];
            ordinary.zero_grad();
            var half = t % 2 * 3;
            var outputs = Tiny.Forward(start.With(theta), set.Images.narrow(0, half, 3).to(float64));
            LossFunction.CrossEntropy.Of(outputs, set.Labels.narrow(0, half, 3).to(float64)).backward();
            ordinary.step();
        }
        Assert.InRange((replayed.Flat - theta).abs().max().ToDouble(), 0, 1e-6);
        Assert.True((replayed.Flat - start.Flat).abs().max().ToDouble() > 0.01);
    }

    [Fact]
    public void An_evaluation_does_not_depend_on_the_number_of_threads()
    {
        var (distiller, set, test) = Distilled();
        var threads = Compute.Threads;
        try
        {
            Compute.Threads = 1;
            var alone = distiller.Accuracy(set, test, networks: 3);
            Compute.Threads = 3;
            Assert.Equal(alone.Values, distiller.Accuracy(set, test, networks: 3).Values);
            Assert.Equal(3, alone.Values.Distinct().Count());
        }
        finally
        {
            Compute.Threads = threads;
        }
    }

    [Fact]
    public void Networks_are_drawn_anew_or_fixed_or_given()
    {
        var (distiller, set, test) = Distilled();
        Parameters[] given =
            [distiller.Network.Initialize(UnrolledDistiller.HeldOutSeed), distiller.Network.Initialize(UnrolledDistiller.HeldOutSeed + 1)];
        var drawn = distiller.Accuracy(set, test, networks: 2);
        Assert.Equal(drawn.Values, distiller.Accuracy(set, test, given).Values);

        var known = new UnrolledDistiller
        {
            Network = distiller.Network,
            InitialWeights = InitialWeights.Fixed(UnrolledDistiller.HeldOutSeed)
        };
        Assert.Equal([drawn.Values[0]], known.Accuracy(set, test).Values);

        var pooled = new UnrolledDistiller { Network = distiller.Network, InitialWeights = InitialWeights.Pool(given) };
        Assert.Contains(
            "2 given networks",
            Assert.Throws<InvalidOperationException>(() => pooled.Accuracy(set, test)).Message,
            StringComparison.Ordinal);
        Assert.Equal(drawn.Values, pooled.Accuracy(set, test, given).Values);
    }

    [Fact]
    public void An_evaluation_that_is_stopped_returns_what_it_has()
    {
        var (distiller, set, test) = Distilled();
        using var stop = new CancellationTokenSource();
        var shares = new List<double>();
        var spread = distiller.Accuracy(set, test, networks: 10, progress: new Told(share =>
        {
            shares.Add(share);
            if (shares.Count == 2)
                stop.Cancel();
        }), cancellation: stop.Token);
        Assert.Equal(2, spread.Count);
        Assert.Equal([0.1, 0.2], shares);
        Assert.Throws<OperationCanceledException>(() => distiller.Accuracy(set, test, cancellation: stop.Token));
    }

    [Fact]
    public void A_schedule_deals_every_class_to_every_step()
    {
        using var plain = new DistilledSet(arange(12, float32).reshape(12, 1, 1, 1), OneHot(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2), "test");
        using var dealt = plain.WithSchedule(steps: 2, epochs: 3, rate: 0.5);
        Assert.Equal([0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2], dealt.Classes());
        Assert.Equal([0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11], dealt.Images.data<float>().ToArray());
        Assert.Equal(Enumerable.Repeat(0.5, 6), dealt.LearningRates);
        Assert.Contains("class 0", Assert.Throws<ArgumentException>(() => plain.WithSchedule(3, 1, 0.5)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Real_images_are_brought_into_the_space_of_a_set()
    {
        using var raw = SyntheticDigits.Create(30, seed: 1);
        using var set = new DistilledSet(rand([10, 1, 28, 28]), eye(10), "test", new Standardization(0.2f, 0.4f));
        using var prepared = set.Prepare(raw);
        using var again = set.Prepare(prepared);
        Assert.Equal(raw.Standardize(new Standardization(0.2f, 0.4f)).PixelValues(), prepared.PixelValues());
        Assert.Equal(prepared.PixelValues(), again.PixelValues());
        Assert.Throws<ArgumentException>(() => set.Prepare(raw.Standardize(new Standardization(0.3f, 0.4f))));
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_what_to_do()
    {
        var (distiller, set, test) = Distilled();
        using var start = distiller.Network.Initialize(1);
        using var plain = new DistilledSet(set.Images.clone(), set.Labels.clone(), "no schedule");
        Assert.Contains(
            nameof(NetworkReadOut),
            Assert.Throws<InvalidOperationException>(() => plain.Replay(distiller.Network, start)).Message,
            StringComparison.Ordinal);
        Assert.Contains("[1, 4, 4]", Assert.Throws<ArgumentException>(() => set.Replay(Tiny, start)).Message, StringComparison.Ordinal);

        using var raw = SyntheticDigits.Create(20, seed: 5);
        Assert.Contains(
            nameof(DistilledSet.Prepare),
            Assert.Throws<ArgumentException>(() => distiller.Accuracy(set, raw)).Message,
            StringComparison.Ordinal);

        var labels = set.Labels.clone();
        labels.narrow(1, 4, 1).zero_();
        using var lacking = new DistilledSet(set.Images.clone(), labels, "no four", set.Preprocessing, set.LearningRates, set.Steps);
        Assert.Contains(
            "class 4", Assert.Throws<ArgumentException>(() => distiller.Accuracy(lacking, test)).Message, StringComparison.Ordinal);
    }

    private static Tensor OneHot(params long[] classes) => nn.functional.one_hot(tensor(classes), 3).to(float32);

    private static DistilledSet Set() => new(
        randn([6, 1, 4, 4], generator: new Generator(1)), OneHot(0, 1, 2, 0, 1, 2), "test",
        learningRates: [0.5, 0.4, 0.3, 0.2, 0.1, 0.05], steps: 2);

    private static (UnrolledDistiller Distiller, DistilledSet Set, ImageDataset Test) Distilled()
    {
        var test = SyntheticDigits.Create(200, seed: 3).Standardize();
        var distiller = new UnrolledDistiller { Network = Networks.Mlp(12) };
        return (distiller, distiller.Result(distiller.Initialize(test, 0), test), test);
    }

    private sealed class Told(Action<double> tell) : IProgress<double>
    {
        public void Report(double value) => tell(value);
    }
}
