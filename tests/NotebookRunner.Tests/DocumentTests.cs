using System.Text.Json.Nodes;
using NotebookRunner.Execution;
using NotebookRunner.Kernel;
using NotebookRunner.Pages;
using NotebookRunner.Progress;
using NotebookRunner.Tests.Support;
using Xunit;

namespace NotebookRunner.Tests;

public sealed class DocumentTests : IDisposable
{
    private readonly NotebookFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Missing_and_double_ids_are_replaced_and_the_format_raised_to_4_5()
    {
        var path = _folder.WriteText("a.ipynb", """
            {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [
              {"cell_type": "code", "source": ["1\n", "2"], "metadata": {}, "outputs": [{"output_type": "stream"}], "execution_count": 9},
              {"cell_type": "raw", "source": "raw", "metadata": {}, "id": "same"},
              {"cell_type": "markdown", "source": "# Title", "metadata": {}, "id": "same"}]}
            """);
        var notebook = NotebookDocument.Load(path);
        notebook.Clear();
        Assert.Equal("1\n2", notebook.Cells[0].Source);
        Assert.Equal("Title", notebook.Title);
        var root = JsonNode.Parse(notebook.ToBytes())!;
        Assert.Equal(5, (int)root["nbformat_minor"]!);
        Assert.Equal(3, root["cells"]!.AsArray().Select(c => (string)c!["id"]!).Distinct().Count());
        Assert.Equal("same", (string)root["cells"]![1]!["id"]!);
        Assert.Empty(root["cells"]![0]!["outputs"]!.AsArray());
        Assert.Null(root["cells"]![0]!["execution_count"]);
        Assert.False(root["cells"]![1]!.AsObject().ContainsKey("outputs"));
    }

    [Theory]
    [InlineData("{\"polyglot_notebook\": {\"kernelName\": \"html\"}, \"dotnet_interactive\": {\"language\": \"csharp\"}}", "html")]
    [InlineData("{\"dotnet_interactive\": {\"language\": \"markdown\"}}", "markdown")]
    [InlineData("{}", "csharp")]
    public void A_cells_language_is_the_polyglot_one_then_the_interactive_one_then_csharp(string metadata, string language)
    {
        var path = _folder.WriteText("a.ipynb", $$"""{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "", "metadata": {{metadata}}}]}""");
        Assert.Equal(language, NotebookDocument.Load(path).Cells[0].Language);
    }

    [Fact]
    public void Outputs_that_are_not_as_the_format_wants_them_are_left_out_of_the_pages()
    {
        var own = NotebookDocument.Load(_folder.Write("out/a.ipynb", "md:# Mine", "1"));
        _folder.WriteText("out/b.ipynb", """
            {"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "1", "metadata": {}, "execution_count": "x", "outputs": [
              5, null, {"output_type": "error"}, {"output_type": "stream"}, {"output_type": "display_data", "data": {"image/png": 5}},
              {"output_type": "execute_result", "data": {"text/plain": "kept"}}]}]}
            """);
        PageWriter.Write(own, _folder.Path("out"));
        Assert.Contains("kept", File.ReadAllText(_folder.Path("out", "b.html")), StringComparison.Ordinal);
        Assert.Contains("Mine", File.ReadAllText(_folder.Path("out", "index.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_is_passed_over()
    {
        var path = _folder.Write("a.ipynb", "1");
        File.WriteAllBytes(path, [0xEF, 0xBB, 0xBF, .. File.ReadAllBytes(path)]);
        Assert.Equal("1", NotebookDocument.Load(path).Cells[0].Source);
    }

    [Fact]
    public void Progress_shows_the_last_words_without_what_a_terminal_would_obey()
    {
        Assert.Equal("50 % done", ProgressText.LastLine(new StreamEvent("stdout", "first\n\u001b[2J\u001b[31m50 % done\u001b[0m\b\u0007\r\n")));
        Assert.Equal("ab…", ProgressText.Shorten("ab\ud83d\ude00cd", 4));
        Assert.Equal("ab\ud83d\ude00…", ProgressText.Shorten("ab\ud83d\ude00cd", 5));
        Assert.Equal("abcd", ProgressText.Shorten("abcd", 4));
    }

    [Theory]
    [InlineData("// Load the digits\nvar x = 1;", "Load the digits")]
    [InlineData("var x = 1;", "The *second* heading")]
    public void A_cell_is_named_by_its_comment_or_the_heading_above(string code, string title)
    {
        var notebook = NotebookDocument.Load(_folder.Write("a.ipynb", "md:# First\n\n## The *second* heading\n\ntext", code, "other()"));
        Assert.Equal(title.Replace("*", "", StringComparison.Ordinal), CellTitles.Of(notebook, notebook.Cells[1]));
        Assert.Equal("other()", CellTitles.Of(notebook, notebook.Cells[2]));
    }

    [Fact]
    public void Json_outputs_are_kept_as_json_and_text_as_lines()
    {
        var notebook = NotebookDocument.Load(_folder.Write("a.ipynb", "1"));
        var outputs = new CellOutputs();
        outputs.Begin(notebook.Cells[0], 1);
        outputs.Add(new DisplayEvent("d", new() { ["application/vnd.plotly.v1+json"] = "{\"data\": [1]}", ["image/svg+xml"] = "<svg>\n</svg>", ["image/png"] = "AQID", ["text/plain"] = "a\nb\n" }));
        var data = notebook.Cells[0].Outputs[0]!["data"]!;
        Assert.Equal(1, (int)data["application/vnd.plotly.v1+json"]!["data"]![0]!);
        Assert.Equal(["<svg>\n", "</svg>"], data["image/svg+xml"]!.AsArray().Select(l => (string)l!));
        Assert.Equal(["a\n", "b\n"], data["text/plain"]!.AsArray().Select(l => (string)l!));
        Assert.Equal("AQID", (string)data["image/png"]!);
    }

    [Theory]
    [InlineData("a\rb", "b")]
    [InlineData("a\r\nb", "a\nb")]
    [InlineData("x\nabc\rd\n", "x\nd\n")]
    public void A_carriage_return_overwrites_its_line_however_the_text_is_split(string text, string expected)
    {
        var notebook = NotebookDocument.Load(_folder.Write("a.ipynb", "1"));
        for (var split = 0; split <= text.Length; split++)
        {
            var outputs = new CellOutputs();
            outputs.Begin(notebook.Cells[0], 1);
            outputs.Add(new StreamEvent("stdout", text[..split]));
            outputs.Add(new StreamEvent("stdout", text[split..]));
            outputs.Flush();
            Assert.Equal(expected, NotebookCell.Join(notebook.Cells[0].Outputs.Single()!["text"]));
        }
    }

    [Theory]
    [InlineData("![a](attachment:p.png)", "src=\"data:image/png;base64,AQID\"")]
    [InlineData("[next](02-next.ipynb)", "href=\"02-next.html\"")]
    [InlineData("[gone](03-gone.ipynb)", "href=\"03-gone.ipynb\"")]
    [InlineData("`$x$`", "<code>$x$</code>")]
    [InlineData("costs \\$5 and \\$6", "costs $5 and $6")]
    [InlineData("| a |\n|---|\n| 1 |", "<td>1</td>")]
    public void Markdown_needs_no_other_file(string markdown, string expected)
    {
        var attachments = JsonNode.Parse("{\"p.png\": {\"image/png\": \"AQID\"}}")!.AsObject();
        Assert.Contains(expected, new MarkdownHtml(_folder.Root, ["02-next"]).Convert(markdown, attachments), StringComparison.Ordinal);
    }

    [Fact]
    public void Highlighting_keeps_every_character()
    {
        const string Code = "#r \"a.dll\"\n#!time\nvar text = $\"a{1 + x:0.0}b\"; // <c>\n\"\"\"raw\"\"\".Length &&\n  @unfinished(";
        var html = CodeHtml.Convert(Code, "csharp");
        Assert.Equal(Code, System.Net.WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Replace(html, "</?span[^>]*>", "")));
        Assert.Contains("<span class=\"k\">var</span>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void An_update_of_an_unknown_display_changes_nothing()
    {
        var notebook = NotebookDocument.Load(_folder.Write("a.ipynb", "1"));
        var outputs = new CellOutputs();
        outputs.Begin(notebook.Cells[0], 1);
        outputs.Add(new UpdateEvent("unknown", []));
        Assert.Empty(notebook.Cells[0].Outputs);
    }
}
