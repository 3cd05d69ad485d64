using System.Net;
using System.Reflection;
using NotebookRunner.Execution;
using NotebookRunner.Progress;

namespace NotebookRunner.Pages;

/// <summary>What all pages have in common.</summary>
internal static class HtmlPage
{
    private static readonly Lazy<string> s_style = new(() => Resource(typeof(HtmlPage).Assembly, name => name == "page.css"));

    private static readonly Lazy<string> s_plotly = new(() =>
        Resource(Assembly.Load("Plotly.NET"), name => name.EndsWith(".min.js", StringComparison.Ordinal))
            .Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase));

    /// <summary>A page that fetches nothing: its policy forbids it. With charts it holds plotly.js, which makes them interactive.</summary>
    public static string Create(string title, string body, bool hasCharts = false) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy"
         content="default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:">
        <title>{WebUtility.HtmlEncode(title)}</title>
        <style>
        {s_style.Value}</style>
        {(hasCharts ? $"<script>{s_plotly.Value}</script>" : "")}
        </head>
        <body>
        {body}
        </body>
        </html>

        """;

    /// <summary>How a run went, how long it took, and its profile.</summary>
    public static string Facts(RunRecord? run)
    {
        if (run is null)
            return "<span class=\"badge\">not run</span>";
        var kind = run.Status == RunStatus.Succeeded ? "good" : "bad";
        var profile = run.Profile is null ? "" : $", {WebUtility.HtmlEncode(run.Profile)} profile";
        var time = $"<span class=\"time\">{ProgressText.Duration(run.Elapsed)}{profile}</span>";
        return $"<span class=\"badge {kind}\">{ProgressText.Status(run.Status)}</span> {time}";
    }

    /// <summary>What nobody may miss in what a notebook says of its data; nothing if there is no such thing.</summary>
    public static string Warning(string data) => Highlights.WarningOf(data) is { } warning
        ? $"<p class=\"warning\">{WebUtility.HtmlEncode(warning).Replace("\n", "<br>", StringComparison.Ordinal)}</p>\n"
        : "";

    public static string Address(string name) => Uri.EscapeDataString(name) + ".html";

    private static string Resource(Assembly assembly, Func<string, bool> isWanted)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(assembly.GetManifestResourceNames().First(isWanted))!);
        return reader.ReadToEnd();
    }
}
