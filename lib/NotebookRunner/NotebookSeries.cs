using System.Diagnostics;
using NotebookRunner.Execution;
using NotebookRunner.Pages;
using NotebookRunner.Progress;

namespace NotebookRunner;

/// <summary>What to run and where to put the results.</summary>
internal sealed record RunRequest
{
    /// <summary>Paths, names or numbers; none means all.</summary>
    public IReadOnlyList<string> Notebooks { get; init; } = [];

    /// <summary>Where results go; by default <c>notebooks/out</c> of the repository, or <c>out</c> beside the first notebook.</summary>
    public string? OutputFolder { get; init; }

    /// <summary>Whether a notebook that succeeded is written back over its source.</summary>
    public bool InPlace { get; init; }

    /// <summary>Whether HTML pages are written.</summary>
    public bool WritePages { get; init; } = true;

    public ExecutionOptions Execution { get; init; } = new();
}

/// <summary>Executes notebooks one after another.</summary>
internal sealed class NotebookSeries(RunRequest request, RunProgress progress)
{
    private readonly HashSet<string> _said = [];

    /// <returns>
    /// The exit code: 0; 2 when a cell failed or a notebook could not be read; 1 when none could, or a source was not written over.
    /// </returns>
    /// <exception cref="NotebookException">A notebook cannot be found; nothing has been run.</exception>
    /// <exception cref="OutputException">A result cannot be written.</exception>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var paths = NotebookFinder.Find(request.Notebooks, Directory.GetCurrentDirectory());
        var folder = Path.GetFullPath(request.OutputFolder ?? Path.Combine(Path.GetDirectoryName(paths[0])!, "out"));
        if (paths.FirstOrDefault(path => Path.GetDirectoryName(path) == Path.TrimEndingDirectorySeparator(folder)) is { } own)
            throw new NotebookException($"The results would overwrite {own}: choose another folder with --output, or use --in-place.");

        var (run, failed, unreadable, left) = (0, 0, 0, 0);
        var ended = false;
        foreach (var path in paths)
        {
            if (TryLoad(path) is not { } notebook)
            {
                unreadable++;
                continue;
            }
            if (ended)
                continue;
            run++;
            var executor = new NotebookExecutor(request.Execution, progress);
            var output = Path.Combine(folder, notebook.Name + ".ipynb");
            var status = await progress.NotebookAsync(notebook, () => executor.RunAsync(notebook, output, cancellation))
                .ConfigureAwait(false);
            if (request.InPlace && status == RunStatus.Succeeded && !TryWriteBack(notebook, folder))
                left++;
            if (request.WritePages)
                PageWriter.Write(folder, Path.GetDirectoryName(path)!, SayOnce);
            if (status == RunStatus.Succeeded)
                continue;
            failed++;
            ended = status == RunStatus.Interrupted || !request.Execution.KeepGoing;
        }

        var notRun = paths.Count - run - unreadable;
        progress.Say(failed + unreadable == 0
            ? $"{Count(run)} succeeded in {ProgressText.Duration(watch.Elapsed)}: {folder}"
            : $"{failed + unreadable} of {Count(run + unreadable)} did not succeed{(notRun > 0 ? $"; {notRun} not run" : "")}: {folder}");
        return run == 0 ? 1 : failed + unreadable > 0 ? 2 : left > 0 ? 1 : 0;
    }

    /// <summary>A notebook that can be run and written again; one that cannot is a line of the report.</summary>
    private NotebookDocument? TryLoad(string path)
    {
        try
        {
            var notebook = NotebookDocument.Load(path);
            notebook.Clear();
            _ = notebook.ToBytes();
            return notebook;
        }
        catch (Exception e)
        {
            progress.Say(e is NotebookException ? e.Message : $"{path} cannot be read: {e.Message.Split('\n')[0].Trim()}");
            return null;
        }
    }

    private bool TryWriteBack(NotebookDocument notebook, string folder)
    {
        if (!notebook.IsFileUnchanged())
        {
            progress.Say($"{notebook.Path} has changed while it ran and is left as it is. What was run is in {folder}.");
            return false;
        }
        AtomicFile.Write(notebook.Path, notebook.ToBytes());
        return true;
    }

    private void SayOnce(string line)
    {
        if (_said.Add(line))
            progress.Say(line);
    }

    private static string Count(int notebooks) => notebooks == 1 ? "1 notebook" : $"{notebooks} notebooks";
}
