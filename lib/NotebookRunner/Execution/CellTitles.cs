using System.Text.RegularExpressions;
using NotebookRunner.Progress;

namespace NotebookRunner.Execution;

/// <summary>Finds a name for a code cell, for people who watch it run.</summary>
internal static partial class CellTitles
{
    private const int MaxLength = 60;

    /// <summary>A first-line comment, else the heading above, else the first line of code.</summary>
    public static string Of(NotebookDocument notebook, NotebookCell cell)
    {
        var lines = cell.Source.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0);
        var first = lines.FirstOrDefault(line => !line.StartsWith('#')) ?? lines.First();
        if (first.StartsWith("//", StringComparison.Ordinal))
            return Shorten(first.TrimStart('/', ' '));

        var above = notebook.Cells.TakeWhile(c => c != cell).Reverse().TakeWhile(c => c.Kind == CellKind.Markdown)
            .SelectMany(c => Heading().Matches(c.Source).Reverse()).FirstOrDefault();
        return Shorten(above is null ? first : MarkdownMarks().Replace(above.Groups[1].Value, "").Trim());
    }

    private static string Shorten(string text) => ProgressText.Shorten(text, MaxLength);

    [GeneratedRegex(@"^#{1,6}\s+(.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[*_`$]")]
    private static partial Regex MarkdownMarks();
}
