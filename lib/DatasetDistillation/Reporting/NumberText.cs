using System.Globalization;

namespace DatasetDistillation.Reporting;

/// <summary>Numbers as people read them, the same in every culture.</summary>
internal static class NumberText
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>With thousands separators: 33,600.</summary>
    public static string Whole(double value) => Fixed(value, 0);

    /// <summary>With a fixed number of decimals, thousands separators and a true minus sign.</summary>
    public static string Fixed(double value, int decimals) =>
        double.IsFinite(value) ? Minus(value.ToString("N" + decimals, Invariant)) : NotFinite(value);

    /// <summary>In a .NET format.</summary>
    public static string Formatted(double value, string format) =>
        double.IsFinite(value) ? Minus(value.ToString(format, Invariant)) : NotFinite(value);

    /// <summary>With so many significant digits, and a power of ten where the number is very large or very small.</summary>
    public static string Significant(double value, int digits = 3)
    {
        if (!double.IsFinite(value))
            return NotFinite(value);
        if (value == 0)
            return "0";
        var exponent = (int)Math.Floor(Math.Log10(Math.Abs(value)));
        if (exponent is < -4 or > 7)
        {
            var parts = value.ToString("E" + (digits - 1), Invariant).Split('E');
            var mantissa = parts[0].Contains('.', StringComparison.Ordinal) ? parts[0].TrimEnd('0').TrimEnd('.') : parts[0];
            return Minus(mantissa) + "×10" + Superscript(int.Parse(parts[1], Invariant));
        }
        return Fixed(value, Math.Max(0, digits - 1 - exponent)) is var text && text.Contains('.', StringComparison.Ordinal)
            ? text.TrimEnd('0').TrimEnd('.')
            : text;
    }

    /// <summary>A fraction as a percentage: 0.983 is "98.3 %".</summary>
    public static string Percent(double fraction, int decimals = 1) =>
        double.IsFinite(fraction) ? Fixed(fraction * 100, decimals) + " %" : NotFinite(fraction);

    /// <summary>
    /// "97.3 ± 0.4 %", or "0.0123 ± 0.0005": the deviation with two significant digits at most, the mean with as many decimals.
    /// </summary>
    public static string MeanAndDeviation(double mean, double deviation, bool percent)
    {
        if (percent)
            return deviation > 0 ? $"{Fixed(mean * 100, 1)} ± {Fixed(deviation * 100, 1)} %" : Percent(mean);
        if (!(deviation > 0))
            return Significant(mean);
        var decimals = Math.Clamp(1 - (int)Math.Floor(Math.Log10(deviation)), 0, 10);
        return $"{Fixed(mean, decimals)} ± {Fixed(deviation, decimals)}";
    }

    /// <summary>A duration in seconds, whatever their number.</summary>
    public static string Seconds(double value) =>
        Math.Abs(value) < TimeSpan.MaxValue.TotalSeconds ? Duration(TimeSpan.FromSeconds(value)) : Significant(value) + " s";

    /// <summary>"0.42 s", "12 s", "3 min 05 s", "2 h 07 min".</summary>
    public static string Duration(TimeSpan time)
    {
        if (time < TimeSpan.Zero)
            return "−" + Duration(-time);
        if (time.TotalSeconds < 0.0995)
            return Significant(time.TotalMilliseconds, 2) + " ms";
        if (time.TotalSeconds < 9.95)
            return Significant(time.TotalSeconds, 2) + " s";
        var seconds = (long)Math.Round(time.TotalSeconds);
        if (seconds < 60)
            return Invariant.Text($"{seconds} s");
        if (seconds < 3600)
            return Invariant.Text($"{seconds / 60} min {seconds % 60:00} s");
        return Invariant.Text($"{seconds / 3600} h {seconds % 3600 / 60:00} min");
    }

    /// <summary>An exponent: −12 is "⁻¹²".</summary>
    public static string Superscript(int exponent) =>
        string.Concat(exponent.ToString(Invariant).Select(c => c == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c - '0']));

    private static string Text(this CultureInfo culture, FormattableString text) => text.ToString(culture);

    /// <summary>With a true minus sign, and none before a zero.</summary>
    private static string Minus(string text) => text.Any(static c => c is >= '1' and <= '9') ? text.Replace('-', '−') : text.TrimStart('-');

    private static string NotFinite(double value) => double.IsNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
}
