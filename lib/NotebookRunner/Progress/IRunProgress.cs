using NotebookRunner.Execution;
using NotebookRunner.Kernel;

namespace NotebookRunner.Progress;

/// <summary>Tells people what is happening.</summary>
internal interface IRunProgress
{
    /// <summary>Runs a notebook's execution with its progress on show.</summary>
    Task<RunStatus> NotebookAsync(NotebookDocument notebook, Func<Task<RunStatus>> execution);

    /// <param name="number">The cell's number among the notebook's code cells, from 1.</param>
    /// <param name="title">A name for it.</param>
    void CellStarted(int number, string title);

    void Output(KernelEvent message);

    void CellEnded(RunStatus status, TimeSpan elapsed);

    /// <summary>Says something in a line of its own.</summary>
    void Say(string text);
}
