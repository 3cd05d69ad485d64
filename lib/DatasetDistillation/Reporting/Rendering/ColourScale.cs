namespace DatasetDistillation.Reporting.Rendering;

/// <summary>The colours of heat-map cells.</summary>
internal static class ColourScale
{
    private static readonly (double R, double G, double B)[] Blues =
        [(247, 250, 253), (206, 225, 242), (146, 190, 224), (72, 144, 199), (18, 97, 165), (8, 54, 108)];

    private static readonly (double R, double G, double B)[] Reds =
        [(253, 249, 247), (250, 220, 205), (241, 172, 141), (221, 108, 82), (178, 40, 48), (110, 10, 31)];

    /// <summary>The scale as Plotly writes it: positions in [0, 1] and colours.</summary>
    public static IEnumerable<(double Position, string Colour)> Stops(HeatMapColours colours) => colours == HeatMapColours.Sequential
        ? Blues.Select((_, i) => (i / 5.0, Hex(At(Blues, i / 5.0))))
        : Enumerable.Range(-5, 11).Select(i => ((i + 5) / 10.0, Hex(At(IsBlue(i / 5.0, colours) ? Blues : Reds, Math.Abs(i / 5.0)))));

    /// <summary>Whether a shade is blue: negative values of a diverging map, and whatever is not an error of a confusion matrix.</summary>
    public static bool IsBlue(double shade, HeatMapColours colours) => colours == HeatMapColours.Diverging ? shade < 0 : shade >= 0;

    /// <summary>
    /// The shade of every cell, row by row, in [0, 1] or [−1, 1]; NaN for a value that is not finite. In a confusion matrix the
    /// diagonal is its share of the row, and a confusion the negative square root of its share of the worst confusion.
    /// </summary>
    public static double[] Shades(HeatMapSeries map)
    {
        var values = map.Values;
        var finite = values.Values.Where(double.IsFinite).DefaultIfEmpty(0).ToArray();
        if (map.Colours == HeatMapColours.Confusion)
            return Confusion(values);
        if (map.Colours == HeatMapColours.Diverging)
        {
            var most = finite.Max(Math.Abs);
            return [.. values.Values.Select(v => !double.IsFinite(v) ? double.NaN : most == 0 ? 0 : v / most)];
        }
        var (low, high) = (finite.Min(), finite.Max());
        return [.. values.Values.Select(v => !double.IsFinite(v) ? double.NaN : high == low ? 0.5 : (v - low) / (high - low))];
    }

    private static double[] Confusion(Matrix counts)
    {
        var shares = new double[counts.Rows * counts.Columns];
        for (var i = 0; i < counts.Rows; i++)
        {
            var total = counts.Row(i).ToArray().Where(double.IsFinite).Sum();
            for (var j = 0; j < counts.Columns; j++)
                shares[i * counts.Columns + j] = total == 0 && double.IsFinite(counts[i, j]) ? 0 : counts[i, j] / total;
        }
        var worst = shares.Where((share, k) => k / counts.Columns != k % counts.Columns && double.IsFinite(share)).DefaultIfEmpty(0).Max();
        return
        [
            .. shares.Select((share, k) => k / counts.Columns == k % counts.Columns ? 0.85 * share
                : share == 0 ? 0 : -Math.Sqrt(share / worst) * Math.Min(0.85, 0.35 + 2 * worst)),
        ];
    }

    private static (double R, double G, double B) At((double R, double G, double B)[] stops, double share)
    {
        var position = Math.Clamp(share, 0, 1) * (stops.Length - 1);
        var (i, t) = ((int)Math.Min(position, stops.Length - 2), position - (int)Math.Min(position, stops.Length - 2));
        return (Mix(stops[i].R, stops[i + 1].R), Mix(stops[i].G, stops[i + 1].G), Mix(stops[i].B, stops[i + 1].B));

        double Mix(double a, double b) => a + (b - a) * t;
    }

    private static string Hex((double R, double G, double B) c) =>
        $"#{(int)Math.Round(c.R):X2}{(int)Math.Round(c.G):X2}{(int)Math.Round(c.B):X2}";
}
