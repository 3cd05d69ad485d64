using System.Numerics;
using System.Numerics.Tensors;
using TorchSharp.Kernels;

namespace TorchSharp;

// Sums and what is made of them. Each is added up in an order that does not depend on the number of threads.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor sum(ScalarType? type = null) => sum([], false, type);

        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => sum([dim], keepdim, type);

        /// <summary>Over the dimensions named; over all when none is.</summary>
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null)
        {
            if (!IsFloat(dtype) && dtype != ScalarType.Int64)
                return to_type(ScalarType.Int64).sum(dim, keepdim, type);
            if (type is { } wanted && wanted != dtype)
                return to_type(wanted).sum(dim, keepdim);
            var own = shape;
            var reduced = new bool[Math.Max(1, own.Length)];
            foreach (var d in dim)
            {
                var at = Dimension(d, "sum", orScalar: true);
                if (reduced[at])
                    throw Error("sum", $"dimension {at} of the shape [{Text(own)}] is named twice in [{Text(dim)}]");
                reduced[at] = true;
            }
            if (dim.IsEmpty)
                Array.Fill(reduced, true);
            long[] kept = [.. own.Select((s, i) => reduced[i] ? 1 : s)];
            var y = Summed(own.Length == 0 ? [] : reduced, kept);
            if (!keepdim)
                y._shape = [.. own.Where((_, i) => !reduced[i])];
            return Record(y, "sum", [this], [], (g, _, _) => g.reshape(kept).expand(own));
        }

        public Tensor mean() => mean([]);

        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null)
        {
            RequireFloat("mean", type);
            using var total = sum(dimensions, keepdim, type);
            return total.div((double)numel() / Math.Max(1, total.numel()));
        }

        public Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
        {
            RequireFloat("var");
            using var centre = mean([.. dimensions], keepdim: true, type);
            using var deviation = sub(centre);
            using var squares = deviation.square();
            using var total = squares.sum(dimensions, keepdim, type);
            return total.div(Math.Max(0, (double)numel() / Math.Max(1, total.numel()) - (unbiased ? 1 : 0)));
        }

        public Tensor var(bool unbiased = true) => var([], unbiased);

        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => var([dim], unbiased, keepdim, type);

        /// <summary>The root of <see cref="var(bool)"/>; its gradient where all elements are equal is 0.</summary>
        public Tensor std(bool unbiased = true) => var(unbiased).Root();

        /// <summary>The Euclidean norm of all elements; its gradient where all are 0 is 0.</summary>
        public Tensor norm()
        {
            RequireFloat("norm");
            return square().sum().Root();
        }

        /// <summary>The square root of what has the slope 0 where it is 0, so that the root's infinite slope must not count there.</summary>
        private Tensor Root() => RecordWithResult(Dispatch.Unary<Sqrt>("sqrt", this), "sqrt", [this], [],
            static (g, s, _) => g / (where(s[0].eq(0), ones_like(s[0]), s[0]) * 2));

        public Tensor logsumexp(long dim, bool keepdim = false)
        {
            RequireFloat("logsumexp");
            if (shape.Length > 0 && shape[Dimension(dim, "logsumexp")] == 0)
                return exp().sum(dim, keepdim).log();
            using var detached = detach();
            using var peak = detached.max(dim, keepdim: true).values;
            using var bounded = where(peak.isfinite(), peak, zeros_like(peak));
            using var shifted = sub(bounded);
            using var exponentials = shifted.exp();
            using var total = exponentials.sum(dim, keepdim: true);
            using var logarithm = total.log();
            var y = logarithm.add(bounded);
            return keepdim ? y : y.squeeze(dim);
        }

        /// <summary>The largest element; the gradient is shared equally among those as large.</summary>
        public Tensor max() => Extreme("max", argmax());

        /// <inheritdoc cref="max()"/>
        public Tensor min() => Extreme("min", Reversed().argmax());

        private Tensor Extreme(string operation, Tensor index)
        {
            using var values = detach();
            return RecordWithResult(values.flatten().gather(0, index.reshape(1)).reshape([]), operation, [this], [this],
                static (g, s, _) => g * Shares(s[0], s[1]));
        }

        /// <summary>1/n at the n elements that are as large as the extreme one, else 0.</summary>
        private static Tensor Shares(Tensor x, Tensor extreme)
        {
            using var off = no_grad();
            using var winners = extreme.isnan().item<bool>() ? x.isnan() : x.eq(extreme);
            var shares = winners.to_type(x.dtype);
            return shares.div_(shares.sum());
        }

        /// <summary>Numbers in the reverse order, of which none overflows.</summary>
        private Tensor Reversed() => dtype == ScalarType.Int64 ? -1 - this : Number("argmin").neg();

        /// <summary>The largest elements along a dimension and where they are; of equal ones the first, and NaN before all.</summary>
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Extremes("max", dim, keepdim, argmax(dim, keepdim: true));

        /// <summary>The smallest elements along a dimension and where they are; of equal ones the first, and NaN before all.</summary>
        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Extremes("min", dim, keepdim, argmin(dim, keepdim: true));

        private (Tensor values, Tensor indexes) Extremes(string operation, long dim, bool keepdim, Tensor index)
        {
            if (shape.Length == 0)
                return (clone(), index);
            var at = Dimension(dim, operation);
            var values = gather(at, index);
            return keepdim ? (values, index) : (values.squeeze(at), index.squeeze(at));
        }

        public Tensor argmax() => flatten().argmax(0);

        public Tensor argmin(long dim, bool keepdim = false) => Reversed().argmax(dim, keepdim);

        public Tensor argmax(long dim, bool keepdim = false)
        {
            var at = Dimension(dim, "argmax", orScalar: true);
            if (shape.Length == 0)
                return zeros([], ScalarType.Int64);
            if (shape[at] == 0)
                throw Error("argmax", $"dimension {at} of the shape [{Text(shape)}] has no elements");
            using var moved = detach().transpose(at, -1);
            using var rows = moved.contiguous();
            using var y = Empty([.. rows.shape[..^1], 1], ScalarType.Int64);
            switch (dtype)
            {
                case ScalarType.Float32: ArgMax(rows.Span<float>(), y.Span<long>()); break;
                case ScalarType.Float64: ArgMax(rows.Span<double>(), y.Span<long>()); break;
                case ScalarType.Int64: ArgMax(rows.Span<long>(), y.Span<long>()); break;
                default: throw Error("argmax", $"is not defined for tensors of type {dtype}");
            }
            using var back = y.transpose(at, -1);
            var result = back.Contiguous();
            return keepdim ? result : result.squeeze(at);
        }

        private static void ArgMax<T>(ReadOnlySpan<T> rows, Span<long> y) where T : unmanaged, INumber<T>
        {
            var width = y.Length == 0 ? 0 : rows.Length / y.Length;
            for (var i = 0; i < y.Length; i++)
            {
                var row = rows.Slice(i * width, width);
                var at = TensorPrimitives.IndexOfMax(row);
                y[i] = row[at] == T.Zero ? row.IndexOf(T.Zero) : at; // which takes 0 to be larger than −0
            }
        }

        private void RequireFloat(string operation, ScalarType? type = null)
        {
            if (!IsFloat(type ?? dtype))
                throw Error(operation, $"needs floating-point elements; they are {type ?? dtype}");
        }

        private Tensor Summed(bool[] reduced, long[] kept) => dtype switch
        {
            ScalarType.Float32 => Summed<float>(reduced, kept),
            ScalarType.Float64 => Summed<double>(reduced, kept),
            _ => Summed<long>(reduced, kept),
        };

        /// <summary>Neighbouring dimensions are merged; then the innermost group is summed first, group by group.</summary>
        private unsafe Tensor Summed<T>(bool[] reduced, long[] kept) where T : unmanaged, INumber<T>
        {
            if (numel() == 0)
                return zeros(kept, dtype);
            using var copy = is_contiguous() ? null : Copied();
            var x = copy ?? this;
            long inner = 1;
            long count = numel();
            Tensor? partial = null;
            for (var i = reduced.Length - 1; i >= 0; i--)
            {
                var size = shape[i];
                if (!reduced[i])
                {
                    inner *= size;
                    continue;
                }
                while (i > 0 && reduced[i - 1])
                    size *= shape[--i];
                var outer = count / (size * inner);
                var y = Empty([outer * inner], dtype);
                fixed (T* from = &(partial ?? x).First<T>(), to = &y.First<T>())
                    Reduce.Sum(from, to, outer, size, inner);
                partial?.Dispose();
                partial = y;
                count = outer * inner;
            }
            if (partial is null)
                return Copied();
            partial._shape = kept;
            partial._strides = null;
            return partial;
        }
    }

    public static Tensor sum(Tensor input) => input.sum();
    public static Tensor mean(Tensor input) => input.mean();
    public static Tensor logsumexp(Tensor input, long dim, bool keepdim = false) => input.logsumexp(dim, keepdim);
    public static Tensor argmax(Tensor input, long dim, bool keepdim = false) => input.argmax(dim, keepdim);
}
