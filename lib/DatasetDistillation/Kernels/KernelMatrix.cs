using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>The values of a kernel and the way back to the support images. Outlives no dispose scope that it was made in.</summary>
internal abstract class KernelMatrix : IDisposable
{
    /// <summary>The kernel's values, of the images' type: K_ss [n, n] or K_ts [t, n].</summary>
    public abstract Tensor Value { get; }

    /// <summary>The vector–Jacobian product: from dL/dK to dL/dX of the support images.</summary>
    /// <param name="gradient">dL/dK, of the shape of <see cref="Value"/> and any floating-point type.</param>
    /// <returns>The gradient, of the support images' shape and type.</returns>
    public abstract Tensor Backward(Tensor gradient);

    /// <summary>Evaluates a kernel by its tensor operations and goes back by autograd: slower, on every device.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="targets">Images [t, …]; null: the support itself.</param>
    /// <param name="support">Images [n, …].</param>
    public static KernelMatrix ByAutograd(IKernel kernel, Tensor? targets, Tensor support)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(support);
        using var recording = set_grad_enabled(true); // distillers work without gradients but for this way back
        var leaf = support.detach().requires_grad_();
        return new Differentiated(kernel.Evaluate(targets ?? leaf, leaf), leaf);
    }

    /// <summary>
    /// As <see cref="ByAutograd"/>, but in blocks of targets that are computed again on the way back, so that no more than one block's
    /// graph is in memory.
    /// </summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="targets">Images [t, …]; null: the support itself, in one block.</param>
    /// <param name="support">Images [n, …].</param>
    /// <param name="pairsPerBlock">About how many pairs of images make a block.</param>
    public static KernelMatrix ByRecomputation(IKernel kernel, Tensor? targets, Tensor support, int pairsPerBlock = 4096)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(support);
        ArgumentOutOfRangeException.ThrowIfLessThan(pairsPerBlock, 1);
        return targets is null ? ByAutograd(kernel, null, support) : new Recomputed(kernel, targets, support,
            Math.Max(1, pairsPerBlock / support.shape[0]));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the way back needs.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>Refuses a dL/dK of another shape.</summary>
    protected void RequireFit(Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        if (!gradient.shape.SequenceEqual(Value.shape))
            throw new ArgumentException(
                $"dL/dK must have the shape of K, [{string.Join(", ", Value.shape)}]; "
                + $"got [{string.Join(", ", gradient.shape)}].", nameof(gradient));
    }

    private sealed class Differentiated(Tensor result, Tensor leaf) : KernelMatrix
    {
        public override Tensor Value { get; } = result.detach();

        public override Tensor Backward(Tensor gradient)
        {
            RequireFit(gradient);
            return Gradients.Of(result, leaf, gradient.to_type(result.dtype), keepGraph: true);
        }

        protected override void Dispose(bool disposing)
        {
            Value.Dispose();
            result.Dispose();
            leaf.Dispose();
        }
    }

    private sealed class Recomputed : KernelMatrix
    {
        private readonly IKernel kernel;
        private readonly Tensor targets, support;
        private readonly long blockSize;

        public Recomputed(IKernel kernel, Tensor targets, Tensor support, long blockSize)
        {
            (this.kernel, this.targets, this.support, this.blockSize) = (kernel, targets.alias(), support.detach(), blockSize);
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var blocks = Blocks.Of(targets.shape[0], blockSize)
                .Select(block => kernel.Evaluate(targets.narrow(0, block.First, block.Count), this.support));
            Value = cat([.. blocks]).MoveToOuterDisposeScope();
        }

        public override Tensor Value { get; }

        public override Tensor Backward(Tensor gradient)
        {
            RequireFit(gradient);
            var total = zeros_like(support);
            foreach (var (begin, count) in Blocks.Of(targets.shape[0], blockSize))
            {
                using var scope = NewDisposeScope();
                using var block = ByAutograd(kernel, targets.narrow(0, begin, count), support);
                total.PlusInPlace(block.Backward(gradient.narrow(0, begin, count)));
            }
            return total;
        }

        protected override void Dispose(bool disposing)
        {
            Value.Dispose();
            targets.Dispose();
            support.Dispose();
        }
    }
}
