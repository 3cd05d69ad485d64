using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>
/// Several kernels, one of which is drawn for each outer step, so that the distilled images suit all of them (Nguyen et al. 2021,
/// "Dataset Distillation with Infinitely Wide Convolutional Networks", section 3.1). As a kernel itself it is their mean.
/// </summary>
public sealed class KernelFamily : IKernel
{
    private readonly IKernel[] members;

    /// <summary>The family of the given kernels.</summary>
    /// <param name="members">At least one.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public KernelFamily(params IKernel[] members)
    {
        ArgumentNullException.ThrowIfNull(members);
        if (members.Length == 0)
            throw new ArgumentException("A family needs at least one kernel.", nameof(members));
        this.members = [.. members];
    }

    /// <inheritdoc/>
    public string Name => $"one of {string.Join(", ", members.Select(static k => k.Name))}";

    /// <inheritdoc/>
    public Tensor Evaluate(Tensor x, Tensor xPrime)
    {
        using var scope = NewDisposeScope();
        return Average(members.Select(k => k.Evaluate(x, xPrime))).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public KernelMatrix Gram(Tensor support) => new Mean([.. members.Select(k => k.Gram(support))]);

    /// <inheritdoc/>
    public KernelMatrix Cross(Tensor targets, Tensor support) => new Mean([.. members.Select(k => k.Cross(targets, support))]);

    /// <inheritdoc/>
    public long EstimateMemory(long support, long targets, IReadOnlyList<long> image) => members.Max(k => k.EstimateMemory(support, targets, image));

    /// <inheritdoc/>
    public IKernel Draw(Generator random)
    {
        using var choice = randint(0, members.Length, [1], generator: random);
        return members[(int)choice.WholeNumber()].Draw(random);
    }

    private static Tensor Average(IEnumerable<Tensor> tensors)
    {
        Tensor[] all = [.. tensors];
        return all.Aggregate(static (a, b) => a.Plus(b)).Over(all.Length);
    }

    private sealed class Mean(KernelMatrix[] parts) : KernelMatrix
    {
        public override Tensor Value { get; } = Average(parts.Select(static p => p.Value));

        public override Tensor Backward(Tensor gradient)
        {
            RequireFit(gradient);
            using var scope = NewDisposeScope();
            return Average(parts.Select(p => p.Backward(gradient))).MoveToOuterDisposeScope();
        }

        protected override void Dispose(bool disposing)
        {
            foreach (var part in parts)
                part.Dispose();
            Value.Dispose();
        }
    }
}
