using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using FusedNetworks;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation;

/// <summary>The memory of tensors.</summary>
internal static unsafe class Memory
{
    /// <summary>Bytes from which on threads share a copy.</summary>
    private const long SharedBytes = 1 << 18;

    /// <summary>Rows that a thread copies at a time.</summary>
    private const int RowsPerTask = 32;

    /// <summary>The first element of a contiguous tensor on the processor; null for null.</summary>
    public static T* Of<T>(Tensor? tensor) where T : unmanaged
    {
        if (tensor is null || tensor.numel() == 0)
            return null;
        if (tensor.numel() * sizeof(T) <= int.MaxValue)
            return (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));
        // A span holds no more than 2 GB; its first element is where all of it begins.
        using var first = tensor.narrow(0, 0, 1);
        using var flat = first.reshape(-1).narrow(0, 0, 1);
        return (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(flat.bytes));
    }

    /// <summary>Whether passes over memory are wanted and these are the tensors for them: Float32, on the processor, contiguous.</summary>
    public static bool AreFlat(params ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            if (tensor.dtype != ScalarType.Float32 || tensor.device_type != DeviceType.CPU || !tensor.is_contiguous())
                return false;
        }
        return Compute.IsFused;
    }

    /// <summary>
    /// Rows [n, …] of a tensor without history, by their places, Int64 [n], as index_select gives them; random rows of a large set come
    /// from all over the memory, and threads wait for them side by side.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A place is none of the tensor's.</exception>
    public static Tensor Rows(this Tensor tensor, Tensor places)
    {
        long[] shape = tensor.shape;
        long count = places.numel(), row = tensor.numel() / Math.Max(1, shape[0]);
        if (!AreFlat(tensor) || tensor.requires_grad || !places.is_contiguous() || count * row * sizeof(float) < SharedBytes)
            return tensor.index_select(0, places);
        var all = new ReadOnlySpan<long>(Of<long>(places), (int)count);
        foreach (long place in all)
        {
            if (place < 0 || place >= shape[0])
                throw new ArgumentOutOfRangeException(nameof(places), place, $"There are {shape[0]} rows, from 0 on.");
        }
        var rows = empty([count, .. shape[1..]], tensor.dtype);
        var job = new CopyJob { Places = Of<long>(places), From = Of<float>(tensor), To = Of<float>(rows), Row = row, Count = (int)count };
        WorkPool.Run((int)((count + RowsPerTask - 1) / RowsPerTask), ref job);
        return rows;
    }

    private struct CopyJob : IJob
    {
        public long* Places;
        public float* From, To;
        public long Row;
        public int Count;

        public readonly void Execute(int index)
        {
            int end = Math.Min(Count, (index + 1) * RowsPerTask);
            for (int i = index * RowsPerTask; i < end; i++)
            {
                if (Sse.IsSupported && i + 1 < end)
                    Expect(From + (Places[i + 1] * Row));
                Elements.Copy(From + (Places[i] * Row), To + (i * Row), Row);
            }
        }

        /// <summary>Has a row on its way from memory while another is copied.</summary>
        private readonly void Expect(float* row)
        {
            const int line = 64 / sizeof(float);
            for (long at = 0; at < Row; at += line)
                Sse.Prefetch0(row + at);
        }
    }
}
