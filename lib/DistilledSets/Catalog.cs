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
        new("mnist-100-convnet", Corpus.Mnist, 4000,
            static (data, _) => ForConvNet(data, 32, 10, 4000), static data => [ReadByConvNet(data, 64, 1000)])
        {
            Judges = static data => [ReadByConvNet(data, 32, 300)],
            Looks = 4,
        },
        new("mnist-500-convnet", Corpus.Mnist, 2500,
            static (data, _) => ForConvNet(data, 32, 50, 2500), static data => [ReadByConvNet(data, 64, 2000)])
        {
            Judges = static data => [ReadByConvNet(data, 32, 400)],
            Looks = 4,
        },
        new("mnist-10-digitcnn-soft", Corpus.Mnist, 3000,
            static (_, _) => ForDigitCnn(1, 3000), static _ => [Softly(500, 3e-3, weightDecay: 0.1)])
        {
            Judges = static _ => [Softly(500, 3e-3, weightDecay: 0.1)],
        },
        new("mnist-10-digitcnn-start", Corpus.Mnist, 2000, static (_, _) => ForDigitCnn(1, 2000) with
        {
            LearnLabels = false,
            SupportAugmentation = null,
            Pool = Pool(6, visit: 4, lifetime: 60),
        }, static _ => [SeedRecipe(50, 10)]),
        new("mnist-10-digitcnn-hard", Corpus.Mnist, 300, static (_, start) => new SharedSetDistiller
        {
            Network = Networks.DigitCnn(),
            InitialSet = WithContrast(start!.WithHardLabels(), 4),
            InnerSteps = 50,
            InnerLearningRate = 1e-3,
            BatchSize = 250,
            Outer = new OuterAdam { LearningRate = 0.05, CosineSteps = 300, CosineFinal = 0.1 },
            Averaging = 0.98,
        }, static _ => [SeedRecipe(50, 10)])
        {
            From = "mnist-10-digitcnn-start",
        },
        new("mnist-500-digitcnn", Corpus.Mnist, 3000,
            static (_, _) => ForDigitCnn(50, 3000), static _ => [Softly(2000, 1e-3), SeedRecipe(100, 250)])
        {
            Judges = static _ => [Softly(300, 1e-3)],
            Looks = 4,
        },
        new("mnist-10-many", Corpus.Mnist, 8000, static (data, _) => ForMany(data, 8000), static data => ReadByMany(data, 600))
        {
            Judges = static data => ReadByMany(data, 300),
            Looks = 5,
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
        Photographs("fashion-10", Corpus.Fashion, 1, 12_000, read: 300, judged: 300, looks: 6),
        Photographs("fashion-100", Corpus.Fashion, 10, 3500, read: 1000, judged: 300, looks: 4),
        Photographs("fashion-500", Corpus.Fashion, 50, 4000, read: 2000, judged: 400, looks: 4),
        Photographs("cifar-10", Corpus.Cifar, 1, 12_000, read: 300, judged: 300, looks: 6),
        Photographs("cifar-100", Corpus.Cifar, 10, 3500, read: 1000, judged: 300, looks: 4),
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

    /// <summary>Clothes or color photographs, made with ConvNets and read out by wider ones.</summary>
    private static Recipe Photographs(string name, Corpus corpus, int perClass, long steps, int read, int judged, int looks) =>
        new(name, corpus, steps, (data, _) => ForPhotographs(data, perClass, steps), data => [ReadPhotographs(data, 64, perClass, read)])
        {
            Judges = data => [ReadPhotographs(data, 32, perClass, judged)],
            Looks = looks,
        };

    private static Augmentation? Mirrored(ImageDataset data) => data.MayBeMirrored ? Augmentation.Flip(data) : null;

    /// <summary>What may be mirrored is, in every step, where there are several images of a class.</summary>
    private static FeatureRegression ForPhotographs(ImageDataset data, int perClass, long steps) => new()
    {
        Network = ConvNet(data, 32),
        ImagesPerClass = perClass,
        ActiveImages = perClass > 10 ? 100 : 0,
        SupportAugmentation = perClass > 1 ? Mirrored(data) : null,
        Outer = new OuterAdam { LearningRate = perClass > 1 ? 0.01 : 0.03, CosineSteps = steps, CosineFinal = 0.1 },
        Averaging = 0.995,
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
        Pool = Pool(6, visit: 4, lifetime: 300),
    };

    private static FeaturePool Pool(int size, int visit, int lifetime) => new()
    {
        Size = size,
        TrainingSteps = visit,
        Lifetime = lifetime,
        BatchSize = 50,
        Optimizer = new OuterAdam { LearningRate = 1e-3 },
    };

    /// <summary>Perceptrons and LeNets learn as long as those that will read the images, and from images moved like theirs.</summary>
    private static FeatureRegression ForMany(ImageDataset data, long steps)
    {
        var pool = Pool(8, visit: 10, lifetime: 600);
        return new FeatureRegression
        {
            Mixture =
            [
                new(Networks.SoftmaxRegression())
                {
                    Regularization = 0.03,
                    Pool = new FeaturePool { Size = 1, TrainingSteps = 0 },
                    Share = 0.5,
                },
                new(SmallMlp) { Regularization = 0.01, Pool = pool, Share = 2 },
                new(SmallLeNet) { Regularization = 0.01, Pool = pool, Share = 2 },
                new(ConvNet(data, 32)),
            ],
            BatchSize = 200,
            SupportAugmentation = Augmentation.Shift(1),
            Outer = new OuterAdam { LearningRate = 0.03, CosineSteps = steps, CosineFinal = 0.1 },
            Averaging = 0.995,
        };
    }

    // Large first weights say more at random than ten images can take back.
    private static Network SmallMlp => Networks.Mlp().With(Initialization.SmallNormal);

    private static Network SmallLeNet => Networks.LeNet().With(Initialization.SmallNormal);

    /// <summary>Learned labels, squared error, and a mean of the weights.</summary>
    private static NetworkReadOut ReadByConvNet(ImageDataset data, int width, int steps = 150) => new(ConvNet(data, width))
    {
        Steps = steps,
        BatchSize = 100,
        LearningRate = 3e-3,
        Averaging = 0.99,
        Augmentation = steps > 150 ? Deformed(data) : null,
    };

    /// <summary>As digits are read; ten photographs are seen changed in color, size, angle and place, more of them mirrored.</summary>
    private static NetworkReadOut ReadPhotographs(ImageDataset data, int width, int perClass, int steps) =>
        ReadByConvNet(data, width, steps) with { Augmentation = perClass > 1 ? Mirrored(data) : Augmentation.For(data) };

    /// <summary>Learned labels, squared error, shifts of a pixel and a mean of the weights; decay where there are few images.</summary>
    private static NetworkReadOut Softly(int steps, double rate, double weightDecay = 0) => new(Networks.DigitCnn())
    {
        Steps = steps,
        BatchSize = 100,
        LearningRate = rate,
        WeightDecay = weightDecay,
        Averaging = 0.99,
        Augmentation = Augmentation.Shift(1),
    };

    /// <summary>Images further from the mean teach a network faster at a rate that is given.</summary>
    private static DistilledSet WithContrast(DistilledSet set, double factor) =>
        new(set.Images * factor, set.Labels.clone(), set.Method, set.Preprocessing, classNames: set.ClassNames);

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
        .. new[] { Networks.SoftmaxRegression().With(Initialization.Zero), SmallMlp, SmallLeNet, ConvNet(data, 32) }
            .Select(network => new NetworkReadOut(network)
            {
                Steps = steps,
                LearningRate = 3e-3,
                WeightDecay = 0.03,
                BatchSize = 50,
                Averaging = 0.99,
                Augmentation = Augmentation.Shift(1),
            }),
    ];
}
