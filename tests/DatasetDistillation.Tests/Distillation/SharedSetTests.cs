using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Tests.Data;
using DatasetDistillation.Tests.Kernels;
using DatasetDistillation.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>One set for training on random batches, distilled through windows of the inner loop.</summary>
public sealed class SharedSetTests : IDisposable
{
    private static readonly Network Small = new(
        "small",
        [1, 6, 6],
        [Conv.Same(6, 3), new ReLU(), new AveragePool(2), new Flatten(), new Dropout(0.25), new Linear(3)],
        Initialization.HeNormal);

    private readonly ImageDataset data = KernelRidgeTests.Stripes(300).Standardize();

    [Theory]
    [InlineData("adam", true)]
    [InlineData("momentum", true)]
    [InlineData("adam", false)]
    public void Every_gradient_agrees_with_finite_differences(string optimizer, bool fused)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var smooth = new Network(
            "smooth", [1, 6, 6], [Conv.Same(4, 3), new Softplus(4), new AveragePool(2), new Dropout(0.3), new Flatten(), new Linear(3)]);
        var inner = optimizer == "adam" ? InnerOptimizer.Adam(epsilon: 1e-2) : InnerOptimizer.Momentum();
        var theta0 = smooth.Initialize(generator, float64).Flat;
        var (images, labels) = (Normal(6, 1, 6, 6), Normal(6, 3));
        var (real, classes) = (Normal(20, 1, 6, 6), randint(0, 3, [20], generator: generator));
        var places = SharedSetLoop.DrawBatches(5, 3, 2, 1, generator);
        var before = Networks.Fused;
        Networks.Fused = fused;
        try
        {
            // All five steps are differentiated, so that the plain part does not hide a dependence.
            var gradient = Differentiate(images, labels, 0.05);
            for (int trial = 0; trial < 2; trial++)
            {
                const double Step = 1e-5;
                var (toImages, toLabels) = (Normal(6, 1, 6, 6), Normal(6, 3));
                AssertSlope(
                    Differentiate(images + toImages * Step, labels, 0.05),
                    Differentiate(images - toImages * Step, labels, 0.05),
                    (gradient.ToImages * toImages).sum().ToDouble());
                AssertSlope(
                    Differentiate(images, labels + toLabels * Step, 0.05),
                    Differentiate(images, labels - toLabels * Step, 0.05),
                    (gradient.ToLabels! * toLabels).sum().ToDouble());
                AssertSlope(Differentiate(images, labels, 0.05 + Step), Differentiate(images, labels, 0.05 - Step), gradient.ToRate);

                void AssertSlope(SharedSetGradient above, SharedSetGradient below, double slope) =>
                    Assert.Equal((above.Loss - below.Loss) / (2 * Step), slope, 1e-6 * (1 + Math.Abs(slope)));
            }
        }
        finally
        {
            Networks.Fused = before;
        }

        SharedSetGradient Differentiate(Tensor x, Tensor y, double rate)
        {
            using var random = new Generator(3);
            long[] seeds = [1, 2, 3, 4, 5];
            var loop = new SharedSetLoop(0, 5, places, Augmentation.Deform(10, 1.1, 0.1), random, seeds);
            var unrolled = new UnrolledGradient(smooth, inner, LossFunction.SquaredError, LossFunction.CrossEntropy)
            {
                LearnLabels = true,
                DropoutSeeds = seeds,
                KeptGraphs = 2
            };
            return loop.Differentiate(unrolled, x.detach().requires_grad_(), y.detach().requires_grad_(), rate, theta0, real, classes);
        }

        Tensor Normal(params long[] shape) => randn(shape, float64, generator: generator);
    }

    [Fact]
    public void Steps_before_the_window_count_and_have_no_gradient()
    {
        using var scope = NewDisposeScope();
        using var random = new Generator(0);
        var theta0 = Small.Initialize(2).Flat;
        var (real, classes) = (data.Images.narrow(0, 30, 60), data.Labels.narrow(0, 30, 60));
        // In the first two steps images 0, 2 and 4 are trained on, then 1, 3 and 5.
        var places = tensor(new long[] { 0, 2, 4, 0, 2, 4, 1, 3, 5 });
        var window = Gradient(plain: 2, data.Images.narrow(0, 0, 6));
        Assert.Equal([0, 2, 4], Enumerable.Range(0, 6).Where(i => window.ToImages[i].abs().max().ToDouble() == 0));
        var whole = Gradient(plain: 0, data.Images.narrow(0, 0, 6));
        Assert.Equal(whole.Loss, window.Loss);
        Assert.All(Enumerable.Range(0, 6), i => Assert.NotEqual(0, whole.ToImages[i].abs().max().ToDouble()));

        SharedSetGradient Gradient(int plain, Tensor images)
        {
            var loop = new SharedSetLoop(plain, 3, places, null, random, null);
            var unrolled = new UnrolledGradient(Small, InnerOptimizer.Adam(), LossFunction.CrossEntropy, LossFunction.CrossEntropy);
            return loop.Differentiate(
                unrolled, images.clone().requires_grad_(), eye(3).repeat_interleave(2, 0), 0.05, theta0, real, classes);
        }
    }

    [Fact]
    public void Batches_have_as_many_images_of_each_class_and_none_twice()
    {
        using var scope = NewDisposeScope();
        using var random = new Generator(4);
        var places = SharedSetLoop.DrawBatches(40, 3, 5, 2, random)!.data<long>().ToArray();
        Assert.Equal(240, places.Length);
        foreach (var batch in places.Chunk(6))
        {
            Assert.Equal([0, 0, 1, 1, 2, 2], batch.Select(static place => place / 5));
            Assert.Equal(6, batch.Distinct().Count());
        }
        Assert.Equal(15, places.Distinct().Count());
        Assert.Null(SharedSetLoop.DrawBatches(40, 3, 5, 5, random));
    }

    [Fact]
    public void What_is_distilled_trains_networks_better_in_the_same_steps()
    {
        var distiller = Distiller() with { Start = ImageStart.Noise, RateLearningRate = 0.05, Window = 8 };
        using var test = KernelRidgeTests.Stripes(201).Standardize(data.Standardization);
        using var before = Run(distiller, 0);
        using var after = Run(distiller, 150);
        Assert.True(after.Losses.TakeLast(10).Average() < 0.6 * after.Losses.Take(10).Average());
        var readOut = new NetworkReadOut(Small)
        {
            Labels = LabelUse.Hard,
            Steps = 12,
            BatchSize = 3,
            LearningRate = 0.02,
            Schedule = LearningRateSchedule.Constant
        };
        Assert.True(readOut.Accuracy(after.Set, test, 5).Mean > readOut.Accuracy(before.Set, test, 5).Mean + 0.2);
        Assert.Equal(data.Standardization, after.Set.Preprocessing);
        Assert.Contains("inner rate", after.Set.Method, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_continued_from_its_checkpoint_ends_as_one_that_was_not_stopped()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "shared.npz");
        var distiller = Distiller() with
        {
            LearnLabels = true,
            InnerLoss = LossFunction.SquaredError,
            RateLearningRate = 0.01,
            Window = 3,
            SupportAugmentation = Augmentation.Deform(5, 1.1, 0.1),
            Augmentation = Augmentation.Shift(1),
            NetworksPerStep = 2,
        };
        new DistillationDriver { Steps = 3, Checkpoint = path }.Run(distiller, data).Dispose();
        using var continued = new DistillationDriver { Steps = 7, Checkpoint = path }.Run(distiller, data);
        using var whole = Run(distiller, 7);
        using var other = Run(distiller, 7, seed: 1);
        Assert.Equal(whole.Losses, continued.Losses);
        Assert.Equal(whole.Set.Pixels(), continued.Set.Pixels());
        Assert.NotEqual(whole.Set.Pixels(), other.Set.Pixels());

        // Another run's checkpoint is refused, whatever option it is that differs.
        foreach (var another in new[]
        {
            distiller with { Dropout = false },
            distiller with { Window = 4 },
            distiller with { InnerImagesPerClass = 0 },
            distiller with { RateLearningRate = 0.02 },
            distiller with { InnerLearningRate = 0.03 },
            distiller with { SupportAugmentation = null },
            distiller with { Network = Small.WithSoftplus(8) },
        })
            Assert.Throws<InvalidDataException>(() => new DistillationDriver { Steps = 9, Checkpoint = path }.Run(another, data));
    }

    [Fact]
    public void It_goes_on_from_another_set()
    {
        using var soft = new DistilledSet(
            data.Images.narrow(0, 0, 6).clone(), tensor(new[] { 0.5f, -0.1f, -0.4f }).repeat(6, 1), "soft", data.Standardization);
        using var hard = soft.WithHardLabels();
        using var run = Run(Distiller() with { InitialSet = hard, Averaging = 0 }, 0);
        Assert.Equal(soft.Pixels(), run.Set.Pixels());
        Assert.Equal([1, 0, 0], run.Set.Labels[5].data<float>().ToArray());
        Assert.Contains("one-hot", run.Set.Method, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_and_options_that_do_not_fit_are_refused()
    {
        Refused("InnerSteps is 0", Distiller() with { InnerSteps = 0 });
        Refused("Window is 13", Distiller() with { Window = 13 });
        Refused("InnerImagesPerClass is 3", Distiller() with { InnerImagesPerClass = 3 });
        Refused("InnerLearningRate is 0", Distiller() with { InnerLearningRate = 0 });
        Refused("RateLearningRate is NaN", Distiller() with { RateLearningRate = double.NaN });
        Refused("Averaging is 1", Distiller() with { Averaging = 1 });
        Refused("3 classes", Distiller() with { BatchSize = 2 });
        Refused("takes [1, 28, 28]", Distiller() with { Network = Networks.LeNet() });
        Refused("has 100", Distiller() with { ImagesPerClass = 101 });
        using var raw = new DistilledSet(data.Images.narrow(0, 0, 6).clone(), eye(3).repeat(2, 1), "raw");
        Refused("another scale", Distiller() with { InitialSet = raw });

        void Refused(string because, SharedSetDistiller distiller)
        {
            var error = Assert.ThrowsAny<ArgumentException>(() => distiller.Initialize(data, 0));
            Assert.Contains(because, error.Message, StringComparison.Ordinal);
        }
    }

    public void Dispose() => data.Dispose();

    private static SharedSetDistiller Distiller() => new()
    {
        Network = Small,
        ImagesPerClass = 2,
        InnerSteps = 12,
        InnerImagesPerClass = 1,
        InnerLearningRate = 0.02,
        BatchSize = 60,
        Outer = new OuterAdam { LearningRate = 0.05 },
    };

    private DistillationRun Run(SharedSetDistiller distiller, long steps, long seed = 0) =>
        new DistillationDriver { Steps = steps, Seed = seed }.Run(distiller, data);
}
