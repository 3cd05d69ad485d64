using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>
/// Distillation for trained networks: they are adapted to other digits, or poisoned, and judged are only ones that it has not seen.
/// </summary>
public sealed class AdaptationTests : IDisposable
{
    private static readonly Network Small = Networks.Mlp(24);
    private readonly ImageDataset train = SyntheticDigits.Create(1500, seed: 1).Standardize();
    private readonly ImageDataset test;

    public AdaptationTests() => test = SyntheticDigits.Create(300, seed: 1, first: 1500).Standardize(train.Standardization);

    public void Dispose()
    {
        train.Dispose();
        test.Dispose();
    }

    [Fact]
    public void Images_distilled_for_some_networks_adapt_others()
    {
        using var elsewhere = SyntheticDigits.CreateLikeUsps(1500, seed: 2).Standardize();
        using var pool = Pool(elsewhere, 8);
        var unseen = pool.Skip(5).ToArray();
        var distiller = new UnrolledDistiller
        {
            Network = Small,
            InitialWeights = InitialWeights.Pool([.. pool.Take(5)]),
            Steps = 2,
            Epochs = 2,
            ImagesPerClass = 2,
            BatchSize = 300,
            Outer = new OuterAdam { LearningRate = 0.05, Beta1 = 0.5 },
        };
        using var run = new DistillationDriver { Steps = 80, Seed = 1 }.Run(distiller, train);

        var before = new Spread(unseen.Select(theta => Evaluation.Evaluate(Small, theta, test).Accuracy));
        var after = distiller.Accuracy(run.Set, test, unseen);
        Assert.True(after.Mean > before.Mean + 0.1, $"from {before} to {after}");
    }

    [Fact]
    public void One_step_on_poisoned_images_turns_a_class_into_another_and_leaves_the_rest()
    {
        using var pool = Pool(train, 14);
        var unseen = pool.Skip(11).ToArray();
        var attack = (From: 0, To: 1);
        var distiller = new UnrolledDistiller
        {
            Network = Small,
            InitialWeights = InitialWeights.Pool([.. pool.Take(11)]),
            Steps = 1,
            Epochs = 1,
            ImagesPerClass = 10,
            BatchSize = 300,
            Poisoning = attack,
            Outer = new OuterAdam { LearningRate = 0.05, Beta1 = 0.5 },
        };
        using var run = new DistillationDriver { Steps = 150, Seed = 1 }.Run(distiller, train);
        using var scope = NewDisposeScope();

        var before = PoisoningEffect.Of(attack, Small, unseen, test);
        var after = PoisoningEffect.Of(attack, Small, unseen.Select(theta => distiller.Replay(run.Set, theta)), test);
        Assert.InRange(before.Success.Mean, 0, 0.1);
        Assert.True(after.Success.Mean > 0.4, $"{after}");
        Assert.True(after.OtherAccuracy.Mean > before.OtherAccuracy.Mean - 0.15, $"from {before} to {after}");
        Assert.Equal(Enumerable.Range(0, 100).Select(static i => (long)(i / 10)), run.Set.Classes());
    }

    [Fact]
    public void The_effect_counts_what_was_taken_for_what()
    {
        // A network that ignores its input and says class 1.
        using var scope = NewDisposeScope();
        var linear = Networks.SoftmaxRegression();
        var flat = zeros(linear.ParameterCount);
        using var one = flat.narrow(0, linear.ParameterCount - 9, 1);
        one.fill_(5);
        var constant = new Parameters(linear.Layout, flat);

        var effect = PoisoningEffect.Of((0, 1), linear, [constant, constant], test);

        Assert.Equal((1.0, 0.1, 1 / 9.0), (effect.Success.Mean, effect.Accuracy.Mean, effect.OtherAccuracy.Mean));
        Assert.Equal((600, 60, 0), (effect.Confusion.Total, effect.Confusion[0, 1], effect.Confusion[1, 0]));
        Assert.Throws<ArgumentException>(() => PoisoningEffect.Of((0, 10), linear, [constant], test));
        Assert.Throws<ArgumentException>(() => PoisoningEffect.Of((0, 1), linear, [], test));
    }

    private static NetworkPool Pool(ImageDataset data, int count) =>
        new PoolTrainer { Network = Small, Count = count, Epochs = 8, BatchSize = 50, LearningRate = 0.01 }.Train(data);
}
