using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

public sealed class BaselinesTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Random_real_images_are_of_their_class_none_twice_and_other_seeds_draw_others()
    {
        using var digits = SyntheticDigits.Create(120, seed: 1).Standardize();
        using var set = Baselines.RandomReal(digits, 4, seed: 2);
        Assert.Equal(Enumerable.Range(0, 40).Select(static i => (long)(i / 4)), set.Classes());
        Assert.Equal(digits.Standardization, set.Preprocessing);

        var equal = set.Images.flatten(1).unsqueeze(1).eq(digits.Images.flatten(1).unsqueeze(0)).to(float32).mean([2]).eq(1).to(int64);
        var places = equal.argmax(1).data<long>().ToArray();
        Assert.Equal(40, equal.sum().ToInt64());
        Assert.Equal(40, places.Distinct().Count());
        Assert.Equal(set.Classes(), places.Select(place => digits.LabelValues()[place]));

        using var same = Baselines.RandomReal(digits, 4, seed: 2);
        using var other = Baselines.RandomReal(digits, 4, seed: 3);
        Assert.Equal(set.Pixels(), same.Pixels());
        Assert.NotEqual(set.Pixels(), other.Pixels());
    }

    [Fact]
    public void The_best_of_many_draws_is_the_one_that_the_judge_likes_best()
    {
        using var digits = SyntheticDigits.Create(60, seed: 1);
        double Ink(DistilledSet set) => set.Images.sum().ToDouble();
        using var best = Baselines.BestRandomReal(digits, Ink, draws: 6, seed: 10);
        var scores = Enumerable.Range(10, 6).Select(seed =>
        {
            using var draw = Baselines.RandomReal(digits, 1, seed);
            return Ink(draw);
        });
        Assert.Equal(scores.Max(), Ink(best));
        Assert.Contains("best of 6", best.Method, StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_images_in_closed_form_hold_the_regression_on_all_images()
    {
        using var digits = SyntheticDigits.Create(600, seed: 1).Standardize();
        using var set = Baselines.LinearRidge(digits, regularization: 1e-3);
        Assert.Equal(10, set.Count);
        var x = digits.Images.flatten(1).to(float64);
        var y = nn.functional.one_hot(digits.Labels, 10).to(float64);
        var normal = x.t().matmul(x);
        var whole = linalg.solve(normal + eye(784, dtype: float64) * (1e-3 * normal.trace() / 784), x.t().matmul(y));
        var few = linalg.pinv(set.Images.flatten(1).to(float64)).matmul(set.Labels.to(float64));
        Assert.InRange((whole - few).abs().max().ToDouble(), 0, 1e-4 * whole.abs().max().ToDouble());
        Assert.Throws<ArgumentOutOfRangeException>(() => Baselines.LinearRidge(digits, regularization: 0));
    }

    [Fact]
    public void A_teacher_gives_its_probabilities_and_heat_makes_them_even()
    {
        using var digits = SyntheticDigits.Create(60, seed: 1);
        using var real = Baselines.RandomReal(digits, 2);
        var teacher = Networks.SoftmaxRegression();
        using var theta = teacher.Initialize(3);
        using var taught = Baselines.WithTeacher(real, teacher, theta);
        using var even = Baselines.WithTeacher(real, teacher, theta, temperature: 1e6);
        Assert.Equal(real.Pixels(), taught.Pixels());
        var wanted = nn.functional.softmax(teacher.Forward(theta, real.Images), 1);
        Assert.InRange((wanted - taught.Labels).abs().max().ToDouble(), 0, 1e-6);
        Assert.InRange((even.Labels - 0.1).abs().max().ToDouble(), 0, 1e-4);
        Assert.Contains("Softmax regression", taught.Method, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Baselines.WithTeacher(real, teacher, theta, temperature: 0));
        var small = new Network("small", [1, 6, 6], [new Flatten(), new Linear(10)]);
        Assert.Throws<ArgumentException>(() => Baselines.WithTeacher(real, small, small.Initialize(0)));
    }

    [Fact]
    public void The_mean_of_a_class_is_its_one_cluster()
    {
        using var digits = SyntheticDigits.Create(100, seed: 1);
        using var means = Baselines.ClassMeans(digits);
        using var clusters = Baselines.KMeans(digits, 1, seed: 5);
        var threes = digits.LabelValues()
            .Select(static (label, place) => (label, place))
            .Where(static p => p.label == 3)
            .Select(static p => (long)p.place);
        var expected = digits.Images.index_select(0, tensor(threes.ToArray())).mean([0]);
        Assert.InRange((means.Images[3] - expected).abs().max().ToDouble(), 0, 1e-6);
        Assert.InRange((means.Images - clusters.Images).abs().max().ToDouble(), 0, 1e-6);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Clusters_that_lie_apart_are_found(long seed)
    {
        // Four groups of five points on the corners of a square, within 0.1 of it.
        var corners = tensor(new float[] { 0, 0, 0, 9, 9, 0, 9, 9 }, [4, 2]);
        var places = tensor(Enumerable.Range(0, 20).Select(static i => (long)(i % 4)).ToArray());
        var points = corners.index_select(0, places) + ((rand([20, 2], generator: new Generator(1)) - 0.5) * 0.2);
        var centers = KMeans.Centers(points, 4, seed, 0);
        var distances = KMeans.SquaredDistances(corners, corners.square().sum([1]), centers);
        Assert.InRange(distances.min(1).values.max().ToDouble(), 0, 0.02);
        Assert.Equal(4, distances.argmin(1).data<long>().ToArray().Distinct().Count());
    }

    [Fact]
    public void Every_center_is_the_mean_of_the_points_nearest_to_it()
    {
        var points = randn([200, 5], generator: new Generator(3));
        var centers = KMeans.Centers(points, 12, 7, 0);
        var nearest = KMeans.SquaredDistances(points, points.square().sum([1]), centers).argmin(1).data<long>().ToArray();
        for (var cluster = 0; cluster < 12; cluster++)
        {
            var members = Enumerable.Range(0, 200).Where(i => nearest[i] == cluster).Select(static i => (long)i).ToArray();
            Assert.NotEmpty(members);
            Assert.InRange((points.index_select(0, tensor(members)).mean([0]) - centers[cluster]).abs().max().ToDouble(), 0, 1e-5);
        }
    }

    [Fact]
    public void As_many_clusters_as_points_are_the_points_even_where_some_are_alike()
    {
        var points = cat([ones([3, 1]), full([1, 1], 2f), full([1, 1], 3f)]);
        var centers = KMeans.Centers(points, 5, 0, 0).flatten().data<float>().ToArray();
        Assert.Equal([1, 2, 3], centers.Distinct().Order());
    }

    [Fact]
    public void The_nearest_image_decides()
    {
        using var set = new DistilledSet(tensor(new float[] { 0, 0.5f, 1 }, [3, 1, 1, 1]), eye(3), "three grays");
        long[] classes = [0, 1, 2, 2];
        using var test = new ImageDataset(
            arange(1, 8, 2, float32).div(10).reshape(4, 1, 1, 1), tensor(classes), "grays of 0.1, 0.3, 0.5, 0.7", classCount: 3);
        Assert.Equal(0.5, set.NearestNeighborAccuracy(test));
        using var other = new ImageDataset(rand([4, 1, 2, 2]), tensor(classes), "larger", classCount: 3);
        Assert.Contains(
            "[1, 2, 2]", Assert.Throws<ArgumentException>(() => set.NearestNeighborAccuracy(other)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_with_too_few_images_is_named()
    {
        using var digits = SyntheticDigits.Create(30, seed: 1);
        var message = Assert.Throws<ArgumentException>(() => Baselines.KMeans(digits, 100)).Message;
        Assert.Contains("100 images per class", message, StringComparison.Ordinal);
        Assert.Contains("class 0", message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void On_MNIST_clusters_as_neighbors_reach_the_published_accuracy()
    {
        // Wang et al. 2018, table 1: 92.2 ± 0.1 with ten clusters per class.
        var folder = Environment.GetEnvironmentVariable("DISTILLATION_DATA");
        Skip.If(string.IsNullOrEmpty(folder) || !Directory.Exists(folder), "DISTILLATION_DATA does not lead to MNIST.");
        using var all = Digits.Load(new DataOptions { AllowDownload = false, Notice = static _ => { } });
        Skip.If(!all.Name.StartsWith("MNIST", StringComparison.Ordinal), "DISTILLATION_DATA does not lead to MNIST.");
        using var test = Digits.LoadTest();
        using var train = all.Take(10_000);
        using var clusters = Baselines.KMeans(train, 10);
        using var real = Baselines.RandomReal(train, 10);
        Assert.InRange(clusters.NearestNeighborAccuracy(test), 0.90, 0.93);
        Assert.InRange(real.NearestNeighborAccuracy(test), 0.65, 0.78);
    }
}
