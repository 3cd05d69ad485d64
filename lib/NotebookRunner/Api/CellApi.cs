using NotebookRunner.Kernel;

namespace NotebookRunner.Api;

/// <summary>What a cell may call without a <c>using</c>: the names and meanings are those of .NET Interactive.</summary>
public static class CellApi
{
    /// <summary>Shows a value below the cell.</summary>
    /// <param name="value">The value to show; <see langword="null"/> is shown as <c>&lt;null&gt;</c>.</param>
    /// <param name="mimeTypes">The representations to show; none means those that the value's type prefers.</param>
    /// <returns>A handle by which the display can be replaced.</returns>
    public static DisplayedValue display(object? value, params string[] mimeTypes) => CellHost.Current.Display(value, mimeTypes);

    /// <summary>Marks text as HTML, so that it is shown as markup and not as text.</summary>
    public static IHtmlContent HTML(string content) => new HtmlContent(content);

    /// <summary>Returns what <c>--input prompt=value</c> or <c>--profile</c> says.</summary>
    /// <param name="prompt">The name of the input.</param>
    /// <param name="typeHint">Accepted as in other hosts; the answer is always the text given.</param>
    /// <exception cref="InvalidOperationException">No value was given for this name.</exception>
    public static Task<string> GetInputAsync(string prompt = "", string typeHint = "text") =>
        Task.FromResult(CellHost.Current.Input(prompt));
}
