using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Reporting;
using DatasetDistillation.Tests.Data;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Reporting;

public sealed class DistilledSetReportingTests
{
    [Fact]
    public void A_column_for_each_class_and_a_row_for_each_step()
    {
        // Two steps of two images of each of three classes: the value of a pixel is the place in the set.
        var labels = eye(3).index_select(0, tensor(new long[] { 0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2 }));
        using var set = new DistilledSet(arange(12, float32).reshape(12, 1, 1, 1), labels, "test", learningRates: [0.1, 0.1], steps: 2);
        var grid = set.Grid();
        Assert.Equal((3, 4), (grid.Columns, grid.Rows));
        Assert.Equal([0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11], grid.Images.Pixels.ToArray());
        Assert.Equal<string>(["step 1", "", "step 2", ""], grid.RowLabels);
        Assert.Equal<string>(["0", "1", "2"], grid.ColumnLabels);
        Assert.Empty(grid.Captions);
        Assert.Equal([0, 2, 4], set.Grid(rows: 1).Images.Pixels.ToArray());
        Assert.Contains("the first 3", set.Grid(rows: 1).Title, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_learned_labels_have_changed_the_columns_are_those_of_the_places_and_the_label_is_written_below()
    {
        using var set = new DistilledSet(
            arange(4, float32).reshape(4, 1, 1, 1), eye(2).index_select(0, tensor(new long[] { 1, 0, 1, 1 })), "test");
        var grid = set.Grid();
        Assert.Equal((2, 2), (grid.Columns, grid.Rows));
        Assert.Equal([0, 2, 1, 3], grid.Images.Pixels.ToArray());
        Assert.Equal<string>(["0", "1"], grid.ColumnLabels);
        Assert.Equal<string>(["label 1", "", "", ""], grid.Captions);
    }

    [Fact]
    public void Images_in_an_order_of_their_own_are_arranged_by_their_labels()
    {
        var labels = eye(3).index_select(0, tensor(new long[] { 0, 1, 2, 0, 1, 2 }));
        using var set = new DistilledSet(arange(6, float32).reshape(6, 1, 1, 1), labels, "test");
        Assert.Equal([0, 1, 2, 3, 4, 5], set.Grid().Images.Pixels.ToArray());
        Assert.Empty(set.Grid().Captions);
    }

    [Fact]
    public void A_number_of_images_that_is_no_multiple_of_the_classes_is_shown_as_it_is()
    {
        using var set = new DistilledSet(rand([3, 1, 2, 2]), eye(2).index_select(0, tensor(new long[] { 1, 0, 1 })), "test");
        Assert.Equal<string>(["1", "0", "1"], set.Grid().Captions);
    }

    [Fact]
    public void Pixels_are_shown_as_they_were_before_standardisation()
    {
        using var set = new DistilledSet(zeros([2, 1, 2, 2]), eye(2), "test", new Standardization(0.25f, 0.5f));
        Assert.All(set.Grid().Images.Pixels.ToArray(), static pixel => Assert.Equal(0.25f, pixel));
    }

    [Fact]
    public void A_wall_has_a_row_for_each_set_of_what_was_made_for_every_class()
    {
        using var gray = new DistilledSet(
            arange(4, float32).reshape(4, 1, 1, 1),
            eye(2).index_select(0, tensor(Enumerable.Range(0, 4).Select(static i => (long)i / 2).ToArray())),
            "test");
        using var drifted = new DistilledSet(
            arange(-1, 1, 1, float32).reshape(2, 1, 1, 1), eye(2).index_select(0, ones([2], int64)), "test");
        var wall = new[] { ("gray", gray), ("drifted", drifted) }.Wall();
        Assert.Equal<string>(["gray", "drifted"], wall.RowLabels);
        Assert.Equal<string>(["0", "1"], wall.ColumnLabels);
        Assert.Equal([0, 2 / 3f, 0, 1], wall.Images.Pixels.ToArray());
        using var other = new DistilledSet(rand([2, 1, 3, 3]), eye(2), "test");
        Assert.Contains(
            "[1, 3, 3]",
            Assert.Throws<ArgumentException>(() => new[] { ("gray", gray), ("other", other) }.Wall()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_sheet_of_all_images_is_written()
    {
        using var folder = new TemporaryFolder();
        using var set = new DistilledSet(
            rand([120, 1, 8, 8]),
            eye(10).index_select(0, tensor(Enumerable.Range(0, 120).Select(static i => (long)i % 10).ToArray())),
            "test");
        set.SavePng(folder["sheet.png"]);
        var sheet = Png.Decode(File.ReadAllBytes(folder["sheet.png"]));
        Assert.True(sheet.Height > 12 * 8 && sheet.Height > sheet.Width, $"{sheet.Width}×{sheet.Height}");
    }
}
