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
internal sealed class NotebookSeries(RunRequest request, IRunProgress progress)
{
    /// <returns>The exit code: 0; 2 when a cell failed; 1 when a source was to be written over and was not.</returns>
    /// <exception cref="NotebookException">A notebook cannot be found or read; nothing has been run.</exception>
    /// <exception cref="OutputException">A result cannot be written.</exception>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var paths = NotebookFinder.Find(request.Notebooks, Directory.GetCurrentDirectory());
        var notebooks = paths.Select(NotebookDocument.Load).ToList();
        var folder = Path.GetFullPath(request.OutputFolder ?? Path.Combine(Path.GetDirectoryName(paths[0])!, "out"));
        if (paths.FirstOrDefault(path => Path.GetDirectoryName(path) == Path.TrimEndingDirectorySeparator(folder)) is { } own)
            throw new NotebookException($"The results would overwrite {own} itself: choose another folder with --output, or use --in-place.");

        var (failed, left) = (0, 0);
        var run = 0;
        foreach (var notebook in notebooks)
        {
            run++;
            var status = await progress.NotebookAsync(
                notebook,
                () => new NotebookExecutor(request.Execution, progress).RunAsync(notebook, Path.Combine(folder, notebook.Name + ".ipynb"), cancellation)).ConfigureAwait(false);
            if (request.InPlace && status == RunStatus.Succeeded)
            {
                if (notebook.IsFileUnchanged())
                {
                    AtomicFile.Write(notebook.Path, notebook.ToBytes());
                }
                else
                {
                    left++;
                    progress.Say($"{notebook.Path} has changed while it ran and is left as it is. What was run is in {folder}.");
                }
            }
            if (request.WritePages)
                PageWriter.Write(notebook, folder);
            if (status == RunStatus.Succeeded)
                continue;
            failed++;
            if (status == RunStatus.Interrupted || !request.Execution.KeepGoing)
                break;
        }

        progress.Say(failed == 0
            ? $"{Count(run)} succeeded in {ProgressText.Duration(watch.Elapsed)}: {folder}"
            : $"{failed} of {Count(run)} did not succeed{(run < notebooks.Count ? $"; {notebooks.Count - run} not run" : "")}: {folder}");
        return failed > 0 ? 2 : left > 0 ? 1 : 0;
    }

    private static string Count(int notebooks) => notebooks == 1 ? "1 notebook" : $"{notebooks} notebooks";
}
