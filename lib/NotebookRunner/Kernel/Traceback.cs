using System.Text.RegularExpressions;

namespace NotebookRunner.Kernel;

/// <summary>Tells where a cell failed, in the cell's own lines, without the frames of the kernel.</summary>
internal static partial class Traceback
{
    private const int MaxLines = 60;

    /// <param name="message">What the kernel says of the failure: the exception or what the compiler found.</param>
    /// <param name="cell">The cell's name, which its frames carry as their file.</param>
    /// <param name="source">The cell's source, of which the failing line is quoted.</param>
    public static string Describe(string message, string cell, string source)
    {
        var lines = message.ReplaceLineEndings("\n").Split('\n').Where(line => !Plumbing().IsMatch(line)).Select(Readable).ToList();
        if (lines.Count > MaxLines)
            lines = [.. lines.Take(MaxLines), $"   … {lines.Count - MaxLines} more lines"];

        var failing = lines.Select(line => Place().Match(line)).FirstOrDefault(place => place.Success && place.Groups[1].Value == cell);
        var code = source.ReplaceLineEndings("\n").Split('\n');
        if (failing is not null && int.TryParse(failing.Groups[2].Value, out var number) && number <= code.Length)
        {
            lines.Add("");
            for (var i = Math.Max(1, number - 2); i <= Math.Min(code.Length, number + 2); i++)
                lines.Add($"{(i == number ? "---->" : "     ")}{i,4} | {code[i - 1]}");
        }
        return string.Join('\n', lines);
    }

    private static string Readable(string line)
    {
        line = CompilerName().Replace(FilePlace().Replace(line, " in $1, line $2"), "at $1");
        return Submission().Replace(line, "").Replace("at  in Cell", "at Cell", StringComparison.Ordinal);
    }

    /// <summary>What stands between a cell and the one who runs it.</summary>
    [GeneratedRegex(@"^\s*(at (Microsoft\.CodeAnalysis|Microsoft\.DotNet\.Interactive|System\.Runtime\.\w+Services)\.|--- End of stack)")]
    private static partial Regex Plumbing();

    [GeneratedRegex(@" in (?:.*[/\\])?(Cell \[\d+\]):line (\d+)")]
    private static partial Regex FilePlace();

    [GeneratedRegex(@"(Cell \[\d+\])(?:, line |\()(\d+)")]
    private static partial Regex Place();

    /// <summary>What the compiler makes of the cell itself and of asynchronous methods.</summary>
    [GeneratedRegex(@"at Submission#\d+\.(?:<<Initialize>>|<(\w+)>)d__\d+\.MoveNext\(\)")]
    private static partial Regex CompilerName();

    [GeneratedRegex(@"Submission#\d+\+?\.?")]
    private static partial Regex Submission();
}
