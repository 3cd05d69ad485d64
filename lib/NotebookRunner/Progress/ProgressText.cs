using System.Globalization;
using System.Text.RegularExpressions;
using NotebookRunner.Execution;
using NotebookRunner.Kernel;

namespace NotebookRunner.Progress;

/// <summary>The words that both kinds of progress use.</summary>
internal static partial class ProgressText
{
    public static string Duration(TimeSpan time) => time.TotalMinutes < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s")
        : time.TotalHours < 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds:00} s")
            : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes:00} min");

    public static string Status(RunStatus status) => status switch
    {
        RunStatus.Running => "did not finish",
        RunStatus.Succeeded => "succeeded",
        RunStatus.Failed => "failed",
        RunStatus.TimedOut => "timed out",
        _ => "interrupted",
    };

    /// <summary>The last line of text in an output, if it has any that a person would want to see while waiting.</summary>
    public static string? LastLine(KernelEvent message)
    {
        var text = message switch
        {
            StreamEvent stream => stream.Text,
            DisplayEvent display => display.Data.GetValueOrDefault("text/plain"),
            UpdateEvent update => update.Data.GetValueOrDefault("text/plain"),
            _ => null,
        };
        return text?.Split('\n', '\r').Select(line => Unprintable().Replace(line, "").Trim()).LastOrDefault(line => line.Length > 0);
    }

    /// <summary>The beginning of a text, with an ellipsis, where the whole is longer; a character of two halves stays whole.</summary>
    public static string Shorten(string text, int most)
    {
        if (text.Length <= most)
            return text;
        var end = most - 1;
        return text[..(char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)].TrimEnd() + "…";
    }

    /// <summary>What would colour, clear or move on a terminal.</summary>
    [GeneratedRegex(@"\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]")]
    private static partial Regex Unprintable();
}
