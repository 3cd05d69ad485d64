using System.Numerics;
using System.Runtime.InteropServices;

namespace FusedNetworks;

/// <summary>
/// The passes of a network of layers, one after another, over a batch of images: value, gradient, and the derivative of the
/// gradient. A small network goes through a few images at a time, all of its layers while they are in the cache, and threads share the
/// images; a large one goes layer by layer, and threads share each. Which, and in what order sums are taken, depends on the
/// network and the number of images alone, so results are the same bits for any number of threads.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class Plan<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Multiply-adds of the value for one image up to which images are shared out, and not each layer's work.</summary>
    private const long SmallNetwork = 3_000_000;

    /// <summary>
    /// Parameters up to which images are shared out: each part has a sum of that size, and each group of images reads them all.
    /// </summary>
    private const int FewParameters = 100_000;

    /// <summary>The most parts into which a batch is shared out; each sums its images' gradients on its own.</summary>
    private const int MostParts = 8;

    /// <summary>The fewest images of a part.</summary>
    private const int FewestImages = 5;

    /// <summary>Images that go through all layers together.</summary>
    private const int GroupImages = 16;

    private readonly FusedLayer<T>[] layers;
    private readonly long[] offsets;
    private readonly int[] slots;
    private readonly bool isSmall;

    /// <summary>A plan of at least one layer; their parameters lie one after another in θ.</summary>
    public Plan(IReadOnlyList<FusedLayer<T>> layers)
    {
        this.layers = [.. layers];
        offsets = new long[layers.Count];
        slots = new int[layers.Count + 1];
        var sizes = new List<long> { layers[0].Inputs };
        for (int i = 0; i < layers.Count; i++)
        {
            offsets[i] = Parameters;
            Parameters += layers[i].Parameters;
            if (!layers[i].InPlace || i == 0)
                sizes.Add(layers[i].Outputs);
            slots[i + 1] = sizes.Count - 1;
        }
        (Inputs, Outputs) = (layers[0].Inputs, layers[^1].Outputs);
        isSmall = layers.Sum(static l => l.Work) <= SmallNetwork && Parameters <= FewParameters;
        Kept = new Layout(sizes, this.layers, alternate: false);
        Passing = new Layout(sizes, this.layers, alternate: true);
    }

    /// <summary>Elements of one input.</summary>
    public long Inputs { get; }

    /// <summary>Elements of one output.</summary>
    public long Outputs { get; }

    /// <summary>Elements of θ.</summary>
    public long Parameters { get; }

    /// <summary>Elements for each image of the tape that <see cref="Forward"/> leaves to the derivatives.</summary>
    public long TapeSize => Kept.Size;

    /// <summary>Elements for each image of the cotangents that <see cref="Backward"/> leaves to <see cref="Second"/>.</summary>
    public long CotangentsSize => Kept.SlotsSize;

    private Layout Kept { get; }

    private Layout Passing { get; }

    /// <summary>
    /// The dropout layers, with where in a tape of n images the factors [n, layer.Outputs] of each belong, n times what is given here.
    /// </summary>
    public IEnumerable<(DropoutLayer<T> Layer, long Offset)> Dropouts => layers
        .Select((layer, i) => (Layer: layer as DropoutLayer<T>, Offset: Kept.Saved[i]))
        .Where(static l => l.Layer is not null)
        .Select(static l => (l.Layer!, l.Offset));

    /// <summary>y [n, Outputs] from x [n, Inputs].</summary>
    /// <param name="n">Images.</param>
    /// <param name="theta">θ.</param>
    /// <param name="x">The images.</param>
    /// <param name="y">The result.</param>
    /// <param name="tape">[n · TapeSize], filled for the derivatives; null: there will be none, and none is kept.</param>
    /// <param name="training">Whether dropout acts, with the factors in the tape.</param>
    public void Forward(int n, T* theta, T* x, T* y, T* tape, bool training)
    {
        var pass = new ForwardPass { N = n, Theta = theta, X = x, Y = y, Tape = tape, Training = training };
        Share(n, ref pass);
    }

    /// <summary>
    /// J_θᵀδ into <paramref name="dtheta"/> and J_xᵀδ into <paramref name="dx"/>, each unless null, for δ [n, Outputs] in
    /// <paramref name="dy"/>. Cotangents [n · CotangentsSize] are filled for <see cref="Second"/> unless null.
    /// </summary>
    public void Backward(int n, T* theta, T* x, T* tape, T* dy, T* cotangents, T* dtheta, T* dx, bool training)
    {
        var pass = new BackwardPass
        {
            N = n,
            Theta = theta,
            X = x,
            Tape = tape,
            DY = dy,
            Cotangents = cotangents,
            DX = dx,
            Training = training,
        };
        Sum(n, dtheta, ref pass);
    }

    /// <summary>
    /// J_θ uθ + J_x ux into <paramref name="ry"/> [n, Outputs]: the derivative of y along (uθ, ux), either of which may be null for
    /// zero. Directions [n · CotangentsSize], those of all activations, are filled for <see cref="Second"/>.
    /// </summary>
    public void Tangent(int n, T* theta, T* x, T* tape, T* utheta, T* ux, T* directions, T* ry, bool training)
    {
        var pass = new TangentPass { At = new Point(n, theta, x, tape, utheta, ux, directions, training), RY = ry };
        Share(n, ref pass);
    }

    /// <summary>
    /// The derivatives of J_θᵀδ and J_xᵀδ along (uθ, ux), while δ changes by <paramref name="ofDelta"/> (null: not at all); equally the
    /// gradients of ⟨uθ, J_θᵀδ⟩ + ⟨ux, J_xᵀδ⟩ with respect to θ and x. Each result may be null: not wanted.
    /// </summary>
    public void Second(
        int n, T* theta, T* x, T* tape, T* cotangents, T* utheta, T* ux, T* directions, T* ofDelta, T* rdtheta, T* rdx, bool training)
    {
        var pass = new SecondPass
        {
            At = new Point(n, theta, x, tape, utheta, ux, directions, training),
            Cotangents = cotangents,
            OfDelta = ofDelta,
            RDX = rdx,
        };
        Sum(n, rdtheta, ref pass);
    }

    // ------------------------------------------------------------------ sharing out

    private int Parts(int n) => isSmall ? Math.Clamp(n / FewestImages, 1, MostParts) : 1;

    private int Group(int n) => isSmall ? GroupImages : n;

    /// <summary>Runs a pass without a sum over images.</summary>
    private void Share<TPass>(int n, ref TPass pass) where TPass : unmanaged, IPass => Share(n, ref pass, null, null);

    /// <summary>Runs a pass whose result for θ is a sum over images.</summary>
    private void Sum<TPass>(int n, T* result, ref TPass pass) where TPass : unmanaged, IPass
    {
        int parts = Parts(n);
        if (n == 0 && result != null)
            Elements.Clear(result, Parameters);
        if (parts == 1 || result == null)
        {
            Share(n, ref pass, result, null);
            return;
        }
        using var sums = Scratch.Rent<T>((parts - 1) * Parameters);
        Share(n, ref pass, result, sums.Pointer);
        var sum = new SumJob { Parts = parts - 1, Count = Parameters, Sums = sums.Pointer, Result = result };
        WorkPool.Run((int)((Parameters + SumJob.Block - 1) / SumJob.Block), ref sum);
    }

    private void Share<TPass>(int n, ref TPass pass, T* result, T* sums) where TPass : unmanaged, IPass
    {
        if (n == 0)
            return;
        int parts = Parts(n);
        var handle = GCHandle.Alloc(this);
        try
        {
            var job = new PartJob<TPass>
            {
                Plan = GCHandle.ToIntPtr(handle),
                Pass = pass,
                N = n,
                Parts = parts,
                Group = Group(n),
                Result = result,
                Sums = sums,
                Parameters = Parameters,
            };
            WorkPool.Run(parts, ref job);
        }
        finally
        {
            handle.Free();
        }
    }

    private interface IPass
    {
        /// <summary>Images [first, first + count); adds their sum for θ to <paramref name="sum"/>, or overwrites it.</summary>
        void Run(Plan<T> plan, int first, int count, T* sum, bool accumulate);
    }

    private struct PartJob<TPass> : IJob where TPass : unmanaged, IPass
    {
        public nint Plan;
        public TPass Pass;
        public int N, Parts, Group;
        public T* Result, Sums;
        public long Parameters;

        public readonly void Execute(int index)
        {
            var plan = (Plan<T>)GCHandle.FromIntPtr(Plan).Target!;
            (int begin, int end) = Parallelism.Range(N, Parts, index);
            T* sum = index == 0 || Result == null ? Result : Sums + ((index - 1) * Parameters);
            int groups = (end - begin + Group - 1) / Group;
            for (int group = 0; group < groups; group++)
            {
                (int first, int last) = Parallelism.Range(end - begin, groups, group);
                Pass.Run(plan, begin + first, last - first, sum, accumulate: group > 0);
            }
        }
    }

    /// <summary>Adds the parts' sums to the first one's, in order.</summary>
    private struct SumJob : IJob
    {
        public const int Block = 1 << 14;

        public int Parts;
        public long Count;
        public T* Sums, Result;

        public readonly void Execute(int index)
        {
            long begin = (long)index * Block;
            long count = Math.Min(Block, Count - begin);
            for (int part = 0; part < Parts; part++)
                Elements.Add(Sums + (part * Count) + begin, Result + begin, count);
        }
    }

    // ------------------------------------------------------------------ the passes over one group

    private struct ForwardPass : IPass
    {
        public int N;
        public T* Theta, X, Y, Tape;
        public bool Training;

        public readonly void Run(Plan<T> plan, int first, int count, T* sum, bool accumulate)
        {
            using var own = Scratch.Rent<T>(Tape == null ? count * plan.Passing.Size : 0);
            var at = Tape == null ? plan.Passing.In(own.Pointer, count) : plan.Kept.In(Tape, N, first);
            T* input = X + (first * plan.Inputs);
            for (int i = 0; i < plan.layers.Length; i++)
            {
                var pass = plan.Pass(i, Theta, count, accumulate: false, Training);
                pass.X = plan.slots[i] == 0 ? input : at.Slot(plan.slots[i]);
                pass.Y = at.Slot(plan.slots[i + 1]);
                pass.Saved = at.SavedOf(i);
                plan.layers[i].Forward(in pass);
            }
            Elements.Copy(at.Slot(plan.slots[^1]), Y + (first * plan.Outputs), count * plan.Outputs);
        }
    }

    private struct BackwardPass : IPass
    {
        public int N;
        public T* Theta, X, Tape, DY, Cotangents, DX;
        public bool Training;

        public readonly void Run(Plan<T> plan, int first, int count, T* sum, bool accumulate)
        {
            using var own = Scratch.Rent<T>(Cotangents == null ? count * plan.Passing.SlotsSize : 0);
            var values = plan.Kept.In(Tape, N, first);
            var cotangents = Cotangents == null ? plan.Passing.In(own.Pointer, count) : plan.Kept.In(Cotangents, N, first);
            T* input = X + (first * plan.Inputs), ofInput = DX == null ? null : DX + (first * plan.Inputs);
            Elements.Copy(DY + (first * plan.Outputs), cotangents.Slot(plan.slots[^1]), count * plan.Outputs);
            for (int i = plan.layers.Length - 1; i >= 0; i--)
            {
                var pass = plan.Pass(i, Theta, count, accumulate, Training);
                pass.X = plan.slots[i] == 0 ? input : values.Slot(plan.slots[i]);
                pass.Y = values.Slot(plan.slots[i + 1]);
                pass.Saved = values.SavedOf(i);
                pass.DY = cotangents.Slot(plan.slots[i + 1]);
                pass.DX = plan.slots[i] == 0 ? ofInput : cotangents.Slot(plan.slots[i]);
                pass.DTheta = sum == null ? null : sum + plan.offsets[i];
                plan.layers[i].Backward(in pass);
            }
        }
    }

    /// <summary>Where, and along what, a derivative of the gradient is taken.</summary>
    private readonly struct Point(int n, T* theta, T* x, T* tape, T* utheta, T* ux, T* directions, bool training)
    {
        public int N => n;

        /// <summary>What layer i has in common in both passes.</summary>
        public LayerPass<T> Layer(Plan<T> plan, int i, int first, int count, bool accumulate)
        {
            var (values, along) = (plan.Kept.In(tape, n, first), plan.Kept.In(directions, n, first));
            var pass = plan.Pass(i, theta, count, accumulate, training);
            pass.UTheta = utheta == null ? null : utheta + plan.offsets[i];
            pass.X = plan.slots[i] == 0 ? x + (first * plan.Inputs) : values.Slot(plan.slots[i]);
            pass.Y = values.Slot(plan.slots[i + 1]);
            pass.Saved = values.SavedOf(i);
            pass.RX = plan.slots[i] != 0 ? along.Slot(plan.slots[i]) : ux == null ? null : ux + (first * plan.Inputs);
            pass.RY = along.Slot(plan.slots[i + 1]);
            return pass;
        }
    }

    private struct TangentPass : IPass
    {
        public Point At;
        public T* RY;

        public readonly void Run(Plan<T> plan, int first, int count, T* sum, bool accumulate)
        {
            LayerPass<T> pass = default;
            for (int i = 0; i < plan.layers.Length; i++)
            {
                pass = At.Layer(plan, i, first, count, accumulate);
                plan.layers[i].Jvp(in pass);
            }
            Elements.Copy(pass.RY, RY + (first * plan.Outputs), count * plan.Outputs);
        }
    }

    private struct SecondPass : IPass
    {
        public Point At;
        public T* Cotangents, OfDelta, RDX;

        public readonly void Run(Plan<T> plan, int first, int count, T* sum, bool accumulate)
        {
            using var own = Scratch.Rent<T>(count * plan.Passing.SlotsSize);
            var cotangents = plan.Kept.In(Cotangents, At.N, first);
            var changes = plan.Passing.In(own.Pointer, count);
            int top = plan.slots[^1];
            if (OfDelta != null)
                Elements.Copy(OfDelta + (first * plan.Outputs), changes.Slot(top), count * plan.Outputs);
            for (int i = plan.layers.Length - 1; i >= 0; i--)
            {
                var pass = At.Layer(plan, i, first, count, accumulate);
                pass.DY = cotangents.Slot(plan.slots[i + 1]);
                pass.RDY = i == plan.layers.Length - 1 && OfDelta == null ? null : changes.Slot(plan.slots[i + 1]);
                pass.RDX = plan.slots[i] != 0 ? changes.Slot(plan.slots[i]) : RDX == null ? null : RDX + (first * plan.Inputs);
                pass.RDTheta = sum == null ? null : sum + plan.offsets[i];
                plan.layers[i].BackwardR(in pass);
            }
        }
    }

    private LayerPass<T> Pass(int i, T* theta, int count, bool accumulate, bool training) =>
        new() { Count = count, Accumulate = accumulate, Training = training, Theta = theta + offsets[i] };

    // ------------------------------------------------------------------ memory

    /// <summary>
    /// Where the arrays of a pass lie, in elements for each image: a slot for each activation (slot 0, the input, has none), and what
    /// layers save. Where nothing is kept, two slots alternate.
    /// </summary>
    private sealed class Layout
    {
        public Layout(List<long> sizes, FusedLayer<T>[] layers, bool alternate)
        {
            Slots = new long[sizes.Count];
            Sizes = [.. sizes];
            Saved = new long[layers.Length];
            SavedSizes = [.. layers.Select(static l => l.Saved)];
            long widest = sizes.Skip(1).Max();
            for (int slot = 1; slot < sizes.Count; slot++)
            {
                Slots[slot] = alternate ? slot % 2 * widest : SlotsSize;
                SlotsSize = alternate ? 2 * widest : SlotsSize + sizes[slot];
            }
            Size = SlotsSize;
            for (int i = 0; i < layers.Length; i++)
            {
                Saved[i] = Size;
                Size += layers[i].Saved;
            }
        }

        public long[] Slots { get; }

        public long[] Sizes { get; }

        public long[] Saved { get; }

        public long[] SavedSizes { get; }

        public long SlotsSize { get; }

        public long Size { get; }

        /// <summary>The arrays of images [first, …) of n.</summary>
        public Memory In(T* memory, int n, int first = 0) => new(this, memory, n, first);
    }

    private readonly struct Memory(Layout layout, T* memory, int n, int first)
    {
        public T* Slot(int slot) => memory + (layout.Slots[slot] * n) + (first * layout.Sizes[slot]);

        public T* SavedOf(int layer) => memory + (layout.Saved[layer] * n) + (first * layout.SavedSizes[layer]);
    }
}
