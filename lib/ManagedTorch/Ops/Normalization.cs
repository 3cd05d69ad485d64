using TorchSharp.Kernels;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>
            /// Normalises each channel of x [n, c, …] over the batch and all positions (Ioffe and Szegedy, 2015), with the batch's own
            /// statistics in training, which then also move the running ones, else with the running ones; then weight [c] and bias [c].
            /// </summary>
            public static Tensor batch_norm(
                Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null, Tensor? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-5)
            {
                var channels = Channels("batch_norm", input, ("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias));
                if (!training)
                {
                    if (running_mean is null || running_var is null)
                        throw Error("batch_norm", "outside training the running mean and variance are needed");
                    using var centred = input - PerChannel(running_mean, input);
                    using var deviation = (running_var + eps).sqrt();
                    return Affine(centred / PerChannel(deviation, input), weight, bias);
                }
                var count = input.numel() / Math.Max(1, channels);
                if (count <= 1)
                    throw Error("batch_norm", $"needs more than one value per channel in training; the shape is [{Text(input.shape)}]");
                return Affine(Normalised(input, [input.shape[0], channels, -1], eps, running_mean, running_var, momentum, (double)count / (count - 1)), weight, bias);
            }

            /// <summary>Normalises each image's channel of x [n, c, …] over its positions (Ulyanov et al., 2016); then weight [c] and bias [c].</summary>
            public static Tensor instance_norm(
                Tensor input, Tensor? running_mean = null, Tensor? running_var = null, Tensor? weight = null, Tensor? bias = null, bool use_input_stats = true, double momentum = 0.1, double eps = 1e-5)
            {
                Channels("instance_norm", input, ("weight", weight), ("bias", bias));
                if (running_mean is not null || running_var is not null || !use_input_stats)
                    throw new NotSupportedException("instance_norm: the embedded stack normalises with the input's own statistics and keeps no running ones.");
                if (input.shape.Length < 3)
                    throw Error("instance_norm", $"needs positions to average over, [n, c, …]; the shape is [{Text(input.shape)}]");
                return Affine(Normalised(input, [1, input.shape[0] * input.shape[1], -1], eps), weight, bias);
            }

            /// <summary>
            /// Normalises each image of x [n, c, …] over groups of neighbouring channels and all positions (Wu and He, 2018); then weight
            /// [c] and bias [c].
            /// </summary>
            public static Tensor group_norm(Tensor input, long num_groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5)
            {
                var channels = Channels("group_norm", input, ("weight", weight), ("bias", bias));
                if (num_groups < 1 || channels % num_groups != 0)
                    throw Error("group_norm", $"{channels} channels do not divide into {num_groups} groups");
                return Affine(Normalised(input, [1, input.shape[0] * num_groups, -1], eps), weight, bias);
            }

            /// <summary>
            /// x seen as [outer, rows, inner], each row to mean 0 and variance 1/(1 + eps/variance) over outer and inner. Running statistics,
            /// if given, move by <paramref name="momentum"/> towards the mean and <paramref name="unbias"/> times the variance.
            /// </summary>
            private static Tensor Normalised(Tensor input, long[] view, double eps, Tensor? runningMean = null, Tensor? runningVariance = null, double momentum = 0, double unbias = 1)
            {
                if (input.numel() == 0)
                    throw Error("normalization", $"the input [{Text(input.shape)}] has no elements");
                using var x = input.reshape(view);
                var rows = x.shape[1];
                using var mean = Tensor.Empty([rows], x.dtype);
                using var variance = Tensor.Empty([rows], x.dtype);
                var (y, scale) = Normalise(x, eps, mean, variance);
                using (y)
                using (scale)
                {
                    Move(runningMean, mean, momentum, 1);
                    Move(runningVariance, variance, momentum, unbias);
                    return y.reshape(input.shape);
                }
            }

            private static void Move(Tensor? running, Tensor statistic, double momentum, double factor)
            {
                using var _ = no_grad();
                running?.mul_(1 - momentum).add_(statistic, momentum * factor);
            }

            // y = (x − mean)·r with r = 1/√(variance + eps), over dimensions 0 and 2. With averages over the same,
            // ∂y: P(g) = r·(g − mean(g) − y·mean(g·y)), and ∂r/∂x = −r²·y/count.

            private static (Tensor Y, Tensor Scale) Normalise(Tensor x, double eps, Tensor mean, Tensor variance)
            {
                using var source = x.Contiguous();
                var y = Tensor.Empty(x.shape, x.dtype);
                var scale = Tensor.Empty([1, x.shape[1], 1], x.dtype);
                if (x.dtype == ScalarType.Float32)
                    Normalise<float>(source, eps, y, mean, variance, scale);
                else
                    Normalise<double>(source, eps, y, mean, variance, scale);
                var count = (double)x.shape[0] * x.shape[2];
                var results = RecordJoint([y, scale], "normalize", [x], [], (g, s, _) =>
                {
                    var through = g[0] is { } gy ? normalize_backward(gy, s[0], s[1]) : null;
                    if (g[1] is not { } gr)
                        return through;
                    var direct = s[0] * (gr * s[1].square() / -count);
                    return through is null ? direct : through + direct;
                }, saveResults: true);
                return (results[0], results[1]);
            }

            /// <summary>P(g): linear and self-adjoint in g.</summary>
            private static Tensor normalize_backward(Tensor g, Tensor y, Tensor scale)
            {
                using var gy = g.Contiguous();
                using var yy = y.Contiguous();
                var p = Tensor.Empty(y.shape, y.dtype);
                if (y.dtype == ScalarType.Float32)
                    NormaliseBackward<float>(gy, yy, scale, p);
                else
                    NormaliseBackward<double>(gy, yy, scale, p);
                return Record(p, "normalize_backward", [g, y, scale], [g, y, scale], static (h, s, i) => i switch
                {
                    0 => normalize_backward(h, s[1], s[2]),
                    1 => -((h * Average(s[0] * s[1]) + s[0] * Average(h * s[1])) * s[2]),
                    _ => (h * (s[0] - Average(s[0]) - s[1] * Average(s[0] * s[1]))).sum([0, 2], keepdim: true),
                });
            }

            private static Tensor Average(Tensor x) => x.mean([0, 2], keepdim: true);

            private static unsafe void Normalise<T>(Tensor x, double eps, Tensor y, Tensor mean, Tensor variance, Tensor scale) where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
            {
                fixed (T* px = &x.First<T>(), py = &y.First<T>(), pm = &mean.First<T>(), pv = &variance.First<T>(), ps = &scale.First<T>())
                    NormKernels.Forward((int)x.shape[0], (int)x.shape[1], (int)x.shape[2], eps, px, py, pm, pv, ps);
            }

            private static unsafe void NormaliseBackward<T>(Tensor g, Tensor y, Tensor scale, Tensor p) where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
            {
                fixed (T* pg = &g.First<T>(), py = &y.First<T>(), ps = &scale.First<T>(), pp = &p.First<T>())
                    NormKernels.Backward((int)y.shape[0], (int)y.shape[1], (int)y.shape[2], pg, py, ps, pp);
            }

            /// <summary>x·weight + bias, channel by channel; takes x over.</summary>
            private static Tensor Affine(Tensor x, Tensor? weight, Tensor? bias)
            {
                if (weight is null && bias is null)
                    return x;
                using (x)
                using (var rows = x.reshape(x.shape[0], x.shape[1], -1))
                using (var y = weight is null ? rows + bias!.reshape(1, -1, 1) : affine(rows, weight, bias))
                    return y.reshape(x.shape);
            }

            // With x, y [outer, rows, inner] and w [rows], x·w and ⟨x, y⟩, the sum over all but rows, are each other's derivatives.

            private static Tensor affine(Tensor x, Tensor weight, Tensor? bias = null)
            {
                using var xx = x.Contiguous();
                using var w = weight.Contiguous();
                using var b = bias?.Contiguous();
                var y = Tensor.Empty(x.shape, x.dtype);
                if (x.dtype == ScalarType.Float32)
                    Affine<float>(xx, w, b, y);
                else
                    Affine<double>(xx, w, b, y);
                return Record(y, "affine", bias is null ? [x, weight] : [x, weight, bias], [x, weight],
                    static (g, s, i) => i == 0 ? affine(g, s[1]) : i == 1 ? dot(g, s[0]) : g.sum([0, 2]));
            }

            private static Tensor dot(Tensor x, Tensor y)
            {
                using var xx = x.Contiguous();
                using var yy = y.Contiguous();
                var d = Tensor.Empty([x.shape[1]], x.dtype);
                if (x.dtype == ScalarType.Float32)
                    Dot<float>(xx, yy, d);
                else
                    Dot<double>(xx, yy, d);
                return Record(d, "affine_backward", [x, y], [x, y], static (g, s, i) => affine(s[1 - i], g));
            }

            private static unsafe void Affine<T>(Tensor x, Tensor weight, Tensor? bias, Tensor y) where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
            {
                fixed (T* px = &x.First<T>(), pw = &weight.First<T>(), pb = bias is null ? default : bias.Span<T>(), py = &y.First<T>())
                    NormKernels.Affine((int)x.shape[0], (int)x.shape[1], (int)x.shape[2], px, pw, pb, py);
            }

            private static unsafe void Dot<T>(Tensor x, Tensor y, Tensor d) where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
            {
                fixed (T* px = &x.First<T>(), py = &y.First<T>(), pd = &d.First<T>())
                    NormKernels.Dot((int)x.shape[0], (int)x.shape[1], (int)x.shape[2], px, py, pd);
            }

            private static Tensor PerChannel(Tensor values, Tensor like)
            {
                var shape = new long[like.shape.Length];
                Array.Fill(shape, 1);
                shape[1] = values.shape[0];
                return values.reshape(shape);
            }

            private static long Channels(string operation, Tensor input, params ReadOnlySpan<(string Name, Tensor? Values)> perChannel)
            {
                if (input.shape.Length < 2 || !IsFloat(input.dtype))
                    throw Error(operation, $"needs a floating-point [n, c, …]; got [{Text(input.shape)}] ({input.dtype})");
                foreach (var (name, values) in perChannel)
                    if (values is not null && (values.shape.Length != 1 || values.shape[0] != input.shape[1] || values.dtype != input.dtype))
                        throw Error(operation, $"{name} must be [{input.shape[1]}] ({input.dtype}), one value per channel of [{Text(input.shape)}]; it is [{Text(values.shape)}] ({values.dtype})");
                return input.shape[1];
            }
        }
    }
}
