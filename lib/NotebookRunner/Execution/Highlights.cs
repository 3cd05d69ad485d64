using System.Text;
using System.Text.RegularExpressions;
using Microsoft.DotNet.Interactive.Documents;

namespace NotebookRunner.Execution;

/// <summary>
/// What the tags of a notebook's cells point out: <c>data</c>, what it was run on; <c>headline</c>, its figure in one line;
/// <c>cover</c>, its picture.
/// </summary>
internal static partial class Highlights
{
    public const string DataTag = "data";

    private static readonly string[] s_images = ["image/png", "image/jpeg", "image/gif", "image/webp"];

    /// <summary>What the notebook says of its data.</summary>
    public static string Data(NotebookDocument notebook) => TextOf(notebook, DataTag);

    /// <summary>The first line of what the headline cell shows.</summary>
    public static string Headline(NotebookDocument notebook) => TextOf(notebook, "headline").Trim().Split('\n')[0];

    /// <summary>The picture for the index, as the address of an image that holds it: the cover's, else the last PNG.</summary>
    public static string? Cover(NotebookDocument notebook) =>
        notebook.Cells.Where(cell => cell.HasTag("cover")).SelectMany(Pictures).LastOrDefault()
        ?? notebook.Cells.SelectMany(Pictures).LastOrDefault(picture => picture.StartsWith("data:image/png", StringComparison.Ordinal));

    /// <summary>What a reader must not miss in what is said of the data, if there is such a thing.</summary>
    public static string? WarningOf(string data) => data.Contains("synthetic", StringComparison.OrdinalIgnoreCase) ? data.Trim() : null;

    /// <summary>The text that a cell shows: what it prints and its results.</summary>
    public static string TextOf(NotebookCell cell) =>
        string.Concat(cell.Outputs.Select(output => output is TextElement text ? text.Text : Text(DataOf(output), "text/plain") + "\n"));

    /// <summary>What an output shows, by MIME type; nothing for text and errors.</summary>
    public static IDictionary<string, object> DataOf(InteractiveDocumentOutputElement output) => output switch
    {
        DisplayElement display => display.Data,
        ReturnValueElement result => result.Data,
        _ => new Dictionary<string, object>(),
    };

    /// <summary>One representation of an output; the format lets text be a list of lines.</summary>
    public static string? Text(IDictionary<string, object> data, string type)
    {
        data.TryGetValue(type, out var value);
        return value as string ?? (value is IEnumerable<object> lines ? string.Concat(lines.OfType<string>()) : null);
    }

    /// <summary>The picture among an output's representations, as the address of an image that holds it.</summary>
    public static string? Picture(IDictionary<string, object> data)
    {
        if (Text(data, "image/svg+xml") is { } svg)
            return "data:image/svg+xml;base64," + Convert.ToBase64String(Encoding.UTF8.GetBytes(svg));
        var type = s_images.FirstOrDefault(data.ContainsKey);
        return type is null ? null : $"data:{type};base64,{Text(data, type)?.ReplaceLineEndings("")}";
    }

    private static IEnumerable<string> Pictures(NotebookCell cell) => cell.Outputs.Select(DataOf)
        .Select(data => Picture(data) ?? Image().Match(Text(data, "text/html") ?? "").Groups[1].Value).Where(address => address.Length > 0);

    private static string TextOf(NotebookDocument notebook, string tag) =>
        string.Concat(notebook.Cells.Where(cell => cell.HasTag(tag)).Select(TextOf));

    [GeneratedRegex("<img[^>]+src=[\"'](data:image/[^\"'<>]+)[\"']")]
    private static partial Regex Image();
}
