using DatasetDistillation.Data;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Data;

public sealed class ImageDatasetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_data_set_outlives_the_scope_that_it_was_made_in()
    {
        ImageDataset data, half;
        using (NewDisposeScope())
        {
            data = Numbered(6, 2);
            half = data.Take(3);
        }

        Assert.Equal([0f, 1 / 6f, 2 / 6f], FirstPixels(half));
        Assert.Equal([6, 1, 1, 2], data.Images.shape);
        Assert.Equal("numbers: 6 images 1×1×2, 2 classes", data.ToString());
    }

    [Fact]
    public void Subsets_keep_images_and_labels_together()
    {
        using var data = Numbered(6, 3);
        using var subset = data.Subset([5, 0, 4]);

        Assert.Equal([5 / 6f, 0f, 4 / 6f], FirstPixels(subset));
        Assert.Equal([2L, 0, 1], subset.LabelValues());
        Assert.Equal([2L, 0, 1], subset.Labels.data<long>().ToArray());
        Assert.Equal(3, subset.ClassCount);
    }

    [Fact]
    public void The_first_of_each_class_come_class_by_class()
    {
        using var data = Numbered(9, 3);
        using var chosen = data.PerClass(2);

        Assert.Equal([0L, 0, 1, 1, 2, 2], chosen.LabelValues());
        Assert.Equal([0f, 3 / 9f, 1 / 9f, 4 / 9f, 2 / 9f, 5 / 9f], FirstPixels(chosen));
        var error = Assert.Throws<ArgumentException>(() => data.PerClass(4));
        Assert.Contains("class 0 has 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stratified_split_has_exact_totals_and_proportions()
    {
        var labels = Enumerable.Range(0, 420).Select(i => (long)(i % 7 == 0 ? 2 : i % 3 == 0 ? 1 : 0)).ToArray();
        using var data = new ImageDataset(Pixels(420), tensor(labels, [420L]), "numbers");

        var (first, second) = data.StratifiedSplit(0.8, seed: 5);
        var (again, _) = data.StratifiedSplit(0.8, seed: 5);
        var (other, _) = data.StratifiedSplit(0.8, seed: 6);

        Assert.Equal((336, 84), (first.Count, second.Count));
        for (int label = 0; label < 3; label++)
            Assert.InRange(first.ClassHistogram()[label] - (0.8 * data.ClassHistogram()[label]), -1, 1);
        Assert.Equal(FirstPixels(data).Order(), FirstPixels(first).Concat(FirstPixels(second)).Order());
        Assert.Equal(FirstPixels(first), FirstPixels(again));
        Assert.NotEqual(FirstPixels(first), FirstPixels(other));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(0.01)]
    [InlineData(double.NaN)]
    public void A_split_that_leaves_a_side_empty_is_refused(double fraction)
    {
        using var data = Numbered(10, 2);

        Assert.Throws<ArgumentOutOfRangeException>(() => data.StratifiedSplit(fraction));
    }

    [Theory]
    [InlineData(new[] { 3, 3, 3 }, 4, new[] { 2, 1, 1 })]
    [InlineData(new[] { 10, 0, 1 }, 6, new[] { 5, 0, 1 })]
    [InlineData(new[] { 4188, 4137 }, 6660, new[] { 3350, 3310 })]
    public void Shares_are_rounded_by_largest_remainder(int[] sizes, int total, int[] expected)
    {
        Assert.Equal(expected, Sampling.LargestRemainder(sizes, total));
    }

    [Fact]
    public void Batches_cover_every_image_once_in_an_order_of_the_seed()
    {
        using var data = Numbered(10, 10);

        var order = Epoch(data, 4, seed: null);
        var shuffled = Epoch(data, 4, seed: 1);

        Assert.Equal([4, 4, 2], order.Select(batch => batch.Length));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), order.SelectMany(batch => batch));
        Assert.Equal(order.SelectMany(batch => batch), shuffled.SelectMany(batch => batch).Order());
        Assert.Equal(shuffled, Epoch(data, 4, seed: 1));
        Assert.NotEqual(shuffled, Epoch(data, 4, seed: 2));
        Assert.Equal(2, data.Batches(4, dropLast: true).Count());
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Batches(0));
    }

    [Fact]
    public void A_batch_is_freed_when_the_next_is_asked_for()
    {
        using var data = Numbered(10, 10);
        using var scope = NewDisposeScope();
        var kept = new List<Tensor>();

        foreach (var (images, labels) in data.Batches(4))
        {
            Assert.Equal(images.shape[0], labels.shape[0]);
            Assert.All(kept, earlier => Assert.True(earlier.IsInvalid));
            kept.Add(images);
        }

        Assert.True(kept[^1].IsInvalid);
        Assert.Equal(10, data.Count);
    }

    [Fact]
    public void Standardized_images_have_mean_0_and_deviation_1_and_can_be_turned_back()
    {
        using var training = SyntheticDigits.Create(50);
        using var test = SyntheticDigits.Create(10, first: 50);

        using var standardized = training.Standardize();
        using var same = test.Standardize(standardized.Standardization);
        using var back = same.Standardization!.Invert(same.Images);

        var statistics = Standardization.Of(standardized);
        Assert.Equal(0, Assert.Single(statistics.Mean), 1e-4);
        Assert.Equal(1, Assert.Single(statistics.StandardDeviation), 1e-4);
        Assert.Equal(standardized.Standardization, same.Standardization);
        var (expected, actual) = (test.PixelValues(), back.data<float>().ToArray());
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-5);
        Assert.Throws<InvalidOperationException>(() => same.Standardize());
        Assert.Throws<InvalidOperationException>(() => same.Save(folder["x.npz"]));
    }

    [Fact]
    public void Every_channel_is_standardized_by_its_own_statistics()
    {
        using var pixels = stack([rand([20, 4, 6]) * 0.1f, (rand([20, 4, 6]) * 0.5f) + 0.5f, zeros([20, 4, 6]) + 0.25f], 1);
        using var data = new ImageDataset(pixels.clone(), tensor(Enumerable.Range(0, 20).Select(static i => i % 2L).ToArray()), "color");

        using var standardized = data.Standardize();
        using var back = standardized.Standardization!.Invert(standardized.Images);

        Assert.Equal(0.75f, standardized.Standardization.Mean[1], 0.05f);
        using var means = standardized.Images.mean([0, 2, 3]);
        using var deviations = standardized.Images.std([0, 2, 3], unbiased: false);
        Assert.All(means.data<float>().ToArray(), static mean => Assert.Equal(0, mean, 1e-4));
        Assert.Equal([1f, 1f, 0f], deviations.data<float>().ToArray().Select(static deviation => MathF.Round(deviation, 3)));
        Assert.True(allclose(pixels, back, atol: 1e-6));
        Assert.Equal(
            new Standardization(standardized.Standardization.Mean, standardized.Standardization.StandardDeviation),
            standardized.Standardization);
        Assert.NotEqual(new Standardization(0.5f, 0.5f), new Standardization([0.5f, 0.5f], [0.5f, 0.5f]));
        Assert.Throws<ArgumentException>(() => data.Standardize(new Standardization([0.5f, 0.5f], [0.5f, 0.5f])));
        Assert.Throws<ArgumentException>(() => new Standardization([0.5f], [0.5f, 0.5f]));
    }

    [Fact]
    public void Constant_images_become_zero()
    {
        using var data = new ImageDataset(zeros([3, 1, 2, 2]) + 0.5f, zeros([3], ScalarType.Int64), "gray", classCount: 2);
        using var standardized = data.Standardize();

        Assert.All(standardized.PixelValues(), value => Assert.Equal(0, value));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Standardization(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Standardization(float.NaN, 1));
    }

    [Fact]
    public void What_is_saved_is_read()
    {
        using var data = SyntheticDigits.Create(20, seed: 7);

        data.Save(folder["digits.npz"]);
        using var read = ImageDataset.FromNpz(folder["digits.npz"]);

        Assert.Equal(data.PixelValues(), read.PixelValues());
        Assert.Equal(data.LabelValues(), read.LabelValues());
        Assert.Equal((data.Name, data.Source, data.ClassCount), (read.Name, read.Source, read.ClassCount));
    }

    [Fact]
    public void An_npz_of_bytes_under_other_names_is_read()
    {
        new Npz { ["x_train"] = NpyArray.From<byte>([0, 255, 51, 102], 2, 1, 2), ["y_train"] = NpyArray.From<byte>([1, 0]) }
            .Save(folder["mnist.npz"]);

        using var read = ImageDataset.FromNpz(folder["mnist.npz"], "x_train", "y_train");

        Assert.Equal([2L, 1, 1, 2], read.Images.shape);
        Assert.Equal([0f, 1f, 0.2f, 0.4f], read.PixelValues());
        Assert.Equal(("mnist", 2), (read.Name, read.ClassCount));
    }

    [Fact]
    public void An_npz_with_unexpected_arrays_is_refused()
    {
        var pixels = NpyArray.From(new float[8], 2, 2, 2);

        Assert.Contains("There is no array 'images'", NpzError(new() { ["x"] = pixels }), StringComparison.Ordinal);
        Assert.Contains("There is no array 'labels'", NpzError(new() { ["images"] = pixels }), StringComparison.Ordinal);
        Assert.Contains(
            "Float32 [8]",
            NpzError(new() { ["images"] = NpyArray.From(new float[8]), ["labels"] = NpyArray.From([0L, 1]) }),
            StringComparison.Ordinal);
        Assert.Contains(
            "[3], but the shape [2]",
            NpzError(new() { ["images"] = pixels, ["labels"] = NpyArray.From([0L, 1, 2]) }),
            StringComparison.Ordinal);
        Assert.Contains(
            "integer labels are wanted",
            NpzError(new() { ["images"] = pixels, ["labels"] = NpyArray.From([0f, 1f]) }),
            StringComparison.Ordinal);
        Assert.Contains(
            "numbers are wanted",
            NpzError(new() { ["images"] = pixels, ["labels"] = NpyArray.From([0L, 1]), ["class_count"] = NpyArray.FromText("two") }),
            StringComparison.Ordinal);
        Assert.Contains(
            "a text is wanted",
            NpzError(new() { ["images"] = pixels, ["labels"] = NpyArray.From([0L, 1]), ["name"] = NpyArray.Scalar(1L) }),
            StringComparison.Ordinal);
        Assert.Contains(
            "Label 1 is -1", NpzError(new() { ["images"] = pixels, ["labels"] = NpyArray.From([0L, -1]) }), StringComparison.Ordinal);
        Assert.Contains(
            "pixels must be in [0, 1]",
            NpzError(new() { ["images"] = NpyArray.From([0f, 0, 0, 0, 0, 0, 0, 2], 2, 2, 2), ["labels"] = NpyArray.From([0L, 1]) }),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_that_make_no_data_set_are_refused_with_what_they_are()
    {
        using var images = zeros([2, 1, 2, 2]);
        using var labels = tensor([0L, 1], [2L]);

        Assert.Contains("[2, 4]", Refusal(zeros([2, 4]), labels), StringComparison.Ordinal);
        Assert.Contains("Float64", Refusal(zeros([2, 1, 2, 2], ScalarType.Float64), labels), StringComparison.Ordinal);
        Assert.Contains("argmax", Refusal(images, zeros([2, 10])), StringComparison.Ordinal);
        Assert.Contains("2 images, but 3 labels", Refusal(images, tensor([0L, 1, 1], [3L])), StringComparison.Ordinal);
        Assert.Contains("Label 1 is 10; with 10 classes", Refusal(images, tensor([0L, 10], [2L])), StringComparison.Ordinal);
        Assert.Contains("Divide by", Refusal(images + 255f, labels), StringComparison.Ordinal);
        Assert.Contains(
            "NaN at pixel 3", Refusal(tensor([0, 0, 0, float.NaN, 0, 0, 0, 0], [2L, 1, 2, 2]), labels), StringComparison.Ordinal);
    }

    [Fact]
    public void Color_images_with_channels_last_are_read_as_such_and_an_ambiguous_shape_is_refused()
    {
        var pixels = Enumerable.Range(0, 2 * 32 * 32 * 3).Select(static i => (byte)(i % 251)).ToArray();
        new Npz { ["images"] = NpyArray.From(pixels, 2, 32, 32, 3), ["labels"] = NpyArray.From([0L, 1]) }.Save(folder["last.npz"]);
        new Npz { ["images"] = NpyArray.From(pixels[..90], 2, 5, 3, 3), ["labels"] = NpyArray.From([0L, 1]) }.Save(folder["clear.npz"]);
        new Npz { ["images"] = NpyArray.From(pixels[..90], 2, 3, 5, 3), ["labels"] = NpyArray.From([0L, 1]) }.Save(folder["unclear.npz"]);

        using var last = ImageDataset.FromNpz(folder["last.npz"]);
        using var clear = ImageDataset.FromNpz(folder["clear.npz"]);
        using var told = ImageDataset.FromNpz(folder["unclear.npz"], channelsLast: false);
        var error = Assert.Throws<InvalidDataException>(() => ImageDataset.FromNpz(folder["unclear.npz"]));

        Assert.Equal([2L, 3, 32, 32], last.Images.shape);
        Assert.Equal(pixels[(((7 * 32) + 5) * 3) + 2] / 255f, last.Images[0, 2, 7, 5].item<float>());
        Assert.Equal([2L, 3, 5, 3], clear.Images.shape);
        Assert.Equal([2L, 3, 5, 3], told.Images.shape);
        Assert.Contains("channelsLast", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Class_names_and_any_shape_are_saved_and_read()
    {
        using var data = new ImageDataset(rand([4, 5, 3, 4]), tensor([2L, 0, 1, 2], [4L]), "shapes", classNames: ["cercle", "König", "蒸留"]);

        data.Save(folder["named.npz"]);
        using var read = ImageDataset.FromNpz(folder["named.npz"]);
        Assert.False(read.MayBeMirrored);
        data.MayBeMirrored = true;
        data.Save(folder["mirrored.npz"]);
        using var mirrored = ImageDataset.FromNpz(folder["mirrored.npz"]);
        Assert.True(mirrored.Take(2).MayBeMirrored);

        Assert.Equal([4L, 5, 3, 4], read.Images.shape);
        Assert.Equal(data.PixelValues(), read.PixelValues());
        Assert.Equal(["cercle", "König", "蒸留"], read.ClassNames);
    }

    [Theory]
    [InlineData(new[] { 0L, 5, 9 }, null, "No image has the label 1, though one has 9")]
    [InlineData(new[] { 1L, 2, 3 }, null, "No image has the label 0")]
    [InlineData(new[] { 0L, 0, 0 }, null, "2 to 65,536 classes")]
    [InlineData(new[] { 0L, 0, 300_000_000 }, null, "Label 2 is 300000000; labels must be 0 to 65535")]
    [InlineData(new[] { 0L, 0, 0 }, 1, "2 to 65,536 classes")]
    [InlineData(new[] { 0L, 0, 0 }, 0, "2 to 65,536 classes")]
    [InlineData(new[] { 0L, 0, 0 }, 2_147_483_645, "2 to 65,536 classes")]
    [InlineData(new[] { 0L, 0, 3 }, 3, "Label 2 is 3; with 3 classes, labels must be 0 to 2")]
    public void Classes_are_two_or_more_without_gaps_unless_their_number_is_given(long[] labels, int? classCount, string expected)
    {
        new Npz { ["images"] = NpyArray.From(new float[12], 3, 2, 2), ["labels"] = NpyArray.From(labels) }.Save(folder["labels.npz"]);

        var error = Assert.Throws<InvalidDataException>(() => ImageDataset.FromNpz(folder["labels.npz"], classCount: classCount));
        Assert.ThrowsAny<ArgumentException>(
            () => new ImageDataset(zeros([3, 1, 2, 2]), tensor(labels, [3L]), "three", classCount: classCount));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gaps_are_allowed_where_the_number_of_classes_is_given()
    {
        using var data = new ImageDataset(zeros([3, 1, 2, 2]), tensor([0L, 5, 9], [3L]), "digits", classCount: 10);
        Assert.Equal([1, 0, 0, 0, 0, 1, 0, 0, 0, 1], data.ClassHistogram());
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("a", " ")]
    [InlineData("a", "b", "c")]
    public void Class_names_that_tell_no_classes_apart_are_refused(params string[] names) =>
        Assert.Throws<ArgumentException>(
            () => new ImageDataset(zeros([2, 1, 2, 2]), tensor([0L, 1], [2L]), "two", classCount: 2, classNames: names));

    [Fact]
    public void Indices_out_of_range_are_refused()
    {
        using var data = Numbered(3, 3);

        Assert.Throws<ArgumentOutOfRangeException>(() => data.Take(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Take(0));
        Assert.Throws<ArgumentException>(() => data.Subset([3]));
        Assert.Throws<ArgumentException>(() => data.Subset([-1]));
        Assert.Throws<ArgumentException>(() => data.Subset([]));
    }

    [Fact]
    public void A_copy_on_a_device_is_independent()
    {
        var data = Numbered(3, 3);
        using var copy = data.ToDevice(CPU);
        data.Dispose();

        Assert.Equal([0f, 1 / 3f, 2 / 3f], FirstPixels(copy));
    }

    [Fact]
    public void Arrays_and_tensors_are_turned_into_each_other()
    {
        using var doubles = tensor([1.5, 2.5, 3.5, 4.5], [2L, 2]);
        using var fromDoubles = NpyArray.From(doubles).ToTensor();
        using var fromBytes = NpyArray.From<byte>([3, 4]).ToTensor();
        using var fromBools = NpyArray.From([true, false]).ToTensor();

        Assert.Equal([2L, 2], fromDoubles.shape);
        Assert.Equal([1.5, 2.5, 3.5, 4.5], fromDoubles.data<double>().ToArray());
        Assert.Equal([3L, 4], fromBytes.data<long>().ToArray());
        Assert.Equal(ScalarType.Bool, fromBools.dtype);
        Assert.Equal([2, 2], NpyArray.From(fromDoubles.to(ScalarType.Float32)).Shape.Select(size => (int)size));
    }

    private string NpzError(Npz npz)
    {
        npz.Save(folder["bad.npz"]);
        string message = Assert.Throws<InvalidDataException>(() => ImageDataset.FromNpz(folder["bad.npz"])).Message;
        Assert.Contains("bad.npz", message, StringComparison.Ordinal);
        return message;
    }

    private static string Refusal(Tensor images, Tensor labels) =>
        Assert.ThrowsAny<ArgumentException>(() => new ImageDataset(images, labels, "refused", classCount: 10)).Message;

    /// <summary>Images whose pixels are their number divided by how many there are; labels 0, 1, …, 0, 1, ….</summary>
    private static ImageDataset Numbered(int count, int classCount) => new(
        Pixels(count), tensor(Enumerable.Range(0, count).Select(i => (long)(i % classCount)).ToArray(), [(long)count]), "numbers");

    private static Tensor Pixels(int count) =>
        tensor(Enumerable.Range(0, 2 * count).Select(i => i / 2 / (float)count).ToArray(), [count, 1L, 1, 2]);

    private static float[] FirstPixels(ImageDataset data) => [.. data.PixelValues().Where((_, i) => i % 2 == 0)];

    private static long[][] Epoch(ImageDataset data, int batchSize, long? seed) =>
        [.. data.Batches(batchSize, seed).Select(batch => batch.Labels.data<long>().ToArray())];
}
