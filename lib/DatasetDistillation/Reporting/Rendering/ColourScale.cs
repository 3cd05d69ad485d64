namespace DatasetDistillation.Reporting.Rendering;

/// <summary>The colours of heat-map cells.</summary>
internal static class ColourScale
{
    private static readonly string[] Blues = ["#F7FAFD", "#CEE1F2", "#92BEE0", "#4890C7", "#1261A5", "#08366C"];
    private static readonly string[] Reds = ["#FDF9F7", "#FADCCD", "#F1AC8D", "#DD6C52", "#B22830", "#6E0A1F"];

    /// <summary>The scale as Plotly writes it: positions in [0, 1] and colours. Shades below 0 are red, others blue.</summary>
    public static IEnumerable<(double Position, string Colour)> Stops(HeatMapColours colours) => colours == HeatMapColours.Sequential
        ? Blues.Select((colour, i) => (i / 5.0, colour))
        : [.. Reds.Skip(1).Reverse().Select((colour, i) => (i / 10.0, colour)), .. Blues.Select((colour, i) => ((i + 5) / 10.0, colour))];

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
}
