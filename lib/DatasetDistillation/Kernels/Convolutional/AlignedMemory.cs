using System.Runtime.InteropServices;

namespace DatasetDistillation.Kernels;

/// <summary>Native memory that begins where a cache line does. Not cleared.</summary>
internal sealed unsafe class AlignedMemory<T> : IDisposable where T : unmanaged
{
    private const int Alignment = 64;

    /// <param name="count">How many elements.</param>
    public AlignedMemory(long count)
    {
        long bytes = checked(Math.Max(1, count) * sizeof(T));
        Pointer = (T*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        Bytes = bytes;
        GC.AddMemoryPressure(Bytes);
    }

    ~AlignedMemory() => Free();

    public T* Pointer { get; private set; }

    private long Bytes { get; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (Pointer == null)
            return;
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        GC.RemoveMemoryPressure(Bytes);
    }
}
