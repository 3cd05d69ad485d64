using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Kernels;
using DatasetDistillation.Models;
using DatasetDistillation.Tests.Data;
using DatasetDistillation.Tests.Kernels;
using DatasetDistillation.Training;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

public sealed class KernelInducingPointsTests : IDisposable
{
    private readonly ImageDataset data = KernelRidgeTests.Stripes(300).Standardize();

    [Theory]
    [InlineData(ImageStart.Real)]
    [InlineData(ImageStart.Noise)]
    public void From_either_start_the_images_come_to_predict_well(ImageStart start)
    {
        var kip = new KernelInducingPoints { BatchSize = 150, Start = start };
        using var test = KernelRidgeTests.Stripes(201).Standardize(data.Standardization);
        using var after = Run(kip, 80);
        Assert.InRange(kip.Accuracy(after.Set, test), 0.97, 1);
        Assert.True(after.Losses[^1] < after.Losses[0] / 2);
        Assert.Equal(data.Standardization, after.Set.Preprocessing);
    }

    [Fact]
    public void Distilled_digits_predict_digits_that_were_held_out()
    {
        var fixture = Npz.Load(Path.Combine(AppContext.BaseDirectory, "fixtures", "mnist_first2000.npz"));
        using var digits = Digits(fixture);
        var (first, second) = digits.StratifiedSplit(0.75);
        using (first)
        using (second)
        {
            var kip = new KernelInducingPoints { BatchSize = 500 };
            using var start = Run(kip, 0, first);
            using var run = Run(kip, 60, first);
            Assert.InRange(kip.Accuracy(run.Set, second), 0.8, 1);
            Assert.True(kip.Accuracy(run.Set, second) > kip.Accuracy(start.Set, second) + 0.2);
        }
    }

    [Fact]
    public void Equal_seeds_give_equal_sets_and_others_do_not()
    {
        var kip = new KernelInducingPoints
        {
            Kernel = new FullyConnectedKernel(1),
            BatchSize = 30,
            Augmentation = Augmentation.Shift(1),
        };
        using var one = Run(kip, 5, seed: 1);
        using var again = Run(kip, 5, seed: 1);
        using var other = Run(kip, 5, seed: 2);
        Assert.Equal(one.Set.Pixels(), again.Set.Pixels());
        Assert.NotEqual(one.Set.Pixels(), other.Set.Pixels());
    }

    [Fact]
    public void A_run_continued_from_its_checkpoint_ends_as_one_that_was_not_stopped()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "kip.npz");
        var kip = new KernelInducingPoints { BatchSize = 30 };
        new DistillationDriver { Steps = 4, Checkpoint = path }.Run(kip, data).Dispose();
        using var continued = new DistillationDriver { Steps = 9, Checkpoint = path }.Run(kip, data);
        using var whole = Run(kip, 9);
        Assert.Equal(whole.Losses, continued.Losses);
        Assert.Equal(whole.Set.Pixels(), continued.Set.Pixels());
    }

    [Fact]
    public void Labels_stay_centered_one_hot_unless_they_are_learned()
    {
        using var learned = Run(new KernelInducingPoints { BatchSize = 30 }, 3);
        using var fixedLabels = Run(new KernelInducingPoints { BatchSize = 30, LearnLabels = false }, 3);
        using var scope = NewDisposeScope();
        var start = KernelRidge.CenteredLabels(arange(3), 3).to_type(float32);
        Assert.Equal(start.data<float>().ToArray(), fixedLabels.Set.Labels.data<float>().ToArray());
        Assert.NotEqual(start.data<float>().ToArray(), learned.Set.Labels.data<float>().ToArray());
    }

    [Fact]
    public void A_published_set_without_scale_is_read_and_scored()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "published.npz");
        var kip = new KernelInducingPoints { ImagesPerClass = 2, BatchSize = 150 };
        using var run = Run(kip, 20);
        var archive = new Npz();
        archive.Add("images", NpyArray.From(run.Set.Images.permute(0, 2, 3, 1).contiguous()));
        archive.Add("labels", NpyArray.From(run.Set.Labels));
        archive.Save(path);
        using var read = DistilledSet.Load(path);
        Assert.Equal(kip.Accuracy(run.Set, data), kip.Accuracy(read, data));
    }

    [Fact]
    public void Solved_labels_make_a_few_real_images_predict_better_and_leave_the_images_alone()
    {
        var kip = new KernelInducingPoints { ImagesPerClass = 3, BatchSize = 30 };
        using var noisy = KernelRidgeTests.Stripes(300, noise: 0.8).Standardize();
        using var real = Run(kip, 0, noisy);
        using var solved = kip.SolveLabels(real.Set, noisy);
        Assert.Equal(real.Set.Pixels(), solved.Pixels());
        Assert.Equal(real.Set.Preprocessing, solved.Preprocessing);
        Assert.True(kip.Accuracy(solved, noisy) > kip.Accuracy(real.Set, noisy));
        using var wider = new ImageDataset(rand([3, 1, 6, 12]), arange(3), "wider");
        Assert.Throws<ArgumentException>(() => kip.SolveLabels(real.Set, wider));
    }

    [Fact]
    public void Data_and_options_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelInducingPoints { Regularization = 0 });
        var few = Assert.Throws<ArgumentOutOfRangeException>(() => new KernelInducingPoints { BatchSize = 2 }.Initialize(data, 0));
        Assert.Contains("3 classes", few.Message, StringComparison.Ordinal);
        using var scope = NewDisposeScope();
        using var lacking = new ImageDataset(rand([4, 1, 4, 4]), tensor(new long[] { 0, 0, 2, 2 }), "lacking", classCount: 3);
        var missing = Assert.Throws<ArgumentException>(() => new KernelInducingPoints().Initialize(lacking, 0));
        Assert.Contains("class 1 has 0", missing.Message, StringComparison.Ordinal);
        var poor = Assert.Throws<ArgumentException>(() => new KernelInducingPoints { ImagesPerClass = 101 }.Initialize(data, 0));
        Assert.Contains("has 100", poor.Message, StringComparison.Ordinal);
        using var damaged = data.ToDevice(data.Device);
        damaged.Images.fill_(float.NaN);
        var nan = Assert.Throws<ArgumentException>(() => new KernelInducingPoints().Initialize(damaged, 0));
        Assert.Contains("NaN", nan.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_state_of_a_method_that_keeps_more_is_refused()
    {
        using var other = new FeatureRegression { Network = Networks.SoftmaxRegression(data), BatchSize = 30 }.Initialize(data, 0);
        var kip = new KernelInducingPoints { BatchSize = 30 };
        Assert.Contains("SetState is wanted", Assert.Throws<ArgumentException>(() => kip.Step(other, data)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => kip.Result(other, data));
    }

    [Fact]
    public void A_run_whose_kernel_cannot_fit_is_refused_before_it_starts()
    {
        var kip = new KernelInducingPoints { Kernel = new HugeKernel() };
        var error = Assert.Throws<InsufficientMemoryException>(() => Run(kip, 1));
        Assert.Contains($"{HugeKernel.Memory >> 20} MiB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_kernel_keeps_of_every_image_is_in_the_estimate()
    {
        using var digits = SyntheticDigits.Create(1000);
        long Estimate(IKernel kernel) => new KernelInducingPoints { Kernel = kernel, BatchSize = 1000 }.EstimateMemory(digits);
        // Deviations and their inverses of every pixel in every layer.
        Assert.True(Estimate(new ConvolutionalKernel(5)) - Estimate(new ConvolutionalKernel(1)) > 4 * 2 * sizeof(float) * 784 * 1000);
        Assert.Equal(Estimate(new ConvolutionalKernel(5)), Estimate(new ConvolutionalKernel(5, poolRadius: 3)));
    }

    public void Dispose() => data.Dispose();

    private sealed class HugeKernel : IKernel
    {
        public const long Memory = 1L << 60;

        public string Name => "huge";

        public Tensor Evaluate(Tensor x, Tensor xPrime) => throw new NotSupportedException();

        public long EstimateMemory(long support, long targets, IReadOnlyList<long> image) => Memory;
    }

    private static ImageDataset Digits(Npz fixture)
    {
        var (images, labels) = (fixture["images"], fixture["labels"]);
        using var scope = NewDisposeScope();
        return new ImageDataset(images.ToTensor().to_type(float32).reshape(-1, 1, 28, 28) / 255, labels.ToTensor().to_type(int64), "digits")
            .Standardize();
    }

    private DistillationRun Run(KernelInducingPoints kip, long steps, ImageDataset? images = null, long seed = 0) =>
        new DistillationDriver { Steps = steps, Seed = seed }.Run(kip, images ?? data);
}
