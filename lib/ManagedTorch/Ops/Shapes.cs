namespace TorchSharp;

// Views share the memory of their tensor; the derivative of each is the opposite view.
public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>A view where the strides allow it, else a copy.</summary>
        public Tensor reshape(params long[] shape)
        {
            var target = Infer(shape);
            if (Viewed(target) is { } y)
                return y;
            using var copy = contiguous();
            return copy.reshape(target);
        }

        public Tensor view(params long[] shape) => Viewed(Infer(shape))
            ?? throw Error("view", $"the tensor of shape [{Text(this.shape)}] and strides [{Text(Strides)}] has no view of shape [{Text(shape)}]; use reshape()");

        /// <summary>A view of as many elements, or null where elements of one dimension would not lie at equal distances.</summary>
        private Tensor? Viewed(long[] target)
        {
            if (Shape.SequenceEqual(target))
                return Unchanged();
            long[]? strides = null;
            if (!is_contiguous() && (strides = StridesOfView(Shape, Strides, target)) is null)
                return null;
            var own = shape;
            return Record(View(target, strides, _offset), "reshape", [this], [], (g, _, _) => g.reshape(own));
        }

        /// <summary>Cuts the target into groups of dimensions, one for each group of own ones that lie in memory without gaps.</summary>
        private static long[]? StridesOfView(ReadOnlySpan<long> own, ReadOnlySpan<long> steps, long[] target)
        {
            var strides = new long[target.Length];
            var (at, step, size) = (target.Length - 1, steps[^1], 1L);
            for (var i = own.Length - 1; i >= 0; i--)
            {
                size *= own[i];
                if (i > 0 && (own[i - 1] == 1 || steps[i - 1] == size * step))
                    continue;
                var filled = 1L;
                for (; at >= 0 && (filled < size || target[at] == 1); at--)
                {
                    strides[at] = filled * step;
                    filled *= target[at];
                }
                if (filled != size)
                    return null;
                if (i > 0)
                    (step, size) = (steps[i - 1], 1);
            }
            return strides;
        }

        public Tensor flatten(long start_dim = 0, long end_dim = -1)
        {
            var (first, last) = (Dimension(start_dim, "flatten", orScalar: true), Dimension(end_dim, "flatten", orScalar: true));
            if (shape.Length == 0)
                return reshape(1);
            if (first > last)
                throw Error("flatten", $"dimension {start_dim} comes after dimension {end_dim} of the shape [{Text(shape)}]");
            return reshape([.. shape[..first], Count(Shape[first..(last + 1)]), .. shape[(last + 1)..]]);
        }

        private long[] Infer(long[] target)
        {
            var unknown = Array.IndexOf(target, -1L);
            if (unknown >= 0)
            {
                target = [.. target];
                target[unknown] = 1;
                if (Array.IndexOf(target, -1L) is >= 0)
                    throw Error("reshape", $"only one size of [{Text(target)}] may be left open for the shape [{Text(shape)}]");
                var known = Count(target);
                if (known == 0)
                    throw Error("reshape", $"beside a size of 0 the open one may be any; the shape is [{Text(shape)}]");
                target[unknown] = numel() / known;
            }
            return Count(target) == numel() ? target
                : throw Error("reshape", $"the shape [{Text(shape)}] has {numel()} elements, which do not fill [{Text(target)}]");
        }

        public Tensor permute(params long[] permutation)
        {
            if (permutation.Length != Shape.Length)
                throw Error("permute", $"the shape [{Text(shape)}] needs {Shape.Length} dimensions in order; got [{Text(permutation)}]");
            var order = permutation.Select(d => Dimension(d, "permute")).ToArray();
            if (order.Distinct().Count() != order.Length)
                throw Error("permute", $"a dimension is named twice in [{Text(permutation)}]");
            var (own, steps) = (shape, Strides.ToArray());
            var y = View([.. order.Select(d => own[d])], [.. order.Select(d => steps[d])], _offset);
            return Record(y, "permute", [this], [], (g, _, _) =>
            {
                var inverse = new long[order.Length];
                for (var i = 0; i < order.Length; i++)
                    inverse[order[i]] = i;
                return g.permute(inverse);
            });
        }

        public Tensor transpose(long dim0, long dim1)
        {
            var (a, b) = (Dimension(dim0, "transpose", orScalar: true), Dimension(dim1, "transpose", orScalar: true));
            if (shape.Length == 0)
                return Unchanged();
            long[] sizes = [.. shape], steps = [.. Strides];
            (sizes[a], sizes[b]) = (sizes[b], sizes[a]);
            (steps[a], steps[b]) = (steps[b], steps[a]);
            return Record(View(sizes, steps, _offset), "transpose", [this], [], (g, _, _) => g.transpose(a, b));
        }

        public Tensor t() => shape.Length switch
        {
            < 2 => Unchanged(),
            2 => transpose(0, 1),
            _ => throw Error("t", $"needs at most two dimensions; the shape is [{Text(shape)}]"),
        };

        /// <summary>Matrices transposed: the last two dimensions swapped.</summary>
        public Tensor mT => transpose(-2, -1);

        public Tensor expand(params long[] sizes)
        {
            if (sizes.Length < Shape.Length)
                throw Error("expand", $"the shape [{Text(shape)}] has more dimensions than [{Text(sizes)}]");
            var target = (long[])sizes.Clone();
            var extra = target.Length - Shape.Length;
            for (var i = 0; i < target.Length; i++)
            {
                var size = i < extra ? 1 : Shape[i - extra];
                if (target[i] == -1 && i >= extra)
                    target[i] = size;
                if (target[i] < 0)
                    throw Error("expand", $"the size {target[i]} of [{Text(sizes)}] is negative; -1 stands for the size of a dimension of [{Text(shape)}]");
                if (size != target[i] && size != 1)
                    throw Error("expand", $"the shape [{Text(shape)}] does not expand to [{Text(sizes)}]");
            }
            if (Shape.SequenceEqual(target))
                return Unchanged();
            var own = shape;
            return Record(View(target, Dispatch.BroadcastStrides(this, target), _offset), "expand", [this], [], (g, _, _) => g.sum_to(own));
        }

        public Tensor expand_as(Tensor other) => expand(other.shape);

        public Tensor unsqueeze(long dim)
        {
            var at = (int)(dim < 0 ? dim + shape.Length + 1 : dim);
            if (at < 0 || at > shape.Length)
                throw Error("unsqueeze", $"dimension {dim} is out of range for the shape [{Text(shape)}]");
            long step = at < shape.Length ? Strides[at] * Math.Max(1, shape[at]) : 1;
            var y = View([.. shape[..at], 1, .. shape[at..]], [.. Strides[..at], step, .. Strides[at..]], _offset);
            return Record(y, "unsqueeze", [this], [], (g, _, _) => g.squeeze(at));
        }

        public Tensor squeeze(long? dim = null)
        {
            if (dim is not { } chosen)
                return Viewed([.. shape.Where(static s => s != 1)])!;
            var at = Dimension(chosen, "squeeze", orScalar: true);
            if (shape.Length == 0 || shape[at] != 1)
                return Unchanged();
            var y = View([.. shape[..at], .. shape[(at + 1)..]], [.. Strides[..at], .. Strides[(at + 1)..]], _offset);
            return Record(y, "squeeze", [this], [], (g, _, _) => g.unsqueeze(at));
        }

        /// <summary>The elements start … start + length − 1 along a dimension; a view.</summary>
        public Tensor narrow(long dim, long start, long length)
        {
            var at = Dimension(dim, "narrow");
            var size = shape[at];
            if (start < 0)
                start += size;
            if (start < 0 || length < 0 || start + length > size)
                throw Error("narrow", $"elements {start} to {start + length - 1} are out of range for dimension {at} of the shape [{Text(shape)}]");
            long[] sizes = [.. shape];
            sizes[at] = length;
            return Record(View(sizes, [.. Strides], _offset + start * Strides[at]), "narrow", [this], [], (g, _, _) => embed(g, at, start, 1, size));
        }

        /// <summary>Every step-th element from start up to finish along a dimension; a view.</summary>
        public Tensor slice(long dim, long start, long finish, long step)
        {
            var at = Dimension(dim, "slice");
            var size = shape[at];
            start = Math.Clamp(start < 0 ? start + size : start, 0, size);
            finish = Math.Clamp(finish < 0 ? finish + size : finish, start, size);
            if (step < 1)
                throw Error("slice", $"the step must be at least 1; it is {step}");
            long[] sizes = [.. shape], steps = [.. Strides];
            sizes[at] = (finish - start + step - 1) / step;
            steps[at] *= step;
            return Record(View(sizes, steps, _offset + start * Strides[at]), "slice", [this], [], (g, _, _) => embed(g, at, start, step, size));
        }

        /// <summary>Element number index along a dimension, which is gone from the result; a view.</summary>
        public Tensor select(long dim, long index)
        {
            var at = Dimension(dim, "select");
            var size = shape[at];
            if (index < -size || index >= size)
                throw Error("select", $"index {index} is out of range for dimension {at} of the shape [{Text(shape)}]");
            using var one = narrow(at, index < 0 ? index + size : index, 1);
            return one.squeeze(at);
        }

        /// <summary>The adjoint of slicing: zeros of the given size along a dimension, with x laid in at start, start + step, ….</summary>
        private static Tensor embed(Tensor x, int dim, long start, long step, long size)
        {
            long[] sizes = [.. x.shape];
            var finish = sizes[dim] == 0 ? start : start + (sizes[dim] - 1) * step + 1;
            sizes[dim] = size;
            var y = zeros(sizes, x.dtype);
            using (var hole = y.slice(dim, start, finish, step))
                hole.Assign(x);
            return Record(y, "embed", [x], [], (g, _, _) => g.slice(dim, start, finish, step));
        }

        internal static Tensor Embed(Tensor x, int dim, long start, long extra) =>
            extra == 0 ? x.Unchanged() : embed(x, dim, start, 1, x.shape[dim] + extra);

        public Tensor[] split(long size, int dim = 0)
        {
            var total = shape[Dimension(dim, "split")];
            if (size < 0 || (size == 0 && total > 0))
                throw Error("split", $"parts of {size} elements do not make up dimension {dim} of the shape [{Text(shape)}]");
            var sizes = new List<long> { Math.Min(size, total) };
            for (var start = size; start < total; start += size)
                sizes.Add(Math.Min(size, total - start));
            return split([.. sizes], dim);
        }

        /// <summary>Views of consecutive parts. Differentiates as one operation, so that many parts cost one pass over the whole.</summary>
        public Tensor[] split(long[] sizes, long dim = 0)
        {
            var at = Dimension(dim, "split");
            if (sizes.Sum() != shape[at] || sizes.Any(static s => s < 0))
                throw Error("split", $"the sizes [{Text(sizes)}] do not add up to dimension {at} of the shape [{Text(shape)}]");
            var (own, type, step) = (shape, dtype, Strides[at]);
            var parts = new Tensor[sizes.Length];
            var start = _offset;
            for (var i = 0; i < sizes.Length; i++)
            {
                parts[i] = View([.. own[..at], sizes[i], .. own[(at + 1)..]], [.. Strides], start);
                start += sizes[i] * step;
            }
            return RecordJoint(parts, "split", [this], [], (g, _, _) =>
            {
                var whole = new Tensor[sizes.Length];
                for (var i = 0; i < sizes.Length; i++)
                    whole[i] = g[i] ?? zeros([.. own[..at], sizes[i], .. own[(at + 1)..]], type);
                return cat(whole, at);
            });
        }

        public Tensor[] chunk(long chunks, long dim = 0)
        {
            var size = shape[Dimension(dim, "chunk")];
            if (size == 0 && chunks > 0)
                return split(new long[chunks], dim);
            return chunks > 0 ? split(Math.Max(1, (size + chunks - 1) / chunks), Dimension(dim, "chunk"))
                : throw Error("chunk", $"dimension {dim} of the shape [{Text(shape)}] cannot be cut into {chunks} parts");
        }

        public Tensor[] unbind(long dimension = 0)
        {
            var at = Dimension(dimension, "unbind");
            return [.. Enumerable.Range(0, (int)shape[at]).Select(i => select(at, i))];
        }

        /// <summary>The main diagonal of a matrix; a view.</summary>
        public Tensor diagonal()
        {
            if (shape.Length != 2)
                throw Error("diagonal", $"needs a matrix; the shape is [{Text(shape)}]");
            var (rows, columns) = (shape[0], shape[1]);
            var y = View([Math.Min(rows, columns)], [Strides[0] + Strides[1]], _offset);
            return Record(y, "diagonal", [this], [], (g, _, _) => OnDiagonal(g, rows, columns));
        }

        /// <summary>The adjoint of <see cref="diagonal"/>: zeros with a vector on the main diagonal.</summary>
        internal static Tensor OnDiagonal(Tensor x, long rows, long columns)
        {
            var y = zeros([rows, columns], x.dtype);
            using (var diagonal = y.View(x.shape, [columns + 1], 0))
                diagonal.Assign(x);
            return Record(y, "diag", [x], [], static (g, _, _) => g.diagonal());
        }

        public Tensor trace() => diagonal().sum();

        /// <summary>The lower triangle, up to the given diagonal (0: the main one); zeros above.</summary>
        public Tensor tril(long diagonal = 0) => Record(Triangle(diagonal, lower: true), "tril", [this], [], (g, _, _) => g.tril(diagonal));

        /// <summary>The upper triangle, from the given diagonal (0: the main one); zeros below.</summary>
        public Tensor triu(long diagonal = 0) => Record(Triangle(diagonal, lower: false), "triu", [this], [], (g, _, _) => g.triu(diagonal));

        private Tensor Triangle(long diagonal, bool lower)
        {
            if (shape.Length != 2)
                throw Error(lower ? "tril" : "triu", $"needs a matrix; the shape is [{Text(shape)}]");
            var y = Copied();
            for (long row = 0; row < shape[0]; row++)
            {
                var (from, to) = lower
                    ? (Math.Clamp(row + diagonal + 1, 0, shape[1]), shape[1])
                    : (0, Math.Clamp(row + diagonal, 0, shape[1]));
                using var part = y.View([to - from], [1], row * shape[1] + from);
                part.Fill(0);
            }
            return y;
        }
    }

    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>Zeros around the last dimensions: (left, right) of the last one, then of the one before it, ….</summary>
            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0)
            {
                if (value != 0)
                    throw new NotSupportedException("pad: the embedded stack pads with zeros.");
                if (pad.Length % 2 != 0 || pad.Length / 2 > input.shape.Length || pad.Any(static p => p < 0))
                    throw Error("pad", $"the padding [{Text(pad)}] does not fit the shape [{Text(input.shape)}]: wanted pairs of sizes, last dimension first");
                if (pad.All(static p => p == 0))
                    return input.clone();
                var y = input.Unchanged();
                for (var i = 0; i < pad.Length / 2; i++)
                {
                    using var inner = y;
                    y = Tensor.Embed(inner, input.shape.Length - 1 - i, pad[2 * i], pad[2 * i] + pad[2 * i + 1]);
                }
                return y;
            }
        }
    }

    public static Tensor reshape(Tensor input, params long[] shape) => input.reshape(shape);

    /// <summary>A square matrix with the vector on its diagonal, or a copy of the diagonal of a matrix.</summary>
    public static Tensor diag(Tensor input)
    {
        if (input.shape.Length == 1)
            return Tensor.OnDiagonal(input, input.shape[0], input.shape[0]);
        if (input.shape.Length != 2)
            throw Error("diag", $"needs a vector or a matrix; the shape is [{Text(input.shape)}]");
        using var diagonal = input.diagonal();
        return diagonal.clone();
    }

    public static Tensor tril(Tensor input, long diagonal = 0) => input.tril(diagonal);

    public static Tensor triu(Tensor input, long diagonal = 0) => input.triu(diagonal);

    /// <summary>Joins tensors along a dimension; they agree in all others.</summary>
    public static Tensor cat(IList<Tensor> tensors, long dim = 0)
    {
        if (tensors.Count == 0)
            throw Error("cat", "needs at least one tensor");
        var at = tensors[0].Dimension(dim, "cat");
        long[] sizes = [.. tensors[0].shape];
        var lengths = new long[tensors.Count];
        for (var i = 0; i < lengths.Length; i++)
        {
            var shape = tensors[i].shape;
            if (shape.Length != sizes.Length || tensors[i].dtype != tensors[0].dtype || shape.Where((s, d) => d != at && s != sizes[d]).Any())
                throw Error("cat", $"tensor {i} of shape [{Text(shape)}] ({tensors[i].dtype}) does not join [{Text(tensors[0].shape)}] ({tensors[0].dtype}) along dimension {at}");
            lengths[i] = shape[at];
        }
        sizes[at] = lengths.Sum();
        var y = Tensor.Empty(sizes, tensors[0].dtype);
        var (offset, step) = (0L, y.Strides[at]);
        for (var i = 0; i < lengths.Length; i++)
        {
            using var part = y.View([.. sizes[..at], lengths[i], .. sizes[(at + 1)..]], [.. y.Strides], offset * step);
            part.Assign(tensors[i]);
            offset += lengths[i];
        }
        return Record(y, "cat", [.. tensors], [], (g, _, i) => g.narrow(at, lengths[..i].Sum(), lengths[i]));
    }

    /// <summary>Joins tensors of one shape along a new dimension.</summary>
    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0)
    {
        var parts = tensors.Select(t => t.unsqueeze(dim)).ToList();
        var y = cat(parts, dim);
        parts.ForEach(static p => p.Dispose());
        return y;
    }
}
