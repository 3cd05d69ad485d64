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

            public static unsafe Tensor max_pool2d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false)
            {
                if (dilation is not null && dilation.Any(static d => d != 1))
                    throw new NotSupportedException("max_pool2d: the embedded stack pools without dilation.");
                var s = Shape("max_pool2d", input, kernel_size, strides, padding ?? [0], ceil_mode);
                using var x = input.Contiguous();
                var y = Tensor.Empty([.. input.shape[..^2], s.OH, s.OW], input.dtype);
                using var winners = new Tensor(new Storage(y.numel() * sizeof(int)), y.shape, ScalarType.Int32, track: false);
                fixed (byte* index = &winners.FirstByte())
                    if (y.dtype == ScalarType.Float32)
                        fixed (float* px = &x.First<float>(), py = &y.First<float>())
                            PoolKernels.MaxForward(s, px, py, (int*)index);
                    else
                        fixed (double* px = &x.First<double>(), py = &y.First<double>())
                            PoolKernels.MaxForward(s, px, py, (int*)index);
                return Record(y, "max_pool2d", [input], [winners], (g, t, _) => pool_scatter(s, g, t[0]));
            }

            // Once the winners are known, pooling picks elements and its derivative puts them back: each is the other's adjoint.

            private static unsafe Tensor pool_scatter(PoolShape s, Tensor g, Tensor winners)
            {
                using var gy = g.Contiguous();
                var y = Tensor.Empty([.. g.shape[..^2], s.H, s.W], g.dtype);
                fixed (byte* index = &winners.FirstByte())
                    if (g.dtype == ScalarType.Float32)
                        fixed (float* pg = &gy.First<float>(), py = &y.First<float>())
                            PoolKernels.ScatterAdd(s, pg, (int*)index, py);
                    else
                        fixed (double* pg = &gy.First<double>(), py = &y.First<double>())
                            PoolKernels.ScatterAdd(s, pg, (int*)index, py);
                return Record(y, "max_pool2d_backward", [g], [winners], (h, t, _) => pool_pick(s, h, t[0]));
            }

            private static unsafe Tensor pool_pick(PoolShape s, Tensor x, Tensor winners)
            {
                using var source = x.Contiguous();
                var y = Tensor.Empty([.. x.shape[..^2], s.OH, s.OW], x.dtype);
                fixed (byte* index = &winners.FirstByte())
                    if (x.dtype == ScalarType.Float32)
                        fixed (float* px = &source.First<float>(), py = &y.First<float>())
                            PoolKernels.Gather(s, px, (int*)index, py);
                    else
                        fixed (double* px = &source.First<double>(), py = &y.First<double>())
                            PoolKernels.Gather(s, px, (int*)index, py);
                return Record(y, "max_pool2d_pick", [x], [winners], (g, t, _) => pool_scatter(s, g, t[0]));
            }

            /// <summary>The mean of each window of [n, c, h, w].</summary>
            public static Tensor avg_pool2d(Tensor input, long kernel_size, long? stride = null, long padding = 0, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null)
            {
                var s = Shape("avg_pool2d", input, [kernel_size], [stride ?? kernel_size], [padding], ceil_mode);
                return average(s, input, count_include_pad, divisor_override ?? 0);
            }

            private static unsafe Tensor average(PoolShape s, Tensor input, bool countPadding, long divisor)
            {
                using var x = input.Contiguous();
                var y = Tensor.Empty([.. input.shape[..^2], s.OH, s.OW], input.dtype);
                if (y.dtype == ScalarType.Float32)
                    fixed (float* px = &x.First<float>(), py = &y.First<float>())
                        PoolKernels.AverageForward(s, countPadding, divisor, px, py);
                else
                    fixed (double* px = &x.First<double>(), py = &y.First<double>())
                        PoolKernels.AverageForward(s, countPadding, divisor, px, py);
                return Record(y, "avg_pool2d", [input], [], (g, _, _) => average_adjoint(s, g, countPadding, divisor));
            }

            private static unsafe Tensor average_adjoint(PoolShape s, Tensor g, bool countPadding, long divisor)
            {
                using var gy = g.Contiguous();
                var y = Tensor.Empty([.. g.shape[..^2], s.H, s.W], g.dtype);
                if (g.dtype == ScalarType.Float32)
                    fixed (float* pg = &gy.First<float>(), py = &y.First<float>())
                        PoolKernels.AverageAdjoint(s, countPadding, divisor, pg, py);
                else
                    fixed (double* pg = &gy.First<double>(), py = &y.First<double>())
                        PoolKernels.AverageAdjoint(s, countPadding, divisor, pg, py);
                return Record(y, "avg_pool2d_backward", [g], [], (h, _, _) => average(s, h, countPadding, divisor));
            }

            private static PoolShape Shape(string operation, Tensor input, long[] kernel, long[]? strides, long[] padding, bool ceilMode)
            {
                var x = input.shape;
                if (x.Length is not (3 or 4) || !IsFloat(input.dtype))
                    throw Error(operation, $"needs a floating-point [n, c, h, w]; got [{Text(x)}] ({input.dtype})");
                strides ??= kernel;
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
