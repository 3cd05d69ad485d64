using System.Text;
using NotebookRunner.Execution;

namespace NotebookRunner.Pages;

/// <summary>Keeps the pages of a folder of executed notebooks up to date.</summary>
internal static class PageWriter
{
    /// <summary>Writes the page of a notebook just executed, those of its neighbours, which link to it, and the index.</summary>
    /// <param name="notebook">The notebook, whose executed file lies in the folder already.</param>
    /// <param name="folder">The folder of executed notebooks.</param>
    /// <param name="say">Is told, in a line each, of notebooks that somebody put there and that no page can be made of.</param>
    /// <exception cref="OutputException">A page cannot be written.</exception>
    public static void Write(NotebookDocument notebook, string folder, Action<string> say)
    {
        var sources = Path.GetDirectoryName(Path.GetFullPath(notebook.Path))!;
        List<NotebookDocument> all = [.. NotebookFinder.InOrder(folder).Select(path => Try(() => NotebookDocument.Load(path), path, say)).OfType<NotebookDocument>()];
        var markdown = new MarkdownHtml(sources, [.. all.Select(n => n.Name)]);
        var at = all.FindIndex(n => n.Name == notebook.Name);
        for (var i = Math.Max(0, at - 1); i <= Math.Min(all.Count - 1, at + 1); i++)
        {
            var (previous, next) = (all.ElementAtOrDefault(i - 1), all.ElementAtOrDefault(i + 1));
            if (Try(() => NotebookPage.Create(all[i], previous, next, markdown), all[i].Path, say) is { } page)
                AtomicFile.Write(Path.Combine(folder, all[i].Name + ".html"), Encoding.UTF8.GetBytes(page));
        }
        var readme = Path.Combine(sources, "README.md");
        var index = IndexPage.Create(all, markdown, File.Exists(readme) ? File.ReadAllText(readme) : "# Notebooks");
        AtomicFile.Write(Path.Combine(folder, "index.html"), Encoding.UTF8.GetBytes(index));
    }

    private static T? Try<T>(Func<T> make, string path, Action<string> say)
        where T : class
    {
        try
        {
            return make();
        }
        catch (Exception e)
        {
            say(e is NotebookException ? e.Message : $"There is no page for {path}: {e.Message.Split('\n')[0].Trim()}");
            return null;
        }
    }
}
