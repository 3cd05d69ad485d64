using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.DotNet.Interactive;

namespace DatasetDistillation.Reporting;

/// <summary>
/// Something on show that later values replace: images that change while they are learned, a curve that grows. All that the notebooks
/// need of a host is behind this type. In a notebook of .NET Interactive the value is displayed and replaced in its place; elsewhere the
/// last one is written to the console, as text.
/// </summary>
public sealed class Live
{
    /// <summary>
    /// The environment variable with the updates per second at most, 5 where it is not set. With 0 the end alone is shown:
    /// for a host that keeps every update as one more output, as <c>dotnet repl</c> does.
    /// </summary>
    public const string Variable = "DISTILLATION_UPDATES";

    private readonly Lock gate = new();
    private readonly Func<object, Action<object>?> display;
    private readonly UpdateRate rate;
    private Action<object>? replace;

    internal Live(object value, Func<object, Action<object>?> display, UpdateRate rate)
    {
        (this.display, this.rate) = (display, rate);
        if (rate.IsDue())
            replace = display(value);
    }

    /// <summary>Shows a value. Its MIME types are those of the values that replace it.</summary>
    /// <exception cref="InvalidOperationException"><see cref="Variable"/> is no number.</exception>
    public static Live Show(object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new Live(value, Display, new UpdateRate(null));
    }

    /// <summary>Replaces what is shown, unless that was done a moment ago.</summary>
    public void Update(object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        lock (gate)
        {
            if (rate.IsDue())
                Replace(value, isLast: false);
        }
    }

    /// <summary>Shows the last value, whenever the one before was shown.</summary>
    public void Complete(object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        lock (gate)
            Replace(value, isLast: true);
    }

    /// <summary>Replaces what is shown, at once.</summary>
    internal void Replace(object value, bool isLast)
    {
        if (replace is not null)
            replace(value);
        else if ((replace = display(value)) is null && isLast)
            Console.WriteLine(value);
    }

    /// <summary>Displays a value in the notebook that is running and returns what replaces it; null where no notebook is running.</summary>
    private static Action<object>? Display(object value)
    {
        try
        {
            return DisplayInNotebook(value);
        }
        catch (Exception e) when (e is FileNotFoundException or FileLoadException or TypeLoadException or MissingMethodException)
        {
            return null; // The host is not .NET Interactive.
        }
    }

    // By the context and not by `Display()`, which in 1.0.0-beta.26120.1 returns another display than the one that it shows.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Action<object>? DisplayInNotebook(object value) =>
        KernelInvocationContext.Current is { } context ? context.Display(value).Update : null;
}

/// <summary>Decides whether it is time for another update.</summary>
internal sealed class UpdateRate
{
    private readonly TimeProvider clock;
    private readonly double interval; // seconds; infinite where there are to be no updates
    private long? last;

    /// <param name="perSecond">At most so many updates; null: as <see cref="Live.Variable"/> says.</param>
    /// <param name="clock">The clock; the system's by default.</param>
    public UpdateRate(double? perSecond, TimeProvider? clock = null)
    {
        var rate = perSecond ?? Parse(Environment.GetEnvironmentVariable(Live.Variable));
        ArgumentOutOfRangeException.ThrowIfNegative(rate, nameof(perSecond));
        (this.clock, interval) = (clock ?? TimeProvider.System, 1 / rate);
    }

    /// <summary>Whether an update may be shown now, which is then the last one.</summary>
    public bool IsDue()
    {
        var isEarly = last is { } then ? clock.GetElapsedTime(then).TotalSeconds < interval : double.IsInfinity(interval);
        if (!isEarly)
            last = clock.GetTimestamp();
        return !isEarly;
    }

    internal static double Parse(string? setting)
    {
        if (string.IsNullOrWhiteSpace(setting))
            return 5;
        return double.TryParse(setting, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate)
            ? rate
            : throw new InvalidOperationException(
                $"{Live.Variable} is '{setting}'; it must be a number of updates per second, such as 5 or 0.");
    }
}
