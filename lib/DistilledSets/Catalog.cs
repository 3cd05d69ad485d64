using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Training;

namespace DistilledSets;

/// <summary>The sets, with every setting that decides what they become. Settings were chosen on held-out training images.</summary>
internal static class Catalog
{
    /// <summary>All sets.</summary>
    public static IReadOnlyList<Recipe> All { get; } =
    [
        new("mnist-10-convnet", Corpus.Mnist, 20_000,
            static (data, _) => ForConvNet(data, 32, 1, 20_000), static data => [ReadByConvNet(data, 64)]),
        new("mnist-100-convnet", Corpus.Mnist, 3000,
            static (data, _) => ForConvNet(data, 32, 10, 3000), static data => [ReadByConvNet(data, 64, 1000)])
        {
            Judges = static data => [ReadByConvNet(data, 32, 300)],
        },
        new("mnist-500-convnet", Corpus.Mnist, 1500,
            static (data, _) => ForConvNet(data, 32, 50, 1500), static data => [ReadByConvNet(data, 64, 2000)])
        {
            Judges = static data => [ReadByConvNet(data, 32, 400)],
            Looks = 5,
        },
        new("mnist-10-digitcnn-soft", Corpus.Mnist, 3000,
            static (_, _) => ForDigitCnn(1, 3000), static _ => [Softly(Networks.DigitCnn(), 1500)])
        {
            Judges = static _ => [Softly(Networks.DigitCnn(), 500)],
        },
        new("mnist-10-digitcnn", Corpus.Mnist, 1000, static (_, start) => new SharedSetDistiller
        {
            Network = Networks.DigitCnn(),
            InitialSet = start!.WithHardLabels(),
            InnerSteps = 50,
            InnerLearningRate = 1e-3,
            BatchSize = 250,
            Outer = new OuterAdam { LearningRate = 0.02, CosineSteps = 1000, CosineFinal = 0.1 },
            Averaging = 0.98,
        }, static _ => [SeedRecipe(50, 10)])
        {
            From = "mnist-10-digitcnn-soft",
        },
        new("mnist-500-digitcnn", Corpus.Mnist, 3000,
            static (_, _) => ForDigitCnn(50, 3000), static _ => [Softly(Networks.DigitCnn(), 2000), SeedRecipe(100, 250)])
        {
            Judges = static _ => [Softly(Networks.DigitCnn(), 300)],
            Looks = 4,
        },
        new("mnist-10-many", Corpus.Mnist, 8000, static (data, _) => ForMany(data, 8000), static data => ReadByMany(data, 1000))
        {
            Judges = static data => ReadByMany(data, 300),
        },
        new("mnist-100-lenet", Corpus.Mnist, 2000, static (_, _) => new SharedSetDistiller
        {
            Network = Networks.LeNet(),
            ImagesPerClass = 10,
            InnerSteps = 60,
            Window = 30,
            InnerImagesPerClass = 1,
            InnerLearningRate = 3e-3,
            RateLearningRate = 0.01,
            BatchSize = 500,
            Outer = new OuterAdam { LearningRate = 0.01, Beta2 = 0.99, CosineSteps = 2000, CosineFinal = 0.1 },
            Averaging = 0.98,
        }, static _ => [SeedRecipe(60, 10) with { Network = Networks.LeNet(), LearningRate = 3e-3 }]),
        new("fashion-10", Corpus.Fashion, 6000,
            static (data, _) => ForConvNet(data, 32, 1, 6000), static data => [ReadByConvNet(data, 64)]),
        new("fashion-100", Corpus.Fashion, 3000,
            static (data, _) => ForConvNet(data, 32, 10, 3000), static data => [ReadByConvNet(data, 64, 1000)])
        {
            Judges = static data => [ReadByConvNet(data, 32, 300)],
        },
        new("fashion-500", Corpus.Fashion, 1500,
            static (data, _) => ForConvNet(data, 32, 50, 1500), static data => [ReadByConvNet(data, 64, 2000)])
        {
            Judges = static data => [ReadByConvNet(data, 32, 400)],
            Looks = 5,
        },
        new("cifar-10", Corpus.Cifar, 6000, static (data, _) => ForConvNet(data, 32, 1, 6000), static data => [ReadByConvNet(data, 64)]),
        new("cifar-100", Corpus.Cifar, 3000,
            static (data, _) => ForConvNet(data, 32, 10, 3000), static data => [ReadByConvNet(data, 64, 1000)])
        {
            Judges = static data => [ReadByConvNet(data, 32, 300)],
        },
    ];

    /// <summary>Blocks of w, 2w and 4w channels without normalization, from a small initialization.</summary>
    private static Network ConvNet(ImageDataset data, int width) =>
        Networks.ConvNet(data, 3, width, Normalization.None, doubling: true).With(Initialization.SmallNormal);

    /// <summary>Turned, zoomed and shifted, and mirrored where that leaves the class.</summary>
    private static Augmentation Deformed(ImageDataset data) =>
        data.MayBeMirrored ? Augmentation.Chain(Augmentation.Flip(data), Augmentation.Deform()) : Augmentation.Deform();

    private static FeatureRegression ForConvNet(ImageDataset data, int width, int perClass, long steps) => new()
    {
        Network = ConvNet(data, width),
        ImagesPerClass = perClass,
        ActiveImages = perClass > 10 ? 100 : 0,
        BatchSize = 200,
        SupportAugmentation = perClass > 1 ? Deformed(data) : null,
        Outer = new OuterAdam { LearningRate = perClass > 10 ? 5e-3 : 0.03, CosineSteps = steps, CosineFinal = 0.1 },
        Averaging = 0.995,
        Pool = perClass == 1 ? new FeaturePool() : new FeaturePool { TrainingSteps = 2, Lifetime = 400 },
    };

    private static FeatureRegression ForDigitCnn(int perClass, long steps) => new()
    {
        Network = Networks.DigitCnn(),
        ImagesPerClass = perClass,
        ActiveImages = perClass > 10 ? 50 : 0,
        BatchSize = 100,
        SupportAugmentation = Augmentation.Shift(1),
        Outer = new OuterAdam { LearningRate = perClass > 10 ? 5e-3 : 0.03, CosineSteps = steps, CosineFinal = 0.1 },
        Averaging = 0.99,
        Pool = new FeaturePool
        {
            Size = 6,
            TrainingSteps = 4,
            Lifetime = 300,
            BatchSize = 50,
            Optimizer = new OuterAdam { LearningRate = 1e-3 }
        },
    };

    private static FeatureRegression ForMany(ImageDataset data, long steps) => new()
    {
        Mixture =
        [
            new(Networks.SoftmaxRegression()) { Regularization = 0.03, Pool = new FeaturePool { Size = 1, TrainingSteps = 0 } },
            new(Networks.Mlp()) { Regularization = 0.01 },
            new(Networks.LeNet()) { Regularization = 0.01 },
            new(ConvNet(data, 32)),
        ],
        BatchSize = 200,
        Outer = new OuterAdam { LearningRate = 0.03, CosineSteps = steps, CosineFinal = 0.1 },
        Averaging = 0.995,
    };

    /// <summary>Learned labels, squared error, and a mean of the weights.</summary>
    private static NetworkReadOut ReadByConvNet(ImageDataset data, int width, int steps = 150) => new(ConvNet(data, width))
    {
        Steps = steps,
        BatchSize = 100,
        LearningRate = 3e-3,
        Averaging = 0.99,
        Augmentation = steps > 150 ? Deformed(data) : null,
    };

    private static NetworkReadOut Softly(Network network, int steps) => new(network)
    {
        Steps = steps,
        BatchSize = 100,
        Averaging = 0.99,
        Augmentation = Augmentation.Shift(1),
    };

    /// <summary>Adam at one rate with class labels, as one trains on real digits.</summary>
    private static NetworkReadOut SeedRecipe(int steps, int batch) => new(Networks.DigitCnn())
    {
        Labels = LabelUse.Hard,
        Steps = steps,
        BatchSize = batch,
        Schedule = LearningRateSchedule.Constant,
    };

    private static NetworkReadOut[] ReadByMany(ImageDataset data, int steps) =>
    [
        .. new[] { Networks.SoftmaxRegression().With(Initialization.Zero), Networks.Mlp(), Networks.LeNet(), ConvNet(data, 32) }
            .Select(network => new NetworkReadOut(network) { Steps = steps, LearningRate = 3e-3, BatchSize = 50 }),
    ];
}
