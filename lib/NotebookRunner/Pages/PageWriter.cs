using System.Text;
using NotebookRunner.Execution;

namespace NotebookRunner.Pages;

/// <summary>Keeps the pages of a folder of executed notebooks up to date.</summary>
internal static class PageWriter
{
    /// <summary>Writes the page of a notebook just executed, those of its neighbours, which link to it, and the index.</summary>
    /// <param name="notebook">The notebook, whose executed file lies in the folder already.</param>
    /// <param name="folder">The folder of executed notebooks.</param>
    /// <exception cref="OutputException">A page cannot be written.</exception>
    public static void Write(NotebookDocument notebook, string folder)
    {
        var all = NotebookFinder.InOrder(folder).Select(TryLoad).OfType<NotebookDocument>().ToList();
        var markdown = new MarkdownHtml(Path.GetDirectoryName(notebook.Path)!, [.. all.Select(n => n.Name)]);
        var at = all.FindIndex(n => n.Name == notebook.Name);
        for (var i = Math.Max(0, at - 1); i <= Math.Min(all.Count - 1, at + 1); i++)
            Write(Path.Combine(folder, all[i].Name + ".html"), NotebookPage.Create(all[i], all.ElementAtOrDefault(i - 1), all.ElementAtOrDefault(i + 1), markdown));
        Write(Path.Combine(folder, "index.html"), IndexPage.Create(all, markdown));
    }

    private static void Write(string path, string html) => AtomicFile.Write(path, Encoding.UTF8.GetBytes(html));

    /// <summary>A notebook of the folder; one that somebody else put there and that cannot be read is left out.</summary>
    private static NotebookDocument? TryLoad(string path)
    {
        try
        {
            return NotebookDocument.Load(path);
        }
        catch (NotebookException)
        {
            return null;
        }
    }
}
