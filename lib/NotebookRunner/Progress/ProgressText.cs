using System.Globalization;
using NotebookRunner.Execution;
using NotebookRunner.Kernel;

namespace NotebookRunner.Progress;

/// <summary>The words that both kinds of progress use.</summary>
internal static class ProgressText
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
        return text?.Split('\n', '\r').Select(line => line.Trim()).LastOrDefault(line => line.Length > 0);
    }
}
