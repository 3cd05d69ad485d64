using System.Text.Json.Nodes;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Documents;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;
using NotebookRunner.Execution;
using NotebookRunner.Pages;
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
              {"cell_type": "code", "source": ["1\n", "2"], "metadata": {}, "execution_count": 9,
               "outputs": [{"output_type": "stream", "name": "stdout", "text": ""}]},
              {"cell_type": "raw", "source": "raw", "metadata": {}, "id": "same"},
              {"cell_type": "markdown", "source": "# Title", "metadata": {}, "id": "same"}]}
            """);
        var notebook = NotebookDocument.Load(path);
        notebook.Clear();
        Assert.Equal("1\n2", notebook.Cells[0].Source);
        Assert.Equal("Title", notebook.Title);
        Assert.Single(notebook.CodeCells);
        var root = JsonNode.Parse(notebook.ToBytes())!;
        Assert.Equal(5, (int)root["nbformat_minor"]!);
        Assert.Equal(3, root["cells"]!.AsArray().Select(c => (string)c!["id"]!).Distinct().Count());
        Assert.Equal("same", (string)root["cells"]![1]!["id"]!);
        Assert.Empty(root["cells"]![0]!["outputs"]!.AsArray());
        Assert.Null(root["cells"]![0]!["execution_count"]);
        Assert.False(root["cells"]![1]!.AsObject().ContainsKey("outputs"));
    }

    [Fact]
    public void A_byte_order_mark_is_passed_over()
    {
        var path = _folder.Write("a.ipynb", "1");
        File.WriteAllBytes(path, [0xEF, 0xBB, 0xBF, .. File.ReadAllBytes(path)]);
        Assert.Equal("1", NotebookDocument.Load(path).Cells[0].Source);
    }

    [Fact]
    public void A_cell_is_named_by_the_heading_above_and_never_by_its_code()
    {
        string[] cells = ["0", "md:# First\n\n## The *second* heading\n\ntext", "var x = 1;", "md:more text", "// other\nother()"];
        var notebook = NotebookDocument.Load(_folder.Write("a.ipynb", cells));
        Assert.Equal(["First", "The second heading", "The second heading"], notebook.CodeCells.Select(notebook.HeadingOf));
    }

    [Theory]
    [InlineData("a\rb", "b")]
    [InlineData("a\r\nb", "a\nb")]
    [InlineData("x\nabc\rd\n", "x\nd\n")]
    public void A_carriage_return_overwrites_its_line_however_the_text_is_split(string text, string expected)
    {
        var cell = NotebookDocument.Load(_folder.Write("a.ipynb", "1")).Cells[0];
        for (var split = 0; split <= text.Length; split++)
        {
            var outputs = new CellOutputs();
            outputs.Begin(cell, 1);
            foreach (var part in (string[])[text[..split], text[split..]])
                outputs.Add(new StandardOutputValueProduced(new SubmitCode(""), [new FormattedValue("text/plain", part)]));
            outputs.Flush();
            Assert.Equal(expected, Assert.IsType<TextElement>(Assert.Single(cell.Outputs)).Text);
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

    [Theory]
    [InlineData(">", "")]
    [InlineData("[", "")]
    [InlineData("[", "](a)")]
    [InlineData("- ", "")]
    [InlineData("*a **b ", "")]
    [InlineData("$\\mathbf{", "}$")]
    [InlineData("$\\sqrt{\\left(", "\\right)}$")]
    [InlineData("$x^{", "}$")]
    public void Nesting_without_end_does_no_harm(string open, string close)
    {
        const int Depth = 30_000;
        var markdown = string.Concat(Enumerable.Repeat(open, Depth)) + "x" + string.Concat(Enumerable.Repeat(close, Depth));
        Assert.Contains("x", new MarkdownHtml(_folder.Root, []).Convert(markdown), StringComparison.Ordinal);
    }
}
