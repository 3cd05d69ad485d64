using System.Globalization;

namespace DatasetDistillation.Reporting;

/// <summary>
/// Shows the progress of a long task through a delegate, a few times per second at most, whatever the number of reports.
/// In a notebook: <c>var shown = display(new ProgressBar()); var progress = new ProgressDisplay(shown.Update);</c>
/// It may be reported to from any thread.
/// </summary>
public sealed partial class ProgressDisplay : IProgress<double>
{
    /// <summary>
    /// The environment variable with the updates per second at most, 5 where it is not set. With 0 a task's end alone is shown:
    /// for a host that keeps every update as one more output, as <c>dotnet repl</c> does.
    /// </summary>
    public const string Variable = "DISTILLATION_UPDATES";

    private readonly Action<ProgressBar> show;
    private readonly TimeProvider clock;
    private readonly double interval; // seconds; infinite where the end alone is shown
    private readonly long start;
    private readonly double alreadyDone;
    private readonly Lock gate = new();
    private TimeSpan? lastShown;
    private string message;

    /// <summary>Begins to measure the time. Nothing is shown before the first report.</summary>
    /// <param name="show">Called with each bar to be shown, never from two threads at once.</param>
    /// <param name="message">What is being done.</param>
    /// <param name="alreadyDone">The share done in an earlier run that is now resumed: it cost no time in this one.</param>
    /// <param name="updatesPerSecond">At most so many calls of <paramref name="show"/>; null: as <see cref="Variable"/> says.</param>
    /// <param name="clock">The clock; the system's by default.</param>
    public ProgressDisplay(Action<ProgressBar> show, string message = "", double alreadyDone = 0, double? updatesPerSecond = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(show);
        var rate = updatesPerSecond ?? Rate(Environment.GetEnvironmentVariable(Variable));
        ArgumentOutOfRangeException.ThrowIfNegative(rate, nameof(updatesPerSecond));
        (this.show, this.message, this.alreadyDone, this.clock) = (show, message, alreadyDone, clock ?? TimeProvider.System);
        interval = 1 / rate;
        start = this.clock.GetTimestamp();
    }

    /// <summary>What the task has come to, shown or not.</summary>
    public ProgressBar Current { get; private set; } = new();

    /// <summary>Reports the share done, in [0, 1].</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not between 0 and 1.</exception>
    public void Report(double value) => Report(value, null);

    /// <summary>Reports how many of a total are done.</summary>
    public void Report(long done, long total, string? message = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(total);
        Report((double)done / total, message);
    }

    /// <summary>Reports the share done.</summary>
    /// <param name="fraction">The share done, in [0, 1]; 1 is always shown.</param>
    /// <param name="message">What is being done now; null leaves the message as it was.</param>
    public void Report(double fraction, string? message) => Report(fraction, message, null);

    /// <summary>Shows that everything is done.</summary>
    public void Complete(string? message = null) => Report(1, message);

    /// <summary>Shows that everything is done, and how long it took when this display did not see all of it.</summary>
    /// <param name="message">What has been done; null leaves the message as it was.</param>
    /// <param name="elapsed">The time of the whole task, earlier runs of a resumed one included.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public void Complete(string? message, TimeSpan elapsed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(elapsed, TimeSpan.Zero);
        Report(1, message, elapsed);
    }

    private void Report(double fraction, string? message, TimeSpan? total)
    {
        lock (gate)
        {
            this.message = message ?? this.message;
            var elapsed = total ?? clock.GetElapsedTime(start);
            Current = new ProgressBar(fraction, elapsed, Remaining(fraction, elapsed), this.message);
            var isEarly = lastShown is { } last ? (elapsed - last).TotalSeconds < interval : double.IsInfinity(interval);
            if (isEarly && !Current.IsComplete)
                return;
            lastShown = elapsed;
            show(Current);
        }
    }

    internal static double Rate(string? setting)
    {
        if (string.IsNullOrWhiteSpace(setting))
            return 5;
        return double.TryParse(setting, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate)
            ? rate
            : throw new InvalidOperationException($"{Variable} is '{setting}'; it must be a number of updates per second, such as 5 or 0.");
    }

    private TimeSpan? Remaining(double fraction, TimeSpan elapsed)
    {
        if (fraction >= 1)
            return TimeSpan.Zero;
        var done = fraction - alreadyDone;
        var seconds = elapsed.TotalSeconds * (1 - fraction) / done;
        return done > 0 && seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
