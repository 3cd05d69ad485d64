using TorchSharp.Kernels;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>Cross-correlation of [n, c, h, w] with [o, c, kh, kw].</summary>
            public static Tensor conv2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1)
            {
                var s = Shape(input, weight, bias, strides ?? [1, 1], padding ?? [0, 0], dilation ?? [1, 1], groups);
                using var x = input.Contiguous();
                using var w = weight.Contiguous();
                using var b = bias?.Contiguous();
                var y = Tensor.Empty([s.N, s.O, s.OH, s.OW], input.dtype);
                Forward(s, x, w, b, y);
                return bias is null
                    ? Record(y, "conv2d", [input, weight], [input, weight],
                        (g, t, i) => i == 0 ? conv2d_input(s, g, t[1]) : conv2d_weight(s, t[0], g))
                    : Record(y, "conv2d", [input, weight, bias], [input, weight],
                        (g, t, i) => i == 0 ? conv2d_input(s, g, t[1]) : i == 1 ? conv2d_weight(s, t[0], g) : g.sum([0, 2, 3]));
            }

            // Convolution is linear in the image and in the weight; so its two adjoints and itself are each other's derivatives.

            /// <summary>The cotangent of the input: g [n, o, oh, ow] spread back through the weight.</summary>
            private static unsafe Tensor conv2d_input(ConvShape s, Tensor g, Tensor weight)
            {
                using var gy = g.Contiguous();
                using var w = weight.Contiguous();
                var y = Tensor.Empty([s.N, s.C, s.H, s.W], g.dtype);
                if (g.numel() == 0)
                    y.Fill(0);
                else if (y.dtype == ScalarType.Float32)
                    fixed (float* pg = &gy.First<float>(), pw = &w.First<float>(), py = &y.First<float>())
                        Conv.InputGradient(s, pg, pw, py);
                else
                    fixed (double* pg = &gy.First<double>(), pw = &w.First<double>(), py = &y.First<double>())
                        Conv.InputGradient(s, pg, pw, py);
                return Record(y, "conv2d_input", [g, weight], [g, weight],
                    (h, t, i) => i == 0 ? Again(s, h, t[1]) : conv2d_weight(s, h, t[0]));
            }

            /// <summary>The cotangent of the weight: the input correlated with g [n, o, oh, ow].</summary>
            private static unsafe Tensor conv2d_weight(ConvShape s, Tensor input, Tensor g)
            {
                using var x = input.Contiguous();
                using var gy = g.Contiguous();
                var y = Tensor.Empty([s.O, s.C, s.KH, s.KW], g.dtype);
                if (g.numel() == 0)
                    y.Fill(0);
                else if (y.dtype == ScalarType.Float32)
                    fixed (float* px = &x.First<float>(), pg = &gy.First<float>(), py = &y.First<float>())
                        Conv.WeightGradient(s, px, pg, py);
                else
                    fixed (double* px = &x.First<double>(), pg = &gy.First<double>(), py = &y.First<double>())
                        Conv.WeightGradient(s, px, pg, py);
                return Record(y, "conv2d_weight", [input, g], [input, g],
                    (h, t, i) => i == 0 ? conv2d_input(s, t[1], h) : Again(s, t[0], h));
            }

            private static Tensor Again(ConvShape s, Tensor input, Tensor weight) =>
                conv2d(input, weight, null, [s.StrideH, s.StrideW], [s.PadH, s.PadW], [s.DilationH, s.DilationW]);

            private static unsafe void Forward(in ConvShape s, Tensor x, Tensor w, Tensor? b, Tensor y)
            {
                if (y.numel() == 0)
                    return;
                if (y.dtype == ScalarType.Float32)
                    fixed (float* px = &x.First<float>(), pw = &w.First<float>(), pb = b is null ? default : b.Span<float>(), py = &y.First<float>())
                        Conv.Forward(s, px, pw, pb, py);
                else
                    fixed (double* px = &x.First<double>(), pw = &w.First<double>(), pb = b is null ? default : b.Span<double>(), py = &y.First<double>())
                        Conv.Forward(s, px, pw, pb, py);
            }

            private static ConvShape Shape(Tensor input, Tensor weight, Tensor? bias, long[] strides, long[] padding, long[] dilation, long groups)
            {
                if (groups != 1)
                    throw new NotSupportedException("conv2d: the embedded stack convolves in one group.");
                long[] x = input.shape, w = weight.shape;
                if (x.Length != 4 || w.Length != 4 || x[1] != w[1])
                    throw Error("conv2d", $"the input [{Text(x)}] and the weight [{Text(w)}] do not fit; wanted [n, c, h, w] and [o, c, kh, kw]");
                if (input.dtype != weight.dtype || !IsFloat(input.dtype) || (bias is not null && bias.dtype != input.dtype))
                    throw Error("conv2d", $"needs one floating-point type; input {input.dtype}, weight {weight.dtype}{(bias is null ? "" : $", bias {bias.dtype}")}");
                if (bias is not null && (bias.shape.Length != 1 || bias.shape[0] != w[0]))
                    throw Error("conv2d", $"the bias [{Text(bias.shape)}] does not fit {w[0]} output channels");
                if (strides.Length is not (1 or 2) || padding.Length is not (1 or 2) || dilation.Length is not (1 or 2))
                    throw Error("conv2d", $"needs one or two numbers each: strides [{Text(strides)}], padding [{Text(padding)}], dilation [{Text(dilation)}]");
                if (strides.Concat(dilation).Any(static s => s < 1) || padding.Any(static p => p < 0))
                    throw Error("conv2d", $"needs strides [{Text(strides)}] and dilation [{Text(dilation)}] of at least 1 and padding [{Text(padding)}] of at least 0");
                var s = new ConvShape((int)x[0], (int)x[1], (int)x[2], (int)x[3], (int)w[0], (int)w[2], (int)w[3],
                    (int)strides[0], (int)strides[^1], (int)padding[0], (int)padding[^1], (int)dilation[0], (int)dilation[^1]);
                return s.OH > 0 && s.OW > 0 ? s
                    : throw Error("conv2d", $"the kernel of [{Text(w)}] is larger than the padded input [{Text(x)}] (padding {Text(padding)})");
            }
        }
    }
}
