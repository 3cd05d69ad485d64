namespace FusedNetworks;

/// <summary>How work over independent outputs is cut into tasks.</summary>
internal static class Parallelism
{
    /// <summary>Multiply-adds below which a task is not worth a thread: about ten times what fork and join take.</summary>
    private const long TaskWork = 200_000;

    /// <summary>
    /// The number of tasks for so much work: none too small, as many for each thread and a few so that threads of unequal speed
    /// end together, and no more than there are units to share out.
    /// </summary>
    public static int Tasks(long work, long units)
    {
        int threads = WorkPool.Threads;
        if (threads == 1)
            return 1;
        long most = Math.Max(1, Math.Min(units, 4L * threads));
        long tasks = Math.Clamp(work / TaskWork, 1, most);
        return (int)(tasks > threads ? tasks - tasks % threads : tasks);
    }

    /// <summary>Task <paramref name="index"/>'s share of [0, count).</summary>
    public static (int Begin, int End) Range(int count, int tasks, int index) =>
        ((int)((long)count * index / tasks), (int)((long)count * (index + 1) / tasks));
}
