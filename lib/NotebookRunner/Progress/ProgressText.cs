using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.DotNet.Interactive.Events;
using NotebookRunner.Execution;

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

    /// <summary>
    /// The last line of what is printed, or a display that is one line, as progress bars are; nothing for pictures and tables.
    /// </summary>
    public static string? LastLine(KernelEvent message)
    {
        if (message is not DisplayEvent { FormattedValues: { } values } || message is ReturnValueProduced)
            return null;
        if (values.FirstOrDefault(value => value.MimeType == "text/plain")?.Value?.Trim() is not { } text)
            return null;
        var isPicture = text.Contains('\n', StringComparison.Ordinal)
            || values.Any(value => value.MimeType.StartsWith("image/", StringComparison.Ordinal));
        if (isPicture && message is DisplayedValueProduced or DisplayedValueUpdated)
            return null;
        return text.Split('\n', '\r').Select(line => Printable(line).Trim()).LastOrDefault(line => line.Length > 0);
    }

    /// <summary>A text without what would color, clear or move on a terminal.</summary>
    public static string Printable(string text) => Unprintable().Replace(text, "");

    /// <summary>The beginning of a text, with an ellipsis, where the whole is longer; a character of two halves stays whole.</summary>
    public static string Shorten(string text, int most)
    {
        if (text.Length <= most)
            return text;
        var end = Math.Max(1, most - 1);
        return text[..(char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)].TrimEnd() + "…";
    }

    [GeneratedRegex(@"\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]")]
    private static partial Regex Unprintable();
}
