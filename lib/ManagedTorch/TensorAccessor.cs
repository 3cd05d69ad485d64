using System.Collections;

namespace TorchSharp.Utils;

/// <summary>Reads and writes the elements of a tensor, also of a strided view, in row-major order.</summary>
public sealed class TensorAccessor<T> : IEnumerable<T> where T : unmanaged
{
    private readonly torch.Tensor _tensor;

    internal TensorAccessor(torch.Tensor tensor) => _tensor = tensor;

    public long Count => _tensor.numel();

    /// <summary>The element at a place counted in row-major order, or at a place in each dimension.</summary>
    public T this[params long[] indices]
    {
        get
        {
            var value = Element(indices);
            GC.KeepAlive(_tensor); // a reference into native memory does not keep the tensor
            return value;
        }
        set
        {
            Element(indices) = value;
            _tensor.Memory.Version++;
            GC.KeepAlive(_tensor);
        }
    }

    public T[] ToArray()
    {
        var array = GC.AllocateUninitializedArray<T>(checked((int)Count));
        CopyTo(array.AsSpan());
        return array;
    }

    /// <summary>Copies the elements, as many as there is room for.</summary>
    public void CopyTo(Span<T> array) => CopyTo(array, 0);

    /// <inheritdoc cref="CopyTo(Span{T})"/>
    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(arrayIndex), tensorIndex);

    /// <summary>Replaces the elements, up to the end of the tensor or of the array.</summary>
    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        using var contiguous = _tensor.Contiguous();
        var from = array[arrayIndex..];
        var to = contiguous.Span<T>()[checked((int)tensorIndex)..];
        from[..Math.Min(from.Length, to.Length)].CopyTo(to);
        if (_tensor.is_contiguous())
            _tensor.Memory.Version++;
        else
            _tensor.Assign(contiguous);
        GC.KeepAlive(contiguous);
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom(array.AsSpan(), arrayIndex, tensorIndex);

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)ToArray()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void CopyTo(Span<T> array, long tensorIndex)
    {
        using var contiguous = _tensor.Contiguous();
        var from = contiguous.Span<T>()[checked((int)tensorIndex)..];
        from[..Math.Min(from.Length, array.Length)].CopyTo(array);
        GC.KeepAlive(contiguous); // a span into native memory does not keep the tensor
    }

    private ref T Element(long[] indices)
    {
        var shape = _tensor.shape;
        var strides = _tensor.Strides;
        var offset = 0L;
        if (indices.Length == 1)
        {
            var place = indices[0];
            if (place < 0 || place >= Count)
                throw new IndexOutOfRangeException($"Element {place} of a tensor with {Count}.");
            if (_tensor.is_contiguous())
                (offset, place) = (place, 0);
            for (var i = shape.Length - 1; place > 0; place /= shape[i--])
                offset += place % shape[i] * strides[i];
        }
        else
        {
            if (indices.Length != shape.Length)
                throw new ArgumentException($"{indices.Length} indices for a tensor of {shape.Length} dimensions; wanted one for each, or one for all.", nameof(indices));
            for (var i = 0; i < shape.Length; i++)
                offset += indices[i] >= 0 && indices[i] < shape[i] ? indices[i] * strides[i]
                    : throw new IndexOutOfRangeException($"Index {indices[i]} is out of range for dimension {i} of the shape [{torch.Text(shape)}].");
        }
        return ref System.Runtime.CompilerServices.Unsafe.Add(ref _tensor.First<T>(), (nint)offset);
    }
}
