using System.Text.Json.Nodes;
using NotebookRunner.Execution;
using NotebookRunner.Tests.Support;
using Xunit;

namespace NotebookRunner.Tests;

public sealed class FailureTests : IDisposable
{
    private readonly NotebookFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_first_failing_cell_ends_the_run_with_code_2()
    {
        _folder.Write("a.ipynb", "1", "throw new Exception();", "3");
        _folder.Write("b.ipynb", "1");
        Assert.Equal(2, _folder.Run("a.ipynb", "b.ipynb").ExitCode);

        var notebook = _folder.Executed("a.ipynb");
        Assert.Equal("failed", notebook.Status);
        Assert.Equal(["result:1"], notebook.Summary(0));
        Assert.Empty(notebook.Outputs(2));
        Assert.Null(notebook.CodeCells[2]["execution_count"]);
        Assert.False(File.Exists(_folder.Path("out", "b.ipynb")));
    }

    [Fact]
    public void Keep_going_runs_the_remaining_cells_and_notebooks()
    {
        _folder.Write("a.ipynb", "throw new Exception();", "3");
        _folder.Write("b.ipynb", "Environment.Exit(3);", "4");
        _folder.Write("c.ipynb", "5");
        Assert.Equal(2, _folder.Run("a.ipynb", "b.ipynb", "c.ipynb", "--keep-going").ExitCode);
        Assert.Equal(["result:3"], _folder.Executed("a.ipynb").Summary(1));
        Assert.Equal(["error:ProcessEnded"], _folder.Executed("b.ipynb").Summary(0));
        Assert.Equal("succeeded", _folder.Executed("c.ipynb").Status);
    }

    [Fact]
    public void Tracebacks_tell_the_lines_of_the_cells_and_nothing_of_the_runner()
    {
        SampleLibrary.Write(_folder.Path("lib"));
        _folder.Write("a.ipynb",
            "#r \"lib/Sample.dll\"\nint Parse(string text)\n{\n    return Sample.Library.Parse(text);\n}\nasync Task<int> Later(string text)\n{\n    await Task.Delay(1);\n    return Parse(text);\n}",
            "// a comment\n#!time\n\nvar number = await Later(\"seven\");",
            "string text = null;\nConsole.Write(1);\nawait Task.Yield();\ntext.Trim();",
            "void Set(int[] a, int i)\n{\n    Console.Write(1);\n    a[i] = 1;\n}\nSet([], 3);",
            "int F() => throw new ArgumentException(\"outer\", new InvalidOperationException(\"inner\"));\nF()");
        _folder.Run("a.ipynb", "--keep-going");
        var notebook = _folder.Executed("a.ipynb");

        var parse = notebook.Traceback(1);
        Assert.StartsWith("System.FormatException: The input string 'seven'", parse, StringComparison.Ordinal);
        Assert.Contains("at Sample.Library.Parse", parse, StringComparison.Ordinal);
        Assert.Contains("at Parse in Cell [1], line 4", parse, StringComparison.Ordinal);
        Assert.Contains("at Later in Cell [1], line 9", parse, StringComparison.Ordinal);
        Assert.Contains("at Cell [2], line 4", parse, StringComparison.Ordinal);
        Assert.Contains("---->   4 | var number = await Later(\"seven\");", parse, StringComparison.Ordinal);
        Assert.DoesNotContain("NotebookRunner", parse, StringComparison.Ordinal);
        Assert.DoesNotContain("Submission", parse, StringComparison.Ordinal);
        Assert.DoesNotContain("CompilerServices", parse, StringComparison.Ordinal);
        Assert.Contains("at Cell [3], line 4", notebook.Traceback(2), StringComparison.Ordinal);
        Assert.Contains("Caused by System.InvalidOperationException: inner", notebook.Traceback(4), StringComparison.Ordinal);
        Assert.Contains("at Set in Cell [4], line not known", notebook.Traceback(3), StringComparison.Ordinal);
        Assert.Contains("at Cell [4], line 6", notebook.Traceback(3), StringComparison.Ordinal);
    }

    [Fact]
    public void Code_that_does_not_compile_is_quoted_with_its_line()
    {
        _folder.Write("a.ipynb", "var x = 1;\n#!time\nvar y = x.Missing;");
        var result = _folder.Run("a.ipynb");
        Assert.Equal(2, result.ExitCode);
        var traceback = _folder.Executed("a.ipynb").Traceback(0);
        Assert.StartsWith("Cell [1] (3,11): error CS1061: ", traceback, StringComparison.Ordinal);
        Assert.Contains("    var y = x.Missing;\n              ^", traceback, StringComparison.Ordinal);
        Assert.Contains("CS1061", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_runner_cannot_do_is_said_with_what_to_do_instead()
    {
        (string Cell, string Message)[] cases =
        [
            ("#r \"nuget: Newtonsoft.Json, 13.0.1\"", "restores no packages"),
            ("#r \"../bin/Missing.dll\"", "Build first with: dotnet build -c Release"),
            ("#r \"a.ipynb\"", "is not a .NET assembly"),
            ("#!fsharp\nlet x = 1", "has no '#!fsharp'"),
            ("#!set --name x --value 1", "has no '#!set'"),
            ("#!import missing.csx", "there is no file"),
            ("#!import cycle.csx", "imports itself"),
            ("#!import broken.csx", "broken.csx (2,1): error CS0103"),
            ("#!import broken.ipynb", "not valid JSON"),
            ("await GetInputAsync(\"rate\")", "--input rate=VALUE"),
            ("var x = @input:\"size\";", "--input size=VALUE"),
        ];
        _folder.WriteText("cycle.csx", "#!import cycle.csx");
        _folder.WriteText("broken.csx", "// two lines\nmissing();");
        _folder.WriteText("broken.ipynb", "{");
        _folder.Write("a.ipynb", [.. cases.Select(c => c.Cell)]);
        _folder.Run("a.ipynb", "--keep-going");
        var notebook = _folder.Executed("a.ipynb");
        foreach (var (index, (_, message)) in cases.Index())
            Assert.Contains(message, notebook.Traceback(index), StringComparison.Ordinal);
    }

    [Fact]
    public void A_cell_in_another_language_fails()
    {
        var path = _folder.Write("a.ipynb", "let x = 1");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"csharp\"", "\"fsharp\"", StringComparison.Ordinal));
        Assert.Equal(2, _folder.Run("a.ipynb").ExitCode);
        Assert.Contains("written in 'fsharp'", _folder.Executed("a.ipynb").Traceback(0), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("while (true) { }")]
    [InlineData("Console.WriteLine(\"begun\"); System.Threading.Thread.Sleep(-1);")]
    [InlineData("await Task.Delay(-1);")]
    public void A_cell_that_exceeds_its_time_is_stopped_and_the_runner_ends(string endless)
    {
        _folder.Write("a.ipynb", "1", endless, "3");
        var result = _folder.Run("a.ipynb", "--cell-timeout", "5", "--keep-going");
        Assert.Equal(2, result.ExitCode);
        var notebook = _folder.Executed("a.ipynb");
        Assert.Equal("timed-out", notebook.Status);
        Assert.Equal("error:Timeout", notebook.Summary(1)[^1]);
        Assert.Contains("longer than 5 s", notebook.Traceback(1), StringComparison.Ordinal);
        Assert.Empty(notebook.Outputs(2));
    }

    [Fact]
    public void A_stack_overflow_is_an_error_of_its_cell_and_not_the_end_of_the_runner()
    {
        _folder.Write("a.ipynb", "display(\"before\"); int F(int n) => F(n + 1) + F(n - 1); F(0)");
        Assert.Equal(2, _folder.Run("a.ipynb").ExitCode);
        var summary = _folder.Executed("a.ipynb").Summary(0);
        Assert.Contains("display:before", summary);
        Assert.Contains(summary, output => output.Contains("Stack overflow", StringComparison.Ordinal));
        Assert.Equal("error:ProcessEnded", summary[^1]);
    }

    [Theory]
    [InlineData("{ \"cells\": [ ", "not valid JSON")]
    [InlineData("[]", "is not an object")]
    [InlineData("{}", "no 'cells' and 'nbformat'")]
    [InlineData("{\"cells\": [], \"nbformat\": 3}", "format 3")]
    [InlineData("{\"cells\": [1], \"nbformat\": 4}", "cell_type")]
    [InlineData("{\"cells\": [], \"nbformat\": 4, \"metadata\": {\"kernelspec\": {\"name\": \"python3\", \"language\": \"python\"}}}", "written in python")]
    [InlineData("{\"cells\": [], \"nbformat\": 4, \"metadata\": {\"kernelspec\": {\"name\": \".net-fsharp\", \"language\": \"F#\"}}}", "written in F#")]
    public void A_file_that_is_no_notebook_of_ours_is_refused_with_code_1(string content, string message)
    {
        _folder.WriteText("a.ipynb", content);
        var result = _folder.Run("a.ipynb");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(message, result.Errors, StringComparison.Ordinal);
        Assert.Contains("a.ipynb", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--profile", "medium")]
    [InlineData("--cell-timeout", "0")]
    [InlineData("--cell-timeout", "soon")]
    [InlineData("--input", "epochs")]
    [InlineData("--unknown")]
    [InlineData("missing.ipynb")]
    public void Bad_arguments_end_with_code_1(params string[] arguments)
    {
        _folder.Write("a.ipynb", "1");
        var result = _folder.Run(["a.ipynb", .. arguments]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(arguments[^1], result.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Path("out")));
    }

    [Fact]
    public void Results_that_cannot_be_written_end_with_code_1()
    {
        _folder.Write("a.ipynb", "1");
        _folder.WriteText("file", "in the way");
        var result = _folder.Run("a.ipynb", "--output", "file/out");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Cannot write", result.Errors, StringComparison.Ordinal);
        Assert.Contains("--output", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Results_that_cannot_be_written_for_a_while_do_not_end_the_run()
    {
        _folder.Write("a.ipynb", "System.IO.Directory.Delete(\"out\", true); System.IO.File.WriteAllText(\"out\", \"in the way\"); 1", "2", "System.IO.File.Delete(\"out\"); 3");
        var result = _folder.Run("a.ipynb");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(1, result.Output.Split("Cannot write").Length - 1);
        Assert.Equal("result:3", _folder.Executed("a.ipynb").Summary(2)[^1]);
    }

    [Fact]
    public void A_source_that_was_edited_during_the_run_is_not_written_over()
    {
        var path = _folder.Write("a.ipynb", "System.IO.File.AppendAllText(\"a.ipynb\", \" \"); 1");
        var edited = File.ReadAllText(path) + " ";
        var result = _folder.Run("a.ipynb", "--in-place");
        Assert.Equal(edited, File.ReadAllText(path));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"{path} has changed", result.Output, StringComparison.Ordinal);
        Assert.Equal(["result:1"], _folder.Executed("a.ipynb").Summary(0));
    }

    [Fact]
    public void The_folder_of_the_sources_is_no_place_for_results()
    {
        var path = _folder.Write("a.ipynb", "1");
        var before = File.ReadAllText(path);
        var result = _folder.Run("a.ipynb", "--output", ".");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("--in-place", result.Errors, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(path));
    }

    [Fact]
    public void Writers_at_once_leave_one_of_their_files_whole()
    {
        var path = _folder.Path("a.ipynb");
        Parallel.For(0, 200, writer => AtomicFile.Write(path, [.. Enumerable.Repeat((byte)writer, 50_000)]));
        Assert.Single(File.ReadAllBytes(path).Distinct());
        Assert.Equal([path], Directory.GetFiles(_folder.Root));
    }

    [Fact]
    public void A_failed_notebook_is_never_written_over_its_source()
    {
        var path = _folder.Write("a.ipynb", "1", "throw new Exception();");
        var before = File.ReadAllText(path);
        Assert.Equal(2, _folder.Run("a.ipynb", "--in-place").ExitCode);
        Assert.Equal(before, File.ReadAllText(path));
    }

    [Fact]
    public void In_place_writes_outputs_into_the_source_and_keeps_all_else()
    {
        var path = _folder.Write("a.ipynb", "md:# Title", "1 + 1");
        var root = JsonNode.Parse(File.ReadAllText(path))!;
        root["metadata"]!["authors"] = "kept";
        root["cells"]![1]!["metadata"]!["tags"] = new JsonArray("kept");
        File.WriteAllText(path, root.ToJsonString());
        Assert.Equal(0, _folder.Run("a.ipynb", "--in-place", "--no-html").ExitCode);

        var written = JsonNode.Parse(File.ReadAllText(path))!;
        Assert.Equal(["result:2"], ExecutedNotebook.Read(path).Summary(0));
        Assert.Equal("kept", (string)written["metadata"]!["authors"]!);
        Assert.Equal("kept", (string)written["cells"]![1]!["metadata"]!["tags"]![0]!);
        Assert.Equal(["cell-0", "cell-1"], written["cells"]!.AsArray().Select(c => (string)c!["id"]!));
        Assert.False(File.Exists(_folder.Path("out", "a.html")));
    }
}
