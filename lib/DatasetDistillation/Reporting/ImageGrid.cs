using System.Collections.Immutable;
using DatasetDistillation.Reporting.Rendering;

namespace DatasetDistillation.Reporting;

/// <summary>Images in rows with captions, shown in a notebook as one PNG.</summary>
[TypeFormatterSource(typeof(RichOutputFormatterSource), PreferredMimeTypes = [MimeType.Png, MimeType.Text])]
public sealed class ImageGrid : IRichOutput
{
    private readonly GridPainter painter;

    private ImageGrid(ImageBatch images, ImmutableArray<string> captions, int columns, int zoom, PixelScaling scaling, string title, ImmutableArray<string> rowLabels)
    {
        (Images, Captions, Columns, Zoom, Scaling, Title, RowLabels) = (images, captions, columns, zoom, scaling, title, rowLabels);
        var tiles = Enumerable.Range(0, images.Count).Select(i => new Tile(captions.IsEmpty ? [] : captions[i].Split('\n'))).ToArray();
        painter = new GridPainter(images, tiles, columns, zoom, title, rowLabels);
    }

    /// <summary>The images.</summary>
    public ImageBatch Images { get; }

    /// <summary>What is written below each image; empty for nothing.</summary>
    public ImmutableArray<string> Captions { get; }

    /// <summary>Images in a row.</summary>
    public int Columns { get; }

    /// <summary>How many rows there are.</summary>
    public int Rows => painter.Rows;

    /// <summary>Screen pixels for the side of one image pixel.</summary>
    public int Zoom { get; }

    /// <summary>How pixel values become shades.</summary>
    public PixelScaling Scaling { get; }

    /// <summary>The heading.</summary>
    public string Title { get; }

    /// <summary>What is written at the left of each row; empty for nothing.</summary>
    public ImmutableArray<string> RowLabels { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> MimeTypes { get; } = [MimeType.Png, MimeType.Html, MimeType.Text];

    /// <summary>Lays out images in rows.</summary>
    /// <param name="images">The images.</param>
    /// <param name="captions">One for each image, with line breaks where wanted; null for none.</param>
    /// <param name="columns">Images in a row; 0 takes 10, or as many as there are images.</param>
    /// <param name="title">The heading.</param>
    /// <param name="scaling">How pixel values become shades.</param>
    /// <param name="zoom">Screen pixels for the side of one image pixel; 0 makes images about 84 pixels wide.</param>
    /// <param name="rowLabels">One for each row; null for none.</param>
    /// <exception cref="ArgumentException">There are more or fewer captions than images, or row labels than rows; or the picture would be too large.</exception>
    public static ImageGrid Of(
        ImageBatch images, IEnumerable<string>? captions = null, int columns = 0, string title = "",
        PixelScaling scaling = PixelScaling.UnitRange, int zoom = 0, IEnumerable<string>? rowLabels = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        var words = (captions ?? []).ToImmutableArray();
        if (captions is not null && words.Length != images.Count)
            throw new ArgumentException($"{images.Count} images, but {words.Length} captions. Give one for each image.", nameof(captions));
        columns = GridSize.Columns(columns, images);
        var labels = (rowLabels ?? []).ToImmutableArray();
        var rows = (images.Count + columns - 1) / columns;
        if (rowLabels is not null && labels.Length != rows)
            throw new ArgumentException($"{images.Count} images make {rows} rows of {columns}, but {labels.Length} row labels were given.", nameof(rowLabels));
        return new ImageGrid(images, words, columns, GridSize.Zoom(zoom, images), scaling, title, labels);
    }

    /// <inheritdoc/>
    public string Render(string mimeType) => mimeType switch
    {
        MimeType.Png => Convert.ToBase64String(painter.Paint(Scaling)),
        MimeType.Html => GridSize.Html(Render(MimeType.Png), painter, Title),
        MimeType.Text => ToString(),
        _ => throw ChartOutput.Unsupported(mimeType, MimeTypes),
    };

    /// <summary>Writes the picture to a PNG file.</summary>
    public void SavePng(string path) => OutputFile.Write(path, painter.Paint(Scaling));

    /// <summary>Writes the picture to a page of HTML that needs nothing else.</summary>
    public void SaveHtml(string path) => OutputFile.Write(path, HtmlPage.Of(Title, Render(MimeType.Html)));

    /// <summary>The size of the grid and its captions.</summary>
    public override string ToString()
    {
        var lines = new List<string> { $"{(Title.Length > 0 ? Title.ReplaceLineEndings(" ") + ": " : "")}{GridSize.Text(Images, Rows)}" };
        for (var row = 0; row < Rows && !(Captions.IsEmpty && RowLabels.IsEmpty); row++)
        {
            var captions = Captions.Skip(row * Columns).Take(Columns).Select(caption => caption.ReplaceLineEndings(" "));
            lines.Add($"  {(RowLabels.IsEmpty ? "" : RowLabels[row] + ": ")}{string.Join(" | ", captions)}".TrimEnd());
        }
        return string.Join("\n", lines);
    }

    /// <summary>The upper left pixel of an image in the picture.</summary>
    internal (int X, int Y) PlaceOf(int image) => painter.PlaceOf(image);
}

/// <summary>What the grids of images have in common.</summary>
internal static class GridSize
{
    private const int UsualColumns = 10;
    private const int UsualWidth = 84;

    public static int Columns(int columns, ImageBatch images)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        return Math.Min(columns == 0 ? UsualColumns : columns, images.Count);
    }

    public static int Zoom(int zoom, ImageBatch images)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(zoom);
        return zoom > 0 ? zoom : Math.Max(1, UsualWidth / Math.Max(images.Width, images.Height));
    }

    public static string Text(ImageBatch images, int rows) => FormattableString.Invariant(
        $"image grid: {images.Count} image{(images.Count == 1 ? "" : "s")} of {images.Height}×{images.Width}{(images.Channels == 3 ? " in colour" : "")}, {rows} row{(rows == 1 ? "" : "s")}");

    public static string Html(string png, GridPainter painter, string title) => FormattableString.Invariant(
        $"<img src=\"data:image/png;base64,{png}\" width=\"{painter.Width}\" height=\"{painter.Height}\" alt=\"{Xml.Escape(title)}\"/>");
}
