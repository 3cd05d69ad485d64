using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace FusedNetworks;

/// <summary>A unit of parallel work: a struct of native pointers and sizes, executed once per task index.</summary>
internal interface IJob
{
    void Execute(int index);
}

/// <summary>
/// Fork-join over persistent background threads. Tasks are claimed one by one, so a worker that is late to wake up
/// never delays the caller; which thread executes which task is unspecified, so a job's tasks must be independent.
/// </summary>
internal static unsafe class WorkPool
{
    private const int MaxThreads = 256;

    private static readonly Worker?[] Workers = new Worker?[MaxThreads];
    private static volatile int threads = Math.Min(Environment.ProcessorCount, MaxThreads);
    private static int busy;

    // The work in progress; written only by the thread that holds `busy`, before it posts to any worker.
    private static delegate*<void*, int, void> execute;
    private static void* job;
    private static int taskCount;
    private static int nextTask;
    private static ExceptionDispatchInfo? failure;

    /// <summary>The number of threads that share the work, the caller's included; 1 means that no worker is ever used.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public static int Threads
    {
        get => threads;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            threads = Math.Min(value, MaxThreads);
        }
    }

    /// <summary>
    /// Executes <c>job.Execute(i)</c> for every i in [0, <paramref name="tasks"/>) and returns when all are done. Runs inline
    /// when there is one thread or at most one task, and when the pool is at work already (nested or concurrent calls).
    /// The first exception of a task stops the claiming of further tasks and is rethrown here.
    /// </summary>
    public static void Run<TJob>(int tasks, ref TJob job) where TJob : unmanaged, IJob
    {
        if (tasks <= 1 || threads == 1 || Interlocked.CompareExchange(ref busy, 1, 0) != 0)
        {
            for (int i = 0; i < tasks; i++)
                job.Execute(i);
            return;
        }

        fixed (TJob* pinned = &job)
            ForkJoin(tasks, pinned, &ExecuteOne<TJob>);
    }

    /// <summary>The same for work that is no struct of pointers.</summary>
    public static void Run(int tasks, Action<int> work)
    {
        var handle = GCHandle.Alloc(work);
        try
        {
            var job = new ActionJob { Work = handle };
            Run(tasks, ref job);
        }
        finally
        {
            handle.Free();
        }
    }

    /// <summary>The same block by block: <paramref name="work"/> gets where each begins and ends.</summary>
    public static void RunBlocks(int count, int size, Action<int, int> work) =>
        Run((count + size - 1) / size, block => work(block * size, Math.Min(count, (block + 1) * size)));

    private struct ActionJob : IJob
    {
        public GCHandle Work;

        public readonly void Execute(int index) => ((Action<int>)Work.Target!)(index);
    }

    private static void ExecuteOne<TJob>(void* job, int index) where TJob : unmanaged, IJob =>
        Unsafe.AsRef<TJob>(job).Execute(index);

    private static void ForkJoin(int tasks, void* pinned, delegate*<void*, int, void> body)
    {
        ExceptionDispatchInfo? thrown;
        try
        {
            job = pinned;
            execute = body;
            taskCount = tasks;
            nextTask = 0;
            int helpers = Math.Min(threads, tasks) - 1;
            for (int i = 0; i < helpers; i++)
                Workers[i] ??= new Worker(i);
            for (int i = 0; i < helpers; i++)
                Workers[i]!.Post();

            ExecuteTasks();

            for (int i = 0; i < helpers; i++)
                Workers[i]!.Retract();
        }
        finally
        {
            thrown = failure;
            failure = null;
            Volatile.Write(ref busy, 0);
        }
        thrown?.Throw();
    }

    private static void ExecuteTasks()
    {
        try
        {
            for (int i; (i = Interlocked.Increment(ref nextTask) - 1) < taskCount;)
                execute(job, i);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
            Volatile.Write(ref nextTask, int.MaxValue / 2);
        }
    }

    /// <summary>A thread that waits for one post at a time: it spins for a short while after each, then parks.</summary>
    private sealed class Worker
    {
        private const int Idle = 0, Posted = 1, Taken = 2;
        private static readonly long SpinTicks = Stopwatch.Frequency / 20_000; // 50 µs

        private readonly object gate = new();
        private int state;
        private bool parked;

        public Worker(int index) =>
            new Thread(Loop) { IsBackground = true, Name = $"tensor worker {index}" }.UnsafeStart();

        public void Post()
        {
            Volatile.Write(ref state, Posted);
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref parked))
            {
                lock (gate)
                    Monitor.Pulse(gate);
            }
        }

        /// <summary>Takes the post back if the worker has not begun; otherwise waits until it has ended.</summary>
        public void Retract()
        {
            if (Interlocked.CompareExchange(ref state, Idle, Posted) != Taken)
                return;
            long start = Stopwatch.GetTimestamp();
            while (Volatile.Read(ref state) == Taken)
            {
                if (Stopwatch.GetTimestamp() - start < SpinTicks)
                    Thread.SpinWait(4);
                else if (!Thread.Yield())
                    Thread.Sleep(0);
            }
        }

        private void Loop()
        {
            while (true)
            {
                WaitForPost();
                if (Interlocked.CompareExchange(ref state, Taken, Posted) != Posted)
                    continue;
                ExecuteTasks();
                Volatile.Write(ref state, Idle);
            }
        }

        private void WaitForPost()
        {
            long start = Stopwatch.GetTimestamp();
            while (Volatile.Read(ref state) != Posted)
            {
                if (Stopwatch.GetTimestamp() - start < SpinTicks)
                    Thread.SpinWait(4);
                else
                    Park();
            }
        }

        private void Park()
        {
            lock (gate)
            {
                Volatile.Write(ref parked, true);
                Interlocked.MemoryBarrier();
                while (Volatile.Read(ref state) != Posted)
                    Monitor.Wait(gate);
                parked = false;
            }
        }
    }
}
