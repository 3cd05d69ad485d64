namespace NotebookRunner.Api;

/// <summary>Text that is HTML already.</summary>
public interface IHtmlContent
{
    /// <summary>Writes the markup.</summary>
    void WriteTo(TextWriter writer);
}

internal sealed class HtmlContent(string markup) : IHtmlContent
{
    public void WriteTo(TextWriter writer) => writer.Write(markup);

    public override string ToString() => markup;
}
