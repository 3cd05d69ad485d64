using System.Runtime.InteropServices;
using Xunit;

namespace FusedNetworks.Tests;

/// <summary>Tests that set the number of threads, a property of the process, run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class ThreadSettingTests
{
    public const string Name = "Number of threads";
}

[Collection(ThreadSettingTests.Name)]
public sealed unsafe class WorkPoolTests
{
    private struct CountJob : IJob
    {
        public int* Executions;
        public int Spin;

        public readonly void Execute(int index)
        {
            Interlocked.Increment(ref Executions[index]);
            Thread.SpinWait(Spin);
        }
    }

    private struct FailingJob : IJob
    {
        public int* Running;
        public int FailAt;

        public readonly void Execute(int index)
        {
            Interlocked.Increment(ref *Running);
            try
            {
                if (index == FailAt)
                    throw new InvalidOperationException($"task {index}");
                Thread.SpinWait(1000);
            }
            finally
            {
                Interlocked.Decrement(ref *Running);
            }
        }
    }

    private struct NestedJob : IJob
    {
        public int* Executions;
        public int Inner;

        public readonly void Execute(int index)
        {
            var inner = new CountJob { Executions = Executions + index * Inner };
            WorkPool.Run(Inner, ref inner);
        }
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(2, 1000)]
    [InlineData(4, 3)]
    [InlineData(7, 100)]
    public void EveryTaskIsExecutedOnce(int threads, int tasks)
    {
        using var restore = new ThreadSetting(threads);
        for (int repetition = 0; repetition < 200; repetition++)
            AssertExecutedOnce(tasks, spin: repetition % 3 * 20);
    }

    [Fact]
    public void WorkersWakeAfterTheyHaveParked()
    {
        using var restore = new ThreadSetting(4);
        for (int repetition = 0; repetition < 5; repetition++)
        {
            AssertExecutedOnce(50, spin: 100);
            Thread.Sleep(5);
        }
    }

    [Fact]
    public void ThreadsMayChangeBetweenAndDuringRuns()
    {
        using var restore = new ThreadSetting(2);
        bool stop = false;
        var changer = new Thread(() =>
        {
            for (int i = 0; !Volatile.Read(ref stop); i++)
                WorkPool.Threads = 1 + i % 5;
        });
        changer.Start();
        for (int repetition = 0; repetition < 500; repetition++)
            AssertExecutedOnce(20, spin: 10);
        Volatile.Write(ref stop, true);
        changer.Join();
    }

    [Fact]
    public void ConcurrentCallersAllFinish()
    {
        using var restore = new ThreadSetting(3);
        int finished = 0;
        Thread[] callers = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int repetition = 0; repetition < 200; repetition++)
                AssertExecutedOnce(17, spin: 20);
            Interlocked.Increment(ref finished);
        }))];
        Array.ForEach(callers, caller => caller.Start());
        Array.ForEach(callers, caller => caller.Join());
        Assert.Equal(4, finished);
    }

    [Fact]
    public void NestedRunsAreExecuted()
    {
        using var restore = new ThreadSetting(4);
        int* counts = stackalloc int[60];
        var job = new NestedJob { Executions = counts, Inner = 6 };
        WorkPool.Run(10, ref job);
        Assert.All(new Span<int>(counts, 60).ToArray(), count => Assert.Equal(1, count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void AnExceptionReachesTheCallerWhenNoTaskIsRunning(int threads)
    {
        using var restore = new ThreadSetting(threads);
        for (int failAt = 0; failAt < 30; failAt += 7)
        {
            int running = 0;
            var job = new FailingJob { Running = &running, FailAt = failAt };
            var thrown = Assert.Throws<InvalidOperationException>(() => Run(job));
            Assert.Equal($"task {failAt}", thrown.Message);
            Assert.Equal(0, running);
            AssertExecutedOnce(30, spin: 0);
        }
    }

    [Fact]
    public void LessThanOneThreadIsRejected() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => WorkPool.Threads = 0);

    [Fact]
    public void RunsAllocateNothing()
    {
        using var restore = new ThreadSetting(2);
        AssertExecutedOnce(10, 0);
        int* counts = stackalloc int[10];
        var job = new CountJob { Executions = counts };
        WorkPool.Run(10, ref job);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int repetition = 0; repetition < 100; repetition++)
            WorkPool.Run(10, ref job);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Run(FailingJob job) => WorkPool.Run(30, ref job);

    private static void AssertExecutedOnce(int tasks, int spin)
    {
        var counts = (int*)NativeMemory.AllocZeroed((nuint)tasks + 1, sizeof(int));
        var job = new CountJob { Executions = counts, Spin = spin };
        WorkPool.Run(tasks, ref job);
        int[] executed = new Span<int>(counts, tasks).ToArray();
        NativeMemory.Free(counts);
        Assert.All(executed, count => Assert.Equal(1, count));
    }
}

/// <summary>Sets the number of threads for the duration of a test.</summary>
internal sealed class ThreadSetting : IDisposable
{
    private readonly int before = WorkPool.Threads;

    public ThreadSetting(int threads) => WorkPool.Threads = threads;

    public void Dispose() => WorkPool.Threads = before;
}
