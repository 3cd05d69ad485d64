using TorchSharp.Kernels;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>One position of an index expression: a number, a range, a tensor of positions, everything, or a new dimension.</summary>
    public readonly struct TensorIndex
    {
        private TensorIndex(Kind kind, long a = 0, long b = long.MaxValue, long step = 1, torch.Tensor? positions = null) =>
            (What, First, Last, Step, Positions) = (kind, a, b, step, positions);

        internal enum Kind { Single, Slice, Tensor, Ellipsis, New }

        internal Kind What { get; }
        internal long First { get; }
        internal long Last { get; }
        internal long Step { get; }
        internal torch.Tensor? Positions { get; }

        public static TensorIndex Single(long? index) => new(Kind.Single, index ?? throw new ArgumentNullException(nameof(index)));

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) => new(Kind.Slice, start ?? 0, stop ?? long.MaxValue, step ?? 1);

        public static TensorIndex Tensor(torch.Tensor tensor) => new(Kind.Tensor, positions: tensor);

        public static TensorIndex Ellipsis => new(Kind.Ellipsis);

        public static TensorIndex Colon => Slice();

        public static TensorIndex Null => new(Kind.New);

        public static implicit operator TensorIndex(long value) => Single(value);
        public static implicit operator TensorIndex(Range range) => Slice(From(range.Start), From(range.End));

        private static long From(System.Index index) => !index.IsFromEnd ? index.Value : index.Value == 0 ? long.MaxValue : -index.Value;
    }

    public partial class Tensor
    {
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        public Tensor this[params Tensor[] indices]
        {
            get => index([.. indices.Select(TensorIndex.Tensor)]);
            set => index_put_(value, [.. indices.Select(TensorIndex.Tensor)]);
        }

        /// <summary>
        /// Numbers and ranges give views; a tensor of positions (Int64, counted from the end if negative, or a Bool mask over one
        /// dimension) gives a copy, in which its dimensions stand in place of the one that it picks from.
        /// </summary>
        public Tensor index(params TensorIndex[] indices)
        {
            var y = Unchanged();
            var named = indices.Count(static i => i.What is not (TensorIndex.Kind.Ellipsis or TensorIndex.Kind.New));
            if (named > shape.Length)
                throw Error("index", $"{named} indices are too many for the shape [{Text(shape)}]");
            if (indices.Count(static i => i.What == TensorIndex.Kind.Tensor) > 1)
                throw new NotSupportedException("index: the embedded stack takes positions from one tensor; use gather() or index twice.");
            var dim = 0;
            foreach (var i in indices)
            {
                var former = y;
                switch (i.What)
                {
                    case TensorIndex.Kind.Single:
                        y = former.select(dim, i.First);
                        break;
                    case TensorIndex.Kind.Slice:
                        y = former.slice(dim++, i.First, i.Last, i.Step);
                        break;
                    case TensorIndex.Kind.Tensor:
                        y = former.Picked(ref dim, i.Positions!);
                        break;
                    case TensorIndex.Kind.New:
                        y = former.unsqueeze(dim++);
                        break;
                    default:
                        dim += shape.Length - named;
                        continue;
                }
                former.Dispose();
            }
            return y;
        }

        private Tensor Picked(ref int dim, Tensor positions)
        {
            var at = dim;
            var size = shape[at];
            if (positions.dtype == ScalarType.Bool)
            {
                dim++;
                return index_select(at, Positions(positions, size));
            }
            dim += positions.shape.Length;
            if (positions.dtype != ScalarType.Int64)
                throw Error("index", $"positions must be Int64, or Bool as a mask; they are {positions.dtype}");
            using var flat = positions.flatten();
            using var wrapped = where(flat.lt(0), flat.add(size), flat);
            using var picked = index_select(at, wrapped);
            return picked.reshape([.. shape[..at], .. positions.shape, .. shape[(at + 1)..]]);
        }

        /// <summary>Replaces the elements that numbers and ranges name; outside the graph only.</summary>
        public Tensor index_put_(Tensor value, params TensorIndex[] indices)
        {
            if (indices.Any(static i => i.What == TensorIndex.Kind.Tensor))
                throw new NotSupportedException("index_put_: positions given by a tensor are not supported by the embedded stack; use index_copy through index_select, where() or ranges.");
            RequireWritable("index_put_", value);
            using var values = detach();
            using var part = values.index(indices);
            part.copy_(value);
            return this;
        }

        private static Tensor Positions(Tensor mask, long size)
        {
            if (mask.shape.Length != 1 || mask.shape[0] != size)
                throw Error("index", $"a Bool mask of shape [{Text(mask.shape)}] does not fit a dimension of {size} elements; wanted [{size}]");
            var chosen = mask.data<bool>().ToArray();
            return tensor(Enumerable.Range(0, chosen.Length).Where(i => chosen[i]).Select(static i => (long)i).ToArray());
        }

        /// <summary>The slices at the positions <paramref name="index"/> (Int64, one dimension) along a dimension.</summary>
        public unsafe Tensor index_select(long dim, Tensor index)
        {
            var at = Dimension(dim, "index_select");
            var size = shape[at];
            if (index.shape.Length > 1)
                throw Error("index_select", $"the index must have one dimension; its shape is [{Text(index.shape)}]");
            using var x = Contiguous();
            using var positions = Positions("index_select", index, size);
            var (outer, block) = (Count(Shape[..at]), Count(Shape[(at + 1)..]) * SizeOf(dtype));
            var count = positions.numel();
            var y = Empty([.. shape[..at], count, .. shape[(at + 1)..]], dtype);
            fixed (byte* from = &x.FirstByte(), to = &y.FirstByte())
            fixed (long* p = &positions.First<long>())
                Slices.Copy(from, to, p, outer, size, count, block);
            return Record(y, "index_select", [this], [index], (g, s, _) => index_sum(g, at, s[0], size));
        }

        /// <summary>The adjoint of index_select: zeros, with each slice added at its position.</summary>
        private static Tensor index_sum(Tensor g, int dim, Tensor index, long size)
        {
            long[] sizes = [.. g.shape];
            sizes[dim] = size;
            var y = zeros(sizes, g.dtype);
            using var x = g.Contiguous();
            using var positions = index.Contiguous();
            var (outer, inner) = (Count(sizes.AsSpan(0, dim)), Count(sizes.AsSpan(dim + 1)));
            if (g.dtype == ScalarType.Float32)
                AddSlices(x.Span<float>(), y.Span<float>(), positions.Span<long>(), (int)outer, (int)size, (int)inner);
            else
                AddSlices(x.Span<double>(), y.Span<double>(), positions.Span<long>(), (int)outer, (int)size, (int)inner);
            return Record(y, "index_sum", [g], [index], (h, s, _) => h.index_select(dim, s[0]));
        }

        private static void AddSlices<T>(ReadOnlySpan<T> x, Span<T> y, ReadOnlySpan<long> positions, int outer, int size, int inner) where T : unmanaged, System.Numerics.INumber<T>
        {
            for (var o = 0; o < outer; o++)
                for (var i = 0; i < positions.Length; i++)
                {
                    var to = y.Slice((o * size + (int)positions[i]) * inner, inner);
                    System.Numerics.Tensors.TensorPrimitives.Add(to, x.Slice((o * positions.Length + i) * inner, inner), to);
                }
        }

        /// <summary>y[…, i, …] = this[…, index[…, i, …], …] along a dimension.</summary>
        public Tensor gather(long dim, Tensor index)
        {
            var at = Dimension(dim, "gather");
            RequireIndexWithin("gather", index, at);
            using var positions = Positions("gather", index, shape[at]);
            var y = Empty(index.shape, dtype);
            using var x = Contiguous();
            var plan = Addresses(positions, x.shape, at);
            switch (dtype)
            {
                case ScalarType.Float32: Pick(x.Span<float>(), y.Span<float>(), plan); break;
                case ScalarType.Float64: Pick(x.Span<double>(), y.Span<double>(), plan); break;
                case ScalarType.Int64: Pick(x.Span<long>(), y.Span<long>(), plan); break;
                default: Pick(x.Span<bool>(), y.Span<bool>(), plan); break;
            }
            var own = shape;
            return Record(y, "gather", [this], [index], (g, s, _) => zeros(own, g.dtype).scatter_add(at, s[0], g));
        }

        /// <summary>A copy with source[…, i, …] added at index[…, i, …] along a dimension; the source may be larger than the index.</summary>
        public Tensor scatter_add(long dim, Tensor index, Tensor src)
        {
            var at = Dimension(dim, "scatter_add");
            for (var i = 0; i < src.shape.Length && index.shape.Length == src.shape.Length; i++)
                if (src.shape[i] > index.shape[i])
                    return scatter_add(dim, index, src.narrow(i, 0, index.shape[i]));
            if (!index.Shape.SequenceEqual(src.Shape) || src.dtype != dtype)
                throw Error("scatter_add", $"the source of shape [{Text(src.shape)}] ({src.dtype}) does not fit the index of shape [{Text(index.shape)}] and the tensor ({dtype})");
            RequireIndexWithin("scatter_add", index, at);
            using var positions = Positions("scatter_add", index, shape[at]);
            using var x = src.Contiguous();
            var y = Copied();
            var plan = Addresses(positions, shape, at);
            switch (dtype)
            {
                case ScalarType.Float32: Put(x.Span<float>(), y.Span<float>(), plan); break;
                case ScalarType.Float64: Put(x.Span<double>(), y.Span<double>(), plan); break;
                case ScalarType.Int64: Put(x.Span<long>(), y.Span<long>(), plan); break;
                default: throw Error("scatter_add", $"is not defined for tensors of type {dtype}");
            }
            return Record(y, "scatter_add", [this, src], [index], (g, s, i) => i == 0 ? g : g.gather(at, s[0]));
        }

        private void RequireIndexWithin(string operation, Tensor index, int dim)
        {
            if (index.shape.Length != shape.Length)
                throw Error(operation, $"the index of shape [{Text(index.shape)}] needs as many dimensions as [{Text(shape)}]");
            for (var i = 0; i < shape.Length; i++)
                if (i != dim && index.shape[i] > shape[i])
                    throw Error(operation, $"the index of shape [{Text(index.shape)}] is larger than [{Text(shape)}] in dimension {i}");
        }

        /// <summary>Where in a contiguous tensor of the given shape each element of an index along a dimension points.</summary>
        private static long[] Addresses(Tensor positions, long[] shape, int dim)
        {
            var (strides, sizes) = (ContiguousStrides(shape), positions.shape);
            var p = positions.Span<long>();
            var addresses = new long[p.Length];
            var counter = new long[sizes.Length];
            for (var i = 0; i < p.Length; i++)
            {
                long address = 0;
                for (var d = 0; d < sizes.Length; d++)
                    address += (d == dim ? p[i] : counter[d]) * strides[d];
                addresses[i] = address;
                for (var d = sizes.Length - 1; d >= 0 && ++counter[d] == sizes[d]; d--)
                    counter[d] = 0;
            }
            return addresses;
        }

        private static void Pick<T>(ReadOnlySpan<T> x, Span<T> y, long[] addresses)
        {
            for (var i = 0; i < addresses.Length; i++)
                y[i] = x[(int)addresses[i]];
        }

        private static void Put<T>(ReadOnlySpan<T> x, Span<T> y, long[] addresses) where T : System.Numerics.INumber<T>
        {
            for (var i = 0; i < addresses.Length; i++)
                y[(int)addresses[i]] += x[i];
        }

        /// <summary>A contiguous handle to dispose after use, without history.</summary>
        internal Tensor Contiguous() => is_contiguous() ? detach() : Copied();

        private static Tensor Positions(string operation, Tensor index, long size)
        {
            if (index.dtype != ScalarType.Int64)
                throw Error(operation, $"the index must be Int64; it is {index.dtype}");
            var positions = index.Contiguous();
            foreach (var p in positions.Span<long>())
                if (p < 0 || p >= size)
                    throw new ArgumentOutOfRangeException(nameof(index), $"{operation}: position {p} is out of range for a dimension of {size} elements.");
            return positions;
        }
    }

    /// <summary>1 at the class number and 0 elsewhere; see <see cref="nn.functional.one_hot"/>.</summary>
    private static Tensor OneHot(Tensor x, long num_classes, string operation)
    {
        if (x.dtype != ScalarType.Int64)
            throw Error(operation, $"needs Int64 class numbers; they are {x.dtype}");
        if (num_classes < -1 || num_classes == 0 || (num_classes == -1 && x.numel() == 0))
            throw Error(operation, $"cannot make {num_classes} classes of class numbers of shape [{Text(x.shape)}]; wanted their number, or -1 for that of the largest");
        using var labels = x.Contiguous();
        var classes = labels.Span<long>();
        var width = Math.Max(num_classes, 0);
        foreach (var label in classes)
        {
            if (label < 0 || (num_classes >= 0 && label >= num_classes))
                throw Error(operation, num_classes < 0 ? $"class {label} is negative" : $"class {label} is out of range for {num_classes} classes");
            width = Math.Max(width, label + 1);
        }
        var y = zeros([.. x.shape, width], ScalarType.Int64);
        var values = y.Span<long>();
        for (var i = 0; i < classes.Length; i++)
            values[(int)(i * width + classes[i])] = 1;
        return y;
    }
}
