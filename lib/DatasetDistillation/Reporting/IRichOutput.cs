namespace DatasetDistillation.Reporting;

/// <summary>
/// Something a notebook shows. In a .NET Interactive host the formatters of <see cref="Formatters"/> show it by themselves; any other host
/// can be handed <see cref="ToHtml"/>.
/// </summary>
internal interface IRichOutput
{
    /// <summary>A fragment of HTML that needs nothing else: inline styles, images within it.</summary>
    string ToHtml();
}

/// <summary>A picture of pixels, which a notebook shows as PNG.</summary>
internal interface IPicture : IRichOutput
{
    /// <summary>The picture as a PNG file's bytes.</summary>
    byte[] ToPng();
}
