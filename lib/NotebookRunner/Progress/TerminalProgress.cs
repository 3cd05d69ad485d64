using System.Diagnostics;
using System.Globalization;
using NotebookRunner.Execution;
using NotebookRunner.Kernel;
using Spectre.Console;

namespace NotebookRunner.Progress;

/// <summary>Progress on a terminal: a line for each finished cell, and below them the cell that runs, its time and its last words.</summary>
internal sealed class TerminalProgress(IAnsiConsole console) : IRunProgress
{
    private static readonly TimeSpan s_refreshEvery = TimeSpan.FromMilliseconds(200);
    private readonly Stopwatch _watch = new();
    private string _title = "";
    private string _lastLine = "";
    private int _cells;
    private ErrorEvent? _error;

    public async Task<RunStatus> NotebookAsync(NotebookDocument notebook, Func<Task<RunStatus>> execution)
    {
        _cells = notebook.CodeCells.Count;
        console.MarkupLineInterpolated($"[bold]{notebook.Title}[/] [grey]{notebook.Name}[/]");
        return await console.Status().Spinner(Spinner.Known.Dots).StartAsync("…", async context =>
        {
            var running = execution();
            while (await Task.WhenAny(running, Task.Delay(s_refreshEvery)).ConfigureAwait(false) != running)
                context.Status = StatusLine();
            return await running.ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    public void CellStarted(int number, string title)
    {
        _error = null;
        _lastLine = "";
        _title = string.Create(CultureInfo.InvariantCulture, $"[{number}/{_cells}] {title}");
        _watch.Restart();
    }

    public void Output(KernelEvent message)
    {
        _error = message as ErrorEvent ?? _error;
        _lastLine = ProgressText.LastLine(message) ?? _lastLine;
    }

    public void CellEnded(RunStatus status, TimeSpan elapsed)
    {
        var mark = status == RunStatus.Succeeded ? "[green]✓[/]" : "[red]✗[/]";
        var words = status == RunStatus.Succeeded ? "" : $" [red]{ProgressText.Status(status)}[/]";
        console.MarkupLine($"  {mark} {_title.EscapeMarkup()} [grey]{ProgressText.Duration(elapsed)}[/]{words}");
        foreach (var line in _error?.Traceback ?? [])
            console.MarkupLineInterpolated($"      [red]{line}[/]");
    }

    public void Say(string text) => console.WriteLine(text);

    private string StatusLine()
    {
        var room = Math.Max(10, console.Profile.Width - _title.Length - 20);
        return $"{_title.EscapeMarkup()} [grey]{ProgressText.Duration(_watch.Elapsed)}[/] [dim]{ProgressText.Shorten(_lastLine, room).EscapeMarkup()}[/]";
    }
}
