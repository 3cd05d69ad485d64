using DatasetDistillation.Data;

namespace DatasetDistillation.Reporting;

/// <summary>What stands below an image, and whether it is marked.</summary>
internal sealed record Tile(string[] Lines, bool Marked = false);

/// <summary>What stands around the images of a grid: a heading, names of rows and of columns, and a note below.</summary>
internal sealed record GridWords(string Title, IReadOnlyList<string> Rows, IReadOnlyList<string> Columns, string Note);

/// <summary>Paints images in rows on a light card, with captions below and row labels at the left.</summary>
internal sealed class GridPainter
{
    private const int Padding = 14;
    private const int Gap = 6;
    private const int Frame = 3;
    private const double TitleScale = 1.15;
    private const long MostPixels = 1 << 27;
    private static readonly Rgb Card = new(0xF6, 0xF7, 0xF8);
    private static readonly Rgb Ink = new(0x24, 0x29, 0x2F);
    private static readonly Rgb Muted = new(0x57, 0x60, 0x6A);
    private static readonly Rgb Edge = new(0xD0, 0xD5, 0xDA);
    private static readonly Rgb Wrong = new(0xC6, 0x1F, 0x2B);

    private readonly ImageBatch images;
    private readonly IReadOnlyList<Tile> tiles;
    private readonly GridWords words;
    private readonly string[] title;
    private readonly string[] note;
    private readonly int columns;
    private readonly int zoom;
    private readonly int cellWidth;
    private readonly int cellHeight;
    private readonly int left;
    private readonly int top;

    public GridPainter(ImageBatch images, IReadOnlyList<Tile> tiles, int columns, int zoom, GridWords words)
    {
        (this.images, this.tiles, this.columns, this.zoom, this.words) = (images, tiles, columns, zoom, words);
        title = words.Title.Length > 0 ? words.Title.Split('\n') : [];
        var names = tiles.SelectMany(static tile => tile.Lines).Concat(words.Columns)
            .Select(static line => WidthOf(line)).DefaultIfEmpty(0).Max();
        var lines = tiles.Max(static tile => tile.Lines.Length);
        cellWidth = Math.Max(images.Width * zoom, names + 2) + Gap;
        cellHeight = images.Height * zoom + (lines > 0 ? 5 + lines * StrokeFont.LineHeight : 0) + Gap;
        var labels = words.Rows.Select(static label => WidthOf(label)).DefaultIfEmpty(-12).Max();
        left = Padding + labels + 12;
        top = Padding + (title.Length > 0 ? title.Length * TitleHeight + 6 : 0) + (words.Columns.Count > 0 ? StrokeFont.LineHeight + 2 : 0);
        var grid = left + columns * cellWidth - Gap + Padding;
        Width = Math.Max(grid, title.Select(static line => 2 * Padding + WidthOf(line, TitleScale)).DefaultIfEmpty(0).Max());
        note = words.Note.Length > 0 ? Wrapped(words.Note, Math.Max(Width - 2 * Padding, 240)) : [];
        Width = Math.Max(Width, note.Select(static line => 2 * Padding + WidthOf(line)).DefaultIfEmpty(0).Max());
        var height = top + (long)Rows * cellHeight - Gap + Padding + (note.Length > 0 ? 4 + note.Length * StrokeFont.LineHeight : 0);
        if (height * Width > MostPixels)
            throw new ArgumentException(
                FormattableString.Invariant($"A grid of {tiles.Count:N0} images would be {Width:N0}×{height:N0} pixels large. ")
                + "Show fewer images, such as the first hundred, or take a smaller zoom.", nameof(images));
        Height = (int)height;
    }

    private static int WidthOf(string line, double scale = 1) => (int)Math.Ceiling(StrokeFont.WidthOf(line, scale));

    private static int TitleHeight => (int)Math.Round(StrokeFont.LineHeight * TitleScale);

    public int Rows => (tiles.Count + columns - 1) / columns;

    public int Width { get; }

    public int Height { get; }

    /// <summary>The upper left pixel of an image.</summary>
    public (int X, int Y) PlaceOf(int image) =>
        (left + image % columns * cellWidth + (cellWidth - Gap - images.Width * zoom) / 2, top + image / columns * cellHeight);

    public byte[] Paint(PixelScaling scaling)
    {
        var raster = new Raster(Width, Height);
        raster.FillCard(8, Card);
        for (var i = 0; i < title.Length; i++)
            StrokeFont.Draw(raster, title[i], Padding, Padding + i * TitleHeight - 2, Ink, TitleScale, 1.9);
        for (var i = 0; i < words.Columns.Count; i++)
        {
            var width = (int)Math.Round(StrokeFont.WidthOf(words.Columns[i]));
            StrokeFont.Draw(
                raster, words.Columns[i], left + i * cellWidth + (cellWidth - Gap - width) / 2,
                top - StrokeFont.LineHeight, Muted, pen: 1.6);
        }
        var ranges = PixelScale.Ranges(images, scaling);
        for (var i = 0; i < tiles.Count; i++)
            PaintTile(raster, i, ranges[i]);
        for (var row = 0; row < words.Rows.Count; row++)
            StrokeFont.Draw(raster, words.Rows[row], left - 12 - (int)StrokeFont.WidthOf(words.Rows[row]),
                top + row * cellHeight + (images.Height * zoom - StrokeFont.LineHeight) / 2, Ink);
        for (var i = 0; i < note.Length; i++)
            StrokeFont.Draw(raster, note[i], Padding, Height - Padding + 4 - (note.Length - i) * StrokeFont.LineHeight, Muted);
        return Png.Encode(Width, Height, 4, raster.Pixels);
    }

    private static string[] Wrapped(string text, int width)
    {
        var lines = new List<string> { "" };
        foreach (var word in text.Split(' '))
            if (lines[^1].Length > 0 && StrokeFont.WidthOf($"{lines[^1]} {word}") > width)
                lines.Add(word);
            else
                lines[^1] += lines[^1].Length > 0 ? " " + word : word;
        return [.. lines];
    }

    private void PaintTile(Raster raster, int index, (float Black, float White) range)
    {
        var ((x, y), tile) = (PlaceOf(index), tiles[index]);
        var (width, height) = (images.Width * zoom, images.Height * zoom);
        raster.Frame(x, y, width, height, tile.Marked ? Frame : 1, tile.Marked ? Wrong : Edge);
        raster.Paint(images, index, range, x, y, zoom);
        for (var i = 0; i < tile.Lines.Length; i++)
        {
            var start = x + (width - (int)Math.Round(StrokeFont.WidthOf(tile.Lines[i]))) / 2;
            var color = tile.Marked ? Wrong : i == 0 ? Ink : Muted;
            StrokeFont.Draw(raster, tile.Lines[i], start, y + height + 4 + i * StrokeFont.LineHeight, color, pen: tile.Marked ? 1.6 : 1.3);
        }
    }
}
