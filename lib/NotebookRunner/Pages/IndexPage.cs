using System.Net;
using System.Text;
using NotebookRunner.Execution;
using NotebookRunner.Progress;

namespace NotebookRunner.Pages;

/// <summary>The page that lists the executed notebooks.</summary>
internal static class IndexPage
{
    public static string Create(IReadOnlyList<NotebookDocument> notebooks, MarkdownHtml markdown)
    {
        var body = new StringBuilder("<main class=\"index\">\n<h1>Notebooks</h1>\n<ol>\n");
        foreach (var notebook in notebooks)
        {
            var page = HtmlPage.Address(notebook.Name);
            var picture = OutputHtml.Picture(notebook.Cells.SelectMany(c => c.Outputs));
            body.Append("<li class=\"card\"><a class=\"thumbnail\" href=\"").Append(page).Append("\" tabindex=\"-1\" aria-hidden=\"true\">");
            body.Append(picture is null ? WebUtility.HtmlEncode(notebook.Name.Split('-')[0]) : $"<img alt=\"\" src=\"{picture}\">");
            body.Append("</a><div><h2><a href=\"").Append(page).Append("\">").Append(WebUtility.HtmlEncode(notebook.Title)).Append("</a></h2>")
                .Append(Introduction(notebook, markdown))
                .Append("<p class=\"facts\">").Append(HtmlPage.Badge(notebook.Run));
            if (notebook.Run is { } run)
                body.Append(' ').Append(ProgressText.Duration(run.Elapsed)).Append(run.Profile is null ? "" : $", {WebUtility.HtmlEncode(run.Profile)} profile");
            body.Append(" · ").Append(WebUtility.HtmlEncode(notebook.Name)).Append("</p></div></li>\n");
        }
        return HtmlPage.Create("Notebooks", body.Append("</ol>\n</main>").ToString());
    }

    private static string Introduction(NotebookDocument notebook, MarkdownHtml markdown) =>
        notebook.Cells.Where(c => c.Kind == CellKind.Markdown).Select(c => markdown.FirstParagraph(c.Source, c.Attachments)).FirstOrDefault(p => p.Length > 0) ?? "";
}
