using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Kernels;
using DatasetDistillation.Models;
using DatasetDistillation.Tests.Data;
using DatasetDistillation.Tests.Kernels;
using DatasetDistillation.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

public sealed class FeatureRegressionTests : IDisposable
{
    private static readonly Network Small = new(
        "small", [1, 6, 6], [Conv.Same(8, 3), new ReLU(), new AveragePool(2), new Flatten(), new Linear(3)], Initialization.HeNormal);

    private readonly ImageDataset data = KernelRidgeTests.Stripes(300).Standardize();

    [Theory]
    [InlineData("squared error")]
    [InlineData("cross-entropy")]
    public void Every_gradient_agrees_with_finite_differences(string loss)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var smooth = new Network("smooth", [1, 6, 6], [Conv.Same(4, 3), new AveragePool(2), new Flatten(), new Linear(3)]);
        using var theta = smooth.Initialize(generator, float64);
        var (images, labels) = (Normal(6, 1, 6, 6), Normal(6, 3));
        var (real, classes) = (Normal(20, 1, 6, 6), randint(0, 3, [20], generator: generator));
        var gradient = Differentiate(images, labels, 0.5);
        for (int trial = 0; trial < 3; trial++)
        {
            const double Step = 1e-5;
            var (toImages, toLabels) = (Normal(6, 1, 6, 6), Normal(6, 3));
            AssertSlope(
                Differentiate(images + toImages * Step, labels, 0.5),
                Differentiate(images - toImages * Step, labels, 0.5),
                (gradient.ToImages * toImages).sum().ToDouble());
            AssertSlope(
                Differentiate(images, labels + toLabels * Step, 0.5),
                Differentiate(images, labels - toLabels * Step, 0.5),
                (gradient.ToLabels * toLabels).sum().ToDouble());
            AssertSlope(Differentiate(images, labels, 0.5 + Step), Differentiate(images, labels, 0.5 - Step), gradient.ToTemperature);

            void AssertSlope(RegressionGradient above, RegressionGradient below, double slope) =>
                Assert.Equal((above.Loss - below.Loss) / (2 * Step), slope, 1e-7 * (1 + Math.Abs(slope)));
        }

        RegressionGradient Differentiate(Tensor x, Tensor y, double temperature)
        {
            var leaf = x.detach().requires_grad_();
            return new RegressionLoss(smooth, new KernelRidge(0.1), Named(loss))
                .Differentiate(theta, leaf, leaf, y, real, classes, temperature);
        }

        Tensor Normal(params long[] shape) => randn(shape, float64, generator: generator);
    }

    [Fact]
    public void Images_that_are_not_active_change_nothing_but_their_own_gradient()
    {
        using var scope = NewDisposeScope();
        using var theta = Small.Initialize(2);
        var leaf = data.Images.narrow(0, 0, 9).clone().requires_grad_();
        var labels = KernelRidge.CenteredLabels(data.Labels.narrow(0, 0, 9), 3).to_type(float32);
        var (real, classes) = (data.Images.narrow(0, 9, 70), data.Labels.narrow(0, 9, 70));
        var loss = new RegressionLoss(Small, new KernelRidge(1e-2), LossFunction.CrossEntropy);
        var all = loss.Differentiate(theta, leaf, leaf, labels, real, classes, 1);
        var some = loss.Differentiate(theta, leaf, leaf, labels, real, classes, 1, [7, 0, 4]);
        Assert.Equal(all.Loss, some.Loss, 1e-6);
        AssertClose(all.ToLabels, some.ToLabels);
        for (int i = 0; i < 9; i++)
            AssertClose(i is 0 or 4 or 7 ? all.ToImages[i] : zeros_like(all.ToImages[i]), some.ToImages[i]);

        static void AssertClose(Tensor wanted, Tensor got) =>
            Assert.InRange((wanted - got).abs().max().ToDouble(), 0, 1e-5 * (1e-3 + wanted.abs().max().ToDouble()));
    }

    [Theory]
    [InlineData("squared error")]
    [InlineData("cross-entropy")]
    public void From_noise_comes_what_networks_learn_from(string loss)
    {
        var distiller = Distiller() with
        {
            OuterLoss = Named(loss),
            Start = ImageStart.Noise,
            ImagesPerClass = 2,
            Outer = new OuterAdam { LearningRate = 0.05 }
        };
        using var test = KernelRidgeTests.Stripes(201).Standardize(data.Standardization);
        using var before = Run(distiller, 0);
        using var after = Run(distiller, 300);
        Assert.True(after.Losses[^1] < 0.5 * after.Losses[0]);
        var readOut = new NetworkReadOut(Small) { Steps = 200, LearningRate = 1e-2 };
        var learned = readOut.Accuracy(after.Set, test, 5);
        Assert.InRange(learned.Mean, 0.75, 1);
        Assert.True(learned.Mean > readOut.Accuracy(before.Set, test, 5).Mean + 0.2);
        Assert.Equal(data.Standardization, after.Set.Preprocessing);
    }

    [Fact]
    public void A_run_continued_from_its_checkpoint_ends_as_one_that_was_not_stopped()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "features.npz");
        var distiller = Distiller() with
        {
            ImagesPerClass = 4,
            ActiveImages = 5,
            Augmentation = Augmentation.Shift(1),
            SupportAugmentation = Augmentation.Deform(5, 1.1, 0.1),
            Pool = new FeaturePool { Size = 3, TrainingSteps = 3, Lifetime = 4, BatchSize = 7 },
        };
        new DistillationDriver { Steps = 5, Checkpoint = path }.Run(distiller, data).Dispose();
        using var continued = new DistillationDriver { Steps = 12, Checkpoint = path }.Run(distiller, data);
        using var whole = Run(distiller, 12);
        using var other = Run(distiller, 12, seed: 1);
        Assert.Equal(whole.Losses, continued.Losses);
        Assert.Equal(whole.Set.Pixels(), continued.Set.Pixels());
        Assert.NotEqual(whole.Set.Pixels(), other.Set.Pixels());
    }

    [Fact]
    public void Networks_grow_old_and_are_drawn_anew()
    {
        var distiller = Distiller() with { Pool = new FeaturePool { Size = 1, TrainingSteps = 1, Lifetime = 5 } };
        using var state = distiller.Initialize(data, 0);
        var lengths = new List<double>();
        for (int step = 0; step < 10; step++)
        {
            var former = state["network.0"].clone();
            distiller.Step(state, data);
            state.Step++;
            lengths.Add((state["network.0"] - former).norm().ToDouble());
        }
        // Every fifth step leads to other random parameters, which are far away.
        Assert.Equal(
            [4, 9], lengths.Select(static (length, step) => (length, step)).Where(static p => p.length > 1).Select(static p => p.step));
        Assert.All(lengths, static length => Assert.NotEqual(0, length));
    }

    [Fact]
    public void Labels_stay_unless_they_are_learned_and_the_margin_keeps_them_apart()
    {
        using var fixedLabels = Run(Distiller() with { LearnLabels = false }, 3);
        Assert.Equal([2 / 3f, -1 / 3f, -1 / 3f], fixedLabels.Set.Labels[0].data<float>().ToArray());
        using var even = new DistilledSet(
            data.Images.narrow(0, 0, 3).clone(),
            tensor(new[] { 0.1f, 0, 0, 0, 0.1f, 0, 0, 0, 0.1f }, [3, 3]),
            "even",
            data.Standardization);
        using var free = Run(Distiller() with { InitialSet = even, Margin = 0 }, 1);
        using var held = Run(Distiller() with { InitialSet = even, Margin = 1000 }, 1);
        Assert.NotEqual(free.Set.Labels.data<float>().ToArray(), held.Set.Labels.data<float>().ToArray());
        Assert.All(Enumerable.Range(0, 3), i => Assert.True(Gap(held.Set, i) > 0.1));

        // One-hot labels are apart already: the margin asks for nothing more.
        using var apart = Run(Distiller() with { Margin = 1000 }, 1);
        using var without = Run(Distiller() with { Margin = 0 }, 1);
        Assert.Equal(without.Set.Labels.data<float>().ToArray(), apart.Set.Labels.data<float>().ToArray());

        static double Gap(DistilledSet set, int image) =>
            set.Labels[image].data<float>().ToArray().OrderDescending().Take(2).Aggregate(static (a, b) => a - b);
    }

    [Fact]
    public void Without_averaging_the_last_images_are_the_result()
    {
        using var last = Run(Distiller() with { Averaging = 0 }, 6);
        using var mean = Run(Distiller() with { Averaging = 0.9 }, 6);
        Assert.Equal(last.Losses, mean.Losses);
        Assert.NotEqual(last.Set.Pixels(), mean.Set.Pixels());
    }

    [Fact]
    public void AdaBelief_takes_full_steps_where_gradients_agree()
    {
        using var state = new DistillationState(0) { ["x"] = zeros([2]) };
        var belief = new OuterAdam { LearningRate = 1, Belief = true, Epsilon = 1e-3 };
        for (int step = 0; step < 3; step++)
            belief.Update(state, "x", tensor([1f, step % 2 == 0 ? 1f : -1f]));
        // Algorithm 2 by hand for the first element: m = 1 − β₁ᵗ, s = Σ over steps of (1 − β₂)(β₁ᵗ)² β₂^…, both corrected.
        double x = 0, s = 0;
        for (int t = 1; t <= 3; t++)
        {
            s = 0.999 * s + 0.001 * Math.Pow(0.9, 2 * t);
            x -= 1 / (Math.Sqrt(s / (1 - Math.Pow(0.999, t))) + 1e-3);
        }
        Assert.Equal(x, state["x"].data<float>()[0], 1e-4);
        Assert.True(Math.Abs(state["x"].data<float>()[1]) < Math.Abs(x) / 2);
    }

    [Fact]
    public void Data_and_options_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new FeatureRegression { Regularization = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => (Distiller() with { Averaging = 1 }).Initialize(data, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => (Distiller() with { Pool = new FeaturePool { Size = 0 } }).Initialize(data, 0));
        Refused("3 classes", Distiller() with { BatchSize = 2 });
        Refused("takes [1, 28, 28]", new FeatureRegression());
        Refused("has 100", Distiller() with { ImagesPerClass = 101 });
        using var set = new DistilledSet(data.Images.narrow(0, 0, 3).clone(), eye(3), "three", data.Standardization);
        Refused("must have 6 images", Distiller() with { InitialSet = set, ImagesPerClass = 2 });
        using var raw = new DistilledSet(data.Images.narrow(0, 0, 3).clone(), eye(3), "raw");
        Refused("another scale", Distiller() with { InitialSet = raw });
        using var damaged = data.ToDevice(data.Device);
        damaged.Images.fill_(float.NaN);
        var nan = Assert.Throws<ArgumentException>(() => Distiller().Initialize(damaged, 0));
        Assert.Contains("NaN", nan.Message, StringComparison.Ordinal);

        void Refused(string because, FeatureRegression distiller)
        {
            var error = Assert.ThrowsAny<ArgumentException>(() => distiller.Initialize(data, 0));
            Assert.Contains(because, error.Message, StringComparison.Ordinal);
        }
    }

    public void Dispose() => data.Dispose();

    private static FeatureRegression Distiller() => new()
    {
        Network = Small,
        BatchSize = 60,
        Outer = new OuterAdam { LearningRate = 0.02 },
        Averaging = 0.9,
        Pool = new FeaturePool { Size = 4, TrainingSteps = 4, Lifetime = 60, Optimizer = new OuterAdam { LearningRate = 1e-2 } },
    };

    private DistillationRun Run(FeatureRegression distiller, long steps, long seed = 0) =>
        new DistillationDriver { Steps = steps, Seed = seed }.Run(distiller, data);

    private static LossFunction Named(string loss) =>
        loss == LossFunction.SquaredError.Name ? LossFunction.SquaredError : LossFunction.CrossEntropy;
}
