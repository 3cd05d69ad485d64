using System.Collections.Immutable;
using static TorchSharp.torch;

namespace DatasetDistillation.Reporting;

/// <summary>Images in rows with captions, shown in a notebook as one PNG.</summary>
public sealed class ImageGrid : IPicture
{
    private readonly GridPainter painter;

    private ImageGrid(
        ImageBatch images, ImmutableArray<string> captions, int columns, int zoom, PixelScaling scaling, GridWords words)
    {
        (Images, Captions, Columns, Zoom, Scaling, Title, RowLabels, ColumnLabels) =
            (images, captions, columns, zoom, scaling, words.Title, [.. words.Rows], [.. words.Columns]);
        var tiles = Enumerable.Range(0, images.Count)
            .Select(i => new Tile(captions.IsEmpty || captions[i].Length == 0 ? [] : captions[i].Split('\n'))).ToArray();
        painter = new GridPainter(images, tiles, columns, zoom, words);
    }

    /// <summary>The images.</summary>
    internal ImageBatch Images { get; }

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

    /// <summary>What is written above each column; empty for nothing.</summary>
    public ImmutableArray<string> ColumnLabels { get; }

    /// <summary>Lays out images in rows.</summary>
    /// <param name="images"><c>[n, channels, height, width]</c> with 1 or 3 channels, or gray <c>[n, height, width]</c>.</param>
    /// <param name="captions">One for each image, with line breaks where wanted; null for none.</param>
    /// <param name="columns">Images in a row; 0 takes 10, or as many as there are images.</param>
    /// <param name="title">The heading.</param>
    /// <param name="scaling">How pixel values become shades.</param>
    /// <param name="zoom">Screen pixels for the side of one image pixel; 0 makes images about 84 pixels wide.</param>
    /// <param name="rowLabels">One for each row; null for none.</param>
    /// <param name="columnLabels">One above each column; null for none.</param>
    /// <param name="note">What is to be explained, in a line below.</param>
    /// <exception cref="ArgumentException">
    /// There are more or fewer captions than images, row labels than rows,
    /// or column labels than columns; or the picture would be too large.
    /// </exception>
    public static ImageGrid Of(
        Tensor images, IEnumerable<string>? captions = null, int columns = 0, string title = "",
        PixelScaling scaling = PixelScaling.UnitRange, int zoom = 0, IEnumerable<string>? rowLabels = null,
        IEnumerable<string>? columnLabels = null, string note = "") =>
        Of((ImageBatch)images, captions, columns, title, scaling, zoom, rowLabels, columnLabels, note);

    internal static ImageGrid Of(
        ImageBatch images, IEnumerable<string>? captions = null, int columns = 0, string title = "",
        PixelScaling scaling = PixelScaling.UnitRange, int zoom = 0, IEnumerable<string>? rowLabels = null,
        IEnumerable<string>? columnLabels = null, string note = "")
    {
        ArgumentNullException.ThrowIfNull(images);
        var words = (captions ?? []).ToImmutableArray();
        if (captions is not null && words.Length != images.Count)
            throw new ArgumentException($"{images.Count} images, but {words.Length} captions. Give one for each image.", nameof(captions));
        columns = GridSize.Columns(columns, images);
        var labels = (rowLabels ?? []).ToImmutableArray();
        var rows = (images.Count + columns - 1) / columns;
        if (rowLabels is not null && labels.Length != rows)
            throw new ArgumentException(
                $"{images.Count} images make {rows} rows of {columns}, but {labels.Length} row labels were given.", nameof(rowLabels));
        var headings = (columnLabels ?? []).ToImmutableArray();
        if (columnLabels is not null && headings.Length != columns)
            throw new ArgumentException(
                $"There are {columns} columns, but {headings.Length} column labels were given.", nameof(columnLabels));
        return new ImageGrid(images, words, columns, GridSize.Zoom(zoom, images), scaling, new GridWords(title, labels, headings, note));
    }

    /// <summary>Writes the picture to a PNG file.</summary>
    /// <exception cref="ArgumentException">The path is that of a folder.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public void SavePng(string path) => OutputFile.Write(path, ToPng());

    /// <inheritdoc/>
    public byte[] ToPng() => painter.Paint(Scaling);

    /// <inheritdoc/>
    public string ToHtml() => GridSize.Html(ToPng(), painter, Title);

    /// <summary>The size of the grid and its captions.</summary>
    public override string ToString()
    {
        var lines = new List<string> { $"{(Title.Length > 0 ? Title.ReplaceLineEndings(" ") + ": " : "")}{GridSize.Text(Images, Rows)}" };
        for (var row = 0; row < Rows && Captions.Any(static caption => caption.Length > 0); row++)
        {
            var captions = Captions.Skip(row * Columns).Take(Columns).Select(static caption => caption.ReplaceLineEndings(" "));
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
        $"image grid: {Counted(images.Count, "image")} of {images.Height}×{images.Width}{(images.Channels == 3 ? " in color" : "")}, ")
        + Counted(rows, "row");

    private static string Counted(int count, string what) => FormattableString.Invariant($"{count} {what}{(count == 1 ? "" : "s")}");

    public static string Html(byte[] png, GridPainter painter, string title) => FormattableString.Invariant(
        $"<img src=\"data:image/png;base64,{Convert.ToBase64String(png)}\" width=\"{painter.Width}\" height=\"{painter.Height}\" ")
        + $"alt=\"{Xml.Escape(title)}\"/>";
}
