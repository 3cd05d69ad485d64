using System.Net;
using NotebookRunner.Execution;
using NotebookRunner.Progress;

namespace NotebookRunner.Pages;

/// <summary>What all pages have in common.</summary>
internal static class HtmlPage
{
    private static readonly Lazy<string> s_style = new(() =>
    {
        using var reader = new StreamReader(typeof(HtmlPage).Assembly.GetManifestResourceStream("page.css")!);
        return reader.ReadToEnd();
    });

    /// <summary>A page that fetches nothing: the policy in its head forbids it.</summary>
    public static string Create(string title, string body) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:">
        <title>{WebUtility.HtmlEncode(title)}</title>
        <style>
        {s_style.Value}</style>
        </head>
        <body>
        {body}
        </body>
        </html>

        """;

    public static string Badge(RunRecord? run)
    {
        if (run is null)
            return "<span class=\"badge\">not run</span>";
        var kind = run.Status == RunStatus.Succeeded ? "good" : "bad";
        return $"<span class=\"badge {kind}\">{ProgressText.Status(run.Status)}</span>";
    }

    public static string Address(string name) => Uri.EscapeDataString(name) + ".html";
}
