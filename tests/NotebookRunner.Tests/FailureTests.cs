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
    public void Tracebacks_tell_the_lines_of_the_cells_and_nothing_of_the_kernel()
    {
        SampleLibrary.Write(_folder.Path("lib"));
        _folder.Write("a.ipynb",
            """
            #r "lib/Sample.dll"
            int Parse(string text)
            {
                return Sample.Library.Parse(text);
            }
            async Task<int> Later(string text)
            {
                await Task.Delay(1);
                return Parse(text);
            }
            """,
            "// a comment\n\nvar number = await Later(\"seven\");",
            "int F() => throw new ArgumentException(\"outer\", new InvalidOperationException(\"inner\"));\nF()",
            "var x = 1;\nvar y = x.Missing;");
        var result = _folder.Run("a.ipynb", "--keep-going");
        var notebook = _folder.Executed("a.ipynb");

        var parse = notebook.Traceback(1);
        Assert.StartsWith("System.FormatException: The input string 'seven'", parse, StringComparison.Ordinal);
        Assert.Contains("at Sample.Library.Parse", parse, StringComparison.Ordinal);
        Assert.Contains("at Parse(String text) in Cell [1], line 4", parse, StringComparison.Ordinal);
        Assert.Contains("at Later in Cell [1], line 9", parse, StringComparison.Ordinal);
        Assert.Contains("at Cell [2], line 3", parse, StringComparison.Ordinal);
        Assert.Contains("---->   3 | var number = await Later(\"seven\");", parse, StringComparison.Ordinal);
        foreach (var internals in (string[])["Interactive", "Submission", "Scripting", "MoveNext", _folder.Root])
            Assert.DoesNotContain(internals, parse, StringComparison.Ordinal);
        Assert.Contains("System.InvalidOperationException: inner", notebook.Traceback(2), StringComparison.Ordinal);

        Assert.StartsWith("Cell [4](2,11): error CS1061: ", notebook.Traceback(3), StringComparison.Ordinal);
        Assert.Contains("---->   2 | var y = x.Missing;", notebook.Traceback(3), StringComparison.Ordinal);
        Assert.Contains("CS1061", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#r \"../bin/Missing.dll\"", "'../bin/Missing.dll' could not be found")]
    [InlineData("#r \"nuget: no.such.package, 1.0.0\"", "no.such.package")]
    [InlineData("#!fsharp\nlet x = 1", "Unknown magic command '#!fsharp'")]
    public void What_the_kernel_cannot_do_fails_and_is_said(string cell, string message)
    {
        _folder.Write("a.ipynb", cell, "2");
        Assert.Equal(2, _folder.Run("a.ipynb").ExitCode);
        Assert.Contains(message, _folder.Executed("a.ipynb").Traceback(0), StringComparison.Ordinal);
        Assert.Empty(_folder.Executed("a.ipynb").Outputs(1));
    }

    [Fact]
    public void A_cell_in_another_language_fails()
    {
        var path = _folder.Write("a.ipynb", "let x = 1");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"csharp\"", "\"fsharp\"", StringComparison.Ordinal));
        Assert.Equal(2, _folder.Run("a.ipynb").ExitCode);
        Assert.Contains("fsharp", _folder.Executed("a.ipynb").Traceback(0), StringComparison.Ordinal);
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
    [InlineData("{ \"cells\": [ ", "line 1, column 14 is wrong")]
    [InlineData("[]", "is no object")]
    [InlineData("{}", "no 'cells' and 'nbformat'")]
    [InlineData("{\"cells\": [], \"nbformat\": 3}", "format 3")]
    [InlineData("{\"cells\": [1], \"nbformat\": 4}", "cell_type")]
    [InlineData("{\"cells\": [], \"nbformat\": 4, \"nbformat\": 4}", "cannot be read")]
    [InlineData("{\"cells\": [], \"nbformat\": 4, \"metadata\": [1]}", "is wrong")]
    [InlineData("{\"cells\": [{\"cell_type\": \"code\", \"source\": \"\\ud83d\"}], \"nbformat\": 4}", "cannot be read")]
    [InlineData("""{"cells": [], "nbformat": 4, "metadata": {"kernelspec": {"name": "python3", "language": "python"}}}""", "in python")]
    [InlineData("""{"cells": [], "nbformat": 4, "metadata": {"kernelspec": {"name": ".net-fsharp", "language": "F#"}}}""", "written in F#")]
    public void A_file_that_is_no_notebook_of_ours_is_a_line_of_the_report_and_the_others_run(string content, string message)
    {
        _folder.WriteText("a.ipynb", content);
        _folder.Write("b.ipynb", "1");
        var result = _folder.Run("a.ipynb", "b.ipynb");
        Assert.Equal(2, result.ExitCode);
        var line = Assert.Single(result.Output.Split('\n'), line => line.Contains(_folder.Path("a.ipynb"), StringComparison.Ordinal));
        Assert.Contains(message, line, StringComparison.Ordinal);
        Assert.Empty(result.Errors);
        Assert.Equal("succeeded", _folder.Executed("b.ipynb").Status);
        Assert.True(File.Exists(_folder.Path("out", "b.html")));
    }

    [Theory]
    [InlineData("\"nbformat_minor\": 9999999999")]
    [InlineData("\"nbformat_minor\": \"five\"")]
    [InlineData("\"metadata\": {\"notebook_runner\": {\"status\": \"succeeded\", \"seconds\": 1e300}}")]
    public void What_is_odd_in_a_notebook_does_not_keep_it_from_running(string odd)
    {
        _folder.WriteText("a.ipynb", $$$"""{"cells": [{"cell_type": "code", "source": "1", "metadata": {}}], "nbformat": 4, {{{odd}}}}""");
        Assert.Equal(0, _folder.Run("a.ipynb").ExitCode);
        Assert.Equal(["result:1"], _folder.Executed("a.ipynb").Summary(0));
    }

    [Fact]
    public void A_bad_file_among_the_results_is_a_line_of_the_report()
    {
        _folder.WriteText("out/broken.ipynb", "{\"cells\": [], \"cells\": []}");
        _folder.WriteText("out/odd.ipynb", """
            {"nbformat": 4, "metadata": {"notebook_runner": {"status": "succeeded", "seconds": 1e300}}, "cells": [
             {"cell_type": "code", "source": "1", "metadata": {}, "execution_count": "x",
              "outputs": [{"output_type": "display_data", "data": {"image/png": 5, "text/plain": "kept"}}]}]}
            """);
        _folder.Write("a.ipynb", "1");
        var result = _folder.Run("a.ipynb");
        Assert.Equal(0, result.ExitCode);
        Assert.Single(result.Output.Split('\n'), line => line.Contains("broken.ipynb", StringComparison.Ordinal));
        Assert.Contains("odd", File.ReadAllText(_folder.Path("out", "index.html")), StringComparison.Ordinal);
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
        _folder.Write("a.ipynb",
            "using System.IO;\nDirectory.Delete(\"out\", true); File.WriteAllText(\"out\", \"in the way\"); 1",
            "2",
            "File.Delete(\"out\"); 3");
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
        root["cells"]![0]!["attachments"] = JsonNode.Parse("{\"a.png\": {\"image/png\": \"AQID\"}}");
        root["cells"]!.AsArray().Add(JsonNode.Parse("""{"cell_type": "raw", "id": "cell-2", "metadata": {}, "source": "not code"}"""));
        File.WriteAllText(path, root.ToJsonString());
        Assert.Equal(0, _folder.Run("a.ipynb", "--in-place", "--no-html").ExitCode);

        var written = JsonNode.Parse(File.ReadAllText(path))!;
        Assert.Equal(["result:2"], ExecutedNotebook.Read(path).Summary(0));
        Assert.Equal("kept", (string)written["metadata"]!["authors"]!);
        Assert.Equal("kept", (string)written["cells"]![1]!["metadata"]!["tags"]![0]!);
        Assert.Equal("AQID", (string)written["cells"]![0]!["attachments"]!["a.png"]!["image/png"]!);
        Assert.Equal(("raw", "not code"), ((string)written["cells"]![2]!["cell_type"]!, (string)written["cells"]![2]!["source"]!));
        Assert.Equal(["cell-0", "cell-1", "cell-2"], written["cells"]!.AsArray().Select(c => (string)c!["id"]!));
        Assert.False(File.Exists(_folder.Path("out", "a.html")));
    }
}
