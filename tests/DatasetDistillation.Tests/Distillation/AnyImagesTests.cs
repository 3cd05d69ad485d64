using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Kernels;
using DatasetDistillation.Models;
using DatasetDistillation.Reporting;
using DatasetDistillation.Tests.Data;
using DatasetDistillation.Training;
using Xunit;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>Everything that makes or uses a distilled set, for images in color of several sizes and numbers of classes.</summary>
public sealed class AnyImagesTests : IDisposable
{
    private const int PerClass = 12;
    private readonly TemporaryFolder folder = new();
    private readonly TorchSharp.DisposeScope scope = TorchSharp.torch.NewDisposeScope();

    private static readonly Dictionary<string, Func<ImageDataset, DistilledSet>> Makers = new()
    {
        ["KIP, fully connected"] = static data => Distil(new KernelInducingPoints { Kernel = new FullyConnectedKernel(2) }, data),
        ["KIP, convolutional"] = static data =>
            Distil(new KernelInducingPoints { Kernel = new ConvolutionalKernel(1, poolRadius: 1), BatchSize = 20 }, data, steps: 2),
        ["KIP, labels solved"] = static data => new KernelInducingPoints().SolveLabels(Baselines.FirstReal(data), data),
        ["feature regression"] = static data => Distil(
            new FeatureRegression
            {
                Network = Networks.ConvNet(data, 3, 4, Normalization.None, doubling: true),
                SupportAugmentation = Augmentation.Crop(),
            },
            data),
        ["unrolled"] = static data => Distil(
            new UnrolledDistiller { Network = Networks.LeNet(data), LearnLabels = true, BatchSize = 40, Start = ImageStart.Real }, data),
        ["logistic"] = static data => Distil(new LogisticDistiller { LearnLabels = true, LearnScale = true }, data, steps: 3),
        ["random real"] = static data => Baselines.RandomReal(data),
        ["best random real"] = static data => Baselines.BestRandomReal(data, set => set.NearestNeighborAccuracy(data), draws: 2),
        ["class means"] = Baselines.ClassMeans,
        ["k-means"] = static data => Baselines.KMeans(data, 2),
    };

    public static TheoryData<string, int, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int, int>();
            foreach (string maker in Makers.Keys)
            {
                cases.Add(maker, 32, 10);
                cases.Add(maker, 64, 5);
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_set_in_color_is_made_shown_saved_exported_and_read_out(string maker, int side, int classes)
    {
        using var raw = Patterns.Create(3, side, side, classes, PerClass);
        // The linear problem is about pixels as they are.
        using var data = maker == "logistic" ? raw.Take(raw.Count) : raw.Standardize();
        using var test = Patterns.Create(3, side, side, classes, perClass: 4, seed: 1);
        using var set = Makers[maker](data);

        Assert.Equal([3, side, side], set.Images.shape[1..]);
        Assert.Equal(classes, set.ClassCount);
        Assert.Equal(data.ClassNames, set.ClassNames);
        Assert.Equal(data.Standardization, set.Preprocessing);

        RequirePictures(set, test);
        RequireFiles(set);

        using var prepared = set.Prepare(test);
        var readOut = new NetworkReadOut(Networks.SoftmaxRegression(data)) { Steps = 60, LearningRate = 3e-3 };
        Assert.InRange(readOut.Accuracy(set, prepared, networks: 1).Mean, 2.0 / classes, 1);
        Assert.InRange(set.NearestNeighborAccuracy(prepared), maker == "logistic" ? 0 : 2.0 / classes, 1);
        Assert.InRange(new KernelInducingPoints().Accuracy(set, prepared), 2.0 / classes, 1);
    }

    public static TheoryData<string, int, int> NetworkCases => new()
    {
        { "ConvNet", 32, 10 }, { "LeNet", 32, 10 }, { "Mlp", 32, 10 }, { "DigitCnn", 32, 10 }, { "SoftmaxRegression", 32, 10 },
        { "ConvNet", 64, 5 }, { "LeNet", 64, 5 }, { "Mlp", 64, 5 }, { "DigitCnn", 64, 5 }, { "SoftmaxRegression", 64, 5 },
    };

    [Theory]
    [MemberData(nameof(NetworkCases))]
    public void A_network_made_from_data_is_trained_replayed_and_compared(string name, int side, int classes)
    {
        using var raw = Patterns.Create(3, side, side, classes, perClass: 4);
        using var data = raw.Standardize();
        var network = Make(name, data);
        Assert.Equal([3, side, side], network.InputShape);
        Assert.Equal([classes], network.OutputShape);

        using var trained = new Trainer { Epochs = 6, BatchSize = 10 }.Fit(network, data);
        Assert.InRange(Evaluation.Evaluate(network, trained.Parameters, data).Accuracy, 2.0 / classes, 1);

        using var real = Baselines.RandomReal(data, 2);
        using var schedule = real.WithSchedule(steps: 2, epochs: 2, rate: 0.02);
        using var replayed = schedule.Replay(network, network.Initialize(seed: 0));
        Assert.DoesNotContain(replayed.Flat.data<float>().ToArray(), static weight => !float.IsFinite(weight));

        var matrix = CrossArchitecture.Measure([("real", real)], [new NetworkReadOut(network) { Steps = 2 }], data, seeds: 1);
        Assert.InRange(matrix[0, 0]!.Mean, 0, 1);
        Assert.Contains(network.Name, matrix.Table().ToHtml(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ConvNet", 4, "3×128", "4, 4")]
    [InlineData("LeNet", 8, "LeNet", "8, 8")]
    public void Images_that_are_too_small_are_refused_with_what_does_not_fit(string name, int side, string called, string size)
    {
        using var data = Patterns.Create(3, side, side, 2, perClass: 2);
        var error = Assert.Throws<ArgumentException>(() => Make(name, data));
        Assert.Contains(called, error.Message, StringComparison.Ordinal);
        Assert.Contains($"[3, {size}]", error.Message, StringComparison.Ordinal);
        Assert.Contains("larger images", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_distiller_whose_network_is_for_other_images_says_how_to_make_one()
    {
        using var data = Patterns.Create(3, 32, 32, 5, perClass: 2);
        foreach (IDistiller distiller in new IDistiller[] { new FeatureRegression(), new UnrolledDistiller() })
        {
            var error = Assert.Throws<ArgumentException>(() => distiller.Initialize(data, 0));
            Assert.Contains("[3, 32, 32]", error.Message, StringComparison.Ordinal);
            Assert.Matches(@"Networks\.\w+\(data", error.Message);
        }
    }

    [Fact]
    public void Test_images_whose_classes_are_in_another_order_are_refused()
    {
        using var data = Patterns.Create(1, 4, 4, 2, perClass: 2);
        using var set = Baselines.FirstReal(data);
        using var swapped = new ImageDataset(data.Images.clone(), data.Labels.clone(), "swapped", classNames: ["wave 1", "wave 0"]);
        using var numbered = new ImageDataset(data.Images.clone(), data.Labels.clone(), "numbered");
        var error = Assert.Throws<ArgumentException>(() => set.Prepare(swapped));
        Assert.Contains("wave 1, wave 0", error.Message, StringComparison.Ordinal);
        set.Prepare(numbered).Dispose();
        using var renamed = new ImageDataset(data.Images.clone(), data.Labels.clone(), "renamed", classNames: ["onde 0", "onde 1"]);
        set.Prepare(renamed).Dispose();
    }

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    private static DistilledSet Distil(IDistiller distiller, ImageDataset data, int steps = 6) =>
        new DistillationDriver { Steps = steps }.Run(distiller, data).Set;

    private static Network Make(string name, ImageDataset data) => name switch
    {
        "ConvNet" => Networks.ConvNet(data, width: data.Width < 32 ? 128 : 8),
        "LeNet" => Networks.LeNet(data),
        "Mlp" => Networks.Mlp(data, 20),
        "DigitCnn" => Networks.DigitCnn(data),
        _ => Networks.SoftmaxRegression(data),
    };

    private static void RequirePictures(DistilledSet set, ImageDataset test)
    {
        var grid = Png.Decode(set.Grid(zoom: 1).ToPng());
        Assert.Contains(Enumerable.Range(0, grid.Width * grid.Height), i => IsColored(grid.Pixels.AsSpan(i * grid.Channels, 3)));
        Assert.Equal(set.ClassNames, set.Grid().ColumnLabels);
        Assert.Equal(set.ClassNames, new[] { ("one", set), ("other", set) }.Wall().ColumnLabels);

        using var prepared = set.Prepare(test);
        var network = Networks.SoftmaxRegression(prepared);
        var predictions = Evaluation.Predict(network, network.Initialize(0), prepared);
        var shown = PredictionsGrid.Of(test.Take(4).Images, predictions.Take(4), classNames: set.ClassNames);
        Assert.Contains("wave", shown.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(shown.ToPng());

        static bool IsColored(ReadOnlySpan<byte> pixel) => Math.Abs(pixel[0] - pixel[1]) > 40;
    }

    private void RequireFiles(DistilledSet set)
    {
        set.Save(folder["set.npz"]);
        using var loaded = DistilledSet.Load(folder["set.npz"]);
        Assert.Equal(set.Pixels(), loaded.Pixels());
        Assert.Equal(set.ClassNames, loaded.ClassNames);
        Assert.Equal(set.Preprocessing, loaded.Preprocessing);

        set.ExportImages(folder["images"]);
        using var pictures = ImageDataset.FromFolder(folder["images"], (int)set.Images.shape[2], (int)set.Images.shape[3]);
        Assert.Equal(set.Count, pictures.Count);
        Assert.Equal(3, pictures.Channels);
        Assert.Equal(set.Classes().Distinct().Order().Select(label => set.ClassNames[(int)label]), pictures.ClassNames);
    }
}
