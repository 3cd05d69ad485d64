using TorchSharp.Kernels;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>What becomes of the losses of a batch.</summary>
        public enum Reduction
        {
            None = 0,
            Mean = 1,
            Sum = 2,
        }

        public static partial class functional
        {
            public static Tensor relu(Tensor x, bool inplace = false) => inplace ? x.relu_().alias() : x.relu();

            /// <summary>log(1 + exp(beta·x))/beta; x itself where beta·x is above a threshold lower than 20, from where on they are the same.</summary>
            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20)
            {
                var y = beta == 1 ? x.softplus() : x.mul(beta).softplus().div(beta);
                return threshold >= 20 ? y : where(x.mul(beta).gt(threshold), x, y);
            }

            public static Tensor tanh(Tensor x) => x.tanh();

            public static Tensor sigmoid(Tensor x) => x.sigmoid();

            /// <summary>x Wᵀ + b with x [n, in], W [out, in], b [out].</summary>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null)
            {
                if (weights.shape.Length != 2 || input.shape.Length == 0 || input.shape[^1] != weights.shape[1])
                    throw Error("linear", $"the input [{Text(input.shape)}] does not fit the weights [{Text(weights.shape)}]; wanted [..., in] and [out, in]");
                using var transposed = weights.mT;
                if (bias is null || input.shape.Length != 2)
                {
                    var y = input.matmul(transposed);
                    if (bias is null)
                        return y;
                    using var product = y;
                    return product.add(bias);
                }
                if (bias.shape.Length != 1 || bias.shape[0] != weights.shape[0] || bias.dtype != input.dtype)
                    throw Error("linear", $"the bias [{Text(bias.shape)}] ({bias.dtype}) does not fit the weights [{Text(weights.shape)}] ({weights.dtype})");
                return Record(input.Affine(transposed, bias), "linear", [input, weights, bias], [input, weights],
                    static (g, s, i) => i switch
                    {
                        0 => g.mm(s[1]),
                        1 => g.mT.mm(s[0]),
                        _ => g.sum(dim: 0),
                    });
            }

            /// <summary>log(softmax(x)) along a dimension, without overflow.</summary>
            public static Tensor log_softmax(Tensor x, long dim)
            {
                var at = x.Dimension(dim, "log_softmax", orScalar: true);
                return RecordWithResult(LogSoftmax(x, at), "log_softmax", [x], [],
                    (g, s, _) => g - s[0].exp() * g.sum(at, keepdim: true));
            }

            private static unsafe Tensor LogSoftmax(Tensor x, int at)
            {
                if (!IsFloat(x.dtype))
                    throw Error("log_softmax", $"is not defined for tensors of type {x.dtype}");
                if (at < x.shape.Length - 1)
                {
                    using var last = x.detach().transpose(at, -1);
                    using var result = LogSoftmax(last, x.shape.Length - 1);
                    using var back = result.transpose(at, -1);
                    return back.Copied();
                }
                using var rows = x.Contiguous();
                var y = Tensor.Empty(x.shape, x.dtype);
                var columns = (int)(x.shape.Length == 0 ? 1 : x.shape[^1]);
                if (x.dtype == ScalarType.Float32)
                    fixed (float* from = &rows.First<float>(), to = &y.First<float>())
                        SoftmaxKernels.LogSoftmax(from, to, y.numel() / Math.Max(1, columns), columns);
                else
                    fixed (double* from = &rows.First<double>(), to = &y.First<double>())
                        SoftmaxKernels.LogSoftmax(from, to, y.numel() / Math.Max(1, columns), columns);
                return y;
            }

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null)
            {
                if (dtype is { } type && type != input.dtype)
                    return softmax(input.to_type(type), dim);
                var at = input.Dimension(dim, "softmax", orScalar: true);
                using var values = input.detach();
                using var logarithm = log_softmax(values, at);
                return RecordWithResult(logarithm.exp(), "softmax", [input], [],
                    (g, s, _) => s[0] * (g - (g * s[0]).sum(at, keepdim: true)));
            }

            /// <summary>
            /// −Σ target·log softmax(input) over [n, c]: targets are class numbers (Int64, [n]) or soft labels of input's shape.
            /// </summary>
            public static Tensor cross_entropy(Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean, double label_smoothing = 0)
            {
                if (weight is not null || ignore_index != -100)
                    throw new NotSupportedException("cross_entropy: the embedded stack weighs all classes alike and ignores none.");
                if (input.shape.Length != 2)
                    throw Error("cross_entropy", $"needs logits [n, c]; the shape is [{Text(input.shape)}]");
                var classes = input.shape[1];
                var hard = target.dtype == ScalarType.Int64;
                if (hard ? target.shape.Length != 1 || target.shape[0] != input.shape[0] : !target.Shape.SequenceEqual(input.Shape))
                    throw Error("cross_entropy", $"the target [{Text(target.shape)}] ({target.dtype}) does not fit the logits [{Text(input.shape)}]; wanted Int64 classes [n] or soft labels [n, c]");
                if (!IsFloat(input.dtype) || (!hard && target.dtype != input.dtype))
                    throw Error("cross_entropy", $"needs floating-point logits and soft labels of their type; they are {input.dtype} and {target.dtype}");
                using var numbers = hard ? OneHot(target, classes, "cross_entropy") : null;
                using var soft = numbers?.to_type(input.dtype) ?? target.alias();
                using var smooth = label_smoothing == 0 ? soft.alias() : soft.mul(1 - label_smoothing).add(label_smoothing / classes);
                var losses = SoftCrossEntropy(input, smooth, label_smoothing == 0 && hard ? target : null);
                if (reduction == Reduction.None)
                    return losses;
                using var each = losses;
                return reduction == Reduction.Sum ? each.sum() : each.mean();
            }

            /// <summary>
            /// Per row −Σ t·log softmax(z); ∂/∂z = softmax(z)·Σt − t, ∂/∂t = −log softmax(z). Where t is one-hot, its class is read alone,
            /// as other classes may have the logit −∞.
            /// </summary>
            private static Tensor SoftCrossEntropy(Tensor logits, Tensor target, Tensor? classes)
            {
                using var values = logits.detach();
                using var logarithm = log_softmax(values, 1);
                using var labels = target.detach();
                using var column = classes?.unsqueeze(1);
                using var terms = column is null ? labels.mul(logarithm) : logarithm.gather(1, column);
                using var total = terms.sum(1);
                return Record(total.neg(), "cross_entropy", [logits, target], [logits, target], static (g, s, i) => i == 0
                    ? cross_entropy_slope(s[0], s[1], g)
                    : log_softmax(s[0], 1) * -g.unsqueeze(1));
            }

            /// <summary>
            /// (p·Σt − t)·g with p = softmax(z) of each row. With h the cotangent and ⟨·,·⟩ the inner product of rows,
            /// ∂z = g·Σt·p·(h − ⟨h, p⟩), ∂t = g·(⟨h, p⟩ − h), ∂g = ⟨h, p·Σt − t⟩.
            /// </summary>
            private static Tensor cross_entropy_slope(Tensor logits, Tensor target, Tensor g)
            {
                Tensor y;
                using (no_grad())
                {
                    using var mass = target.sum(1, keepdim: true);
                    using var weight = g.unsqueeze(1);
                    y = softmax(logits, 1).mul_(mass).sub_(target).mul_(weight);
                }
                return Record(y, "cross_entropy_backward", [logits, target, g], [logits, target, g], static (h, s, i) =>
                {
                    var p = softmax(s[0], 1);
                    var mass = s[1].sum(1, keepdim: true);
                    if (i == 2)
                        return (h * (p * mass - s[1])).sum(1);
                    var deviation = h - (h * p).sum(1, keepdim: true);
                    return i == 0 ? p * deviation * (s[2].unsqueeze(1) * mass) : deviation * -s[2].unsqueeze(1);
                });
            }

            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
            {
                if (!input.Shape.SequenceEqual(target.Shape))
                    throw Error("mse_loss", $"the shapes [{Text(input.shape)}] and [{Text(target.shape)}] differ");
                using var difference = input.sub(target);
                var squares = difference.square();
                if (reduction == Reduction.None)
                    return squares;
                using var each = squares;
                return reduction == Reduction.Sum ? each.sum() : each.mean();
            }

            public static Tensor one_hot(Tensor x, long num_classes = -1) => OneHot(x, num_classes, "one_hot");
        }
    }
}
