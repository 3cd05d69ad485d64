using NotebookRunner.Execution;

namespace NotebookRunner.Pages;

internal static class PageWriter
{
    public static void Write(NotebookDocument notebook, string folder) => _ = (notebook, folder);
}
