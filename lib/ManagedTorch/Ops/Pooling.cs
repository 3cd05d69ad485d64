using System.Numerics;
using TorchSharp.Kernels;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>The largest element of each window of [n, c, h, w].</summary>
            public static Tensor max_pool2d(Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                max_pool2d(input, [kernel_size], [stride ?? kernel_size], [padding ?? 0], [dilation ?? 1], ceil_mode);

            public static Tensor max_pool2d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false)
            {
                if (dilation is not null && dilation.Any(static d => d != 1))
                    throw new NotSupportedException("max_pool2d: the embedded stack pools without dilation.");
                var s = Shape("max_pool2d", input, kernel_size, strides, padding ?? [0], ceil_mode);
                using var winners = new Tensor(new Storage(s.Planes * s.OH * s.OW * sizeof(int)), [.. input.shape[..^2], s.OH, s.OW], ScalarType.Int32, track: false);
                return Record(Pooled(new Maximum(), s, input, s.OH, s.OW, winners), "max_pool2d", [input], [winners],
                    (g, t, _) => pool_scatter(s, g, t[0]));
            }

            // Once the winners are known, pooling picks elements and its derivative puts them back: each is the other's adjoint.

            private static Tensor pool_scatter(PoolShape s, Tensor g, Tensor winners) =>
                Record(Pooled(new Pick(Adjoint: true), s, g, s.H, s.W, winners), "max_pool2d_backward", [g], [winners],
                    (h, t, _) => pool_pick(s, h, t[0]));

            private static Tensor pool_pick(PoolShape s, Tensor x, Tensor winners) =>
                Record(Pooled(new Pick(Adjoint: false), s, x, s.OH, s.OW, winners), "max_pool2d_pick", [x], [winners],
                    (g, t, _) => pool_scatter(s, g, t[0]));

            /// <summary>The mean of each window of [n, c, h, w].</summary>
            public static Tensor avg_pool2d(Tensor input, long kernel_size, long? stride = null, long padding = 0, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null)
            {
                var s = Shape("avg_pool2d", input, [kernel_size], [stride ?? kernel_size], [padding], ceil_mode);
                return average(s, input, count_include_pad, divisor_override ?? 0);
            }

            private static Tensor average(PoolShape s, Tensor input, bool countPadding, long divisor) =>
                Record(Pooled(new WindowMean(countPadding, divisor, Adjoint: false), s, input, s.OH, s.OW), "avg_pool2d", [input], [],
                    (g, _, _) => average_adjoint(s, g, countPadding, divisor));

            private static Tensor average_adjoint(PoolShape s, Tensor g, bool countPadding, long divisor) =>
                Record(Pooled(new WindowMean(countPadding, divisor, Adjoint: true), s, g, s.H, s.W), "avg_pool2d_backward", [g], [],
                    (h, _, _) => average(s, h, countPadding, divisor));

            private unsafe interface IPooling
            {
                void Run<T>(in PoolShape s, T* from, T* to, int* winners) where T : unmanaged, IBinaryFloatingPointIeee754<T>;
            }

            private readonly unsafe struct Maximum : IPooling
            {
                public void Run<T>(in PoolShape s, T* from, T* to, int* winners) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
                    PoolKernels.MaxForward(s, from, to, winners);
            }

            private readonly unsafe record struct Pick(bool Adjoint) : IPooling
            {
                public void Run<T>(in PoolShape s, T* from, T* to, int* winners) where T : unmanaged, IBinaryFloatingPointIeee754<T>
                {
                    if (Adjoint)
                        PoolKernels.ScatterAdd(s, from, winners, to);
                    else
                        PoolKernels.Gather(s, from, winners, to);
                }
            }

            private readonly unsafe record struct WindowMean(bool CountPadding, long Divisor, bool Adjoint) : IPooling
            {
                public void Run<T>(in PoolShape s, T* from, T* to, int* winners) where T : unmanaged, IBinaryFloatingPointIeee754<T>
                {
                    if (Adjoint)
                        PoolKernels.AverageAdjoint(s, CountPadding, Divisor, from, to);
                    else
                        PoolKernels.AverageForward(s, CountPadding, Divisor, from, to);
                }
            }

            /// <summary>The planes [h, w] that a kernel makes of those of <paramref name="input"/>.</summary>
            private static unsafe Tensor Pooled<TPooling>(TPooling pooling, PoolShape s, Tensor input, long h, long w, Tensor? winners = null) where TPooling : struct, IPooling
            {
                using var x = input.Contiguous();
                var y = Tensor.Empty([.. input.shape[..^2], h, w], input.dtype);
                fixed (byte* index = &(winners ?? y).FirstByte())
                    if (y.dtype == ScalarType.Float32)
                        fixed (float* from = &x.First<float>(), to = &y.First<float>())
                            pooling.Run(s, from, to, (int*)index);
                    else
                        fixed (double* from = &x.First<double>(), to = &y.First<double>())
                            pooling.Run(s, from, to, (int*)index);
                return y;
            }

            private static PoolShape Shape(string operation, Tensor input, long[] kernel, long[]? strides, long[] padding, bool ceilMode)
            {
                var x = input.shape;
                if (x.Length is not (3 or 4) || !IsFloat(input.dtype))
                    throw Error(operation, $"needs a floating-point [n, c, h, w]; got [{Text(x)}] ({input.dtype})");
                strides ??= kernel;
                if (kernel.Length is not (1 or 2) || strides.Length is not (1 or 2) || padding.Length is not (1 or 2))
                    throw Error(operation, $"needs one or two numbers each: kernel [{Text(kernel)}], strides [{Text(strides)}], padding [{Text(padding)}]");
                if (kernel.Concat(strides).Any(static s => s < 1) || padding.Any(static p => p < 0))
                    throw Error(operation, $"needs a kernel [{Text(kernel)}] and strides [{Text(strides)}] of at least 1 and padding [{Text(padding)}] of at least 0");
                if (padding[0] * 2 > kernel[0] || padding[^1] * 2 > kernel[^1])
                    throw Error(operation, $"the padding [{Text(padding)}] is more than half of the kernel [{Text(kernel)}]");
                var s = new PoolShape(Tensor.Count(x.AsSpan(0, x.Length - 2)), (int)x[^2], (int)x[^1], (int)kernel[0], (int)kernel[^1],
                    (int)strides[0], (int)strides[^1], (int)padding[0], (int)padding[^1], ceilMode);
                return s.OH > 0 && s.OW > 0 ? s
                    : throw Error(operation, $"the kernel [{Text(kernel)}] is larger than the padded input [{Text(x)}]");
            }
        }
    }
}
