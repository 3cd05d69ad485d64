using System.Collections;

namespace TorchSharp.Utils;

/// <summary>Reads and writes the elements of a tensor in row-major order.</summary>
public sealed class TensorAccessor<T> : IEnumerable<T> where T : unmanaged
{
    private readonly torch.Tensor _tensor;
    private readonly torch.Tensor _contiguous;

    internal TensorAccessor(torch.Tensor tensor)
    {
        _tensor = tensor;
        _contiguous = tensor.is_contiguous() ? tensor : tensor.detach().contiguous();
    }

    public long Count => _tensor.numel();

    public T this[long index]
    {
        get => _contiguous.Span<T>()[checked((int)index)];
        set
        {
            if (!ReferenceEquals(_tensor, _contiguous))
                throw new InvalidOperationException("Elements of a strided view cannot be set through data<T>(); call contiguous() first.");
            _tensor.Span<T>()[checked((int)index)] = value;
            _tensor.Memory.Version++;
        }
    }

    public T[] ToArray()
    {
        var array = GC.AllocateUninitializedArray<T>(checked((int)Count));
        CopyTo(array.AsSpan());
        return array;
    }

    public void CopyTo(Span<T> array)
    {
        _contiguous.Span<T>().CopyTo(array);
        GC.KeepAlive(_contiguous); // a span into native memory does not keep the tensor
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0)
    {
        _contiguous.Span<T>()[checked((int)tensorIndex)..].CopyTo(array.AsSpan(arrayIndex));
        GC.KeepAlive(_contiguous);
    }

    /// <summary>Replaces the elements.</summary>
    public void CopyFrom(ReadOnlySpan<T> values)
    {
        if (!ReferenceEquals(_tensor, _contiguous))
            throw new InvalidOperationException("Elements of a strided view cannot be set through data<T>(); call contiguous() first.");
        values.CopyTo(_tensor.Span<T>());
        _tensor.Memory.Version++;
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0)
    {
        if (tensorIndex != 0)
            throw new NotSupportedException("CopyFrom starts at element 0 of the tensor.");
        CopyFrom(array.AsSpan(arrayIndex, Math.Min(array.Length - arrayIndex, checked((int)Count))));
    }

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)ToArray()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
