using System.Text;
using System.Text.RegularExpressions;

namespace NotebookRunner.Kernel;

/// <summary>A stretch of a cell in one language.</summary>
/// <param name="Kind">What is to be done with it.</param>
/// <param name="Text">Code, markup, or the argument of a command.</param>
/// <param name="Line">The first line's number in the cell, from 1.</param>
internal sealed record CellPart(CellPartKind Kind, string Text, int Line);

internal enum CellPartKind { Code, Html, Markdown, Import, Time }

/// <summary>Separates a cell's code from its <c>#!</c> lines.</summary>
internal static partial class CellSplitter
{
    /// <summary>
    /// Splits a cell. Code keeps its line numbers: lines before it in the cell become empty lines.
    /// </summary>
    /// <exception cref="CellException">A language or command that this runner does not have.</exception>
    public static List<CellPart> Split(string source, string language)
    {
        var parts = new List<CellPart>();
        var kind = KindOf(language) ?? throw new CellException(
            "UnknownLanguage", $"The cell is written in '{language}'; this runner executes C# (and shows html and markdown).");
        var text = new StringBuilder();
        var start = 1;
        var number = 0;

        foreach (var line in source.ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            var match = Directive().Match(line);
            if (!match.Success)
            {
                text.Append(line).Append('\n');
                continue;
            }

            Finish();
            var (name, argument) = (match.Groups[1].Value, match.Groups[2].Value.Trim());
            if (KindOf(name) is { } next)
                kind = next;
            else if (name == "time")
                parts.Add(new(CellPartKind.Time, "", number));
            else if (name == "import")
                parts.Add(new(CellPartKind.Import, argument.Trim('"'), number));
            else
                throw new CellException("UnknownCommand",
                    $"Line {number}: this runner has no '#!{name}'; it has #!csharp, #!html, #!markdown, #!time and #!import.");
            start = number + 1;
        }

        Finish();
        return parts;

        void Finish()
        {
            if (!string.IsNullOrWhiteSpace(text.ToString()))
                parts.Add(new(kind, kind == CellPartKind.Code ? new string('\n', start - 1) + text : text.ToString(), start));
            text.Clear();
        }
    }

    private static CellPartKind? KindOf(string language) => language switch
    {
        "csharp" or "c#" or "C#" => CellPartKind.Code,
        "html" => CellPartKind.Html,
        "markdown" => CellPartKind.Markdown,
        _ => null,
    };

    [GeneratedRegex(@"^\s*#!([A-Za-z#][\w#-]*)(.*)$")]
    private static partial Regex Directive();
}

/// <summary>A cell cannot be run, for a reason that the message gives in full.</summary>
/// <param name="name">The kind of error, as shown before the message.</param>
/// <param name="message">What is wrong and what to do.</param>
/// <param name="details">More lines to show, for example the line of code.</param>
internal sealed class CellException(string name, string message, params string[] details) : Exception(message)
{
    public string Name { get; } = name;

    public IReadOnlyList<string> Details { get; } = details;
}
