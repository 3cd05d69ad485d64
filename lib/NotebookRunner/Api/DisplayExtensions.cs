using NotebookRunner.Kernel;

namespace NotebookRunner.Api;

/// <summary>What a cell may call on any value.</summary>
public static class DisplayExtensions
{
    /// <summary>Shows this value below the cell.</summary>
    /// <inheritdoc cref="CellApi.display"/>
    public static DisplayedValue Display(this object? value, params string[] mimeTypes) => CellHost.Current.Display(value, mimeTypes);

    /// <summary>Shows this text as a document of the given MIME type, for example <c>text/html</c> or <c>text/markdown</c>.</summary>
    public static DisplayedValue DisplayAs(this string value, string mimeType) => CellHost.Current.DisplayText(value, mimeType);
}
