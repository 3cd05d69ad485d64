namespace TorchSharp;

/// <summary>Where tensors live. The embedded stack computes on the CPU alone.</summary>
public enum DeviceType
{
    CPU = 0,
    CUDA = 1,
}

/// <summary>A number of any type, for the scalar side of an operation.</summary>
public sealed class Scalar
{
    private readonly double _real;
    private readonly long _integer;

    private Scalar(double real, torch.ScalarType type) => (_real, _integer, Type) = (real, (long)real, type);

    private Scalar(long integer, torch.ScalarType type) => (_real, _integer, Type) = (integer, integer, type);

    /// <summary>The kind of number that it was made from.</summary>
    public torch.ScalarType Type { get; }

    public static implicit operator Scalar(int value) => new(value, torch.ScalarType.Int32);
    public static implicit operator Scalar(long value) => new(value, torch.ScalarType.Int64);
    public static implicit operator Scalar(float value) => new(value, torch.ScalarType.Float32);
    public static implicit operator Scalar(double value) => new(value, torch.ScalarType.Float64);
    public static implicit operator Scalar(bool value) => new(value ? 1 : 0, torch.ScalarType.Bool);

    internal double ToDouble() => _real;
    internal float ToSingle() => (float)_real;
    internal long ToInt64() => _integer;

    internal bool IsFloatingPoint => Type is torch.ScalarType.Float32 or torch.ScalarType.Float64;
}

/// <summary>What stands around a padded tensor.</summary>
public enum PaddingModes
{
    Constant = 4,
}

public static partial class torch
{
    /// <summary>Element types, numbered as in TorchSharp.</summary>
    public enum ScalarType : sbyte
    {
        Byte = 0,
        Int8 = 1,
        Int16 = 2,
        Int32 = 3,
        Int64 = 4,
        Float16 = 5,
        Float32 = 6,
        Float64 = 7,
        Bool = 11,
    }

    public const ScalarType float32 = ScalarType.Float32;
    public const ScalarType float64 = ScalarType.Float64;
    public const ScalarType int64 = ScalarType.Int64;
    public const ScalarType @bool = ScalarType.Bool;

    /// <summary>A device. This stack has the CPU only; naming another says so.</summary>
    public sealed class Device
    {
        public Device(string description)
        {
            var parts = description.Split(':');
            type = parts[0] switch
            {
                "cpu" => DeviceType.CPU,
                "cuda" => DeviceType.CUDA,
                _ => throw new ArgumentException($"torch.device: '{description}' is neither 'cpu' nor 'cuda[:index]'."),
            };
            index = parts.Length > 1 ? int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) : -1;
        }

        public Device(DeviceType deviceType, int index = -1) => (type, this.index) = (deviceType, index);

        public DeviceType type { get; }

        public int index { get; }

        public override string ToString() => type == DeviceType.CPU ? "cpu" : index < 0 ? "cuda" : $"cuda:{index}";

        internal static void RequireCpu(Device? device)
        {
            if (device is { type: not DeviceType.CPU })
                throw new InvalidOperationException(
                    $"Device '{device}' is not available: the embedded stack computes on the CPU. Build with -p:Stack=cuda for an NVIDIA GPU.");
        }
    }

    public static readonly Device CPU = new(DeviceType.CPU);

    public static readonly Device CUDA = new(DeviceType.CUDA);

    public static Device device(string description) => new(description);

    public static Device device(DeviceType deviceType, int index = -1) => new(deviceType, index);

    public static class cuda
    {
        /// <summary>Always false: the embedded stack has no CUDA.</summary>
        public static bool is_available() => false;

        public static int device_count() => 0;
    }

    /// <summary>Sets how many threads compute; results do not depend on it.</summary>
    public static void set_num_threads(int num) => Kernels.WorkPool.Threads = num;

    public static int get_num_threads() => Kernels.WorkPool.Threads;

    internal static bool IsFloat(ScalarType type) => type is ScalarType.Float32 or ScalarType.Float64;

    internal static int SizeOf(ScalarType type) => type switch
    {
        ScalarType.Float32 or ScalarType.Int32 => 4, // Int32 holds positions inside pooling windows and is never seen outside
        ScalarType.Float64 or ScalarType.Int64 => 8,
        ScalarType.Bool => 1,
        _ => throw Unsupported(type),
    };

    private static NotSupportedException Unsupported(ScalarType type) =>
        new($"The embedded stack has no tensors of type {type}; it has Float32, Float64, Int64 and Bool.");

    internal static ScalarType TypeOf<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? ScalarType.Float32
        : typeof(T) == typeof(double) ? ScalarType.Float64
        : typeof(T) == typeof(long) ? ScalarType.Int64
        : typeof(T) == typeof(bool) ? ScalarType.Bool
        : throw new NotSupportedException($"The embedded stack has no tensors of {typeof(T).Name}; it has float, double, long and bool.");
}
