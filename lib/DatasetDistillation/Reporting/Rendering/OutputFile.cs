using System.Text;

namespace DatasetDistillation.Reporting.Rendering;

/// <summary>Writes files whole or not at all.</summary>
internal static class OutputFile
{
    public static void Write(string path, string text) => Write(path, new UTF8Encoding(false).GetBytes(text));

    public static void Write(string path, byte[] bytes)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full) ?? throw new ArgumentException($"'{path}' is a folder; give the name of a file.", nameof(path));
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}

/// <summary>A page around a fragment of HTML.</summary>
internal static class HtmlPage
{
    public static string Of(string title, string body) =>
        $$"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="color-scheme" content="light dark"/>
        <title>{{Xml.Escape(title)}}</title>
        <style>body { font-family: system-ui, sans-serif; margin: 2em; } img, svg { max-width: 100%; height: auto; }</style>
        </head>
        <body>
        {{body}}
        </body>
        </html>

        """;
}
