using System.Net;
using System.Text.Json.Nodes;
using Markdig;
using Markdig.Extensions.Mathematics;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using NotebookRunner.Execution;

namespace NotebookRunner.Pages;

/// <summary>Turns Markdown into HTML that needs no other file: formulas become MathML, local images are put inside.</summary>
/// <param name="folder">What relative image paths are relative to.</param>
/// <param name="notebooks">The names of the notebooks that have a page, so that links to them lead there.</param>
internal sealed class MarkdownHtml(string folder, IReadOnlyCollection<string> notebooks)
{
    private const long MaxImageBytes = 20 << 20;
    private static readonly MarkdownPipeline s_pipeline = new MarkdownPipelineBuilder().UseAdvancedExtensions().Build();

    public string Convert(string markdown, JsonObject? attachments = null) => Convert(markdown, attachments, document => document);

    /// <summary>The first paragraph of text, or an empty string.</summary>
    public string FirstParagraph(string markdown, JsonObject? attachments = null) => Convert(markdown, attachments, document =>
        document.OfType<ParagraphBlock>().FirstOrDefault(p => p.Inline?.Descendants<LiteralInline>().Any() == true));

    private string Convert(string markdown, JsonObject? attachments, Func<MarkdownDocument, MarkdownObject?> part)
    {
        try
        {
            var document = Markdown.Parse(markdown, s_pipeline);
            foreach (var link in document.Descendants<LinkInline>())
                link.Url = link.IsImage ? Image(link.Url, attachments) : Link(link.Url);
            return part(document) is { } found ? Render(found) : "";
        }
        catch (ArgumentException)
        {
            return $"<pre>{WebUtility.HtmlEncode(markdown)}</pre>"; // It is nested too deeply.
        }
    }

    private static string Render(MarkdownObject document)
    {
        using var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        s_pipeline.Setup(renderer);
        renderer.ObjectRenderers.Replace<HtmlMathInlineRenderer>(new InlineMath());
        renderer.ObjectRenderers.Replace<HtmlMathBlockRenderer>(new BlockMath());
        renderer.Render(document);
        return writer.ToString();
    }

    private string? Link(string? url)
    {
        var name = Path.GetFileNameWithoutExtension(url);
        var hasPage = name is not null && Path.GetExtension(url) == ".ipynb" && notebooks.Contains(name);
        return hasPage ? HtmlPage.Address(name!) : url;
    }

    private string? Image(string? url, JsonObject? attachments)
    {
        if (url is null)
            return null;
        if (url.StartsWith("attachment:", StringComparison.Ordinal))
        {
            return attachments?[Uri.UnescapeDataString(url["attachment:".Length..])] is JsonObject types
                && types.FirstOrDefault() is { Key: { } type, Value: { } data }
                ? $"data:{type};base64,{Join(data)}"
                : url;
        }
        if (MimeType(url) is not { } mimeType || url.Contains(':', StringComparison.Ordinal))
            return url;
        var file = new FileInfo(Path.Combine(folder, Uri.UnescapeDataString(url)));
        return file is { Exists: true, Length: < MaxImageBytes }
            ? $"data:{mimeType};base64,{System.Convert.ToBase64String(File.ReadAllBytes(file.FullName))}"
            : url;
    }

    private static string Join(JsonNode text) =>
        string.Concat(text is JsonArray lines ? lines.Select(NotebookDocument.Text) : [NotebookDocument.Text(text)]).ReplaceLineEndings("");

    private static string? MimeType(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".png" => "image/png",
        ".jpg" or ".jpeg" => "image/jpeg",
        ".gif" => "image/gif",
        ".svg" => "image/svg+xml",
        ".webp" => "image/webp",
        _ => null,
    };

    private sealed class InlineMath : HtmlObjectRenderer<MathInline>
    {
        protected override void Write(HtmlRenderer renderer, MathInline obj) =>
            renderer.Write(MathMl.Convert(obj.Content.ToString(), display: obj.DelimiterCount > 1));
    }

    private sealed class BlockMath : HtmlObjectRenderer<MathBlock>
    {
        protected override void Write(HtmlRenderer renderer, MathBlock obj) =>
            renderer.Write("<p>").Write(MathMl.Convert(obj.Lines.ToString(), display: true)).WriteLine("</p>");
    }
}
