namespace DatasetDistillation.Reporting;

/// <summary>
/// Tells a notebook host, by this attribute's <em>name</em> alone, which formatters a type has and which MIME types are
/// shown. No reference to the host is needed.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    public Type FormatterSourceType { get; } = formatterSourceType;

    public string[] PreferredMimeTypes { get; set; } = [];
}

/// <summary>Created by the host; serves every <see cref="IRichOutput"/>.</summary>
internal sealed class RichOutputFormatterSource
{
#pragma warning disable CA1822 // The host calls it on an instance.
    public IEnumerable<object> CreateTypeFormatters() =>
        new[] { MimeType.Png, MimeType.Svg, MimeType.Plotly, MimeType.Html, MimeType.Markdown, MimeType.Text }
            .Select(mimeType => new RichOutputFormatter(mimeType));
#pragma warning restore CA1822
}

/// <summary>Writes an <see cref="IRichOutput"/> in one MIME type; answers false where the object has no such form.</summary>
internal sealed class RichOutputFormatter(string mimeType)
{
    public string MimeType { get; } = mimeType;

    public bool Format(object instance, TextWriter writer)
    {
        if (instance is not IRichOutput output || !output.MimeTypes.Contains(MimeType))
            return false;
        writer.Write(output.Render(MimeType));
        return true;
    }
}
