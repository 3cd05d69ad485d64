using System.Runtime.Intrinsics.X86;

namespace TorchSharp.Kernels;

/// <summary>Copies of slices of a contiguous tensor.</summary>
internal static unsafe class Slices
{
    /// <summary>Bytes that one task copies, or one slice if that is more.</summary>
    private const long TaskBytes = 1 << 17;

    /// <summary>Bytes of a line of the cache.</summary>
    private const int Line = 64;

    /// <summary>y[o, i] = x[o, positions[i]] for x [outer, size] and y [outer, count], whose elements are slices of so many bytes.</summary>
    public static void Copy(byte* x, byte* y, long* positions, long outer, long size, long count, long bytes)
    {
        if (outer * count == 0 || bytes == 0)
            return;
        var job = new CopyJob { X = x, Y = y, Positions = positions, Size = size, Count = count, Slices = outer * count, Bytes = bytes, Group = Math.Max(1, TaskBytes / bytes) };
        WorkPool.Run(checked((int)((job.Slices + job.Group - 1) / job.Group)), ref job);
    }

    private struct CopyJob : IJob
    {
        public byte* X, Y;
        public long* Positions;
        public long Size, Count, Slices, Bytes, Group;

        public readonly void Execute(int index)
        {
            var end = Math.Min(Slices, (index + 1) * Group);
            for (var slice = index * Group; slice < end; slice++)
            {
                if (slice + 1 < end && Bytes >= Line)
                    Prefetch(From(slice + 1));
                Buffer.MemoryCopy(From(slice), Y + slice * Bytes, Bytes, Bytes);
            }
        }

        private readonly byte* From(long slice)
        {
            var (o, i) = slice < Count ? (0, slice) : Math.DivRem(slice, Count);
            return X + (o * Size + Positions[i]) * Bytes;
        }

        /// <summary>Slices lie anywhere, so that nothing but this fetches the next one while the last is copied.</summary>
        private readonly void Prefetch(byte* slice)
        {
            const int Most = 64 * Line;
            for (var at = 0L; Sse.IsSupported && at < Math.Min(Bytes, Most); at += Line)
                Sse.Prefetch0(slice + at);
        }
    }
}
