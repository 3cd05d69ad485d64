using TorchSharp.Kernels;

namespace TorchSharp;

public static partial class torch
{
    private static Tensor Ready(Tensor t, Device? device, bool requires_grad)
    {
        Device.RequireCpu(device);
        return requires_grad ? t.requires_grad_() : t;
    }

    public static Tensor empty(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Ready(Tensor.Empty(size, dtype ?? ScalarType.Float32), device, requires_grad);

    public static Tensor full(ReadOnlySpan<long> size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        var t = Tensor.Empty(size, dtype ?? (value.IsFloatingPoint ? ScalarType.Float32 : ScalarType.Int64));
        return Ready(t.Fill(value), device, requires_grad);
    }

    public static Tensor zeros(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        full(size, 0, dtype ?? ScalarType.Float32, device, requires_grad);

    public static Tensor ones(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        full(size, 1, dtype ?? ScalarType.Float32, device, requires_grad);

    public static Tensor empty(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => empty(size.AsSpan(), dtype, device, requires_grad);
    public static Tensor full(long[] size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => full(size.AsSpan(), value, dtype, device, requires_grad);
    public static Tensor zeros(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => zeros(size.AsSpan(), dtype, device, requires_grad);
    public static Tensor ones(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => ones(size.AsSpan(), dtype, device, requires_grad);

    public static Tensor empty(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => empty([size], dtype, device, requires_grad);
    public static Tensor zeros(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => zeros([size], dtype, device, requires_grad);
    public static Tensor ones(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => ones([size], dtype, device, requires_grad);
    public static Tensor zeros(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => zeros([rows, columns], dtype, device, requires_grad);
    public static Tensor ones(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => ones([rows, columns], dtype, device, requires_grad);

    public static Tensor empty_like(Tensor input) => Tensor.Empty(input.shape, input.dtype);
    public static Tensor zeros_like(Tensor input, ScalarType? dtype = null) => zeros(input.shape, dtype ?? input.dtype);
    public static Tensor ones_like(Tensor input, ScalarType? dtype = null) => ones(input.shape, dtype ?? input.dtype);
    public static Tensor full_like(Tensor input, Scalar value, ScalarType? dtype = null) => full(input.shape, value, dtype ?? input.dtype);

    public static Tensor eye(long rows, long columns = -1, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        var width = columns == -1 ? rows : columns;
        var t = zeros([rows, width], dtype, device);
        using var diagonal = t.View([Math.Min(rows, width)], [width + 1], 0);
        diagonal.Fill(1);
        return requires_grad ? t.requires_grad_() : t;
    }

    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => arange(0, stop, 1, dtype, device, requires_grad);

    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => arange(start, stop, 1, dtype, device, requires_grad);

    /// <summary>start, start + step, … up to but not including stop; Int64 unless an argument is a fraction.</summary>
    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        var type = dtype ?? (start.IsFloatingPoint || stop.IsFloatingPoint || step.IsFloatingPoint ? ScalarType.Float32 : ScalarType.Int64);
        if (type == ScalarType.Int64)
            return Ready(tensor(Steps(start.ToInt64(), stop.ToInt64(), step.ToInt64())), device, requires_grad);
        if (!IsFloat(type))
            throw Error("arange", $"counts in numbers, not {type}");
        using var exact = tensor(Steps(start.ToDouble(), stop.ToDouble(), step.ToDouble()));
        return Ready(exact.to_type(type, copy: true), device, requires_grad);
    }

    private static T[] Steps<T>(T first, T end, T by) where T : System.Numerics.INumber<T>
    {
        var steps = by == T.Zero ? double.NaN : double.CreateChecked(end - first) / double.CreateChecked(by);
        if (!double.IsFinite(steps) || steps < 0)
            throw Error("arange", $"steps of {by} do not lead from {first} to {end}");
        var values = new T[(long)Math.Ceiling(steps)];
        for (var i = 0; i < values.Length; i++)
            values[i] = first + T.CreateChecked(i) * by;
        return values;
    }

    public static Tensor linspace(double start, double end, long steps, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        if (steps < 0)
            throw Error("linspace", $"needs 0 or more steps, not {steps}");
        var values = new double[steps];
        for (long i = 0; i < steps; i++)
            values[i] = steps == 1 ? start : start + (end - start) * i / (steps - 1);
        using var exact = tensor(values);
        return Ready(exact.to_type(dtype ?? ScalarType.Float32, copy: true), device, requires_grad);
    }

    private static Tensor From<T>(ReadOnlySpan<T> values, ReadOnlySpan<long> shape, ScalarType? dtype, Device? device, bool requires_grad) where T : unmanaged
    {
        if (Tensor.Count(shape) != values.Length)
            throw new ArgumentException($"tensor: {values.Length} values do not fill the shape [{Text(shape)}].");
        var t = Tensor.Empty(shape, TypeOf<T>());
        values.CopyTo(t.Span<T>());
        if (dtype is { } type && type != t.dtype)
        {
            using var source = t;
            t = source.to_type(type);
        }
        return Ready(t, device, requires_grad);
    }

    public static Tensor tensor(float scalar, Device? device = null, bool requires_grad = false) => From<float>([scalar], [], null, device, requires_grad);
    public static Tensor tensor(double scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<double>([scalar], [], dtype, device, requires_grad);
    public static Tensor tensor(long scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<long>([scalar], [], dtype, device, requires_grad);
    public static Tensor tensor(float[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<float>(rawArray, [rawArray.Length], dtype, device, requires_grad);
    public static Tensor tensor(double[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<double>(rawArray, [rawArray.Length], dtype, device, requires_grad);
    public static Tensor tensor(long[] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<long>(dataArray, [dataArray.Length], dtype, device, requires_grad);
    public static Tensor tensor(bool[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<bool>(rawArray, [rawArray.Length], dtype, device, requires_grad);
    public static Tensor tensor(float[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<float>(rawArray, dimensions, dtype, device, requires_grad);
    public static Tensor tensor(double[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<double>(rawArray, dimensions, dtype, device, requires_grad);
    public static Tensor tensor(long[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<long>(dataArray, dimensions, dtype, device, requires_grad);
    public static Tensor tensor(bool[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<bool>(rawArray, dimensions, dtype, device, requires_grad);

    public static Tensor tensor(float[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        From<float>(rawArray.Cast<float>().ToArray(), [rawArray.GetLength(0), rawArray.GetLength(1)], dtype, device, requires_grad);

    public static Tensor tensor(double[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        From<double>(rawArray.Cast<double>().ToArray(), [rawArray.GetLength(0), rawArray.GetLength(1)], dtype, device, requires_grad);

    public partial class Tensor
    {
        /// <summary>
        /// Converts the elements; another handle on this tensor when nothing changes and no copy is asked for. Differentiable between
        /// floating-point types.
        /// </summary>
        public unsafe Tensor to_type(ScalarType type, bool copy = false)
        {
            if (type == dtype)
                return copy ? clone() : alias();
            SizeOf(type);
            using var source = is_contiguous() ? null : detach().contiguous();
            var (x, from) = (source ?? this, dtype);
            var y = Empty(shape, type);
            switch (from)
            {
                case ScalarType.Float32: Convert<float>(x, y); break;
                case ScalarType.Float64: Convert<double>(x, y); break;
                case ScalarType.Int64: Convert<long>(x, y); break;
                default: Convert<byte>(x, y); break;
            }
            GC.KeepAlive(this);
            return IsFloat(type) ? Record(y, "to", [this], [], (g, _, _) => g.to_type(from, copy: true)) : y;
        }

        private static void Convert<T>(Tensor x, Tensor y) where T : unmanaged, System.Numerics.INumber<T>
        {
            var from = System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpan(ref x.First<T>(), checked((int)x.numel()));
            switch (y.dtype)
            {
                case ScalarType.Float32: System.Numerics.Tensors.TensorPrimitives.ConvertSaturating(from, y.Span<float>()); break;
                case ScalarType.Float64: System.Numerics.Tensors.TensorPrimitives.ConvertSaturating(from, y.Span<double>()); break;
                case ScalarType.Int64: System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(from, y.Span<long>()); break;
                default:
                    var to = y.Span<bool>();
                    for (var i = 0; i < from.Length; i++)
                        to[i] = from[i] != T.Zero;
                    break;
            }
        }

        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            var result = to_type(type, copy);
            if (disposeAfter)
                Dispose();
            return result;
        }

        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            Device.RequireCpu(device);
            var result = copy ? clone() : alias();
            if (disposeAfter)
                Dispose();
            return result;
        }

        public Tensor to(string device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) => to(new Device(device), copy, disposeAfter, non_blocking);

        public Tensor cpu() => alias();

        public Tensor @float() => to_type(ScalarType.Float32);

        public Tensor @double() => to_type(ScalarType.Float64);

        public Tensor @long() => to_type(ScalarType.Int64);

        /// <summary>Row-major and without gaps: another handle on this tensor when it is already.</summary>
        public Tensor contiguous() => is_contiguous() ? alias() : Record(Copied(), "contiguous", [this], [], static (g, _, _) => g);

        /// <summary>The values in consecutive memory of their own, without history.</summary>
        internal unsafe Tensor Copied()
        {
            var y = Empty(shape, dtype);
            if (numel() == 0)
                return y;
            var plan = is_contiguous() ? LoopPlan.Flat(numel(), 1, 0) : LoopPlan.Create(Shape, Strides);
            fixed (byte* px = &FirstByte(), py = &y.FirstByte())
                switch (SizeOf(dtype))
                {
                    case 4: Elementwise.Gather((int*)px, (int*)py, plan); break;
                    case 8: Elementwise.Gather((long*)px, (long*)py, plan); break;
                    default: Elementwise.Gather(px, py, plan); break;
                }
            GC.KeepAlive(this);
            return y;
        }
    }
}
