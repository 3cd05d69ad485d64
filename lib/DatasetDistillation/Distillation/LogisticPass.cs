using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DatasetDistillation.Distillation;

/// <summary>What one pass of a linear model over labelled images finds.</summary>
/// <param name="Loss">The mean cross-entropy, in nats.</param>
/// <param name="Accuracy">The share of images whose largest logit (the first, where several are) is their label's, from 0 to 1.</param>
public readonly record struct LogisticEvaluation(double Loss, double Accuracy);

/// <summary>
/// The cross-entropy of a linear model over a whole data set, and its gradient, in one pass that reads each image once:
/// logits, softmax, loss and the image's share of the gradient while its pixels are at hand. The images are summed in
/// chunks that do not depend on the number of threads, so results are bit-identical for any number.
/// </summary>
/// <typeparam name="T"><see cref="float"/> for speed, <see cref="double"/> where derivatives are proved.</typeparam>
public sealed unsafe class LogisticPass<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int MaxChunks = 32;
    private const int ChunkImages = 64;

    private readonly LogisticImages images;
    private readonly int rowLength;
    private readonly int chunks;
    private readonly T[] brightness;
    private readonly AlignedBuffer weights;
    private readonly AlignedBuffer[] gradients;
    private readonly (double Loss, int Correct)[] sums;

    /// <summary>Prepares passes over <paramref name="images"/>. One pass at a time: the buffers belong to the object.</summary>
    public LogisticPass(LogisticImages images)
    {
        ArgumentNullException.ThrowIfNull(images);
        this.images = images;
        rowLength = (images.Classes + Vector512<T>.Count - 1) / Vector512<T>.Count * Vector512<T>.Count;
        chunks = Math.Clamp(images.Count / ChunkImages, 1, MaxChunks);
        brightness = [.. Enumerable.Range(0, 256).Select(static value => T.CreateChecked(value) / T.CreateChecked(255))];
        weights = new AlignedBuffer(images.Features * rowLength);
        gradients = [.. Enumerable.Range(0, chunks).Select(_ => new AlignedBuffer(images.Features * rowLength))];
        sums = new (double, int)[chunks];
    }

    /// <summary>How many threads share a pass; the results do not depend on it.</summary>
    public int Threads { get; set; } = TorchSharp.torch.get_num_threads();

    /// <summary>Mean loss and accuracy of the model x ↦ x·W, and the gradient of the loss where it is wanted.</summary>
    /// <param name="model">W, row-major <c>[features, classes]</c>.</param>
    /// <param name="gradient">Receives ∂loss/∂W, shaped as W; empty for the loss alone, which takes less than half the time.</param>
    /// <exception cref="ArgumentException">A length is not features·classes.</exception>
    public LogisticEvaluation Evaluate(ReadOnlySpan<double> model, Span<double> gradient = default)
    {
        int size = images.Features * images.Classes;
        if (model.Length != size || (gradient.Length != size && !gradient.IsEmpty))
            throw new ArgumentException($"The weights need {images.Features}·{images.Classes} = {size} elements, and the gradient as many or none; they have {model.Length} and {gradient.Length}.", nameof(model));

        for (int i = 0; i < size; i++)
            weights[i / images.Classes * rowLength + i % images.Classes] = T.CreateTruncating(model[i]);
        bool wanted = !gradient.IsEmpty;
        Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = Threads }, chunk => Process(chunk, wanted));

        if (wanted)
            AddUp(gradient);
        return new LogisticEvaluation(sums.Sum(static s => s.Loss) / images.Count, (double)sums.Sum(static s => s.Correct) / images.Count);
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
        T* logits = stackalloc T[rowLength];
        if (wanted)
            gradients[chunk].Clear();
        T* gradient = gradients[chunk].First;
        fixed (long* starts = images.Starts)
        fixed (ushort* positions = images.Positions)
        fixed (byte* values = images.Values, labels = images.Labels)
        {
            for (int i = first; i < last; i++)
            {
                long begin = starts[i];
                int count = (int)(starts[i + 1] - begin);
                Logits(positions + begin, values + begin, count, logits);
                (double imageLoss, int predicted) = LossAndSlope(logits, labels[i]);
                loss += imageLoss;
                correct += predicted == labels[i] ? 1 : 0;
                if (wanted)
                    AddOuterProduct(positions + begin, values + begin, count, logits, gradient);
            }
        }
        sums[chunk] = (loss, correct);
    }

    /// <summary>z = xᵀW; four sums in turn, so that no addition waits for the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Logits(ushort* positions, byte* values, int count, T* logits)
    {
        fixed (T* scale = brightness)
        {
            for (int block = 0; block < rowLength; block += Vector512<T>.Count)
            {
                T* w = weights.First + block;
                Vector512<T> s0 = default, s1 = default, s2 = default, s3 = default;
                int j = 0;
                for (; j <= count - 4; j += 4)
                {
                    s0 = Fused(Vector512.Create(scale[values[j]]), Vector512.LoadAligned(w + positions[j] * rowLength), s0);
                    s1 = Fused(Vector512.Create(scale[values[j + 1]]), Vector512.LoadAligned(w + positions[j + 1] * rowLength), s1);
                    s2 = Fused(Vector512.Create(scale[values[j + 2]]), Vector512.LoadAligned(w + positions[j + 2] * rowLength), s2);
                    s3 = Fused(Vector512.Create(scale[values[j + 3]]), Vector512.LoadAligned(w + positions[j + 3] * rowLength), s3);
                }
                for (; j < count; j++)
                    s0 = Fused(Vector512.Create(scale[values[j]]), Vector512.LoadAligned(w + positions[j] * rowLength), s0);
                ((s0 + s1) + (s2 + s3)).Store(logits + block);
            }
        }
    }

    /// <summary>The image's cross-entropy and the class of its first largest logit; the logits become ∂loss/∂logits, zero beyond the classes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (double Loss, int Predicted) LossAndSlope(T* logits, int label)
    {
        int predicted = 0;
        for (int k = 1; k < images.Classes; k++)
            predicted = logits[k] > logits[predicted] ? k : predicted;
        for (int k = images.Classes; k < rowLength; k++)
            logits[k] = T.NegativeInfinity;

        T largest = logits[predicted];
        T chosen = logits[label];
        T sum = T.Zero;
        for (int block = 0; block < rowLength; block += Vector512<T>.Count)
        {
            Vector512<T> e = Exp(Vector512.Load(logits + block) - Vector512.Create(largest));
            e.Store(logits + block);
            sum += Vector512.Sum(e);
        }
        for (int block = 0; block < rowLength; block += Vector512<T>.Count)
            (Vector512.Load(logits + block) / Vector512.Create(sum)).Store(logits + block);
        logits[label] -= T.One;
        return (double.CreateTruncating(largest - chosen + T.Log(sum)), predicted);
    }

    /// <summary>Adds x·slopeᵀ to the gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddOuterProduct(ushort* positions, byte* values, int count, T* slope, T* gradient)
    {
        fixed (T* scale = brightness)
        {
            for (int block = 0; block < rowLength; block += Vector512<T>.Count)
            {
                Vector512<T> s = Vector512.Load(slope + block);
                for (int j = 0; j < count; j++)
                {
                    T* row = gradient + positions[j] * rowLength + block;
                    Fused(Vector512.Create(scale[values[j]]), s, Vector512.LoadAligned(row)).StoreAligned(row);
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
        ? Vector512.Exp(x.AsSingle()).As<float, T>()
        : Vector512.Exp(x.AsDouble()).As<double, T>();

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
