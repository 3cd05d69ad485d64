using System.Globalization;
using System.Net;
using System.Text;
using ColorCode;
using NotebookRunner.Execution;
using NotebookRunner.Progress;

namespace NotebookRunner.Pages;

/// <summary>The page of one executed notebook.</summary>
internal static class NotebookPage
{
    public static string Create(NotebookDocument notebook, NotebookDocument? previous, NotebookDocument? next, MarkdownHtml markdown)
    {
        var outputs = new OutputHtml(markdown);
        var body = new StringBuilder();
        AppendNavigation(body, "header", notebook.Run, previous, next);
        body.Append("<main>\n").Append(HtmlPage.Warning(Highlights.Data(notebook)));
        foreach (var cell in notebook.Cells)
        {
            if (cell.Kind == CellKind.Markdown)
                body.Append("<section class=\"markdown\">").Append(markdown.Convert(cell.Source, cell.Attachments)).Append("</section>\n");
            else if (cell.Kind == CellKind.Code && !string.IsNullOrWhiteSpace(cell.Source))
                AppendCode(body, cell, outputs);
        }
        body.Append("</main>\n");
        AppendNavigation(body, "footer", null, previous, next);
        return HtmlPage.Create(notebook.Title, body.ToString(), outputs.HasCharts);
    }

    private static void AppendCode(StringBuilder body, NotebookCell cell, OutputHtml outputs)
    {
        var failed = cell.Run is { Status: not RunStatus.Succeeded };
        body.Append(failed ? "<section class=\"code failed\">" : "<section class=\"code\">")
            .Append("<div class=\"source\">").Append(Code(cell.Source.Trim('\n'), cell.Language));
        if (cell.ExecutionOrder > 0)
            body.Append(CultureInfo.InvariantCulture, $"<div class=\"time\">[{cell.ExecutionOrder}] {(cell.Run is { } run ? ProgressText.Duration(run.Elapsed) : "")}</div>");
        body.Append("</div>");
        foreach (var output in cell.Outputs)
            body.Append("<div class=\"output\">").Append(outputs.Convert(output)).Append("</div>");
        body.Append("</section>\n");
    }

    private static string Code(string code, string language) =>
        language == "csharp" ? new HtmlClassFormatter().GetHtmlString(code, Languages.CSharp) : $"<pre>{WebUtility.HtmlEncode(code)}</pre>";

    private static void AppendNavigation(StringBuilder body, string element, RunRecord? run, NotebookDocument? previous, NotebookDocument? next)
    {
        body.Append('<').Append(element).Append("><nav>")
            .Append(previous is null ? "<span></span>" : $"<a rel=\"prev\" href=\"{HtmlPage.Address(previous.Name)}\">← {WebUtility.HtmlEncode(previous.Title)}</a>")
            .Append("<span class=\"middle\"><a href=\"index.html\">All notebooks</a>");
        if (run is not null)
            body.Append(' ').Append(HtmlPage.Facts(run));
        body.Append("</span>")
            .Append(next is null ? "<span></span>" : $"<a rel=\"next\" href=\"{HtmlPage.Address(next.Name)}\">{WebUtility.HtmlEncode(next.Title)} →</a>")
            .Append("</nav></").Append(element).Append(">\n");
    }
}
