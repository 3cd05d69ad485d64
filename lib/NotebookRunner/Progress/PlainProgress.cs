using System.Globalization;
using NotebookRunner.Execution;
using NotebookRunner.Kernel;

namespace NotebookRunner.Progress;

/// <summary>Progress as lines of text, for logs: <c>[3/14] Train the CNN … 12.3 s</c>.</summary>
internal sealed class PlainProgress(TextWriter output) : IRunProgress
{
    private int _cells;
    private bool _isInLine;
    private ErrorEvent? _error;

    public async Task<RunStatus> NotebookAsync(NotebookDocument notebook, Func<Task<RunStatus>> execution)
    {
        _cells = notebook.CodeCells.Count;
        await output.WriteLineAsync($"{notebook.Name}: {notebook.Title}").ConfigureAwait(false);
        return await execution().ConfigureAwait(false);
    }

    public void CellStarted(int number, string title)
    {
        _error = null;
        output.Write(string.Create(CultureInfo.InvariantCulture, $"  [{number}/{_cells}] {title} … "));
        _isInLine = true;
        output.Flush();
    }

    public void Output(KernelEvent message) => _error = message as ErrorEvent ?? _error;

    public void CellEnded(RunStatus status, TimeSpan elapsed)
    {
        output.WriteLine(ProgressText.Duration(elapsed) + (status == RunStatus.Succeeded ? "" : $" {ProgressText.Status(status).ToUpperInvariant()}"));
        _isInLine = false;
        foreach (var line in _error?.Traceback ?? [])
            output.WriteLine("      " + line);
        output.Flush();
    }

    public void Say(string text)
    {
        if (_isInLine)
            output.WriteLine();
        _isInLine = false;
        output.WriteLine(text);
        output.Flush();
    }
}
