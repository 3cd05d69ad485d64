using System.Collections.Immutable;

namespace DatasetDistillation.Reporting;

/// <summary>Mean and sample standard deviation (n − 1; 0 for a single value).</summary>
internal readonly record struct Spread(double Mean, double Deviation, int Count)
{
    public static Spread Of(IEnumerable<double> values)
    {
        var (mean, squares, count) = (0.0, 0.0, 0);
        foreach (var value in values)
        {
            var delta = value - mean;
            mean += delta / ++count;
            squares += delta * (value - mean);
        }
        return count == 0
            ? new Spread(double.NaN, double.NaN, 0)
            : new Spread(mean, count == 1 ? 0 : Math.Sqrt(squares / (count - 1)), count);
    }
}

internal static class Histogram
{
    public static (ImmutableArray<double> Edges, ImmutableArray<int> Counts) Count(double[] values, int bins)
    {
        if (values.Length == 0)
            return ([0, 1], [0]);
        Array.Sort(values);
        var (low, high) = (values[0], values[^1]);
        if (low == high)
        {
            var margin = low == 0 ? 0.5 : Math.Abs(low) * 0.01;
            (low, high, bins) = (low - margin, high + margin, 1);
        }
        if (bins == 0)
            bins = FreedmanDiaconis(values);

        var counts = new int[bins];
        foreach (var value in values)
            counts[Math.Min((int)((value - low) / (high - low) * bins), bins - 1)]++;
        return ([.. Enumerable.Range(0, bins + 1).Select(i => low + (high - low) * i / bins)], [.. counts]);
    }

    private static int FreedmanDiaconis(double[] sorted)
    {
        var range = sorted[^1] - sorted[0];
        var quartiles = sorted[(int)(0.75 * (sorted.Length - 1))] - sorted[(int)(0.25 * (sorted.Length - 1))];
        var sturges = Math.Ceiling(Math.Log2(sorted.Length) + 1);
        var width = 2 * quartiles / Math.Cbrt(sorted.Length);
        return (int)Math.Clamp(width > 0 ? Math.Ceiling(range / width) : sturges, Math.Min(sturges, 5), 60);
    }
}
