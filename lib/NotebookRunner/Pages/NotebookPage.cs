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
        var body = new StringBuilder(Navigation("header", HtmlPage.Facts(notebook.Run), previous, next));
        body.Append("<main>\n").Append(HtmlPage.Warning(Highlights.Data(notebook)));
        foreach (var cell in notebook.Cells)
        {
            if (cell.Kind == CellKind.Markdown)
                body.Append("<section class=\"markdown\">").Append(markdown.Convert(cell.Source, cell.Attachments)).Append("</section>\n");
            else if (cell.Kind == CellKind.Code && !string.IsNullOrWhiteSpace(cell.Source))
                AppendCode(body, cell, outputs);
        }
        body.Append("</main>\n").Append(Navigation("footer", "", previous, next));
        return HtmlPage.Create(notebook.Title, body.ToString(), outputs.HasCharts);
    }

    private static void AppendCode(StringBuilder body, NotebookCell cell, OutputHtml outputs)
    {
        var failed = cell.Run is { Status: not RunStatus.Succeeded };
        body.Append(failed ? "<section class=\"code failed\">" : "<section class=\"code\">")
            .Append("<div class=\"source\">").Append(Code(cell.Source.Trim('\n'), cell.Language));
        var time = cell.Run is { } run ? ProgressText.Duration(run.Elapsed) : "";
        if (cell.ExecutionOrder > 0)
            body.Append($"<div class=\"time\">[{cell.ExecutionOrder}] {time}</div>");
        body.Append("</div>");
        foreach (var output in cell.Outputs)
            body.Append("<div class=\"output\">").Append(outputs.Convert(output)).Append("</div>");
        body.Append("</section>\n");
    }

    private static string Code(string code, string language) => language == "csharp"
        ? new HtmlClassFormatter().GetHtmlString(code, Languages.CSharp)
        : $"<pre>{WebUtility.HtmlEncode(code)}</pre>";

    private static string Navigation(string element, string facts, NotebookDocument? previous, NotebookDocument? next)
    {
        var middle = $"<span class=\"middle\"><a href=\"index.html\">All notebooks</a> {facts}</span>";
        return $"<{element}><nav>{Link(previous, "prev", "← ", "")}{middle}{Link(next, "next", "", " →")}</nav></{element}>\n";

        static string Link(NotebookDocument? to, string relation, string before, string after) => to is null
            ? "<span></span>"
            : $"<a rel=\"{relation}\" href=\"{HtmlPage.Address(to.Name)}\">{before}{WebUtility.HtmlEncode(to.Title)}{after}</a>";
    }
}
