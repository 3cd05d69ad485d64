using System.Diagnostics;
using System.Globalization;
using Microsoft.DotNet.Interactive.Events;
using NotebookRunner.Execution;
using Spectre.Console;

namespace NotebookRunner.Progress;

/// <summary>
/// Tells people what is happening: a line for each finished cell and, on a terminal, the cell that runs, its time and its last words.
/// </summary>
internal sealed class RunProgress(IAnsiConsole console)
{
    private static readonly TimeSpan s_refreshEvery = TimeSpan.FromMilliseconds(200);
    private readonly bool _isTerminal = console.Profile.Capabilities.Interactive;
    private readonly Stopwatch _watch = new();
    private string _title = "";
    private string _lastLine = "";
    private int _cells;

    /// <summary>Runs a notebook's execution with its progress on show.</summary>
    public async Task<RunStatus> NotebookAsync(NotebookDocument notebook, Func<Task<RunStatus>> execution)
    {
        _cells = notebook.CodeCells.Count;
        console.MarkupLineInterpolated($"[bold]{notebook.Name}[/]: {ProgressText.Printable(notebook.Title)}");
        if (!_isTerminal)
            return await execution().ConfigureAwait(false);
        return await console.Live(new Text("")).AutoClear(true).StartAsync(async context =>
        {
            var running = execution();
            while (await Task.WhenAny(running, Task.Delay(s_refreshEvery)).ConfigureAwait(false) != running)
                context.UpdateTarget(new Rows(StatusLines(console.Profile.Width).Select(line => new Text(line))));
            return await running.ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <param name="number">The cell's number among the notebook's code cells, from 1.</param>
    /// <param name="title">The step that it belongs to.</param>
    public void CellStarted(int number, string title)
    {
        _lastLine = "";
        _title = string.Create(CultureInfo.InvariantCulture, $"[{number}/{_cells}] {ProgressText.Printable(title)}");
        _watch.Restart();
    }

    /// <summary>Notes what the cell shows, of which the last words are on show until the next come.</summary>
    public void Output(KernelEvent message) => _lastLine = ProgressText.LastLine(message) ?? _lastLine;

    /// <summary>A cell has ended, and went wrong if there is an error.</summary>
    public void CellEnded(RunStatus status, TimeSpan elapsed, string? error)
    {
        var isGood = status == RunStatus.Succeeded;
        var (mark, words) = isGood ? ("[green]✓[/]", "") : ("[red]✗[/]", " " + ProgressText.Status(status).ToUpperInvariant());
        var time = ProgressText.Duration(elapsed);
        var title = ProgressText.Shorten(_title, console.Profile.Width - time.Length - words.Length - 6);
        console.MarkupLine($"  {mark} {title.EscapeMarkup()} [gray]{time}[/][red]{words}[/]");
        foreach (var line in error?.Split('\n') ?? [])
            console.MarkupLineInterpolated($"      [red]{ProgressText.Printable(line)}[/]");
    }

    /// <summary>Says something in a line of its own.</summary>
    public void Say(string text) => console.WriteLine(text);

    /// <summary>Says something that must not be missed.</summary>
    public void Warn(string text) => console.MarkupLineInterpolated($"  [black on yellow]!! {ProgressText.Printable(text)} [/]");

    /// <summary>The cell that runs with its time, and below it its last words, each within the terminal's width.</summary>
    internal IEnumerable<string> StatusLines(int width)
    {
        var time = ProgressText.Duration(_watch.Elapsed);
        yield return $"  ▸ {ProgressText.Shorten(_title, width - time.Length - 6)} {time}";
        if (_lastLine.Length > 0)
            yield return "    " + ProgressText.Shorten(_lastLine, width - 5);
    }
}
