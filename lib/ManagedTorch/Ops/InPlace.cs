using TorchSharp.Kernels;

namespace TorchSharp;

// Changes in place. They are for values outside the graph: optimisers, buffers, running statistics.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor add_(Tensor target) => Modify<Add>("add_", target);
        public Tensor sub_(Tensor target)
        {
            RequireNumbers(dtype, target.dtype);
            return Modify<Subtract>("sub_", target);
        }

        public Tensor mul_(Tensor target) => Modify<Multiply>("mul_", target);
        public Tensor div_(Tensor target) => Modify<Divide>("div_", target);
        public Tensor add_(Scalar scalar) => Modify<Add>("add_", scalar);
        public Tensor sub_(Scalar target)
        {
            RequireNumbers(dtype, target.Type);
            return Modify<Subtract>("sub_", target);
        }

        public Tensor mul_(Scalar target) => Modify<Multiply>("mul_", target);
        public Tensor div_(Scalar target) => Modify<Divide>("div_", target);

        public Tensor add_(Tensor target, Scalar alpha)
        {
            RequireWritable("add_", target);
            if (!IsFloat(dtype) && alpha.IsFloatingPoint)
                throw Error("add_", $"a factor that is a fraction does not fit a tensor of type {dtype}");
            if (!Dispatch.Aligned(this, target))
            {
                using var scaled = target.detach().mul(alpha);
                using var converted = scaled.to_type(target.dtype == ScalarType.Bool ? dtype : scaled.dtype);
                return add_(converted);
            }
            Dispatch.AddScaled(this, target, alpha.ToDouble(), this);
            Memory.Version++;
            return this;
        }

        public Tensor clamp_(Scalar? min = null, Scalar? max = null)
        {
            if (min is null && max is null)
                throw new ArgumentException("clamp_: give a minimum, a maximum or both.");
            if (min is not null)
                Modify<Maximum>("clamp_", min);
            return max is null ? this : Modify<Minimum>("clamp_", max);
        }

        public Tensor fill_(Scalar value)
        {
            RequireOutsideGraph("fill_");
            return Fill(value);
        }

        public Tensor zero_() => fill_(0);

        /// <summary>Copies the values of a tensor that broadcasts to this one.</summary>
        public Tensor copy_(Tensor source, bool nonBlocking = false)
        {
            RequireWritable("copy_", source);
            using var converted = source.detach().to_type(dtype, copy: source.dtype == dtype && !source.Shape.SequenceEqual(Shape));
            using var expanded = converted.expand(shape);
            return Assign(expanded);
        }

        private Tensor Modify<TOp>(string operation, Tensor other) where TOp : struct, IBinary
        {
            RequireWritable(operation, other);
            RequireOwnType<TOp>(operation, Dispatch.Promote(this, other));
            if (!Dispatch.BroadcastShape(operation, Shape, other.Shape).AsSpan().SequenceEqual(Shape))
                throw Error(operation, $"the result of [{Text(shape)}] with [{Text(other.shape)}] does not fit in place");
            var same = Shape.SequenceEqual(other.Shape);
            if (!is_contiguous() || other.dtype != dtype || dtype == ScalarType.Bool || (SharesMemory(other) && !(same && other.is_contiguous() && other._offset == _offset)))
            {
                using var result = Dispatch.Binary<TOp>(operation, this, other);
                using var converted = result.to_type(dtype, copy: true);
                return Assign(converted);
            }
            switch (dtype)
            {
                case ScalarType.Float32: Dispatch.BinaryInto<TOp, float>(this, other, this, same); break;
                case ScalarType.Float64: Dispatch.BinaryInto<TOp, double>(this, other, this, same); break;
                case ScalarType.Int64: Dispatch.BinaryInto<TOp, long>(this, other, this, same); break;
                default: throw Error(operation, $"is not defined for tensors of type {dtype}");
            }
            Memory.Version++;
            return this;
        }

        private Tensor Modify<TOp>(string operation, Scalar scalar) where TOp : struct, IBinary
        {
            RequireWritable(operation);
            RequireOwnType<TOp>(operation, Dispatch.Promote(this, scalar));
            if (!is_contiguous() || dtype == ScalarType.Bool)
            {
                using var result = Dispatch.Binary<TOp>(operation, this, scalar);
                return Assign(result);
            }
            switch (dtype)
            {
                case ScalarType.Float32: Dispatch.BinaryInto<TOp, float>(this, scalar.ToSingle(), this); break;
                case ScalarType.Float64: Dispatch.BinaryInto<TOp, double>(this, scalar.ToDouble(), this); break;
                case ScalarType.Int64: Dispatch.BinaryInto<TOp, long>(this, scalar.ToInt64(), this); break;
                default: throw Error(operation, $"is not defined for tensors of type {dtype}");
            }
            Memory.Version++;
            return this;
        }

        private void RequireOwnType<TOp>(string operation, ScalarType type)
        {
            if ((IsFloat(type) || typeof(TOp) == typeof(Divide)) && !IsFloat(dtype))
                throw Error(operation, $"the result is a fraction, which does not fit into a tensor of type {dtype}");
            if (type != ScalarType.Bool && dtype == ScalarType.Bool)
                throw Error(operation, $"the result is of type {type}, which does not fit into a tensor of type Bool");
        }

        private bool SharesMemory(Tensor other) => ReferenceEquals(Memory, other.Memory);

        /// <summary>Also that <paramref name="source"/>, whose values are written, has no history, which would be lost.</summary>
        private void RequireWritable(string operation, Tensor? source = null)
        {
            RequireUnexpanded(operation);
            RequireOutsideGraph(operation);
            if (source is { requires_grad: true } && GradMode.Enabled)
                throw new InvalidOperationException(
                    $"{operation}: the source of shape [{Text(source.shape)}] requires a gradient, which a change in place would lose; use an operation that makes a new tensor, or torch.no_grad().");
        }

        private void RequireUnexpanded(string operation)
        {
            for (var i = 0; _strides is not null && i < _shape.Length; i++)
                if (_strides[i] == 0 && shape[i] > 1 && numel() > 0)
                    throw Error(operation, $"several elements of the expanded shape [{Text(shape)}] share one place in memory; clone() it first");
        }

        private void RequireOutsideGraph(string operation)
        {
            if (requires_grad && GradMode.Enabled)
                throw new InvalidOperationException($"{operation}: a tensor that requires a gradient is changed in place only under torch.no_grad().");
        }

        /// <summary>Adds a cotangent of the same shape to one that the backward pass owns.</summary>
        internal void AddInPlace(Tensor g) => Modify<Add>("add_", g);

        /// <summary>Sets every element, wherever the strides lead; no history, no checks.</summary>
        internal Tensor Fill(Scalar value)
        {
            Memory.Version++;
            if (!is_contiguous())
            {
                using var one = full([], value, dtype);
                using var spread = one.expand(shape);
                return Assign(spread);
            }
            switch (dtype)
            {
                case ScalarType.Float32: Span<float>().Fill(value.ToSingle()); break;
                case ScalarType.Float64: Span<double>().Fill(value.ToDouble()); break;
                case ScalarType.Int64: Span<long>().Fill(value.ToInt64()); break;
                default: Span<bool>().Fill(value.ToDouble() != 0); break;
            }
            return this;
        }

        /// <summary>Takes the values of a tensor of the same shape and type, wherever the strides of either lead; no history.</summary>
        internal unsafe Tensor Assign(Tensor source)
        {
            if (source.dtype != dtype || !source.Shape.SequenceEqual(Shape))
                throw Error("assign", $"[{Text(source.shape)}] ({source.dtype}) does not fit [{Text(shape)}] ({dtype})");
            Memory.Version++;
            if (numel() == 0)
                return this;
            using var copy = source.is_contiguous() && !SharesMemory(source) ? null : source.Copied();
            var x = copy ?? source;
            if (is_contiguous())
            {
                var bytes = numel() * SizeOf(dtype);
                fixed (void* from = &x.FirstByte(), to = &FirstByte())
                    Buffer.MemoryCopy(from, to, bytes, bytes);
                return this;
            }
            var plan = LoopPlan.Create(Shape, Strides);
            fixed (byte* from = &x.FirstByte(), to = &FirstByte())
                switch (SizeOf(dtype))
                {
                    case 4: Elementwise.Scatter((int*)from, (int*)to, plan); break;
                    case 8: Elementwise.Scatter((long*)from, (long*)to, plan); break;
                    default: Elementwise.Scatter(from, to, plan); break;
                }
            return this;
        }

        /// <summary>The address of element 0, for code that only counts bytes.</summary>
        internal ref byte FirstByte() => ref System.Runtime.CompilerServices.Unsafe.Add(ref Memory.First(), (nint)(_offset * SizeOf(dtype)));
    }
}
