using TorchSharp.Kernels;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Broadcasting, type promotion and the step from tensors to typed pointers, for all element-wise operations.</summary>
    internal static unsafe class Dispatch
    {
        /// <summary>The shape that both broadcast to.</summary>
        public static long[] BroadcastShape(string operation, ReadOnlySpan<long> a, ReadOnlySpan<long> b)
        {
            var shape = new long[Math.Max(a.Length, b.Length)];
            for (var i = 1; i <= shape.Length; i++)
            {
                var (m, n) = (i <= a.Length ? a[^i] : 1, i <= b.Length ? b[^i] : 1);
                shape[^i] = m == n || n == 1 ? m : m == 1 ? n
                    : throw Error(operation, $"the shapes [{Text(a)}] and [{Text(b)}] do not broadcast together");
            }
            return shape;
        }

        /// <summary>The strides of a tensor seen as having <paramref name="shape"/>: 0 along repeated dimensions.</summary>
        public static long[] BroadcastStrides(Tensor x, ReadOnlySpan<long> shape)
        {
            var strides = new long[shape.Length];
            var own = x.Shape;
            var steps = x.Strides;
            for (var i = 1; i <= own.Length; i++)
                strides[^i] = own[^i] == 1 && shape[^i] != 1 ? 0 : steps[^i];
            return strides;
        }

        /// <summary>The type of the result: the higher category wins; a scalar tensor never widens within its category.</summary>
        public static ScalarType Promote(Tensor a, Tensor b)
        {
            if (a.dtype == b.dtype)
                return a.dtype;
            var (ca, cb) = (Category(a.dtype), Category(b.dtype));
            if (ca != cb)
                return ca > cb ? a.dtype : b.dtype;
            if (a.Shape.Length == 0 != (b.Shape.Length == 0))
                return a.Shape.Length == 0 ? b.dtype : a.dtype;
            return ScalarType.Float64;
        }

        private static int Category(ScalarType type) => type == ScalarType.Bool ? 0 : IsFloat(type) ? 2 : 1;

        public static Tensor Binary<TOp>(string operation, Tensor a, Tensor b) where TOp : struct, IBinary => Promote(a, b) switch
        {
            ScalarType.Float32 => Binary<TOp, float>(operation, a, b),
            ScalarType.Float64 => Binary<TOp, double>(operation, a, b),
            ScalarType.Int64 => Binary<TOp, long>(operation, a, b),
            _ when IsUnion<TOp>() => Binary<Maximum, byte>(operation, a, b),
            _ when IsIntersection<TOp>() => Binary<Minimum, byte>(operation, a, b),
            var type => throw Error(operation, $"is not defined for tensors of type {type}"),
        };

        /// <summary>Whether an operation on truth values is "or".</summary>
        public static bool IsUnion<TOp>() => typeof(TOp) == typeof(Add) || typeof(TOp) == typeof(Maximum);

        /// <summary>Whether an operation on truth values is "and".</summary>
        public static bool IsIntersection<TOp>() => typeof(TOp) == typeof(Multiply) || typeof(TOp) == typeof(Minimum);

        /// <summary>The type of elements that a kernel for T works on: truth values are bytes.</summary>
        private static ScalarType ElementType<T>() where T : unmanaged => typeof(T) == typeof(byte) ? ScalarType.Bool : TypeOf<T>();

        private static Tensor Binary<TOp, T>(string operation, Tensor a, Tensor b) where TOp : struct, IBinary where T : unmanaged, System.Numerics.INumber<T>
        {
            var type = ElementType<T>();
            using var ca = a.dtype == type ? null : a.detach().to_type(type);
            using var cb = b.dtype == type ? null : b.detach().to_type(type);
            var (x, z) = (ca ?? a, cb ?? b);
            var same = x.Shape.SequenceEqual(z.Shape);
            var y = Tensor.Empty(same ? x.shape : BroadcastShape(operation, x.Shape, z.Shape), type);
            BinaryInto<TOp, T>(x, z, y, same);
            return y;
        }

        /// <summary>Writes into <paramref name="y"/>, which is contiguous, of type T and of the broadcast shape (it may be an operand).</summary>
        public static void BinaryInto<TOp, T>(Tensor a, Tensor b, Tensor y, bool same) where TOp : struct, IBinary where T : unmanaged, System.Numerics.INumber<T>
        {
            var count = y.numel();
            if (count == 0)
                return;
            fixed (T* pa = &a.First<T>(), pb = &b.First<T>(), py = &y.First<T>())
            {
                if (same && a.is_contiguous() && b.is_contiguous())
                    Elementwise.Binary<TOp, T>(pa, pb, py, LoopPlan.Flat(count, 1, 1));
                else
                    Elementwise.Binary<TOp, T>(pa, pb, py, LoopPlan.Create(y.Shape, BroadcastStrides(a, y.Shape), BroadcastStrides(b, y.Shape)));
            }
            GC.KeepAlive(a); // a pointer into native memory does not keep the tensor
            GC.KeepAlive(b);
        }

        /// <summary>The type of a tensor combined with a number: integers become Float32 beside a fraction, truth values Int64 beside an integer.</summary>
        public static ScalarType Promote(Tensor a, Scalar s) =>
            IsFloat(a.dtype) ? a.dtype : s.IsFloatingPoint ? ScalarType.Float32 : s.Type == ScalarType.Bool ? a.dtype : ScalarType.Int64;

        public static Tensor Binary<TOp>(string operation, Tensor a, Scalar s, bool scalarFirst = false) where TOp : struct, IBinary => Promote(a, s) switch
        {
            ScalarType.Float32 => Binary<TOp, float>(a, s.ToSingle(), scalarFirst),
            ScalarType.Float64 => Binary<TOp, double>(a, s.ToDouble(), scalarFirst),
            ScalarType.Int64 => Binary<TOp, long>(a, s.ToInt64(), scalarFirst),
            _ when IsUnion<TOp>() => Binary<Maximum, byte>(a, (byte)s.ToInt64(), scalarFirst),
            _ when IsIntersection<TOp>() => Binary<Minimum, byte>(a, (byte)s.ToInt64(), scalarFirst),
            var type => throw Error(operation, $"is not defined for tensors of type {type}"),
        };

        private static Tensor Binary<TOp, T>(Tensor a, T s, bool scalarFirst) where TOp : struct, IBinary where T : unmanaged, System.Numerics.INumber<T>
        {
            var type = ElementType<T>();
            using var converted = a.dtype == type && a.is_contiguous() ? null : a.detach().to_type(type).contiguous();
            var y = Tensor.Empty(a.shape, type);
            BinaryInto<TOp, T>(converted ?? a, s, y, scalarFirst);
            return y;
        }

        public static void BinaryInto<TOp, T>(Tensor a, T s, Tensor y, bool scalarFirst = false) where TOp : struct, IBinary where T : unmanaged, System.Numerics.INumber<T>
        {
            var count = y.numel();
            if (count == 0)
                return;
            fixed (T* pa = &a.First<T>(), py = &y.First<T>())
            {
                if (scalarFirst)
                    Elementwise.Binary<TOp, T>(&s, pa, py, LoopPlan.Flat(count, 0, 1));
                else
                    Elementwise.Binary<TOp, T>(pa, &s, py, LoopPlan.Flat(count, 1, 0));
            }
        }

        /// <summary>Whether two tensors are of one floating-point type and one shape, without gaps.</summary>
        public static bool Aligned(Tensor a, Tensor b) =>
            a.dtype == b.dtype && IsFloat(a.dtype) && a.Shape.SequenceEqual(b.Shape) && a.is_contiguous() && b.is_contiguous();

        /// <summary>y = a + scale·b for aligned tensors; y may be a or b.</summary>
        public static void AddScaled(Tensor a, Tensor b, double scale, Tensor y)
        {
            if (y.dtype == ScalarType.Float32)
                fixed (float* pa = &a.First<float>(), pb = &b.First<float>(), py = &y.First<float>())
                    Elementwise.AddScaled(pa, pb, (float)scale, py, y.numel());
            else
                fixed (double* pa = &a.First<double>(), pb = &b.First<double>(), py = &y.First<double>())
                    Elementwise.AddScaled(pa, pb, scale, py, y.numel());
        }

        public static Tensor Unary<TOp>(string operation, Tensor x) where TOp : struct, IUnary
        {
            if (!IsFloat(x.dtype))
            {
                using var converted = x.to_type(ScalarType.Float32);
                return Unary<TOp>(operation, converted);
            }
            using var copy = x.is_contiguous() ? null : x.detach().contiguous();
            var y = Tensor.Empty(x.shape, x.dtype);
            UnaryInto<TOp>(operation, copy ?? x, y);
            return y;
        }

        public static void UnaryInto<TOp>(string operation, Tensor x, Tensor y) where TOp : struct, IUnary
        {
            if (x.numel() == 0)
                return;
            switch (x.dtype)
            {
                case ScalarType.Float32:
                    fixed (float* px = &x.First<float>(), py = &y.First<float>())
                        Elementwise.Unary<TOp, float>(px, py, x.numel());
                    break;
                case ScalarType.Float64:
                    fixed (double* px = &x.First<double>(), py = &y.First<double>())
                        Elementwise.Unary<TOp, double>(px, py, x.numel());
                    break;
                default:
                    throw Error(operation, $"is not defined for tensors of type {x.dtype}");
            }
        }

        /// <summary>Of a floating-point tensor.</summary>
        public static Tensor Power(Tensor x, double p) => p switch
        {
            0.5 => Unary<Sqrt>("pow", x),
            -0.5 => Unary<ReciprocalSqrt>("pow", x),
            _ => x.dtype == ScalarType.Float32 ? Power<float>(x, [(float)p]) : Power<double>(x, [p]),
        };

        /// <summary>Of integers, wrapping around; a negative power of anything but ±1 is 0.</summary>
        public static Tensor IntegerPower(Tensor x, Tensor p)
        {
            if (Promote(x, p) == ScalarType.Bool)
                throw Error("pow", "is not defined for tensors of type Bool");
            var shape = BroadcastShape("pow", x.Shape, p.Shape);
            using var a = Spread(x, ScalarType.Int64, shape);
            using var b = Spread(p, ScalarType.Int64, shape);
            var y = Tensor.Empty(shape, ScalarType.Int64);
            var bases = a.Span<long>();
            var exponents = b.Span<long>();
            var powers = y.Span<long>();
            for (var i = 0; i < powers.Length; i++)
                powers[i] = IntegerPower(bases[i], exponents[i]);
            return y;
        }

        private static long IntegerPower(long x, long p)
        {
            if (p < 0)
                return x == 1 ? 1 : x == -1 ? (p % 2 == 0 ? 1 : -1) : 0;
            var y = 1L;
            for (; p > 0; p >>= 1, x *= x)
                if (p % 2 == 1)
                    y *= x;
            return y;
        }

        public static Tensor Power(Tensor x, Tensor p)
        {
            var type = Promote(x, p);
            var shape = BroadcastShape("pow", x.Shape, p.Shape);
            using var a = Spread(x, type, shape);
            using var b = Spread(p, type, shape);
            return type == ScalarType.Float32 ? Power<float>(a, b.Span<float>()) : Power<double>(a, b.Span<double>());
        }

        /// <summary>Converted, expanded and without gaps; no history.</summary>
        private static Tensor Spread(Tensor x, ScalarType type, long[] shape)
        {
            using var values = x.detach();
            using var converted = values.to_type(type);
            using var expanded = converted.expand(shape);
            return expanded.Contiguous();
        }

        private static Tensor Power<T>(Tensor x, ReadOnlySpan<T> p) where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
        {
            using var a = x.Contiguous();
            var y = Tensor.Empty(x.shape, x.dtype);
            if (p.Length == 1)
                System.Numerics.Tensors.TensorPrimitives.Pow(a.Span<T>(), p[0], y.Span<T>());
            else
                System.Numerics.Tensors.TensorPrimitives.Pow(a.Span<T>(), p, y.Span<T>());
            return y;
        }

        public static Tensor Compare<TOp>(string operation, Tensor a, Tensor b) where TOp : struct, IComparison => Promote(a, b) switch
        {
            ScalarType.Float32 => Compare<TOp, float>(operation, a, b),
            ScalarType.Float64 => Compare<TOp, double>(operation, a, b),
            ScalarType.Int64 => Compare<TOp, long>(operation, a, b),
            _ => Compare<TOp, byte>(operation, a, b),
        };

        private static Tensor Compare<TOp, T>(string operation, Tensor a, Tensor b) where TOp : struct, IComparison where T : unmanaged, System.Numerics.INumber<T>
        {
            using var _ = new GradMode.Switch(false);
            var type = ElementType<T>();
            using var ca = a.dtype == type ? null : a.to_type(type);
            using var cb = b.dtype == type ? null : b.to_type(type);
            var (x, z) = (ca ?? a, cb ?? b);
            var y = Tensor.Empty(BroadcastShape(operation, x.Shape, z.Shape), ScalarType.Bool);
            if (y.numel() > 0)
                fixed (T* px = &x.First<T>(), pz = &z.First<T>())
                fixed (bool* py = &y.First<bool>())
                    Elementwise.Compare<TOp, T>(px, pz, py, LoopPlan.Create(y.Shape, BroadcastStrides(x, y.Shape), BroadcastStrides(z, y.Shape)));
            GC.KeepAlive(a);
            GC.KeepAlive(b);
            return y;
        }
    }
}
