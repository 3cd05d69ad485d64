using TorchSharp;

namespace DatasetDistillation.Reporting;

/// <content>Tensors convert to what is shown as arrays do; their values are copied.</content>
public readonly partial struct Numbers
{
    /// <summary>Copies the elements of a tensor of any shape and numeric type, in row-major order.</summary>
    public static implicit operator Numbers(torch.Tensor values) => TensorValues.Of(values, torch.float64, t => t.data<double>().ToArray());
}

/// <content>Tensors convert to what is shown as arrays do; their values are copied.</content>
public sealed partial class Matrix
{
    /// <summary>Copies a tensor [rows, columns] of any numeric type.</summary>
    /// <exception cref="ArgumentException">The tensor has another number of dimensions.</exception>
    public static implicit operator Matrix(torch.Tensor values) => values.shape is [var rows, var columns]
        ? new Matrix((int)rows, (int)columns, TensorValues.Of(values, torch.float64, t => t.data<double>().ToArray()))
        : throw new ArgumentException($"A matrix has two dimensions; this tensor is [{string.Join(", ", values.shape)}].");
}

/// <content>Tensors convert to what is shown as arrays do; their values are copied.</content>
public sealed partial class ImageBatch
{
    /// <summary>Copies images [n, c, h, w], or grey ones [n, h, w].</summary>
    /// <exception cref="ArgumentException">The tensor has another number of dimensions, or a number of channels other than 1 and 3.</exception>
    public static implicit operator ImageBatch(torch.Tensor images)
    {
        var (channels, height, width) = images.shape switch
        {
            [_, var c, var h, var w] => (c, h, w),
            [_, var h, var w] => (1, h, w),
            var shape => throw new ArgumentException($"Images are [n, channels, height, width] or [n, height, width]; this tensor is [{string.Join(", ", shape)}]."),
        };
        return new ImageBatch(TensorValues.Of(images, torch.float32, t => t.data<float>().ToArray()), (int)channels, (int)height, (int)width);
    }
}

internal static class TensorValues
{
    /// <summary>Reads a tensor through a copy of the type wanted, outside the graph and on the CPU.</summary>
    public static T[] Of<T>(torch.Tensor tensor, torch.ScalarType type, Func<torch.Tensor, T[]> read)
    {
        using var scope = torch.NewDisposeScope();
        return read(tensor.detach().to(type).cpu());
    }
}
