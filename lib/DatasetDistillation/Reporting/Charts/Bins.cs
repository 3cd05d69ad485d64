namespace DatasetDistillation.Reporting;

/// <summary>Adjacent bins of equal width [start + i·size, start + (i + 1)·size) that hold every value of one sample or several.</summary>
internal readonly record struct Bins(double Start, double Size, int Count)
{
    private const int Most = 60;

    /// <summary>So many bins; 0 chooses by the rule of Freedman and Diaconis (1981) for the sample that wants the narrowest.</summary>
    public static Bins Of(double[][] samples, int count = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var (low, high) = (samples.Min(static s => s.Min()), samples.Max(static s => s.Max()));
        if (!(high - low > 1e-9 * Math.Max(Math.Abs(low), Math.Abs(high))))
        {
            var margin = low == 0 ? 0.5 : Math.Abs(low) * 0.01;
            return new Bins(low - margin, 2 * margin, 1);
        }
        if (count == 0)
            count = Math.Min(Most, samples.Max(sample => FreedmanDiaconis(sample, high - low)));
        return new Bins(low, (high - low) / count * (1 + 1e-9), count); // a little more, so that the greatest value is in the last bin
    }

    public int[] CountsOf(IEnumerable<double> values)
    {
        var counts = new int[Count];
        foreach (var value in values)
            if (Math.Floor((value - Start) / Size) is var bin && bin >= 0 && bin < Count)
                counts[(int)bin]++;
        return counts;
    }

    private static int FreedmanDiaconis(double[] sample, double range)
    {
        double[] sorted = [.. sample.Order()];
        var quartiles = sorted[(int)(0.75 * (sorted.Length - 1))] - sorted[(int)(0.25 * (sorted.Length - 1))];
        var sturges = Math.Ceiling(Math.Log2(sorted.Length) + 1);
        var width = 2 * quartiles / Math.Cbrt(sorted.Length);
        return (int)Math.Clamp(width > 0 ? Math.Ceiling(range / width) : sturges, Math.Min(sturges, 5), Most);
    }
}
