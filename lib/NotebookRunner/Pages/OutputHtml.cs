using System.Net;
using System.Text.RegularExpressions;
using Microsoft.DotNet.Interactive.Documents;
using NotebookRunner.Execution;

namespace NotebookRunner.Pages;

/// <summary>Turns the outputs of cells into HTML.</summary>
internal sealed partial class OutputHtml(MarkdownHtml markdown)
{
    private const int LongLines = 30;

    /// <summary>Whether there was a chart for plotly.js: an element with the attribute <c>data-plotly-chart</c>.</summary>
    public bool HasCharts { get; private set; }

    public string Convert(InteractiveDocumentOutputElement output) => output switch
    {
        TextElement text => Text(text.Text ?? "", text.Name == "stderr" ? "text stderr" : "text"),
        ErrorElement error => $"<pre class=\"error\">{Plain(string.Join('\n', error.StackTrace ?? [error.ErrorValue]))}</pre>",
        _ => Bundle(Highlights.DataOf(output)),
    };

    private string Bundle(IDictionary<string, object> data)
    {
        var text = Highlights.Text(data, "text/plain");
        if (Highlights.Text(data, "text/html") is { } html)
        {
            HasCharts |= html.Contains("data-plotly-chart", StringComparison.Ordinal);
            return $"<div class=\"html\">{html}</div>";
        }
        if (Highlights.Picture(data) is { } address)
            return $"<div class=\"picture\"><img alt=\"{WebUtility.HtmlEncode(text)}\" src=\"{WebUtility.HtmlEncode(address)}\"></div>";
        if ((Highlights.Text(data, "text/markdown") ?? Highlights.Text(data, "text/latex")) is { } source)
            return $"<div class=\"markdown\">{markdown.Convert(source)}</div>";
        return Text(text ?? string.Join(", ", data.Keys), "text");
    }

    private static string Text(string text, string kind)
    {
        var lines = text.AsSpan().TrimEnd('\n').Count('\n') + 1;
        var block = $"<pre class=\"{kind}\">{Plain(text.TrimEnd('\n'))}</pre>";
        return lines <= LongLines ? block : $"<details><summary>{lines} lines of text</summary>{block}</details>";
    }

    private static string Plain(string text) => WebUtility.HtmlEncode(AnsiCodes().Replace(text, ""));

    [GeneratedRegex(@"\u001b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex AnsiCodes();
}
