using System.Net;
using System.Text;
using NotebookRunner.Execution;

namespace NotebookRunner.Pages;

/// <summary>The page that lists the executed notebooks.</summary>
internal static class IndexPage
{
    /// <param name="notebooks">The executed notebooks, in order.</param>
    /// <param name="markdown">Converts what stands in them.</param>
    /// <param name="readme">What the series is, in Markdown: a heading and a paragraph of it are shown.</param>
    public static string Create(IReadOnlyList<NotebookDocument> notebooks, MarkdownHtml markdown, string readme)
    {
        var title = NotebookDocument.Headings(readme).FirstOrDefault() ?? "Notebooks";
        var body = new StringBuilder($"<main class=\"index\">\n<h1>{WebUtility.HtmlEncode(title)}</h1>\n{markdown.FirstParagraph(readme)}");
        var synthetic = notebooks.Where(n => Highlights.WarningOf(Highlights.Data(n)) is not null).Select(n => n.Name).ToList();
        if (synthetic.Count > 0)
            body.Append(HtmlPage.Warning($"Run on synthetic data: {string.Join(", ", synthetic)}"));
        body.Append("<ol>\n");
        foreach (var notebook in notebooks)
            AppendCard(body, notebook, markdown);
        return HtmlPage.Create(title, body.Append("</ol>\n</main>").ToString());
    }

    private static void AppendCard(StringBuilder body, NotebookDocument notebook, MarkdownHtml markdown)
    {
        var page = HtmlPage.Address(notebook.Name);
        var cover = Highlights.Cover(notebook);
        var picture = cover is null ? WebUtility.HtmlEncode(notebook.Name.Split('-')[0]) : $"<img alt=\"\" src=\"{cover}\">";
        body.Append($"<li class=\"card\"><a class=\"thumbnail\" href=\"{page}\" tabindex=\"-1\" aria-hidden=\"true\">{picture}</a><div>")
            .Append($"<h2><a href=\"{page}\">{WebUtility.HtmlEncode(notebook.Title)}</a></h2>");
        if (Highlights.Headline(notebook) is { Length: > 0 } headline)
            body.Append($"<p class=\"headline\">{WebUtility.HtmlEncode(headline)}</p>");
        body.Append(notebook.Cells.Where(c => c.Kind == CellKind.Markdown)
            .Select(c => markdown.FirstParagraph(c.Source, c.Attachments)).FirstOrDefault(p => p.Length > 0));
        var data = Highlights.Data(notebook).Trim();
        if (HtmlPage.Warning(data) is { Length: > 0 } warning)
            body.Append(warning);
        else if (data.Length > 0)
            body.Append($"<p class=\"facts\">{WebUtility.HtmlEncode(data).Replace("\n", " · ", StringComparison.Ordinal)}</p>");
        body.Append($"<p class=\"facts\">{HtmlPage.Facts(notebook.Run)} · {WebUtility.HtmlEncode(notebook.Name)}</p></div></li>\n");
    }
}
