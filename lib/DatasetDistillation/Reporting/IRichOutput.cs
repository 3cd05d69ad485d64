namespace DatasetDistillation.Reporting;

/// <summary>
/// Something a notebook shows. In a .NET Interactive host the formatters of <see cref="Formatters"/> show it by themselves; any other host
/// can be handed <see cref="ToHtml"/>.
/// </summary>
public interface IRichOutput
{
    /// <summary>A fragment of HTML that needs nothing else: inline styles, images within it.</summary>
    string ToHtml();
}

/// <summary>A picture of pixels, which a notebook shows as PNG.</summary>
public interface IPicture : IRichOutput
{
    /// <summary>The picture as a PNG file's bytes.</summary>
    byte[] ToPng();
}

/// <summary>What every picture can do.</summary>
public static class PictureExtensions
{
    /// <summary>Writes the picture to a PNG file.</summary>
    /// <exception cref="ArgumentException">The path is that of a folder.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static void SavePng(this IPicture picture, string path)
    {
        ArgumentNullException.ThrowIfNull(picture);
        OutputFile.Write(path, picture.ToPng());
    }
}
