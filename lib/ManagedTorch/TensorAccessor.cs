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

    /// <summary>The element at a place counted in row-major order, or at a place in each dimension.</summary>
    public T this[params long[] indices]
    {
        get => _contiguous.Span<T>()[Offset(indices)];
        set
        {
            if (!ReferenceEquals(_tensor, _contiguous))
                throw new InvalidOperationException("Elements of a strided view cannot be set through data<T>(); call contiguous() first.");
            _tensor.Span<T>()[Offset(indices)] = value;
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

    /// <summary>Replaces the elements, up to the end of the tensor or of the array.</summary>
    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        if (!ReferenceEquals(_tensor, _contiguous))
            throw new InvalidOperationException("Elements of a strided view cannot be set through data<T>(); call contiguous() first.");
        var from = array[arrayIndex..];
        var to = _tensor.Span<T>()[checked((int)tensorIndex)..];
        from[..Math.Min(from.Length, to.Length)].CopyTo(to);
        _tensor.Memory.Version++;
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom(array.AsSpan(), arrayIndex, tensorIndex);

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)ToArray()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private int Offset(long[] indices)
    {
        if (indices.Length == 1)
            return checked((int)indices[0]);
        var shape = _tensor.shape;
        if (indices.Length != shape.Length)
            throw new ArgumentException($"{indices.Length} indices for a tensor of {shape.Length} dimensions; wanted one for each, or one for all.", nameof(indices));
        var offset = 0L;
        for (var i = 0; i < shape.Length; i++)
            offset = offset * shape[i] + indices[i];
        return checked((int)offset);
    }
}
