using NotebookRunner.Tests.Support;
using Xunit;

namespace NotebookRunner.Tests;

/// <summary>One notebook, executed once, whose every cell shows one thing a cell can do.</summary>
public sealed class CellFixture : IDisposable
{
    private readonly NotebookFolder _folder = new();
    private readonly Dictionary<string, int> _cells = [];

    public CellFixture()
    {
        SampleLibrary.Write(_folder.Path("lib"));
        _folder.WriteText("helper.csx", "int Triple(int x) => 3 * x;");
        _folder.Write("cells.ipynb", [.. Sources()]);
        Result = _folder.Run("cells.ipynb", "--input", "text=a=b", "--input", "size=7", "--profile", "full", "--keep-going");
        Notebook = _folder.Executed("cells.ipynb");
    }

    public RunnerResult Result { get; }

    public ExecutedNotebook Notebook { get; }

    public int this[string name] => _cells[name];

    public void Dispose() => _folder.Dispose();

    private IEnumerable<string> Sources()
    {
        (string Name, string Source)[] cells =
        [
            ("declare", "var x = 20; int Twice(int v) => 2 * v; record Point(int X, int Y);"),
            ("use", "Twice(x) + new Point(1, 1).X"),
            ("order", """
                Console.Write("a"); Console.WriteLine("b"); display("one");
                Console.WriteLine("c"); Console.Error.WriteLine("d"); Console.WriteLine("e");
                "last"
                """),
            ("update", "var bar = display(\"0 %\"); for (var i = 1; i <= 2000; i++) bar.Update($\"{i / 20} %\");"),
            ("update later", "bar.Update(\"done\"); \"bar updated\""),
            ("two displays", "var a = display(\"first\"); var b = display(\"second\"); a.Update(\"1\"); b.Update(\"2\");"),
            ("handle", "display(\"shown once\")"),
            ("mime types", "var h = display(HTML(\"1\")); h.Update(HTML(\"<b>second</b>\")); \"# title\".DisplayAs(\"text/markdown\");"),
            ("inputs", """
                var variable = Environment.GetEnvironmentVariable("DISTILLATION_PROFILE");
                $"{await GetInputAsync("text")} {await GetInputAsync("profile")} {variable}"
                """),
            ("set", "#!set --name size --value @input:\"size\"\n$\"{size}\""),
            ("no input", "await GetInputAsync(\"rate\")"),
            ("folder", "System.IO.File.Exists(\"helper.csx\")"),
            ("import", "#!import helper.csx"),
            ("imported", "Triple(4)"),
            ("html", "#!html\n<p>hello</p>"),
            ("reference", "#r \"lib/Sample.dll\"\n#r \"lib/Sample.Core.dll\"\nvar counter = Sample.Library.Counter();\ncounter.Next()"),
            ("same type", "Sample.Core.Counter again = Sample.Library.Counter(); again.Next()"),
            ("native", "Sample.Library.NativePid() == Environment.ProcessId"),
            ("formatter", "new Sample.Picture(\"seven\")"),
            ("package", "#r \"nuget: CsvHelper, 34.0.0\"\ntypeof(CsvHelper.CsvReader).Name"),
            ("fails", "var kept = 1; if (x > 0) throw new Exception(\"expected\");"),
            ("after failure", "x + 1"),
            ("carriage return", "for (var i = 0; i <= 3; i++) Console.Write($\"\\r{i} of 3\"); Console.Write(\"\\nend\\r\\n\");"),
            ("flood", "for (var i = 0; i < 200000; i++) Console.WriteLine(\"0123456789\"); \"after\""),
            ("too much", "display(new string('x', 180_000_000)); throw new Exception(\"after a long display\");"),
            ("much too often", "var page = new string('y', 10_000_000); for (var i = 0; i < 10; i++) display(page);"),
        ];
        foreach (var (index, (name, source)) in cells.Index())
        {
            _cells.Add(name, index);
            yield return source;
        }
    }
}

public sealed class CellTests(CellFixture fixture) : IClassFixture<CellFixture>
{
    private readonly ExecutedNotebook _notebook = fixture.Notebook;

    [Theory]
    [InlineData("declare")]
    [InlineData("use", "result:41")]
    [InlineData("inputs", "result:a=b full full")]
    [InlineData("set", "result:7")]
    [InlineData("folder", "result:True")]
    [InlineData("imported", "result:12")]
    [InlineData("html", "display:hello")]
    [InlineData("reference", "result:1")]
    [InlineData("same type", "result:2")]
    [InlineData("native", "result:True")]
    [InlineData("fails", "error:Error")]
    [InlineData("after failure", "result:21")]
    [InlineData("carriage return", "stdout:3 of 3\nend\n")]
    public void A_cell_shows(string cell, params string[] expected) => Assert.Equal(expected, _notebook.Summary(fixture[cell]));

    [Fact]
    public void Console_text_and_displays_keep_their_order()
    {
        string[] expected = ["stdout:ab\n", "display:one", "stdout:c\n", "stderr:d\n", "stdout:e\n", "result:last"];
        Assert.Equal(expected, _notebook.Summary(fixture["order"]));
    }

    [Fact]
    public void Two_thousand_updates_are_one_output_that_a_later_cell_can_still_replace()
    {
        Assert.Equal(["display:done"], _notebook.Summary(fixture["update"]));
        Assert.Equal(["result:bar updated"], _notebook.Summary(fixture["update later"]));
        Assert.Equal(["display:1", "display:2"], _notebook.Summary(fixture["two displays"]));
    }

    [Fact]
    public void A_trailing_display_is_not_shown_twice() => Assert.Equal(["display:shown once"], _notebook.Summary(fixture["handle"]));

    [Fact]
    public void Displays_have_the_type_asked_for_and_an_update_keeps_it()
    {
        var cell = fixture["mime types"];
        Assert.Equal("<b>second</b>", _notebook.Data(cell, 0, "text/html"));
        Assert.Equal("# title", _notebook.Data(cell, 1, "text/markdown"));
        Assert.All(Enumerable.Range(0, 2), i => Assert.Single(_notebook.MimeTypes(cell, i)));
    }

    [Fact]
    public void An_input_that_was_not_given_is_asked_for() =>
        Assert.Contains("run it with --input rate=VALUE", _notebook.Traceback(fixture["no input"]), StringComparison.Ordinal);

    [Fact]
    public void A_type_that_declares_formatters_by_name_shows_all_preferred_types_and_no_other()
    {
        Assert.Equal(["image/png", "text/plain"], _notebook.MimeTypes(fixture["formatter"], 0));
        Assert.Equal("AQID", _notebook.Data(fixture["formatter"], 0, "image/png"));
        Assert.Equal("Picture seven", _notebook.Data(fixture["formatter"], 0, "text/plain"));
    }

    [Fact]
    public void A_package_can_be_referenced() => Assert.Equal("result:CsvReader", _notebook.Summary(fixture["package"])[^1]);

    [Fact]
    public void Text_without_end_is_cut_and_says_so()
    {
        var summary = _notebook.Summary(fixture["flood"]);
        Assert.InRange(summary[0].Length, 1_000_000, 1_000_200);
        Assert.Contains("is left out", summary[0][^200..], StringComparison.Ordinal);
        Assert.Equal("result:after", summary[1]);
    }

    [Fact]
    public void A_display_that_is_too_long_is_left_out_and_hides_no_failure()
    {
        var summary = _notebook.Summary(fixture["too much"]);
        Assert.Equal("display:An output of 180,000,000 characters is left out: it is too long.\n", summary[0]);
        Assert.Equal("error:Error", summary[1]);
        Assert.Equal("failed", _notebook.StatusOf(fixture["too much"]));
    }

    [Fact]
    public void Displays_that_are_too_many_are_left_out_and_say_so()
    {
        var summary = _notebook.Summary(fixture["much too often"]);
        Assert.Equal(10, summary.Count);
        Assert.Equal(6, summary.Count(output => output.Length > 1_000_000));
        Assert.Equal("display:This output is left out: the cell shows too much.", summary[^1]);
    }

    [Fact]
    public void Every_cell_is_numbered_and_timed()
    {
        Assert.Equal(Enumerable.Range(1, _notebook.CodeCells.Count), _notebook.CodeCells.Select(c => (int)c["execution_count"]!));
        Assert.All(_notebook.CodeCells, c => Assert.True((double)c["metadata"]!["notebook_runner"]!["seconds"]! >= 0));
        Assert.Equal(2, fixture.Result.ExitCode);
    }
}
