using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Data;

internal sealed partial class NpyArray
{
    /// <summary>The elements of a tensor, copied.</summary>
    /// <param name="tensor">Float32, Float64, Int64 or Bool, on any device.</param>
    /// <exception cref="ArgumentException">The tensor is of another type.</exception>
    public static NpyArray From(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        using var scope = NewDisposeScope();
        var host = tensor.detach().cpu();
        return tensor.dtype switch
        {
            ScalarType.Float32 => new NpyArray(NpyType.Float32, tensor.shape, Bytes<float>(host)),
            ScalarType.Float64 => new NpyArray(NpyType.Float64, tensor.shape, Bytes<double>(host)),
            ScalarType.Int64 => new NpyArray(NpyType.Int64, tensor.shape, Bytes<long>(host)),
            ScalarType.Bool => new NpyArray(NpyType.Bool, tensor.shape, Bytes<bool>(host)),
            _ => throw new ArgumentException($"Tensors of {tensor.dtype} are not stored, only Float32, Float64, Int64 and Bool.", nameof(tensor)),
        };

        static byte[] Bytes<T>(Tensor host)
            where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.AsBytes<T>(host.data<T>().ToArray()).ToArray();
    }

    /// <summary>A tensor of the elements: Float32, Float64 or Bool as they are, integers as Int64.</summary>
    /// <param name="device">Where to; left out, the CPU.</param>
    /// <exception cref="InvalidOperationException">The array is a text.</exception>
    public Tensor ToTensor(Device? device = null) => Type switch
    {
        NpyType.Float32 => torch.tensor(ToSingles(), shape, device: device),
        NpyType.Float64 => torch.tensor(ToDoubles(), shape, device: device),
        NpyType.Bool => torch.tensor(AsSpan<bool>().ToArray(), shape, device: device),
        _ => torch.tensor(ToInt64s(), shape, device: device),
    };
}
