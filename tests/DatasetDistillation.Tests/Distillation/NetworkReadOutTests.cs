using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

public sealed class NetworkReadOutTests : IDisposable
{
    private static readonly Network Tiny = new("tiny", [1, 4, 4], [new Flatten(), new Linear(3)]);

    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(LabelUse.Soft)]
    [InlineData(LabelUse.Hard)]
    public void A_network_learns_a_set_from_scratch_and_the_same_seed_learns_the_same(LabelUse labels)
    {
        using var digits = SyntheticDigits.Create(200, seed: 1);
        using var set = RealSet(digits);
        var readOut = new NetworkReadOut(Networks.Mlp(32)) { Labels = labels, Steps = 200, LearningRate = 3e-3, Averaging = 0.9 };
        var spread = readOut.Accuracy(set, digits, [3, 4]);
        Assert.True(spread.Minimum > 0.5, $"{spread}");
        Assert.Equal([spread.Values[1]], readOut.Accuracy(set, digits, [4]).Values);
    }

    [Fact]
    public void Soft_labels_are_centered_and_hard_ones_are_classes()
    {
        // Three images, independent of one another, which a linear network fits exactly.
        using var three = new DistilledSet(
            eye(3).reshape(3, 1, 1, 3).index_select(3, tensor(new long[] { 0, 1, 2, 2 })).expand(3, 1, 4, 4).contiguous(),
            tensor(new[] { 0.5f, 0.3f, 0.2f, 0.1f, 0.8f, 0.1f, 0, 0, 1 }, [3, 3]), "three");
        var readOut = new NetworkReadOut(Tiny) { Steps = 2000, LearningRate = 0.02 };
        using var soft = readOut.Train(three);
        var outputs = Tiny.Forward(soft.Parameters, three.Images);
        var wanted = three.Labels - (1.0 / 3);
        Assert.InRange((outputs - wanted).abs().max().ToDouble(), 0, 1e-3);

        using var hard = (readOut with { Labels = LabelUse.Hard, Steps = 200 }).Train(three);
        Assert.Equal([0, 1, 2], Tiny.Forward(hard.Parameters, three.Images).argmax(1).data<long>().ToArray());
        Assert.True(soft.History[^1].TrainingLoss < 1e-5 && hard.History[^1].TrainingLoss < 0.5);
    }

    [Theory]
    [InlineData(LabelUse.Soft)]
    [InlineData(LabelUse.Hard)]
    public void Watched_images_give_learning_curves_and_change_nothing_else(LabelUse labels)
    {
        using var digits = SyntheticDigits.Create(100, seed: 1);
        using var set = RealSet(digits);
        var readOut = new NetworkReadOut(Networks.Mlp(16)) { Labels = labels, Steps = 20, LearningRate = 3e-3 };
        using var watched = readOut.Train(set, seed: 3, watched: digits);
        using var alone = readOut.Train(set, seed: 3);
        Assert.Equal(20, watched.History.ValidationLoss.Count);
        Assert.Equal(Evaluation.Evaluate(readOut.Network, watched.Parameters, digits).Accuracy, watched.History.ValidationAccuracy[^1]);
        Assert.Equal(alone.Parameters.Flat.data<float>().ToArray(), watched.Parameters.Flat.data<float>().ToArray());
        using var others = digits.Standardize();
        Assert.Throws<ArgumentException>(() => readOut.Train(set, watched: others));
    }

    [Fact]
    public void Averaged_weights_are_the_running_mean_of_the_iterates()
    {
        using var three = new DistilledSet(randn([3, 1, 4, 4], generator: new Generator(1)), eye(3), "three");
        var readOut = new NetworkReadOut(Tiny)
        {
            Optimizer = OptimizerKind.Sgd,
            Momentum = 0,
            LearningRate = 0.1,
            Schedule = LearningRateSchedule.Constant
        };
        Tensor After(int steps) => (readOut with { Steps = steps }).Train(three).Parameters.Flat;
        using var averaged = (readOut with { Steps = 3, Averaging = 0.5 }).Train(three);
        var mean = (After(1) + (After(2) * 2) + (After(3) * 4)) / 7;
        Assert.InRange((averaged.Parameters.Flat - mean).abs().max().ToDouble(), 0, 1e-6);
    }

    [Fact]
    public void A_batch_is_never_larger_than_the_set()
    {
        using var three = new DistilledSet(rand([3, 1, 4, 4]), eye(3), "three");
        var sizes = new List<long>();
        var readOut = new NetworkReadOut(Tiny)
        {
            Steps = 5,
            BatchSize = 2,
            Augmentation = new("counts images", (x, _) =>
            {
                sizes.Add(x.shape[0]);
                return x;
            }),
        };
        readOut.Train(three).Dispose();
        Assert.Equal([2, 1, 2, 1, 2, 1], sizes);
        (readOut with { BatchSize = 100 }).Train(three).Dispose();
        Assert.Equal([3, 3, 3, 3, 3], sizes.Skip(6));
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_what_came_and_what_was_wanted()
    {
        using var digits = SyntheticDigits.Create(100, seed: 1);
        using var set = RealSet(digits);
        var readOut = new NetworkReadOut(Networks.Mlp(4)) { Steps = 2 };
        string Refusal(DistilledSet refused) => Assert.Throws<ArgumentException>(() => readOut.Accuracy(refused, digits)).Message;

        using var other = new DistilledSet(rand([10, 1, 20, 20]), eye(10), "small");
        var size = Refusal(other);
        Assert.Contains("[1, 20, 20]", size, StringComparison.Ordinal);
        Assert.Contains("[1, 28, 28]", size, StringComparison.Ordinal);

        using var narrow = new DistilledSet(rand([10, 1, 28, 28]), eye(10, 8), "eight classes");
        var width = Refusal(narrow);
        Assert.Contains("8", width, StringComparison.Ordinal);
        Assert.Contains("10", width, StringComparison.Ordinal);

        using var lacking = new DistilledSet(
            set.Images.clone(), set.Labels.index_select(0, tensor(Enumerable.Repeat(2L, set.Count).ToArray())), "only zeros");
        Assert.Contains("class 1", Refusal(lacking), StringComparison.Ordinal);

        using var standardized = digits.Standardize();
        Assert.Contains(
            "scale", Assert.Throws<ArgumentException>(() => readOut.Accuracy(set, standardized)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_that_is_stopped_before_its_end_counts_for_nothing()
    {
        using var digits = SyntheticDigits.Create(100, seed: 1);
        using var set = RealSet(digits);
        using var stop = new CancellationTokenSource();
        var steps = 0;
        var readOut = new NetworkReadOut(Networks.Mlp(4))
        {
            Steps = 10,
            Augmentation = new("stops", (x, _) =>
            {
                if (++steps == 15)
                    stop.Cancel();
                return x;
            }),
        };
        Assert.Equal(1, readOut.Accuracy(set, digits, [1, 2, 3], cancellation: stop.Token).Count);
        Assert.Throws<OperationCanceledException>(() => readOut.Accuracy(set, digits, cancellation: stop.Token));
    }

    private static DistilledSet RealSet(ImageDataset digits)
    {
        using var few = digits.PerClass(5);
        return new DistilledSet(few.Images.clone(), nn.functional.one_hot(few.Labels, 10).to(float32), "first five of each class");
    }
}
