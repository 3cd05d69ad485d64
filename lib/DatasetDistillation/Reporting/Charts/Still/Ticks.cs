using System.Collections.Immutable;

namespace DatasetDistillation.Reporting;

/// <summary>Where an axis begins and ends, and the values labeled along it.</summary>
internal sealed record Ticks(double Low, double High, ImmutableArray<double> Values, ImmutableArray<string> Labels)
{
    // Anything less, in which the steps between ticks would have too few bits, is drawn as nothing.
    private const double Smallest = 1e-300;

    /// <summary>Round values that bracket the data.</summary>
    /// <param name="axis">Its limits, where given, replace those of the data.</param>
    /// <param name="low">The least value shown.</param>
    /// <param name="high">The greatest value shown; below <paramref name="low"/> where there is none.</param>
    /// <param name="most">At most about so many ticks.</param>
    /// <param name="whole">Only whole numbers may be labeled.</param>
    public static Ticks For(StillAxis axis, double low, double high, int most, bool whole)
    {
        if (axis.Categories.Length > 0)
            return OfCategories(axis.Categories, most);
        most = Math.Max(most, 2);
        (low, high) = axis.Range ?? (low, high);
        if (axis.IsLog && !(low > 0))
            low = high > 0 ? high / 10 : double.PositiveInfinity;
        if (!(low <= high))
            (low, high) = axis.IsLog ? (1, 10) : (0, 1);
        var ticks = axis.IsLog ? Logarithmic(low, high, most) : Linear(low, high, most, whole, axis.IsPercent);
        return axis.Range is { } range ? ticks.Within(range.Low, range.High) : ticks;
    }

    private static Ticks OfCategories(string[] names, int most)
    {
        var every = Math.Max(1, (int)Math.Ceiling(names.Length / (double)most));
        var shown = Enumerable.Range(0, names.Length).Where(i => i % every == 0).ToArray();
        return new Ticks(-0.5, names.Length - 0.5, [.. shown.Select(i => (double)i)], [.. shown.Select(i => names[i])]);
    }

    private static Ticks Linear(double low, double high, int most, bool whole, bool percent)
    {
        if (high - low <= Math.Max(Smallest, 1e-9 * Math.Max(Math.Abs(low), Math.Abs(high))))
        {
            var margin = Math.Abs(low) <= Smallest ? 1 : Math.Abs(low) * 0.05;
            (low, high) = whole ? (low - 1, high + 1) : (low - margin, high + margin);
        }
        var (step, first, last) = Steps(high - low, whole)
            .Select(s => (Step: s, First: Math.Floor(low / s + 1e-9), Last: Math.Ceiling(high / s - 1e-9)))
            .Where(c => c.Last - c.First <= most)
            .MinBy(c => Waste(c.Step, c.First, c.Last, low, high, most));
        var values = Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step).ToImmutableArray();
        return new Ticks(values[0], values[^1], values, [.. LinearLabels(values, step, percent)]);
    }

    /// <summary>The share of the axis left empty, and a little against few ticks.</summary>
    private static double Waste(double step, double first, double last, double low, double high, int most) =>
        1 - (high - low) / ((last - first) * step) + 0.25 * Math.Max(0, 1 - (last - first) / Math.Min(most, 5));

    private static IEnumerable<double> Steps(double range, bool whole)
    {
        var power = (int)Math.Floor(Math.Log10(range));
        for (var exponent = power - 2; exponent <= power + 1; exponent++)
            foreach (var mantissa in (double[])[1, 2, 2.5, 5])
            {
                var step = mantissa * Math.Pow(10, exponent);
                if (!whole || (step >= 1 && step == Math.Floor(step)))
                    yield return step;
            }
        if (whole && power < 0)
            yield return 1;
    }

    private static IEnumerable<string> LinearLabels(ImmutableArray<double> values, double step, bool percent)
    {
        if (percent)
        {
            var percentDecimals = Decimals(step * 100);
            return values.Select(v => NumberText.Percent(v, percentDecimals));
        }
        var greatest = values.Max(Math.Abs);
        if (greatest >= 1e6 || greatest < 1e-3)
        {
            var exponent = (int)Math.Floor(Math.Log10(greatest));
            var unit = Math.Pow(10, exponent);
            var unitDecimals = Decimals(step / unit);
            return values.Select(v => v == 0 ? "0" : NumberText.Fixed(v / unit, unitDecimals) + "×10" + NumberText.Superscript(exponent));
        }
        var decimals = Decimals(step);
        return values.Select(v => NumberText.Fixed(v, decimals));
    }

    private static int Decimals(double step)
    {
        var decimals = 0;
        while (decimals < 12 && Math.Abs(step - Math.Round(step)) > 1e-6 * step)
        {
            step *= 10;
            decimals++;
        }
        return decimals;
    }

    private static Ticks Logarithmic(double low, double high, int most)
    {
        (low, high) = (Math.Max(low, Smallest), Math.Max(high, Smallest));
        if (low == high)
            (low, high) = (low / 2, high * 2);
        var values = ((double[][])[[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]])
            .Select(mantissas => LogValues(low, high, mantissas, most))
            .First(candidates => candidates.Length <= most);
        return new Ticks(values[0], values[^1], values, [.. values.Select(LogLabel)]);
    }

    private static ImmutableArray<double> LogValues(double low, double high, double[] mantissas, int most)
    {
        var from = (int)Math.Floor(Math.Log10(low) + 1e-9);
        var to = (int)Math.Ceiling(Math.Log10(high) - 1e-9);
        var every = mantissas.Length > 1 ? 1 : Math.Max(1, (int)Math.Ceiling((to - from) / (most - 1.0)));
        var candidates = Enumerable.Range(0, (to - from) / every + 2)
            .SelectMany(i => mantissas.Select(m => m * Math.Pow(10, from + i * every)))
            .ToArray();
        var first = Array.FindLastIndex(candidates, v => v <= low * (1 + 1e-9));
        var last = Array.FindIndex(candidates, v => v >= high * (1 - 1e-9));
        return [.. candidates.AsSpan(first, last + 1 - first)];
    }

    private static string LogLabel(double value)
    {
        var exponent = (int)Math.Floor(Math.Log10(value) + 1e-9);
        if (exponent is >= -3 and <= 5)
            return exponent < 0 ? NumberText.Significant(value, 1) : NumberText.Whole(Math.Round(value));
        var mantissa = Math.Round(value / Math.Pow(10, exponent));
        return (mantissa == 1 ? "10" : NumberText.Whole(mantissa) + "×10") + NumberText.Superscript(exponent);
    }

    private Ticks Within(double low, double high)
    {
        var kept = Enumerable.Range(0, Values.Length).Where(i => Values[i] >= low && Values[i] <= high).ToArray();
        return new Ticks(low, high, [.. kept.Select(i => Values[i])], [.. kept.Select(i => Labels[i])]);
    }
}
