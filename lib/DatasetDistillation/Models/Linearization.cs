using System.Numerics;
using FusedNetworks;
using static TorchSharp.torch;

namespace DatasetDistillation.Models;

/// <summary>
/// A network at given weights and images, for a loop that differentiates through its own gradient steps: the outputs, the gradient
/// g(θ, x) = J_θᵀδ for a cotangent δ(y) of the outputs, and the derivative of ⟨v, g⟩ with respect to θ and x in one pass forward and
/// one backward (Pearlmutter 1994). Where the network has no fused passes, the same by automatic differentiation.
/// </summary>
internal abstract class Linearization : IDisposable
{
    /// <summary>y = f(θ, x) [n, …], without history.</summary>
    public abstract Tensor Outputs { get; }

    /// <summary>J_θᵀδ, without history; to be called once.</summary>
    /// <param name="delta">δ, shaped as the outputs, without history.</param>
    public abstract Tensor Gradient(Tensor delta);

    /// <summary>The gradients of ⟨v, J_θᵀδ(y)⟩ with respect to θ and x.</summary>
    /// <param name="v">v, shaped as θ.</param>
    /// <param name="change">What the change of the outputs along v does to δ: from J_θ v to (∂δ/∂y)ᵀ J_θ v.</param>
    public abstract (Tensor OfTheta, Tensor OfImages) Along(Tensor v, Func<Tensor, Tensor> change);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>By the fused passes.</summary>
internal sealed unsafe class FusedLinearization<T> : Linearization where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Plan<T> plan;
    private readonly Tensor theta, images, tape;
    private readonly int count;
    private readonly bool training;
    private Tensor? cotangents;

    public FusedLinearization(Plan<T> plan, long[] outputShape, Tensor theta, Tensor images, Generator? dropout)
    {
        (this.plan, count, training) = (plan, checked((int)images.shape[0]), dropout is not null && plan.Dropouts.Any());
        (this.theta, this.images) = (theta.contiguous().DetachFromDisposeScope(), images.contiguous().DetachFromDisposeScope());
        tape = empty([count * plan.TapeSize], theta.dtype).DetachFromDisposeScope();
        Outputs = empty([count, .. outputShape], theta.dtype).DetachFromDisposeScope();
        if (training)
            FusedCall<T>.DrawDropouts(plan, tape, count, dropout);
        plan.Forward(count, Memory.Of<T>(this.theta), Memory.Of<T>(this.images), Memory.Of<T>(Outputs), Memory.Of<T>(tape), training);
    }

    public override Tensor Outputs { get; }

    public override Tensor Gradient(Tensor delta)
    {
        using var contiguous = delta.contiguous();
        cotangents = empty([count * plan.CotangentsSize], theta.dtype).DetachFromDisposeScope();
        var gradient = empty_like(theta);
        plan.Backward(
            count, Memory.Of<T>(theta), Memory.Of<T>(images), Memory.Of<T>(tape), Memory.Of<T>(contiguous), Memory.Of<T>(cotangents),
            Memory.Of<T>(gradient), null, training);
        return gradient;
    }

    public override (Tensor OfTheta, Tensor OfImages) Along(Tensor v, Func<Tensor, Tensor> change)
    {
        using var scope = NewDisposeScope();
        var direction = v.contiguous();
        var (directions, along) = (empty([count * plan.CotangentsSize], theta.dtype), empty_like(Outputs));
        plan.Tangent(
            count, Memory.Of<T>(theta), Memory.Of<T>(images), Memory.Of<T>(tape), Memory.Of<T>(direction), null, Memory.Of<T>(directions),
            Memory.Of<T>(along), training);
        var ofDelta = change(along).contiguous();
        var (ofTheta, ofImages) = (empty_like(theta), empty_like(images));
        plan.Second(
            count, Memory.Of<T>(theta), Memory.Of<T>(images), Memory.Of<T>(tape), Memory.Of<T>(cotangents), Memory.Of<T>(direction), null,
            Memory.Of<T>(directions), Memory.Of<T>(ofDelta), Memory.Of<T>(ofTheta), Memory.Of<T>(ofImages), training);
        return (ofTheta.MoveToOuterDisposeScope(), ofImages.MoveToOuterDisposeScope());
    }

    public override void Dispose()
    {
        foreach (var tensor in (Tensor?[])[theta, images, tape, Outputs, cotangents])
            tensor?.Dispose();
    }
}

/// <summary>By automatic differentiation of the loop over layers.</summary>
internal sealed class PlainLinearization : Linearization
{
    private readonly Tensor theta, images, outputs;
    private Tensor? cotangent, gradient;

    /// <param name="function">f.</param>
    /// <param name="theta">θ, without history.</param>
    /// <param name="images">x, without history.</param>
    public PlainLinearization(Func<Tensor, Tensor, Tensor> function, Tensor theta, Tensor images)
    {
        this.theta = theta.detach().requires_grad_().DetachFromDisposeScope();
        this.images = images.detach().requires_grad_().DetachFromDisposeScope();
        outputs = function(this.theta, this.images).DetachFromDisposeScope();
        Outputs = outputs.detach().DetachFromDisposeScope();
    }

    public override Tensor Outputs { get; }

    public override Tensor Gradient(Tensor delta)
    {
        cotangent = delta.detach().requires_grad_().DetachFromDisposeScope();
        gradient = Gradients.Of(outputs, theta, cotangent, createGraph: true).DetachFromDisposeScope();
        return gradient.detach();
    }

    public override (Tensor OfTheta, Tensor OfImages) Along(Tensor v, Func<Tensor, Tensor> change)
    {
        using var scope = NewDisposeScope();
        var second = Gradients.Of(gradient!, [theta, images, cotangent!], v, keepGraph: true, allowUnused: true);
        var first = Gradients.Of(outputs, [theta, images], change(second[2]));
        var (ofTheta, ofImages) = (Sum(second[0], first[0]), Sum(second[1], first[1]));
        return (ofTheta.MoveToOuterDisposeScope(), ofImages.MoveToOuterDisposeScope());

        static Tensor Sum(Tensor a, Tensor b) => a.IsInvalid ? b : a.PlusInPlace(b);
    }

    public override void Dispose()
    {
        foreach (var tensor in (Tensor?[])[theta, images, outputs, Outputs, cotangent, gradient])
            tensor?.Dispose();
    }
}
