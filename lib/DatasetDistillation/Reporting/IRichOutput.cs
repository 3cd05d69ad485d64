namespace DatasetDistillation.Reporting;

/// <summary>Something a notebook shows: it renders itself in one or more MIME types.</summary>
public interface IRichOutput
{
    /// <summary>The MIME types this object can be rendered in, the richest first and <c>text/plain</c> last.</summary>
    IReadOnlyList<string> MimeTypes { get; }

    /// <summary>Renders the object. Binary types (<c>image/png</c>) come as base64 text.</summary>
    /// <exception cref="NotSupportedException">The type is not one of <see cref="MimeTypes"/>.</exception>
    string Render(string mimeType);
}

/// <summary>The MIME types used in notebooks.</summary>
public static class MimeType
{
    /// <summary>Portable network graphics, as base64 text.</summary>
    public const string Png = "image/png";

    /// <summary>Scalable vector graphics.</summary>
    public const string Svg = "image/svg+xml";

    /// <summary>A Plotly figure: <c>{"data": […], "layout": {…}}</c>.</summary>
    public const string Plotly = "application/vnd.plotly.v1+json";

    /// <summary>A fragment of HTML, with inline styles and no scripts.</summary>
    public const string Html = "text/html";

    /// <summary>Markdown with a pipe table.</summary>
    public const string Markdown = "text/markdown";

    /// <summary>Plain text for terminals and logs.</summary>
    public const string Text = "text/plain";
}
