using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FusedNetworks;

/// <summary>
/// The cross-entropy of a linear model over a whole data set, and its gradient, in one pass that reads each image once:
/// logits, softmax, loss and the image's share of the gradient while its pixels are at hand. The images are summed in
/// chunks that do not depend on the number of threads, so results are bit-identical for any number.
/// </summary>
/// <typeparam name="T"><see cref="float"/> for speed, <see cref="double"/> where derivatives are proved.</typeparam>
internal sealed unsafe class LogisticPass<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int MaxChunks = 32;
    private const int ChunkImages = 64;
    private const int BlockImages = 32;

    private readonly SparseImages images;
    private readonly int rowLength;
    private readonly int chunks;
    private readonly T[] brightness;
    private readonly AlignedBuffer weights;
    private readonly AlignedBuffer padding;
    private readonly AlignedBuffer[] gradients;
    private readonly (double Loss, int Correct)[] sums;

    /// <summary>Prepares passes over <paramref name="images"/>. One pass at a time: the buffers belong to the object.</summary>
    public LogisticPass(SparseImages images)
    {
        ArgumentNullException.ThrowIfNull(images);
        this.images = images;
        rowLength = (images.Classes + Vector512<T>.Count - 1) / Vector512<T>.Count * Vector512<T>.Count;
        chunks = Math.Clamp(images.Count / ChunkImages, 1, MaxChunks);
        brightness = [.. Enumerable.Range(0, 256).Select(static value => T.CreateChecked(value) / T.CreateChecked(255))];
        weights = new AlignedBuffer(images.Features * rowLength);
        padding = new AlignedBuffer(rowLength);
        for (int k = images.Classes; k < rowLength; k++)
            padding[k] = T.NegativeInfinity;
        gradients = [.. Enumerable.Range(0, chunks).Select(_ => new AlignedBuffer(images.Features * rowLength))];
        sums = new (double, int)[chunks];
    }

    /// <summary>How many threads share a pass; the results do not depend on it.</summary>
    public int Threads { get; set; } = WorkPool.Threads;

    /// <summary>Mean loss and accuracy of the model x ↦ x·W, and the gradient of the loss where it is wanted.</summary>
    /// <param name="model">W, row-major <c>[features, classes]</c>.</param>
    /// <param name="gradient">Receives ∂loss/∂W, shaped as W; empty for the loss alone, which takes less than half the time.</param>
    /// <returns>
    /// The mean cross-entropy in nats, and the share of images, from 0 to 1, whose largest logit (the first, where several are) is their
    /// label's; NaN and 0, with a gradient of NaN, where a weight is not finite.
    /// </returns>
    /// <exception cref="ArgumentException">A length is not features·classes.</exception>
    public (double Loss, double Accuracy) Evaluate(ReadOnlySpan<double> model, Span<double> gradient = default)
    {
        int size = images.Features * images.Classes;
        if (model.Length != size || (gradient.Length != size && !gradient.IsEmpty))
            throw new ArgumentException(
                $"The weights need {images.Features}·{images.Classes} = {size} elements, and the gradient as many or none; "
                + $"they have {model.Length} and {gradient.Length}.",
                nameof(model));

        bool finite = true;
        for (int i = 0; i < size; i++)
        {
            T weight = T.CreateTruncating(model[i]);
            finite &= T.IsFinite(weight);
            weights[i / images.Classes * rowLength + i % images.Classes] = weight;
        }
        if (!finite)
        {
            gradient.Fill(double.NaN);
            return (double.NaN, 0);
        }

        bool wanted = !gradient.IsEmpty;
        Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = Threads }, chunk => Process(chunk, wanted));

        if (wanted)
            AddUp(gradient);
        return (sums.Sum(static s => s.Loss) / images.Count, (double)sums.Sum(static s => s.Correct) / images.Count);
    }

    private void AddUp(Span<double> gradient)
    {
        for (int i = 0; i < gradient.Length; i++)
        {
            int at = i / images.Classes * rowLength + i % images.Classes;
            double sum = 0;
            foreach (AlignedBuffer part in gradients)
                sum += double.CreateTruncating(part[at]);
            gradient[i] = sum / images.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Process(int chunk, bool wanted)
    {
        int first = (int)((long)images.Count * chunk / chunks), last = (int)((long)images.Count * (chunk + 1) / chunks);
        double loss = 0;
        int correct = 0;
        T* logits = stackalloc T[BlockImages * rowLength];
        if (wanted)
            gradients[chunk].Clear();
        T* gradient = gradients[chunk].First;
        fixed (long* starts = images.Starts)
        fixed (ushort* positions = images.Positions)
        fixed (byte* values = images.Values, labels = images.Labels)
        {
            // Block by block: the weights and the gradient take turns in the cache, and one image's softmax does not wait for another's.
            for (int block = first; block < last; block += BlockImages)
            {
                int end = Math.Min(block + BlockImages, last);
                for (int i = block; i < end; i++)
                    Logits(positions + starts[i], values + starts[i], (int)(starts[i + 1] - starts[i]), logits + (i - block) * rowLength);

                double product = 1; // of sums from 1 to 256: one logarithm for all
                for (int i = block; i < end; i++)
                {
                    (double excess, double sum, int predicted) = LossAndSlope(logits + (i - block) * rowLength, labels[i]);
                    loss += excess;
                    product *= sum;
                    correct += predicted == labels[i] ? 1 : 0;
                }
                loss += Math.Log(product);

                for (int i = block; wanted && i < end; i++)
                {
                    int count = (int)(starts[i + 1] - starts[i]);
                    AddOuterProduct(positions + starts[i], values + starts[i], count, logits + (i - block) * rowLength, gradient);
                }
            }
        }
        sums[chunk] = (loss, correct);
    }

    /// <summary>z = xᵀW, and −∞ beyond the classes; four sums in turn, so that no addition waits for the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Logits(ushort* positions, byte* values, int count, T* logits)
    {
        nuint row = (nuint)rowLength;
        fixed (T* scale = brightness)
        {
            for (int block = 0; block < rowLength; block += Vector512<T>.Count)
            {
                T* w = weights.First + block;
                Vector512<T> s0 = Vector512.LoadAligned(padding.First + block), s1 = default, s2 = default, s3 = default;
                int j = 0;
                for (; j <= count - 4; j += 4)
                {
                    s0 = Fused(Vector512.Create(scale[values[j]]), Vector512.LoadAligned(w + positions[j] * row), s0);
                    s1 = Fused(Vector512.Create(scale[values[j + 1]]), Vector512.LoadAligned(w + positions[j + 1] * row), s1);
                    s2 = Fused(Vector512.Create(scale[values[j + 2]]), Vector512.LoadAligned(w + positions[j + 2] * row), s2);
                    s3 = Fused(Vector512.Create(scale[values[j + 3]]), Vector512.LoadAligned(w + positions[j + 3] * row), s3);
                }
                for (; j < count; j++)
                    s0 = Fused(Vector512.Create(scale[values[j]]), Vector512.LoadAligned(w + positions[j] * row), s0);
                ((s0 + s1) + (s2 + s3)).Store(logits + block);
            }
        }
    }

    /// <summary>
    /// The image's cross-entropy as (largest − chosen logit) + log(sum), and the class of its first largest logit; the logits
    /// become ∂loss/∂logits, of no use beyond the classes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (double Excess, double Sum, int Predicted) LossAndSlope(T* logits, int label)
    {
        Vector512<T> largest = Vector512.Load(logits);
        for (int block = Vector512<T>.Count; block < rowLength; block += Vector512<T>.Count)
            largest = Vector512.MaxNative(largest, Vector512.Load(logits + block));
        T top = Largest(largest), excess = top - logits[label], sum = T.Zero;
        largest = Vector512.Create(top);

        int predicted = rowLength;
        for (int block = rowLength - Vector512<T>.Count; block >= 0; block -= Vector512<T>.Count)
        {
            Vector512<T> z = Vector512.Load(logits + block);
            ulong found = Vector512.Equals(z, largest).ExtractMostSignificantBits();
            predicted = found != 0 ? block + BitOperations.TrailingZeroCount(found) : predicted;
            Vector512<T> e = Exp(z - largest);
            e.Store(logits + block);
            sum += Vector512.Sum(e);
        }
        Vector512<T> share = Vector512.Create(T.One / sum);
        for (int block = 0; block < rowLength; block += Vector512<T>.Count)
            (Vector512.Load(logits + block) * share).Store(logits + block);
        logits[label] -= T.One;
        return (double.CreateTruncating(excess), double.CreateTruncating(sum), predicted);
    }

    /// <summary>Adds x·slopeᵀ to the gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddOuterProduct(ushort* positions, byte* values, int count, T* slope, T* gradient)
    {
        nuint row = (nuint)rowLength;
        fixed (T* scale = brightness)
        {
            for (int block = 0; block < rowLength; block += Vector512<T>.Count)
            {
                Vector512<T> s = Vector512.Load(slope + block);
                T* g = gradient + block;
                for (int j = 0; j < count; j++)
                {
                    T* at = g + positions[j] * row;
                    Fused(Vector512.Create(scale[values[j]]), s, Vector512.LoadAligned(at)).StoreAligned(at);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Fused(Vector512<T> x, Vector512<T> y, Vector512<T> z) => typeof(T) == typeof(float)
        ? Vector512.FusedMultiplyAdd(x.AsSingle(), y.AsSingle(), z.AsSingle()).As<float, T>()
        : Vector512.FusedMultiplyAdd(x.AsDouble(), y.AsDouble(), z.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Exp(Vector512<T> x) => typeof(T) == typeof(float)
        ? ExpSingle(x.AsSingle()).As<float, T>()
        : Vector512.Exp(x.AsDouble()).As<double, T>();

    /// <summary>
    /// e^x for x ≤ 0 within 2 units in the last place: 2ⁿ·e^r with n the whole part of x/log 2 and e^r by its Taylor polynomial,
    /// |r| ≤ 0.35. The runtime's goes through float64 and takes three times as long. Below e⁻⁶⁰, which is nothing beside the
    /// largest class's 1, it is 0: products with smaller numbers are subnormal, and an Intel processor takes a hundred cycles for each.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ExpSingle(Vector512<float> x)
    {
        Vector512<float> counts = Vector512.GreaterThan(x, Vector512.Create(-60f));
        x = Vector512.MaxNative(x, Vector512.Create(-60f));
        Vector512<float> n = Vector512.Round(x * 1.44269504f);
        // log 2 in two parts, of which the first times n is exact.
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), r);
        Vector512<float> e = Vector512.Create(1 / 5040f);
        e = Vector512.FusedMultiplyAdd(e, r, Vector512.Create(1 / 720f));
        e = Vector512.FusedMultiplyAdd(e, r, Vector512.Create(1 / 120f));
        e = Vector512.FusedMultiplyAdd(e, r, Vector512.Create(1 / 24f));
        e = Vector512.FusedMultiplyAdd(e, r, Vector512.Create(1 / 6f));
        e = Vector512.FusedMultiplyAdd(e, r, Vector512.Create(0.5f));
        e = Vector512.FusedMultiplyAdd(e, r, Vector512<float>.One);
        e = Vector512.FusedMultiplyAdd(e, r, Vector512<float>.One);
        return counts & (e * ((Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Largest(Vector512<T> x)
    {
        Vector256<T> half = Vector256.MaxNative(x.GetLower(), x.GetUpper());
        Vector128<T> quarter = Vector128.MaxNative(half.GetLower(), half.GetUpper());
        if (typeof(T) == typeof(float))
        {
            Vector128<float> f = quarter.AsSingle();
            f = Vector128.MaxNative(f, Vector128.Shuffle(f, Vector128.Create(2, 3, 0, 1)));
            return Vector128.MaxNative(f, Vector128.Shuffle(f, Vector128.Create(1, 0, 3, 2))).As<float, T>().ToScalar();
        }
        Vector128<double> d = quarter.AsDouble();
        return Vector128.MaxNative(d, Vector128.Shuffle(d, Vector128.Create(1L, 0L))).As<double, T>().ToScalar();
    }

    /// <summary>Elements on a cache-line boundary, in memory that does not move and is freed with the object.</summary>
    private sealed class AlignedBuffer
    {
        private const int Alignment = 64;
        private readonly T[] memory;

        public AlignedBuffer(int length)
        {
            memory = GC.AllocateArray<T>(length + Alignment / sizeof(T), pinned: true);
            var address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(memory));
            First = (T*)((address + Alignment - 1) & ~(nuint)(Alignment - 1));
        }

        public T* First { get; }

        public ref T this[int index] => ref First[index];

        public void Clear() => Array.Clear(memory);
    }
}
