using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>The value of a tensor with one element, converted to a C# number.</summary>
public static class TensorExtensionMethods
{
    public static float ToSingle(this Tensor value) => (float)value.ToDouble();

    public static double ToDouble(this Tensor value) => value.dtype switch
    {
        ScalarType.Float32 => value.item<float>(),
        ScalarType.Float64 => value.item<double>(),
        ScalarType.Int64 => value.item<long>(),
        _ => value.item<bool>() ? 1 : 0,
    };

    public static long ToInt64(this Tensor value) => value.dtype == ScalarType.Int64 ? value.item<long>() : (long)value.ToDouble();

    public static int ToInt32(this Tensor value) => checked((int)value.ToInt64());

    public static bool ToBoolean(this Tensor value) => value.ToDouble() != 0;
}
