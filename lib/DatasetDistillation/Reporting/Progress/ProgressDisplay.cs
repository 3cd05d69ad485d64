namespace DatasetDistillation.Reporting;

/// <summary>
/// Shows the progress of a long task, in a notebook or through a delegate, a few times per second at most, whatever the number of
/// reports. It may be reported to from any thread.
/// </summary>
public sealed partial class ProgressDisplay : IProgress<double>
{
    private const double SameTime = 0.05; // relative; an end that has been shown is not shown again for less

    private readonly Action<ProgressBar> show;
    private readonly TimeProvider clock;
    private readonly UpdateRate rate;
    private readonly long start;
    private readonly double alreadyDone;
    private readonly Lock gate = new();
    private readonly string name;
    private string message = "";

    /// <summary>Begins to measure the time. Nothing is shown before the first report.</summary>
    /// <param name="show">Called with each bar to be shown, never from two threads at once.</param>
    /// <param name="name">What is being done; it stays beside the bar whatever is reported.</param>
    /// <param name="alreadyDone">The share done in an earlier run that is now resumed: it cost no time in this one.</param>
    /// <param name="updatesPerSecond">At most so many calls of <paramref name="show"/>; null: as <see cref="Live.Variable"/> says.</param>
    /// <param name="clock">The clock; the system's by default.</param>
    internal ProgressDisplay(
        Action<ProgressBar> show, string name = "", double alreadyDone = 0, double? updatesPerSecond = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(show);
        (this.show, this.name, this.alreadyDone, this.clock) = (show, name, alreadyDone, clock ?? TimeProvider.System);
        rate = new UpdateRate(updatesPerSecond, clock);
        start = this.clock.GetTimestamp();
    }

    /// <summary>Shows a bar in the notebook and begins to measure the time.</summary>
    /// <param name="name">What is being done; it stays beside the bar whatever is reported.</param>
    /// <param name="alreadyDone">The share done in an earlier run that is now resumed: it cost no time in this one.</param>
    public static ProgressDisplay Show(string name = "", double alreadyDone = 0)
    {
        var live = Live.Show(new ProgressBar(Name: name));
        return new ProgressDisplay(bar => live.Replace(bar, isLast: bar.IsComplete), name, alreadyDone);
    }

    /// <summary>What the task has come to, shown or not.</summary>
    internal ProgressBar Current { get; private set; } = new();

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
            this.message = message is null || message == name ? this.message : message;
            var (elapsed, last) = (total ?? clock.GetElapsedTime(start), Current);
            Current = new ProgressBar(fraction, elapsed, Remaining(fraction, elapsed), this.message, name);
            var isKnown = last.IsComplete && Current.IsComplete && last.Message == Current.Message
                && Math.Abs(elapsed / last.Elapsed - 1) < SameTime;
            if ((rate.IsDue() || Current.IsComplete) && !isKnown)
                show(Current);
        }
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
