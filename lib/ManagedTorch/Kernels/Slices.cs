namespace TorchSharp.Kernels;

/// <summary>Copies of slices of a contiguous tensor.</summary>
internal static unsafe class Slices
{
    /// <summary>Bytes that one task copies, or one slice if that is more.</summary>
    private const long TaskBytes = 1 << 17;

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
                var (o, i) = Math.DivRem(slice, Count);
                Buffer.MemoryCopy(X + (o * Size + Positions[i]) * Bytes, Y + slice * Bytes, Bytes, Bytes);
            }
        }
    }
}
