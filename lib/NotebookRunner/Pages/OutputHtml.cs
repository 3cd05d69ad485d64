using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NotebookRunner.Execution;

namespace NotebookRunner.Pages;

/// <summary>Turns the outputs of cells into HTML.</summary>
internal sealed partial class OutputHtml(MarkdownHtml markdown)
{
    private const int LongLines = 30;
    private int _pictures;

    /// <summary>An output; what is not as the format wants it is left out.</summary>
    public string Convert(JsonNode? node) => node is not JsonObject output ? "" : NotebookDocument.Text(output["output_type"]) switch
    {
        "stream" => Text(NotebookCell.Join(output["text"]), NotebookDocument.Text(output["name"]) == "stderr" ? "text stderr" : "text"),
        "error" => $"<pre class=\"error\">{WebUtility.HtmlEncode(AnsiCodes().Replace(string.Join('\n', (output["traceback"] as JsonArray ?? []).Select(NotebookDocument.Text)), ""))}</pre>",
        "display_data" or "execute_result" when output["data"] is JsonObject data => Bundle(data),
        _ => "",
    };

    /// <summary>The first picture among outputs, as the address of an image that holds it.</summary>
    public static string? Picture(IEnumerable<JsonNode?> outputs)
    {
        foreach (var data in outputs.OfType<JsonObject>().Select(o => o["data"]).OfType<JsonObject>())
        {
            if (data["image/png"] is { } png)
                return Address("image/png", png);
            if (data["image/svg+xml"] is { } svg)
                return "data:image/svg+xml;base64," + System.Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(NotebookCell.Join(svg)));
        }
        return null;
    }

    private string Bundle(JsonObject data)
    {
        if (data["text/html"] is { } html)
            return $"<div class=\"html\">{NotebookCell.Join(html)}</div>";
        if (data["image/svg+xml"] is { } svg)
            return $"<div class=\"picture\">{InlineSvg(NotebookCell.Join(svg), ++_pictures)}</div>";
        foreach (var type in new[] { "image/png", "image/jpeg", "image/gif", "image/webp" })
        {
            if (data[type] is { } image)
                return $"<div class=\"picture\"><img alt=\"{WebUtility.HtmlEncode(NotebookCell.Join(data["text/plain"]))}\" src=\"{Address(type, image)}\"></div>";
        }
        if (data["text/markdown"] is { } text)
            return $"<div class=\"markdown\">{markdown.Convert(NotebookCell.Join(text))}</div>";
        if (data["text/latex"] is { } tex)
            return $"<div class=\"markdown\">{markdown.Convert(NotebookCell.Join(tex))}</div>";
        if (data["text/plain"] is { } plain)
            return Text(NotebookCell.Join(plain), "text");
        return $"<pre class=\"text\">{WebUtility.HtmlEncode(string.Join(", ", data.Select(d => d.Key)))}</pre>";
    }

    private static string Text(string text, string kind)
    {
        var lines = text.AsSpan().TrimEnd('\n').Count('\n') + 1;
        var block = $"<pre class=\"{kind}\">{WebUtility.HtmlEncode(AnsiCodes().Replace(text.TrimEnd('\n'), ""))}</pre>";
        return lines <= LongLines
            ? block
            : string.Create(CultureInfo.InvariantCulture, $"<details><summary>{lines} lines of text</summary>{block}</details>");
    }

    private static string Address(string type, JsonNode image) =>
        $"data:{type};base64,{NotebookCell.Join(image).Replace("\n", "", StringComparison.Ordinal)}";

    /// <summary>An SVG document as an element of a page, its identifiers made different from those of other pictures.</summary>
    private static string InlineSvg(string svg, int number)
    {
        var start = svg.IndexOf("<svg", StringComparison.Ordinal);
        var element = start < 0 ? svg : svg[start..];
        var ids = SvgId().Matches(element).Select(m => m.Groups[1].Value).ToHashSet();
        if (ids.Count == 0)
            return element;
        var prefix = string.Create(CultureInfo.InvariantCulture, $"p{number}-");
        return SvgReference().Replace(element, m => ids.Contains(m.Groups[2].Value) ? m.Groups[1].Value + prefix + m.Groups[2].Value : m.Value);
    }

    [GeneratedRegex("\\sid=[\"']([^\"']+)[\"']")]
    private static partial Regex SvgId();

    [GeneratedRegex("(\\sid=[\"']|url\\(#|href=[\"']#|aria-labelledby=[\"'])([^\"')\\s]+)")]
    private static partial Regex SvgReference();

    [GeneratedRegex(@"\u001b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex AnsiCodes();
}
