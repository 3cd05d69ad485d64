using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Tests.Data;
using DatasetDistillation.Tests.Kernels;
using TorchSharp;
using Xunit;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>Feature regression for networks of several kinds.</summary>
public sealed class MixtureTests : IDisposable
{
    private static readonly Network Convolutional = new(
        "convolutional",
        [1, 6, 6],
        [Conv.Same(8, 3), new ReLU(), new AveragePool(2), new Flatten(), new Dropout(0.2), new Linear(3)],
        Initialization.HeNormal);

    private static readonly Network Perceptron = new("perceptron", [1, 6, 6], [new Flatten(), new Linear(16), new ReLU(), new Linear(3)]);
    private static readonly Network Softmax = new("softmax", [1, 6, 6], [new Flatten(), new Linear(3)]);

    private readonly ImageDataset data = KernelRidgeTests.Stripes(300).Standardize();

    [Fact]
    public void One_kind_of_network_is_what_a_network_alone_is()
    {
        using var alone = Run(Distiller() with { Network = Convolutional, Regularization = 1e-2 }, 5);
        using var mixed = Run(Distiller() with { Mixture = [new(Convolutional) { Regularization = 1e-2 }] }, 5);
        Assert.Equal(alone.Losses, mixed.Losses);
        Assert.Equal(alone.Set.Pixels(), mixed.Set.Pixels());
    }

    [Fact]
    public void Every_kind_takes_its_share_of_the_steps_and_learns_by_its_own_pool()
    {
        var distiller = Distiller() with
        {
            Mixture =
            [
                new(Convolutional) { Share = 3, Pool = new FeaturePool { Size = 2, TrainingSteps = 0 } },
                new(Perceptron),
            ],
        };
        using var state = distiller.Initialize(data, 0);
        int ofPerceptron = 0;
        var first = state["network.0"].clone();
        for (int step = 0; step < 80; step++, state.Step++)
        {
            var before = Perceptrons();
            distiller.Step(state, data);
            ofPerceptron += before.SequenceEqual(Perceptrons()) ? 0 : 1;
        }
        Assert.InRange(ofPerceptron, 10, 32);
        Assert.Equal(first.data<float>().ToArray(), state["network.0"].data<float>().ToArray());
        Assert.False(state.Contains("network.2"));
        Assert.True(state.Contains("kind.1.network.3"));

        double[] Perceptrons() => [.. Enumerable.Range(0, 4).Select(slot => state[$"kind.1.network.{slot}"].sum().ToDouble())];
    }

    [Fact]
    public void Images_for_several_networks_teach_each_of_them()
    {
        var distiller = Distiller() with
        {
            Start = ImageStart.Noise,
            ImagesPerClass = 2,
            Mixture = [new(Convolutional), new(Perceptron), new(Softmax) { Regularization = 0.1 }],
            Outer = new OuterAdam { LearningRate = 0.05 },
        };
        using var test = KernelRidgeTests.Stripes(201).Standardize(data.Standardization);
        using var before = Run(distiller, 0);
        using var after = Run(distiller, 500);
        foreach (var network in new[] { Convolutional, Perceptron, Softmax })
        {
            var readOut = new NetworkReadOut(network) { Steps = 200, LearningRate = 1e-2 };
            var (first, last) = (readOut.Accuracy(before.Set, test, 5).Mean, readOut.Accuracy(after.Set, test, 5).Mean);
            Assert.True(last > first + 0.2, $"{network.Name}: from {first:F3} to {last:F3}");
        }
    }

    [Fact]
    public void A_run_continued_from_its_checkpoint_ends_as_one_that_was_not_stopped()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "mixture.npz");
        var distiller = Distiller() with
        {
            Mixture = [new(Convolutional.WithSoftplus(20)), new(Perceptron) { Share = 2 }],
            Pool = new FeaturePool { Size = 2, TrainingSteps = 3, Lifetime = 4 },
            Outer = new OuterAdam { LearningRate = 0.02, Belief = true },
        };
        new DistillationDriver { Steps = 5, Checkpoint = path }.Run(distiller, data).Dispose();
        using var continued = new DistillationDriver { Steps = 14, Checkpoint = path }.Run(distiller, data);
        using var whole = Run(distiller, 14);
        Assert.Equal(whole.Losses, continued.Losses);
        Assert.Equal(whole.Set.Pixels(), continued.Set.Pixels());

        foreach (var another in new[]
        {
            distiller with { Mixture = [new(Convolutional), new(Perceptron) { Share = 2 }] },
            distiller with { Mixture = [new(Convolutional.WithSoftplus(20)), new(Perceptron)] },
            distiller with { Mixture = [new(Convolutional.WithSoftplus(20)), new(Perceptron) { Share = 2, Regularization = 0.5 }] },
            distiller with
            {
                Mixture =
                [
                    new(Convolutional.WithSoftplus(20)),
                    new(Perceptron) { Share = 2, Pool = new FeaturePool { Size = 2, TrainingSteps = 2, Lifetime = 4 } },
                ]
            },
        })
            Assert.Throws<InvalidDataException>(() => new DistillationDriver { Steps = 20, Checkpoint = path }.Run(another, data));
    }

    [Fact]
    public void More_kinds_need_more_memory_and_what_does_not_fit_is_refused()
    {
        var one = Distiller() with { Mixture = [new(Perceptron)] };
        var two = Distiller() with { Mixture = [new(Perceptron), new(Convolutional)] };
        Assert.True(two.EstimateMemory(data) > one.EstimateMemory(data));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PooledNetwork(Perceptron) { Regularization = 0 });
        Refused("share", new PooledNetwork(Perceptron) { Share = 0 });
        Refused("Size", new PooledNetwork(Perceptron) { Pool = new FeaturePool { Size = 0 } });
        Refused("takes [1, 28, 28]", new PooledNetwork(Networks.LeNet()));

        void Refused(string because, PooledNetwork kind)
        {
            var error = Assert.ThrowsAny<ArgumentException>(
                () => (Distiller() with { Mixture = [new(Convolutional), kind] }).Initialize(data, 0));
            Assert.Contains(because, error.Message, StringComparison.OrdinalIgnoreCase);
        }
    }

    public void Dispose() => data.Dispose();

    private static FeatureRegression Distiller() => new()
    {
        BatchSize = 60,
        Outer = new OuterAdam { LearningRate = 0.02 },
        Averaging = 0.9,
        Pool = new FeaturePool { Size = 4, TrainingSteps = 4, Lifetime = 60, Optimizer = new OuterAdam { LearningRate = 1e-2 } },
    };

    private DistillationRun Run(FeatureRegression distiller, long steps, long seed = 0) =>
        new DistillationDriver { Steps = steps, Seed = seed }.Run(distiller, data);
}
