using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>An n-dimensional array of numbers that remembers how it was computed.</summary>
    public partial class Tensor : IDisposable
    {
        private Storage? _storage;
        private long[] _shape;
        private long[]? _strides; // null: contiguous, row-major
        private long _offset;
        private Node? _gradFn;
        private int _output;
        private Node? _accumulator;
        private bool _requiresGrad;
        private Tensor? _grad;

        internal Tensor(Storage storage, long[] shape, ScalarType type, long[]? strides = null, long offset = 0, bool track = true)
        {
            (_storage, _shape, _strides, _offset, dtype) = (storage, shape, strides, offset, type);
            if (track)
                DisposeScope.Current?.Add(this);
        }

        /// <summary>Takes over the handle of <paramref name="source"/>, which is invalid afterwards.</summary>
        private protected Tensor(Tensor source)
        {
            (_storage, _shape, _strides, _offset, dtype) = (source.Memory, source._shape, source._strides, source._offset, source.dtype);
            (source._storage, source.Owner) = (null, null);
        }

        /// <summary>A new tensor whose memory holds anything.</summary>
        internal static Tensor Empty(ReadOnlySpan<long> shape, ScalarType type) => Empty(shape.ToArray(), type);

        internal static Tensor Empty(long[] shape, ScalarType type) => type == ScalarType.Int32
            ? throw Unsupported(type)
            : new(new Storage(checked(Count(shape) * SizeOf(type))), shape, type);

        internal static long Count(ReadOnlySpan<long> shape)
        {
            long count = 1;
            foreach (var size in shape)
                count = size >= 0 ? checked(count * size) : throw Error("empty", $"the shape [{Text(shape)}] has a negative size");
            return count;
        }

        public ScalarType dtype { get; }

        public Device device => _storage is null ? throw Disposed() : CPU;

        /// <summary>The sizes. The array is the tensor's own: do not write to it.</summary>
        public long[] shape => _storage is null ? throw Disposed() : _shape;

        public long dim() => shape.Length;

        public long ndim => shape.Length;

        public long size(int dim) => shape[Dimension(dim, "size")];

        public long[] size() => shape;

        public long numel() => Count(shape);

        public long NumberOfElements => numel();

        public long[] stride() => [.. Strides];

        public bool is_contiguous() => _strides is null || IsContiguous(shape, _strides);

        /// <summary>True once disposed, and for the missing gradient of an unused input.</summary>
        public bool IsInvalid => _storage is null;

        public bool is_leaf => _gradFn is null;

        public bool requires_grad
        {
            get => _requiresGrad || _gradFn is not null;
            set
            {
                ObjectDisposedException.ThrowIf(IsInvalid, this);
                if (value && !IsFloat(dtype))
                    throw Error("requires_grad", $"only floating-point tensors have gradients, and this one is {dtype}");
                if (!value && _gradFn is not null)
                    throw Error("requires_grad", "only a leaf can stop requiring gradients; use detach()");
                _requiresGrad = value;
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        /// <summary>The gradient that backward() has added up on this leaf; null before the first.</summary>
        public Tensor? grad
        {
            get => Original._grad;
            set => Original._grad = value;
        }

        /// <summary>The leaf that this is a handle on.</summary>
        private Tensor Original => _accumulator?.Leaf ?? this;

        internal DisposeScope? Owner { get; set; }

        internal Storage Memory => _storage ?? throw Disposed();

        internal long Offset => _offset;

        internal ReadOnlySpan<long> Shape => shape;

        internal ReadOnlySpan<long> Strides => _strides ??= ContiguousStrides(shape);

        internal int StorageVersion => Memory.Version;

        /// <summary>Nothing else sees this memory, so that a pass that owns the tensor may write to it.</summary>
        internal bool CanOverwrite => !Memory.IsShared && is_contiguous() && !requires_grad;

        /// <summary>The elements of a contiguous tensor.</summary>
        internal Span<T> Span<T>() where T : unmanaged
        {
            if (!is_contiguous())
                throw new InvalidOperationException($"The tensor of shape [{Text(shape)}] is a strided view; call contiguous() first.");
            ref var first = ref Unsafe.Add(ref Unsafe.As<byte, T>(ref Memory.First()), (nint)_offset);
            return MemoryMarshal.CreateSpan(ref first, checked((int)numel()));
        }

        /// <summary>The address of element 0 for a <c>fixed</c> statement, whatever the strides.</summary>
        internal ref T First<T>() where T : unmanaged => ref Unsafe.Add(ref Unsafe.As<byte, T>(ref Memory.First()), (nint)_offset);

        /// <summary>Another handle on the same values with the same history, in no dispose scope.</summary>
        internal Tensor Alias()
        {
            var (node, output) = Edge();
            Memory.AddReference();
            var alias = new Tensor(Memory, _shape, dtype, _strides, _offset, track: false);
            if (node?.Leaf is not null)
                (alias._accumulator, alias._requiresGrad) = (node, true);
            else if (node is not null)
                alias.SetHistory(node, output);
            return alias;
        }

        /// <summary>Another handle on the same memory, seen with another shape, without history.</summary>
        internal Tensor View(long[] shape, long[]? strides, long offset)
        {
            Memory.AddReference();
            return new Tensor(Memory, shape, dtype, strides, offset);
        }

        /// <summary>Where in the graph this tensor comes from; no node when nothing requires its gradient.</summary>
        internal (Node? Node, int Output) Edge() =>
            _gradFn is not null ? (_gradFn, _output)
            : _requiresGrad ? (_accumulator ?? Accumulator(), 0)
            : (null, 0);

        private Node Accumulator()
        {
            var node = new Node(this);
            return Interlocked.CompareExchange(ref _accumulator, node, null) ?? node;
        }

        internal void SetHistory(Node node, int output)
        {
            node.AddOwner();
            _gradFn?.RemoveOwner();
            (_gradFn, _output) = (node, output);
        }

        internal void SetGrad(Tensor gradient)
        {
            grad?.Dispose();
            grad = gradient;
        }

        /// <summary>The same values without history; shares the memory.</summary>
        public Tensor detach() => View(_shape, _strides, _offset);

        /// <summary>Another handle on the same tensor, to be disposed by itself.</summary>
        public Tensor alias()
        {
            var handle = Alias();
            DisposeScope.Current?.Add(handle);
            return handle;
        }

        /// <summary>The same values as the result of an operation; shares the memory.</summary>
        internal Tensor Unchanged() => Record(View(_shape, _strides, _offset), "alias", [this], [], static (g, _, _) => g);

        /// <summary>A copy in memory of its own; differentiable.</summary>
        public Tensor clone() => Record(Copied(), "clone", [this], [], static (g, _, _) => g);

        public void backward() => backward(null);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            if (inputs is null)
            {
                Backward.Run([this], grad_tensors, null, retain_graph, create_graph);
                return;
            }
            var gradients = Backward.Run([this], grad_tensors, [.. inputs], retain_graph, create_graph);
            for (var i = 0; i < inputs.Count; i++)
                if (gradients[i] is { } g)
                {
                    using (g)
                        inputs[i].SetGrad(inputs[i].grad is { } former ? former.add(g).DetachFromDisposeScope() : Backward.OwnMemory(g, create_graph));
                }
        }

        public Tensor MoveToOuterDisposeScope()
        {
            var outer = Owner?.Outer;
            Owner = null;
            outer?.Add(this);
            return this;
        }

        public Tensor DetachFromDisposeScope()
        {
            Owner = null;
            return this;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _storage, null) is { } storage)
            {
                storage.Release();
                _gradFn?.RemoveOwner();
            }
            (Owner, _gradFn, _accumulator) = (null, null, null);
            GC.SuppressFinalize(this);
        }

        /// <summary>The element of a tensor of one element; T must be its exact type.</summary>
        public T item<T>() where T : unmanaged
        {
            if (numel() != 1)
                throw Error("item", $"needs exactly one element; the shape is [{Text(shape)}]");
            RequireType<T>("item");
            var value = First<T>();
            GC.KeepAlive(this);
            return value;
        }

        /// <summary>The elements in row-major order; T must be the exact type.</summary>
        public Utils.TensorAccessor<T> data<T>() where T : unmanaged
        {
            RequireType<T>("data");
            return new Utils.TensorAccessor<T>(this);
        }

        public override string ToString() => IsInvalid ? "[disposed]" : $"[{string.Join("x", _shape)}], type = {dtype}, device = cpu";

        private void RequireType<T>(string operation) where T : unmanaged
        {
            if (TypeOf<T>() != dtype)
                throw new ArgumentException($"{operation}<{typeof(T).Name}>: the tensor's elements are {dtype}; convert with to_type() first.");
        }

        /// <summary>Wraps a dimension counted from the end and checks it. Where it may, a 0-dimensional tensor counts as having one.</summary>
        internal int Dimension(long dim, string operation, bool orScalar = false)
        {
            var rank = orScalar ? Math.Max(1, shape.Length) : shape.Length;
            if (dim < -rank || dim >= rank)
                throw Error(operation, $"dimension {dim} is out of range for the shape [{Text(shape)}]");
            return (int)(dim < 0 ? dim + rank : dim);
        }

        private static ObjectDisposedException Disposed() => new(nameof(Tensor), "The tensor was disposed, by itself or with its dispose scope.");

        internal static long[] ContiguousStrides(ReadOnlySpan<long> shape)
        {
            var strides = new long[shape.Length];
            long step = 1;
            for (var i = shape.Length - 1; i >= 0; i--)
            {
                strides[i] = step;
                step *= Math.Max(1, shape[i]);
            }
            return strides;
        }

        private static bool IsContiguous(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
        {
            long step = 1;
            for (var i = shape.Length - 1; i >= 0; i--)
            {
                if (shape[i] == 0)
                    return true;
                if (shape[i] != 1 && strides[i] != step)
                    return false;
                step *= shape[i];
            }
            return true;
        }
    }

    /// <summary>Notes on <paramref name="y"/> how it was computed, when gradients are on and an input requires one.</summary>
    internal static Tensor Record(Tensor y, string name, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> saved, Derivative derivative)
    {
        if (Recording(inputs))
            y.SetHistory(new Node(name, inputs, saved, derivative), 0);
        return y;
    }

    /// <summary>The same for an operation whose derivative reads its own result, which is saved last.</summary>
    internal static Tensor RecordWithResult(Tensor y, string name, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> saved, Derivative derivative)
    {
        if (!Recording(inputs))
            return y;
        var node = new Node(name, inputs, saved, derivative);
        y.SetHistory(node, 0);
        node.SaveOutput(y);
        return y;
    }

    /// <summary>The same for an operation with several results, all of which the derivative may read (they are saved last).</summary>
    internal static Tensor[] RecordJoint(Tensor[] ys, string name, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> saved, JointDerivative derivative, bool saveResults = false)
    {
        if (!Recording(inputs))
            return ys;
        var node = new Node(name, inputs, saved, null, derivative, ys.Length);
        for (var i = 0; i < ys.Length; i++)
            ys[i].SetHistory(node, i);
        for (var i = 0; saveResults && i < ys.Length; i++)
            node.SaveOutput(ys[i]);
        return ys;
    }

    internal static bool Recording(ReadOnlySpan<Tensor> inputs)
    {
        if (!GradMode.Enabled)
            return false;
        foreach (var input in inputs)
            if (input.requires_grad)
                return true;
        return false;
    }

    internal static ExternalException Error(string operation, string message) => new($"{operation}: {message}.");

    internal static string Text(ReadOnlySpan<long> shape) => string.Join(", ", shape.ToArray());
}
