using System.Diagnostics;

namespace Benchmarks;

/// <summary>Repeated timing of one piece of work.</summary>
internal static class Timing
{
    /// <summary>
    /// The shortest of <paramref name="iterations"/> executions in seconds, after as many unmeasured ones as half a second takes:
    /// the runtime compiles methods again in the background once they have proved hot.
    /// </summary>
    public static double Best(int iterations, Action work)
    {
        long warmUp = Stopwatch.GetTimestamp();
        do
            work();
        while (Stopwatch.GetElapsedTime(warmUp).TotalSeconds < 0.5);
        double best = double.PositiveInfinity;
        for (int i = 0; i < iterations; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    /// <summary>How long <paramref name="work"/> takes, in milliseconds.</summary>
    public static double Milliseconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>
    /// The median time of <paramref name="iterations"/> executions in milliseconds, after as many unmeasured ones as three seconds take,
    /// so that the just-in-time compiler has optimised what runs.
    /// </summary>
    public static double MedianMilliseconds(int iterations, Action work)
    {
        long start = Stopwatch.GetTimestamp();
        do
            work();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < 3);
        return Median([.. Enumerable.Range(0, iterations).Select(_ => Milliseconds(work))]);
    }

    public static double Median(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
