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
        _folder.WriteText("helper.csx", "int Triple(int x) => 3 * x;\nvar imported = Triple(4);");
        _folder.Write("shared.ipynb", "md:# Shared", "var fromNotebook = \"shared\";");
        _folder.Write("cells.ipynb", [.. Sources()]);
        Result = _folder.Run("cells.ipynb", "--input", "epochs=5", "--input", "text=a=b", "--profile", "full", "--keep-going");
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
            ("semicolon", "Twice(x);"),
            ("null", "(string)null"),
            ("void", "Console.WriteLine(\"void\")"),
            ("await", "await Task.Delay(1); var later = await Task.FromResult(7); later"),
            ("order", "Console.Write(\"a\"); Console.WriteLine(\"b\"); display(\"one\"); Console.WriteLine(\"c\"); Console.Error.WriteLine(\"d\"); Console.WriteLine(\"e\"); \"last\""),
            ("update", "var bar = display(\"0 %\"); for (var i = 1; i <= 2000; i++) bar.Update($\"{i / 20} %\");"),
            ("update later", "bar.Update(\"done\"); \"bar updated\""),
            ("handle", "display(\"shown once\")"),
            ("mime types", "var h = display(HTML(\"<b>first</b>\")); h.Update(HTML(\"<b>second</b>\")); \"# title\".DisplayAs(\"text/markdown\"); x.Display(\"text/html\");"),
            ("inputs", "var epochs = @input:\"epochs\"; $\"{epochs + 1} {await GetInputAsync(\"text\")} {await GetInputAsync(\"profile\")} {Environment.GetEnvironmentVariable(\"DISTILLATION_PROFILE\")}\""),
            ("folder", "System.IO.File.Exists(\"helper.csx\")"),
            ("import", "#!import helper.csx\n#!import shared.ipynb\n$\"{imported} {fromNotebook} {Triple(1)}\""),
            ("languages", "#!markdown\n**bold**\n#!html\n<p>hello</p>\n#!csharp\nx + 1"),
            ("time", "#!time\nx"),
            ("reference", "#r \"lib/Sample.dll\"\n#r \"lib/Sample.Core.dll\"\nvar counter = Sample.Library.Counter();\ncounter.Next()"),
            ("same type", "Sample.Core.Counter again = Sample.Library.Counter(); again.Next()"),
            ("native", "Sample.Library.NativePid() == Environment.ProcessId"),
            ("formatter", "new Sample.Picture(\"seven\")"),
            ("derived", "new Sample.Derived()"),
            ("formatter by type", "new Sample.Picture(\"seven\").Display(\"text/html\")"),
            ("items", "new[] { new Sample.Picture(\"a\") }"),
            ("framework", "#r \"System.Net.Http\"\nusing System.Net.Http;\ntypeof(HttpClient).Name"),
            ("comment only", "// nothing to run"),
            ("using only", "using System.IO;"),
            ("after using", "File.Exists(\"helper.csx\")"),
            ("cycle", "class Node { public Node Next { get; set; } public int Value => 5; } var node = new Node(); node.Next = node; node"),
            ("cyclic record", "record Ring { public Ring Next { get; set; } } var ring = new Ring(); ring.Next = ring; ring"),
            ("endless", "IEnumerable<int> Naturals() { for (var i = 0; ; i++) yield return i; } Naturals()"),
            ("throwing getter", "class Bad { public int Good => 1; public int Worse => throw new Exception(\"no value\"); } new Bad()"),
            ("throwing items", "IEnumerable<int> Broken() { yield return 1; throw new Exception(\"cut\"); } Broken()"),
            ("unfinished task", "new TaskCompletionSource<int>().Task"),
            ("fails", "var kept = 1; throw new Exception(\"expected\");"),
            ("after failure", "kept + x"),
            ("carriage return", "for (var i = 0; i <= 3; i++) Console.Write($\"\\r{i} of 3\"); Console.Write(\"\\nend\\r\\n\");"),
            ("flood", "for (var i = 0; i < 200000; i++) Console.WriteLine(\"0123456789\"); \"after\""),
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
    [InlineData("semicolon")]
    [InlineData("null", "result:<null>")]
    [InlineData("void", "stdout:void\n")]
    [InlineData("await", "result:7")]
    [InlineData("inputs", "result:6 a=b full full")]
    [InlineData("folder", "result:True")]
    [InlineData("import", "result:12 shared 3")]
    [InlineData("reference", "result:1")]
    [InlineData("same type", "result:2")]
    [InlineData("native", "result:True")]
    [InlineData("comment only")]
    [InlineData("using only")]
    [InlineData("after using", "result:True")]
    [InlineData("framework", "result:HttpClient")]
    [InlineData("fails", "error:Exception")]
    [InlineData("after failure", "result:21")]
    [InlineData("carriage return", "stdout:3 of 3\nend\n")]
    public void A_cell_shows(string cell, params string[] expected) => Assert.Equal(expected, _notebook.Summary(fixture[cell]));

    [Fact]
    public void Console_text_and_displays_keep_their_order() =>
        Assert.Equal(["stdout:ab\n", "display:one", "stdout:c\n", "stderr:d\n", "stdout:e\n", "result:last"], _notebook.Summary(fixture["order"]));

    [Fact]
    public void Two_thousand_updates_are_one_output_that_a_later_cell_can_still_replace()
    {
        Assert.Equal(["display:done"], _notebook.Summary(fixture["update"]));
        Assert.Equal(["result:bar updated"], _notebook.Summary(fixture["update later"]));
    }

    [Fact]
    public void A_trailing_display_is_not_shown_twice() => Assert.Equal(["display:shown once"], _notebook.Summary(fixture["handle"]));

    [Fact]
    public void Displays_have_the_type_asked_for_and_an_update_keeps_it()
    {
        var cell = fixture["mime types"];
        Assert.Equal("<b>second</b>", _notebook.Data(cell, 0, "text/html"));
        Assert.Equal("# title", _notebook.Data(cell, 1, "text/markdown"));
        Assert.Equal("20", _notebook.Data(cell, 2, "text/html"));
        Assert.All(Enumerable.Range(0, 3), i => Assert.Single(_notebook.MimeTypes(cell, i)));
    }

    [Fact]
    public void Magic_lines_switch_the_language_within_a_cell()
    {
        var cell = fixture["languages"];
        Assert.Equal("**bold**\n", _notebook.Data(cell, 0, "text/markdown"));
        Assert.Equal("<p>hello</p>\n", _notebook.Data(cell, 1, "text/html"));
        Assert.Equal("21", _notebook.Data(cell, 2, "text/plain"));
    }

    [Fact]
    public void Time_is_told_after_the_result() => Assert.Matches("^display:Wall time: [0-9.]+ ms$", _notebook.Summary(fixture["time"])[1]);

    [Theory]
    [InlineData("formatter", "Picture seven")]
    [InlineData("derived", "Picture derived")]
    public void A_type_that_declares_formatters_by_name_shows_all_preferred_types_and_no_other(string cell, string text)
    {
        Assert.Equal(["image/png", "text/plain"], _notebook.MimeTypes(fixture[cell], 0));
        Assert.Equal("AQID", (string)_notebook.Outputs(fixture[cell])[0]["data"]!["image/png"]!);
        Assert.Equal(text, _notebook.Data(fixture[cell], 0, "text/plain"));
    }

    [Fact]
    public void A_declared_formatter_can_be_asked_for_by_its_type()
    {
        Assert.Equal(["text/html"], _notebook.MimeTypes(fixture["formatter by type"], 0));
        Assert.Equal("<i>seven</i>", _notebook.Data(fixture["formatter by type"], 0, "text/html"));
    }

    [Fact]
    public void Items_of_a_collection_are_shown_by_their_own_formatters()
    {
        Assert.Contains("<i>a</i>", _notebook.Data(fixture["items"], 0, "text/html"), StringComparison.Ordinal);
        Assert.Equal("[ Picture a ]", _notebook.Data(fixture["items"], 0, "text/plain"));
    }

    [Theory]
    [InlineData("cycle", "Node { Next = Node …, Value = 5 }")]
    [InlineData("cyclic record", "Ring { Next = Ring … }")]
    [InlineData("throwing getter", "Bad { Good = 1, Worse = !Exception: no value }")]
    [InlineData("throwing items", "[ 1, !Exception: cut ]")]
    [InlineData("unfinished task", "Task<Int32> (WaitingForActivation)")]
    public void Awkward_objects_are_shown_all_the_same(string cell, string expected) =>
        Assert.Equal(["result:" + expected], _notebook.Summary(fixture[cell]));

    [Fact]
    public void An_endless_sequence_is_cut() => Assert.EndsWith(", 49, … ]", _notebook.Summary(fixture["endless"]).Single(), StringComparison.Ordinal);

    [Fact]
    public void Text_without_end_is_cut_and_says_so()
    {
        var summary = _notebook.Summary(fixture["flood"]);
        Assert.InRange(summary[0].Length, 1_000_000, 1_000_200);
        Assert.Contains("is left out", summary[0][^200..], StringComparison.Ordinal);
        Assert.Equal("result:after", summary[1]);
    }

    [Fact]
    public void Every_cell_is_numbered_and_timed()
    {
        Assert.Equal(Enumerable.Range(1, _notebook.CodeCells.Count), _notebook.CodeCells.Select(c => (int)c["execution_count"]!));
        Assert.All(_notebook.CodeCells, c => Assert.True((double)c["metadata"]!["notebook_runner"]!["seconds"]! >= 0));
        Assert.Equal(2, fixture.Result.ExitCode);
    }
}
