using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Reporting;
using DatasetDistillation.Tests.Data;
using DatasetDistillation.Tests.Distillation;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests;

public sealed class SavedTests : IDisposable
{
    private static readonly ResultRow Row = new(
        "02", "KIP, FC3", "kernel ridge", 10, TimeSpan.FromSeconds(20.5), TimeSpan.FromMilliseconds(3), 0.9024, double.NaN, "MNIST");

    private readonly TemporaryFolder temporary = new();
    private readonly SavedFolder saved;

    public SavedTests() => saved = new SavedFolder(temporary["full"]);

    public void Dispose() => temporary.Dispose();

    [Fact]
    public void Rows_come_back_as_they_were_written_notebook_by_notebook()
    {
        var other = Row with { Notebook = "01", Accuracy = 0.995, Deviation = 0.01, Images = 33_600 };
        var second = Row with { ReadOut = "digit CNN" };
        saved.Write(Row);
        saved.Write(second);
        saved.Write(other);
        Assert.Equal([other, Row, second], new SavedFolder(temporary["full"]).Rows());
    }

    [Fact]
    public void A_row_takes_the_place_of_the_one_that_measured_the_same()
    {
        var otherSize = Row with { Images = 100 };
        var again = Row with { Accuracy = 0.91, DistillationTime = TimeSpan.FromSeconds(19), Data = "synthetic digits" };
        saved.Write(Row);
        saved.Write(otherSize);
        saved.Write(again);
        Assert.Equal([again, otherSize], saved.Rows());
    }

    [Fact]
    public void Writers_at_once_lose_no_row()
    {
        Parallel.For(0, 4, writer =>
        {
            for (var images = 1; images <= 25; images++)
                new SavedFolder(temporary["full"]).Write(Row with { TrainingSet = $"set {writer}", Images = images });
        });
        Assert.Equal(100, saved.Rows().DistinctBy(static row => (row.TrainingSet, row.Images)).Count());
    }

    [Fact]
    public void A_row_that_cannot_be_written_says_where_and_what_to_do()
    {
        temporary.Write("full", "a file where the folder should be");
        var error = Assert.Throws<IOException>(() => saved.Write(Row));
        Assert.Contains(temporary["full"], error.Message, StringComparison.Ordinal);
        Assert.EndsWith("Make it writable, or delete it.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_of_rows_is_sorted_and_leaves_out_times_that_were_not_spent()
    {
        var network = Row with { ReadOut = "digit CNN", TrainingTime = TimeSpan.FromSeconds(4), Accuracy = 0.2, Deviation = 0.05 };
        var real = Row with
        {
            TrainingSet = "real",
            DistillationTime = TimeSpan.Zero,
            TrainingTime = TimeSpan.Zero,
            Images = 500,
            Accuracy = 0.1
        };
        var table = new[] { real, Row, network }.Table("ten and 500");
        Assert.Equal("ten and 500", table.Title);
        Assert.Equal(["KIP, FC3 · digit CNN", "KIP, FC3 · kernel ridge", "real · kernel ridge"], table.Rows.Select(row => row.Name));
        var words = table.ToMarkdown().Split('\n').Select(line => line.Trim('|', ' ')).ToArray();
        Assert.Contains("KIP, FC3 · digit CNN | 10 | 20 s | 4 s | 20.00 ± 5.00 %", words);
        Assert.Contains("real · kernel ridge | 500 | – | – | 10.00 %", words);
        Assert.Equal("01 real · kernel ridge", new[] { Row, real with { Notebook = "01" } }.Table().Rows[1].Name);
    }

    [Fact]
    public void A_set_that_cannot_be_written_says_where_and_what_to_do()
    {
        temporary.Write("full", "a file where the folder should be");
        using var set = new DistilledSet(rand([10, 1, 4, 4]), eye(10), "KIP");
        var error = Assert.Throws<IOException>(() => saved.Write("02-kip", set));
        Assert.Contains("02-kip.npz", error.Message, StringComparison.Ordinal);
        Assert.Contains("Choose a folder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_saved_is_no_error()
    {
        Assert.Empty(saved.Rows());
        Assert.Empty(saved.Sets());
    }

    [Fact]
    public void Sets_come_back_under_their_names_and_a_checkpoint_is_none_of_them()
    {
        using var set = new DistilledSet(rand([10, 1, 4, 4]), eye(10), "KIP", new Standardization(0.5f, 0.25f));
        saved.Write("03-kip", set);
        saved.Write("02-kip", set);
        var checkpoint = saved.Checkpoint("02-kip");
        Directory.CreateDirectory(Path.GetDirectoryName(checkpoint)!);
        File.WriteAllText(checkpoint, "no set");
        var sets = saved.Sets();
        Assert.Equal(["02-kip", "03-kip"], sets.Select(static s => s.Name));
        Assert.All(sets, s => Assert.Equal(set.Pixels(), s.Set.Pixels()));
        foreach (var each in sets)
            each.Set.Dispose();
    }

    [Fact]
    public void A_shipped_set_comes_with_the_time_that_it_took()
    {
        using var set = new DistilledSet(rand([10, 1, 4, 4]), eye(10), "KIP", new Standardization(0.5f, 0.25f));
        saved.Write("mnist-10", set);
        temporary.Write(Path.Combine("full", "mnist-10.json"), "{ \"seconds\": 90.5 }");
        Assert.Equal(["mnist-10"], saved.Names());
        var (again, distilling) = saved.Shipped("mnist-10");
        Assert.Equal(set.Pixels(), again.Pixels());
        Assert.Equal(90.5, distilling.TotalSeconds);
        again.Dispose();

        var error = Assert.Throws<FileNotFoundException>(() => saved.Shipped("mnist-100"));
        Assert.Contains("make mnist-100", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no record")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{ \"seconds\": \"long\" }")]
    [InlineData("{ \"seconds\": 1e300 }")]
    public void A_damaged_record_of_a_shipped_set_is_named(string record)
    {
        using var set = new DistilledSet(rand([10, 1, 4, 4]), eye(10), "KIP", new Standardization(0.5f, 0.25f));
        saved.Write("mnist-10", set);
        temporary.Write(Path.Combine("full", "mnist-10.json"), record);
        var error = Assert.Throws<InvalidDataException>(() => saved.Shipped("mnist-10"));
        Assert.Contains("mnist-10.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"Notebook\":\"02\",\"Trai")]
    [InlineData("null")]
    [InlineData("{\"Notebook\":\"02\",\"Accuracy\":0.9}")]
    public void A_damaged_file_of_rows_is_named_with_its_line_and_how_to_renew_it(string line)
    {
        saved.Write(Row);
        var file = Assert.Single(Directory.GetFiles(temporary["full"], "*.jsonl", SearchOption.AllDirectories));
        File.AppendAllText(file, line);
        var error = Assert.Throws<InvalidDataException>(() => saved.Rows());
        Assert.Contains($"Line 2 of '{file}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("run notebook 02 again", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => saved.Write(Row));
    }

    [Fact]
    public void A_damaged_set_is_named()
    {
        temporary.Write(Path.Combine("full", "02-kip.npz"), "no archive");
        var error = Assert.Throws<InvalidDataException>(() => saved.Sets());
        Assert.Contains("02-kip.npz", error.Message, StringComparison.Ordinal);
        Assert.Contains("Delete the file and run the notebook", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../02")]
    [InlineData(".hidden")]
    [InlineData("two words")]
    public void A_name_that_is_no_plain_file_name_is_refused(string name)
    {
        using var set = new DistilledSet(rand([10, 1, 4, 4]), eye(10), "KIP");
        var error = Assert.Throws<ArgumentException>(() => saved.Write(name, set));
        Assert.Contains($"got \"{name}\"", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => saved.Checkpoint(name));
        Assert.Throws<ArgumentException>(() => saved.Write(Row with { Notebook = name }));
        Assert.False(Directory.Exists(temporary["full"]));
    }

    [Theory]
    [InlineData(90.2)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void An_accuracy_outside_0_to_1_is_refused(double accuracy) =>
        Assert.Throws<ArgumentException>(() => saved.Write(Row with { Accuracy = accuracy }));

    [Fact]
    public void The_folder_is_in_the_repository_and_bears_the_name_of_the_profile()
    {
        Assert.EndsWith(Path.Combine("data", "saved", Profile.Name), Saved.Folder, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Saved.Folder, "..", "..", "..", "Notebooks.sln")));
        Assert.Equal(Profile.IsFull, Saved.Checkpoint("02-kip") is not null);
    }
}
