using System.Text;
using NotebookRunner.Execution;

namespace NotebookRunner.Pages;

/// <summary>Keeps the pages of a folder of executed notebooks up to date.</summary>
internal static class PageWriter
{
    /// <summary>Writes the pages of a folder of executed notebooks, which link to each other, and its index.</summary>
    /// <param name="folder">The folder of executed notebooks.</param>
    /// <param name="sources">The folder of the notebooks themselves, with the images and a README that says what they are.</param>
    /// <param name="say">Is told, in a line each, of notebooks that somebody put there and that no page can be made of.</param>
    /// <exception cref="OutputException">A page cannot be written.</exception>
    public static void Write(string folder, string sources, Action<string> say)
    {
        var paths = NotebookFinder.InOrder(folder);
        var all = paths.Select(path => Try(() => NotebookDocument.Load(path), path, say)).OfType<NotebookDocument>().ToList();
        var markdown = new MarkdownHtml(sources, [.. all.Select(n => n.Name)]);
        foreach (var (i, notebook) in all.Index())
        {
            var (previous, next) = (all.ElementAtOrDefault(i - 1), all.ElementAtOrDefault(i + 1));
            if (Try(() => NotebookPage.Create(notebook, previous, next, markdown), notebook.Path, say) is { } page)
                AtomicFile.Write(Path.Combine(folder, notebook.Name + ".html"), Encoding.UTF8.GetBytes(page));
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
