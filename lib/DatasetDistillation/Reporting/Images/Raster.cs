namespace DatasetDistillation.Reporting;

/// <summary>A color with components in [0, 255].</summary>
internal readonly record struct Rgb(byte R, byte G, byte B)
{
    public static Rgb Gray(byte shade) => new(shade, shade, shade);
}

/// <summary>A picture being painted: RGBA, rows from top to bottom, transparent at first.</summary>
internal sealed class Raster(int width, int height)
{
    public int Width { get; } = width;

    public int Height { get; } = height;

    public byte[] Pixels { get; } = new byte[width * height * 4];

    /// <summary>Lays a color over a pixel; outside the picture nothing happens.</summary>
    public void Blend(int x, int y, Rgb color, double coverage)
    {
        if (x < 0 || y < 0 || x >= Width || y >= Height || coverage <= 0)
            return;
        var pixel = Pixels.AsSpan((y * Width + x) * 4, 4);
        var (over, under) = (Math.Min(coverage, 1), pixel[3] / 255.0 * (1 - Math.Min(coverage, 1)));
        var alpha = over + under;
        pixel[0] = (byte)Math.Round((color.R * over + pixel[0] * under) / alpha);
        pixel[1] = (byte)Math.Round((color.G * over + pixel[1] * under) / alpha);
        pixel[2] = (byte)Math.Round((color.B * over + pixel[2] * under) / alpha);
        pixel[3] = (byte)Math.Round(255 * alpha);
    }

    public void Fill(int x, int y, int width, int height, Rgb color)
    {
        for (var row = y; row < y + height; row++)
            for (var column = x; column < x + width; column++)
                Blend(column, row, color, 1);
    }

    /// <summary>A frame just outside a rectangle.</summary>
    public void Frame(int x, int y, int width, int height, int thickness, Rgb color)
    {
        Fill(x - thickness, y - thickness, width + 2 * thickness, thickness, color);
        Fill(x - thickness, y + height, width + 2 * thickness, thickness, color);
        Fill(x - thickness, y, thickness, height, color);
        Fill(x + width, y, thickness, height, color);
    }

    /// <summary>Fills the whole picture but for its rounded corners.</summary>
    public void FillCard(double radius, Rgb color)
    {
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++)
            {
                var dx = Math.Max(0, Math.Max(radius - (x + 0.5), x + 0.5 - (Width - radius)));
                var dy = Math.Max(0, Math.Max(radius - (y + 0.5), y + 0.5 - (Height - radius)));
                Blend(x, y, color, Math.Clamp(radius - Math.Sqrt(dx * dx + dy * dy) + 0.5, 0, 1));
            }
    }

    /// <summary>Paints one image, each of its pixels a square of <paramref name="zoom"/> pixels.</summary>
    public void Paint(ImageBatch images, int image, (float Black, float White) range, int left, int top, int zoom)
    {
        var pixels = images[image];
        var plane = images.Channels == 1 ? 0 : images.Height * images.Width;
        for (var y = 0; y < images.Height; y++)
            for (var x = 0; x < images.Width; x++)
            {
                var at = y * images.Width + x;
                var color = float.IsFinite(pixels[at])
                    ? new Rgb(
                        PixelScale.Shade(pixels[at], range), PixelScale.Shade(pixels[at + plane], range),
                        PixelScale.Shade(pixels[at + 2 * plane], range))
                    : new Rgb(0xE0, 0x40, 0xC0);
                Fill(left + x * zoom, top + y * zoom, zoom, zoom, color);
            }
    }
}
