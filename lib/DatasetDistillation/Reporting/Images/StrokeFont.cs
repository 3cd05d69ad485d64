using System.Globalization;

namespace DatasetDistillation.Reporting;

/// <summary>Writes words into a raster with a round, anti-aliased pen.</summary>
internal static class StrokeFont
{
    /// <summary>From the top of the capitals to the bottom of the descenders, pen included, at scale 1.</summary>
    public const int LineHeight = 18;

    /// <summary>From the top of a line to its baseline at scale 1.</summary>
    public const int Ascent = 12;

    private const double Squareness = 0.86;
    private const double DigitAdvance = 8;
    private static readonly Dictionary<char, Glyph> Glyphs = BuildGlyphs();
    private static readonly Glyph Unknown = Parse("M 0 0 L 0 9 L 5 9 L 5 0 L 0 0", null);

    private sealed record Glyph((double X, double Y)[][] Strokes, double Advance);

    /// <summary>The characters that have a drawing of their own; others appear as an empty box.</summary>
    public static bool Has(char character) => Glyphs.ContainsKey(character);

    public static double WidthOf(string text, double scale = 1) => scale * Math.Max(0, text.Sum(c => Of(c).Advance) - 2);

    /// <summary>Writes a line of text.</summary>
    /// <param name="raster">Where it is written.</param>
    /// <param name="text">One line.</param>
    /// <param name="left">Where the line begins.</param>
    /// <param name="top">The upper edge of the line.</param>
    /// <param name="color">Of the ink.</param>
    /// <param name="scale">1 is the size of about 14 CSS pixels.</param>
    /// <param name="pen">The width of the pen in pixels.</param>
    public static void Draw(Raster raster, string text, int left, int top, Rgb color, double scale = 1, double pen = 1.3)
    {
        var x = left + 0.5;
        var baseline = top + Math.Round(Ascent * scale) - 0.5;
        foreach (var character in text)
        {
            var glyph = Of(character);
            DrawGlyph(raster, glyph, x, baseline, color, scale, pen / 2);
            x += glyph.Advance * scale;
        }
    }

    private static Glyph Of(char character) => Glyphs.GetValueOrDefault(character, Unknown);

    private static void DrawGlyph(Raster raster, Glyph glyph, double x, double baseline, Rgb color, double scale, double radius)
    {
        var segments = glyph.Strokes
            .SelectMany(stroke => stroke.Zip(stroke.Length == 1 ? stroke : stroke.Skip(1)))
            .Select(s => (
                X1: x + s.First.X * scale, Y1: baseline - s.First.Y * scale, X2: x + s.Second.X * scale, Y2: baseline - s.Second.Y * scale))
            .ToArray();
        if (segments.Length == 0)
            return;
        var reach = radius * 1.4 + 1;
        var (left, right) = (segments.Min(s => Math.Min(s.X1, s.X2)) - reach, segments.Max(s => Math.Max(s.X1, s.X2)) + reach);
        var (top, bottom) = (segments.Min(s => Math.Min(s.Y1, s.Y2)) - reach, segments.Max(s => Math.Max(s.Y1, s.Y2)) + reach);
        for (var py = (int)top; py <= bottom; py++)
            for (var px = (int)left; px <= right; px++)
            {
                var ink = 0.0;
                foreach (var s in segments)
                {
                    var isDot = s.X1 == s.X2 && s.Y1 == s.Y2;
                    var distance = Distance(px + 0.5, py + 0.5, s.X1, s.Y1, s.X2, s.Y2);
                    ink = Math.Max(ink, (isDot ? radius * 1.4 : radius) - distance + 0.5);
                }
                raster.Blend(px, py, color, Math.Min(ink, 1));
            }
    }

    private static double Distance(double x, double y, double x1, double y1, double x2, double y2)
    {
        var (dx, dy) = (x2 - x1, y2 - y1);
        var length = dx * dx + dy * dy;
        var t = length == 0 ? 0 : Math.Clamp(((x - x1) * dx + (y - y1) * dy) / length, 0, 1);
        return double.Hypot(x - x1 - t * dx, y - y1 - t * dy);
    }

    private static Dictionary<char, Glyph> BuildGlyphs()
    {
        var glyphs = StrokeGlyphs.Paths.ToDictionary(p => p.Key, p => Parse(p.Value, char.IsAsciiDigit(p.Key) ? DigitAdvance : null));
        glyphs[' '] = new Glyph([], 5);
        glyphs['\u00A0'] = glyphs[' '];
        const string raised = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻";
        for (var i = 0; i < raised.Length; i++)
        {
            var normal = glyphs["0123456789−"[i]];
            glyphs[raised[i]] = new Glyph(
                [.. normal.Strokes.Select(stroke => stroke.Select(p => (p.X * 0.6, 4.4 + p.Y * 0.6)).ToArray())], 6);
        }
        return glyphs;
    }

    private static Glyph Parse(string path, double? advance)
    {
        var strokes = new List<List<(double X, double Y)>>();
        var words = path.Split(' ');
        for (var i = 0; i < words.Length;)
        {
            var command = words[i++][0];
            var n = new double[command switch { 'M' or 'L' or 'D' => 2, 'O' => 4, _ => 6 }];
            for (var k = 0; k < n.Length; k++)
                n[k] = double.Parse(words[i++], CultureInfo.InvariantCulture);
            if (strokes.Count == 0 || command is 'M' or 'D' or 'O')
                strokes.Add([]);
            strokes[^1].AddRange(command switch
            {
                'C' => Curve(strokes[^1][^1], (n[0], n[1]), (n[2], n[3]), (n[4], n[5])),
                'A' => Arc(n[0], n[1], n[2], n[3], n[4], n[5]),
                'O' => Arc(n[0], n[1], n[2], n[3], 0, 360),
                _ => [(n[0], n[1])],
            });
        }
        return new Glyph([.. strokes.Select(stroke => stroke.ToArray())], advance ?? Math.Ceiling(strokes.Max(s => s.Max(p => p.X))) + 3);
    }

    private static IEnumerable<(double X, double Y)> Curve(
        (double X, double Y) a, (double X, double Y) b, (double X, double Y) c, (double X, double Y) d)
    {
        for (var i = 1; i <= 10; i++)
        {
            var (t, u) = (i / 10.0, 1 - i / 10.0);
            yield return (
                u * u * u * a.X + 3 * u * u * t * b.X + 3 * u * t * t * c.X + t * t * t * d.X,
                u * u * u * a.Y + 3 * u * u * t * b.Y + 3 * u * t * t * c.Y + t * t * t * d.Y);
        }
    }

    /// <summary>An arc a little squarer than an ellipse.</summary>
    private static IEnumerable<(double X, double Y)> Arc(double x, double y, double rx, double ry, double from, double to)
    {
        var steps = Math.Max(6, (int)(Math.Abs(to - from) / 12));
        for (var i = 0; i <= steps; i++)
        {
            var (sin, cos) = Math.SinCos((from + (to - from) * i / steps) * Math.PI / 180);
            yield return (x + rx * Square(cos), y + ry * Square(sin));
        }

        static double Square(double v) => Math.Sign(v) * Math.Pow(Math.Abs(v), Squareness);
    }
}
