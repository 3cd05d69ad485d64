using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>
/// The memory behind one or several tensors (a tensor and its views, and what the autograd graph saved of them).
/// Small blocks are managed arrays, which cost nothing to forget; large ones are aligned native blocks from a cache.
/// </summary>
internal sealed class Storage
{
    /// <summary>Blocks up to this many bytes live in managed arrays.</summary>
    internal const int SmallBytes = 4096;

    private readonly byte[]? _small;
    private NativeBlock? _large;
    private int _references = 1;

    public Storage(long bytes)
    {
        if (bytes <= SmallBytes)
            _small = bytes == 0 ? [] : GC.AllocateUninitializedArray<byte>((int)bytes);
        else
            _large = NativeBlock.Rent(bytes);
    }

    /// <summary>Counts in-place modifications, so that a derivative never reads a value that has changed since it was saved.</summary>
    public int Version;

    public bool IsShared => Volatile.Read(ref _references) > 1;

    public void AddReference() => Interlocked.Increment(ref _references);

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        var block = Interlocked.Exchange(ref _large, null);
        block?.Return();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe ref byte First()
    {
        if (_small is not null)
            return ref MemoryMarshal.GetArrayDataReference(_small);
        var block = _large;
        ObjectDisposedException.ThrowIf(block is null, typeof(torch.Tensor));
        return ref Unsafe.AsRef<byte>(block.Pointer);
    }
}

/// <summary>
/// An aligned native block that returns to the cache when it is released or, at the last, finalised. The cache keeps what is
/// used: now and then it gives back the blocks that have lain in it all the time since it last did so.
/// </summary>
internal sealed unsafe class NativeBlock
{
    private const int Alignment = 64;

    /// <summary>The cache is trimmed after so many rents, and after as many new bytes as were lately in use, at least so many.</summary>
    private const int TrimRents = 1 << 16;
    private const long TrimBytes = 64L << 20;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<long, FreeBlocks> Free = [];
    private static long s_cached;
    private static long s_allocated;
    private static long s_trimAt = TrimBytes;
    private static long s_peak;
    private static int s_rents;

    private readonly long _bytes;

    private NativeBlock(long bytes)
    {
        _bytes = bytes;
        try
        {
            Pointer = NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        }
        catch (OutOfMemoryException)
        {
            GC.SuppressFinalize(this); // which would put a block without memory into the cache
            throw;
        }
        GC.AddMemoryPressure(bytes);
        Interlocked.Add(ref s_allocated, bytes);
    }

    /// <summary>Bytes of native memory held, in use or cached.</summary>
    public static long AllocatedBytes => Interlocked.Read(ref s_allocated);

    /// <summary>Bytes of native memory held by the cache for reuse.</summary>
    public static long CachedBytes
    {
        get
        {
            lock (Gate)
                return s_cached;
        }
    }

    public void* Pointer { get; private set; }

    public static NativeBlock Rent(long bytes)
    {
        var size = SizeClass(bytes);
        lock (Gate)
        {
            if (++s_rents > TrimRents || s_allocated > s_trimAt)
                Trim();
            if (Free.TryGetValue(size, out var blocks) && blocks.TryPop(out var block))
            {
                blocks.Unused = Math.Min(blocks.Unused, blocks.Count);
                s_cached -= size;
                s_peak = Math.Max(s_peak, s_allocated - s_cached);
                return block;
            }
            s_peak = Math.Max(s_peak, s_allocated - s_cached + size);
        }
        return new NativeBlock(size);
    }

    public void Return()
    {
        lock (Gate)
        {
            if (!Free.TryGetValue(_bytes, out var blocks))
                Free[_bytes] = blocks = new FreeBlocks();
            blocks.Push(this);
            s_cached += _bytes;
        }
    }

    /// <summary>The cached blocks of one size.</summary>
    private sealed class FreeBlocks : Stack<NativeBlock>
    {
        /// <summary>The fewest blocks that were here since the cache was trimmed; so many were not needed.</summary>
        public int Unused { get; set; }
    }

    /// <summary>Four size classes to each power of two, so that little is wasted and blocks are reused.</summary>
    private static long SizeClass(long bytes)
    {
        var step = Math.Max(1024, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)bytes) / 8);
        return (bytes + step - 1) / step * step;
    }

    private static void Trim()
    {
        foreach (var blocks in Free.Values)
        {
            for (; blocks.Unused > 0; blocks.Unused--)
            {
                var block = blocks.Pop();
                s_cached -= block._bytes;
                block.FreeMemory();
            }
            blocks.Unused = blocks.Count;
        }
        s_trimAt = s_allocated + Math.Max(TrimBytes, s_peak);
        (s_peak, s_rents) = (0, 0);
    }

    private void FreeMemory()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        GC.RemoveMemoryPressure(_bytes);
        Interlocked.Add(ref s_allocated, -_bytes);
        GC.SuppressFinalize(this);
    }

    // Reached only by blocks whose tensors were dropped without Dispose: the block goes back to the cache and lives on.
    ~NativeBlock()
    {
        Debug.Assert(Pointer is not null);
        if (Environment.HasShutdownStarted)
            return;
        GC.ReRegisterForFinalize(this);
        Return();
    }
}
