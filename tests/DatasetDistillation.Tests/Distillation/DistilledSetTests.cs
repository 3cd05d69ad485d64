using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Tests.Data;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

public sealed class DistilledSetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_set_loads_back_as_it_was_saved()
    {
        using var set = new DistilledSet(
            randn([20, 1, 28, 28]), randn([20, 10]), "unrolled, 20 images",
            new Standardization(0.1307f, 0.3081f), [0.5, 0.25, 0.125, 0.1], steps: 2,
            ["zéro", .. "123456789".Select(static digit => $"{digit}")]);
        set.Save(folder["set.npz"]);
        using var loaded = DistilledSet.Load(folder["set.npz"]);

        Assert.Equal(set.Images.shape, loaded.Images.shape);
        Assert.Equal(set.Pixels(), loaded.Pixels());
        Assert.Equal(set.Labels.data<float>().ToArray(), loaded.Labels.data<float>().ToArray());
        Assert.Equal(set.LearningRates, loaded.LearningRates);
        Assert.Equal((2, 2, 20, 10), (loaded.Steps, loaded.Epochs, loaded.Count, loaded.ClassCount));
        Assert.Equal(set.Method, loaded.Method);
        Assert.Equal(set.Preprocessing, loaded.Preprocessing);
        Assert.Equal(set.Classes(), loaded.Classes());
        Assert.Equal("zéro", loaded.ClassNames[0]);
        Assert.Equal(set.ClassNames, loaded.ClassNames);
    }

    [Fact]
    public void A_set_without_schedule_or_standardization_loads_back_without()
    {
        using var set = new DistilledSet(rand([10, 3, 8, 8]), eye(10), "random real");
        set.Save(folder["set.npz"]);
        using var loaded = DistilledSet.Load(folder["set.npz"]);
        Assert.Equal([10, 3, 8, 8], loaded.Images.shape);
        Assert.Empty(loaded.LearningRates);
        Assert.Null(loaded.Preprocessing);
        Assert.Equal(0, loaded.Epochs);
    }

    [Fact]
    public void A_published_archive_of_images_with_channels_last_is_read()
    {
        var pixels = Enumerable.Range(0, 10 * 28 * 28).Select(static i => (double)i).ToArray();
        var labels = new double[100];
        for (var i = 0; i < 10; i++)
            labels[(10 * i) + i] = 0.9;
        new Npz { ["images"] = NpyArray.From(pixels, 10, 28, 28, 1), ["labels"] = NpyArray.From(labels, 10, 10) }.Save(folder["kip.npz"]);

        using var set = DistilledSet.Load(folder["kip.npz"]);
        Assert.Equal([10, 1, 28, 28], set.Images.shape);
        Assert.Equal(pixels.Select(static x => (float)x), set.Pixels());
        Assert.Equal(Enumerable.Range(0, 10).Select(static i => (long)i), set.Classes());
        Assert.Contains("kip.npz", set.Method, StringComparison.Ordinal);
        Assert.Null(set.Preprocessing);
        var statistics = new Standardization(0.1307f, 0.3081f);
        using var told = DistilledSet.Load(folder["kip.npz"], statistics);
        Assert.Equal(statistics, told.Preprocessing);
        using var saved = DistilledSet.Load(Saved(set));
        Assert.Equal(set.Pixels(), saved.Pixels());
    }

    [Fact]
    public void Channels_last_are_moved_first()
    {
        var pixels = Enumerable.Range(0, 2 * 8 * 8 * 3).Select(static i => (float)i).ToArray();
        new Npz { ["images"] = NpyArray.From(pixels, 2, 8, 8, 3), ["labels"] = NpyArray.From(new float[4], 2, 2) }
            .Save(folder["color.npz"]);
        using var set = DistilledSet.Load(folder["color.npz"]);
        Assert.Equal([2, 3, 8, 8], set.Images.shape);
        Assert.Equal(pixels[(((8 * 8) + (2 * 8) + 5) * 3) + 1], set.Images[1, 1, 2, 5].ToSingle());
    }

    [Fact]
    public void The_scale_of_every_channel_is_saved()
    {
        var scale = new Standardization([0.49f, 0.48f, 0.45f], [0.25f, 0.24f, 0.26f]);
        using var set = new DistilledSet(rand([4, 3, 2, 2]), eye(4), "color", scale);
        using var loaded = DistilledSet.Load(Saved(set));

        Assert.Equal(scale, loaded.Preprocessing);
        Assert.Throws<ArgumentException>(() => new DistilledSet(rand([4, 1, 2, 2]), eye(4), "gray", scale));
    }

    [Theory]
    [InlineData(2, 5, 3, 4)]
    [InlineData(2, 3, 5, 3)]
    [InlineData(4, 1, 1, 1)]
    public void A_set_of_any_shape_is_read_as_it_was_written_since_the_file_says_its_layout(long n, long c, long h, long w)
    {
        using var set = new DistilledSet(rand([n, c, h, w]), eye(n), "any shape");
        using var loaded = DistilledSet.Load(Saved(set));

        Assert.Equal([n, c, h, w], loaded.Images.shape);
        Assert.Equal(set.Pixels(), loaded.Pixels());
    }

    [Theory]
    [InlineData(2, 5, 3, 4)]
    [InlineData(2, 3, 5, 3)]
    public void Where_an_archive_does_not_say_its_layout_an_ambiguous_shape_is_refused_and_the_caller_can_say_it(
        long n, long c, long h, long w)
    {
        long[] shape = [n, c, h, w];
        var pixels = new float[shape.Aggregate(1L, static (a, b) => a * b)];
        new Npz { ["images"] = NpyArray.From(pixels, shape), ["labels"] = NpyArray.From(new float[4], 2, 2) }.Save(folder["set.npz"]);

        var error = Assert.Throws<InvalidDataException>(() => DistilledSet.Load(folder["set.npz"]));
        using var first = DistilledSet.Load(folder["set.npz"], channelsLast: false);
        using var last = DistilledSet.Load(folder["set.npz"], channelsLast: true);

        Assert.Contains("channelsLast: false", error.Message, StringComparison.Ordinal);
        Assert.Contains(folder["set.npz"], error.Message, StringComparison.Ordinal);
        Assert.Equal(shape, first.Images.shape);
        Assert.Equal([shape[0], shape[3], shape[1], shape[2]], last.Images.shape);
    }

    [Fact]
    public void A_layout_that_is_unknown_is_refused()
    {
        new Npz
        {
            ["images"] = NpyArray.From(new float[8], 2, 1, 2, 2),
            ["labels"] = NpyArray.From(new float[4], 2, 2),
            ["layout"] = NpyArray.FromText("CHWN"),
        }.Save(folder["set.npz"]);
        Assert.Contains(
            "'CHWN'", Assert.Throws<InvalidDataException>(() => DistilledSet.Load(folder["set.npz"])).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, long[]?> Faults => new()
    {
        { "images", "'images'", null },
        { "labels", "'labels'", null },
        { "images", "[10, 784]", [10, 784] },
        { "labels", "[9, 10]", [9, 10] },
        { "labels", "[10]", [10] },
        { "learning_rates", "learning rates", [3] },
        { "steps", "'steps'", [2] },
        { "mean", "2 and 1", [2] },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void An_archive_with_an_array_missing_or_of_another_shape_is_refused(string name, string named, long[]? shape)
    {
        var archive = new Npz();
        foreach (var (key, array) in Npz.Load(Saved()))
            if (key != name)
                archive.Add(key, array);
            else if (shape is not null)
                archive.Add(key, NpyArray.From(new float[shape.Aggregate(1L, static (a, b) => a * b)], shape));
        archive.Save(folder["faulty.npz"]);

        var error = Assert.Throws<InvalidDataException>(() => DistilledSet.Load(folder["faulty.npz"]));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains(folder["faulty.npz"], error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("images")]
    [InlineData("labels")]
    [InlineData("steps")]
    [InlineData("method")]
    public void An_archive_with_an_array_of_another_type_is_refused(string name)
    {
        var archive = new Npz();
        foreach (var (key, array) in Npz.Load(Saved()))
            archive.Add(key, key != name ? array : name == "method" ? NpyArray.Scalar(1L) : NpyArray.FromText("text"));
        archive.Save(folder["faulty.npz"]);
        var error = Assert.Throws<InvalidDataException>(() => DistilledSet.Load(folder["faulty.npz"]));
        Assert.Contains(folder["faulty.npz"], error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("images", float.NaN)]
    [InlineData("labels", float.PositiveInfinity)]
    public void An_archive_with_numbers_that_are_not_finite_is_refused(string name, float fault)
    {
        var archive = Npz.Load(Saved());
        var values = archive[name].ToSingles();
        values[7] = fault;
        archive[name] = NpyArray.From(values, [.. archive[name].Shape]);
        archive.Save(folder["faulty.npz"]);
        var error = Assert.Throws<InvalidDataException>(() => DistilledSet.Load(folder["faulty.npz"]));
        Assert.Contains("finite", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_of_nothing_and_rates_that_are_not_finite_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new DistilledSet(zeros([0, 1, 4, 4]), zeros([0, 10]), "m"));
        Assert.Throws<ArgumentException>(() => new DistilledSet(zeros([10, 1, 0, 4]), eye(10), "m"));
        Assert.Throws<ArgumentException>(() => new DistilledSet(zeros([10, 1, 4, 4]), zeros([10, 0]), "m"));
        Assert.Throws<ArgumentException>(() => new DistilledSet(zeros([10, 1, 4, 4]), zeros([10, 1]), "m"));
        var error = Assert.Throws<ArgumentException>(
            () => new DistilledSet(zeros([10, 1, 4, 4]), eye(10), "m", learningRates: [0.1, double.NaN]));
        Assert.Contains("0.1, NaN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_must_divide_images_and_rates()
    {
        Assert.Throws<ArgumentException>(() => new DistilledSet(rand([10, 1, 4, 4]), eye(10), "m", steps: 3));
        Assert.Throws<ArgumentException>(
            () => new DistilledSet(rand([10, 1, 4, 4]), eye(10), "m", learningRates: [0.1, 0.2, 0.3], steps: 2));
    }

    private string Saved(DistilledSet? set = null)
    {
        using var own = new DistilledSet(rand([10, 1, 28, 28]), eye(10), "test", new Standardization(0.5f, 0.5f), [0.1, 0.2], steps: 2);
        (set ?? own).Save(folder["saved.npz"]);
        return folder["saved.npz"];
    }
}
