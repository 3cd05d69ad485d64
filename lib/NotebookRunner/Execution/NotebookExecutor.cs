using System.Diagnostics;
using Microsoft.DotNet.Interactive.Events;
using NotebookRunner.Progress;

namespace NotebookRunner.Execution;

/// <summary>How notebooks are executed.</summary>
internal sealed record ExecutionOptions
{
    /// <summary>Whether cells are executed after one that failed.</summary>
    public bool KeepGoing { get; init; }

    /// <summary>How long one cell may take; none for as long as it likes.</summary>
    public TimeSpan? CellTimeout { get; init; }

    /// <summary>Answers the input <c>profile</c> and is the environment variable <see cref="ProfileVariable"/>.</summary>
    public string Profile { get; init; } = "quick";

    /// <summary>Answers to the other inputs, by name.</summary>
    public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>();

    public const string ProfileVariable = "DISTILLATION_PROFILE";
}

/// <summary>Executes one notebook, and keeps the file of what came of it up to date all the while.</summary>
internal sealed class NotebookExecutor(ExecutionOptions options, RunProgress progress)
{
    private const int KilledExitCode = 128 + 9;
    private static readonly TimeSpan s_saveEvery = TimeSpan.FromSeconds(2);
    private readonly CellOutputs _outputs = new();
    private readonly Stopwatch _total = new();
    private readonly Stopwatch _watch = new();
    private readonly Stopwatch _sinceSave = new();
    private TimeSpan _lastSaveTook;
    private bool _unsaved;
    private bool _saveFails;
    private string? _error;

    /// <summary>Executes a notebook's cells in order.</summary>
    /// <param name="notebook">The notebook, whose outputs are replaced.</param>
    /// <param name="outputPath">Where the executed notebook is written, after every cell and every few seconds.</param>
    /// <param name="cancellation">Ends the execution at once, and the cell that is running with it.</param>
    /// <exception cref="OutputException">The executed notebook cannot be written, at the beginning or at the end.</exception>
    public async Task<RunStatus> RunAsync(NotebookDocument notebook, string outputPath, CancellationToken cancellation)
    {
        _total.Restart();
        notebook.Clear();
        Save(notebook, outputPath, RunStatus.Running);

        await using var kernel = KernelProcess.Start(Path.GetDirectoryName(notebook.Path)!, options.Profile, options.Inputs);
        var status = RunStatus.Succeeded;
        foreach (var (index, cell) in notebook.CodeCells.Index())
        {
            progress.CellStarted(index + 1, notebook.HeadingOf(cell));
            _watch.Reset();
            if (index > 0)
                _watch.Start();
            _error = null;
            _outputs.Begin(cell, index + 1);
            cell.Run = new RunRecord(RunStatus.Running, TimeSpan.Zero);
            var (cellStatus, alive) = await RunCellAsync(kernel, notebook, cell, outputPath, cancellation).ConfigureAwait(false);
            _outputs.Flush();
            cell.Run = new RunRecord(cellStatus, _watch.Elapsed);
            progress.CellEnded(cellStatus, _watch.Elapsed, _error);
            if (cell.HasTag(Highlights.DataTag) && Highlights.WarningOf(Highlights.TextOf(cell)) is { } warning)
                progress.Warn(warning);

            if (cellStatus != RunStatus.Succeeded && status == RunStatus.Succeeded)
                status = cellStatus;
            if (!alive || (cellStatus != RunStatus.Succeeded && !options.KeepGoing))
                break;
            SaveMeanwhile(notebook, outputPath);
        }

        Save(notebook, outputPath, status);
        return status;
    }

    private async Task<(RunStatus Status, bool Alive)> RunCellAsync(
        KernelProcess kernel, NotebookDocument notebook, NotebookCell cell, string outputPath, CancellationToken cancellation)
    {
        kernel.Execute(cell.Source, cell.Language);
        try
        {
            while (true)
            {
                var left = options.CellTimeout is { } limit ? limit - _watch.Elapsed : TimeSpan.MaxValue;
                if (left <= TimeSpan.Zero)
                {
                    kernel.Kill();
                    Fail("Timeout", $"The cell ran longer than {options.CellTimeout?.TotalSeconds:0.###} s (--cell-timeout).");
                    return (RunStatus.TimedOut, false);
                }

                switch (await kernel.NextAsync(left < s_saveEvery ? left : s_saveEvery, cancellation).ConfigureAwait(false))
                {
                    case KernelReady:
                        _watch.Start(); // The time that the process took to start is not the first cell's.
                        break;
                    case CommandSucceeded:
                        return (RunStatus.Succeeded, true);
                    case CommandFailed failed:
                        Fail("Error", failed.Message);
                        return (RunStatus.Failed, true);
                    case ProcessEnded ended:
                        Fail("ProcessEnded", $"The code ended the process that runs the notebook (exit code {ended.ExitCode})."
                            + (ended.ExitCode == KilledExitCode ? " Systems do that when memory runs out: close other programs." : ""));
                        return (RunStatus.Failed, false);
                    case { } message:
                        _outputs.Add(message);
                        progress.Output(message);
                        _unsaved = true;
                        break;
                }
                if (_unsaved && _sinceSave.Elapsed > Max(s_saveEvery, 20 * _lastSaveTook))
                    SaveMeanwhile(notebook, outputPath);
            }
        }
        catch (OperationCanceledException)
        {
            kernel.Kill();
            Fail("Interrupted", "The run was interrupted while this cell was running.");
            return (RunStatus.Interrupted, false);
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private void Fail(string name, string traceback)
    {
        _outputs.AddError(name, traceback);
        _error = traceback;
    }

    /// <summary>Saves while cells are still to come; what fails now may be mended before the end.</summary>
    private void SaveMeanwhile(NotebookDocument notebook, string path)
    {
        try
        {
            Save(notebook, path, RunStatus.Running);
            _saveFails = false;
        }
        catch (OutputException e)
        {
            if (!_saveFails)
                progress.Say($"{e.Message} The run goes on and tries again.");
            _saveFails = true;
            _sinceSave.Restart();
        }
    }

    private void Save(NotebookDocument notebook, string path, RunStatus status)
    {
        var watch = Stopwatch.StartNew();
        _outputs.Flush();
        notebook.Run = new RunRecord(status, _total.Elapsed, options.Profile);
        AtomicFile.Write(path, notebook.ToBytes());
        _unsaved = false;
        _sinceSave.Restart();
        _lastSaveTook = watch.Elapsed;
    }
}
