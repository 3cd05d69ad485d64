using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>
/// A fixed number of gradient steps whose result can be differentiated with respect to whatever the loss depends on: the
/// alternative to <see cref="ImplicitDifferentiation"/>. It keeps the graph of every step, and its derivative is exact for the
/// iterate that it returns, not for the solution.
/// </summary>
internal sealed class UnrolledDescent
{
    /// <summary>The number of steps.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>The size of a step, at most 2 divided by the largest curvature.</summary>
    public double StepSize { get; init; } = 1;

    /// <summary>The share of the last step that is added to the next.</summary>
    public double Momentum { get; init; }

    /// <summary>Descends from <paramref name="start"/>; the result has a history if the loss depends on anything that requires a gradient.</summary>
    /// <param name="loss">A twice differentiable function with a scalar result.</param>
    /// <param name="start">Where to begin.</param>
    /// <exception cref="ArgumentException">The loss is not a scalar.</exception>
    public Tensor Run(Func<Tensor, Tensor> loss, Tensor start)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(start);
        using var scope = NewDisposeScope();
        Tensor x = start.requires_grad ? start : start.detach().requires_grad_();
        Tensor? velocity = null;
        for (int step = 0; step < Steps; step++)
        {
            Tensor value = loss(x);
            if (value.numel() != 1)
                throw new ArgumentException($"The loss must be a scalar; its shape is [{string.Join(", ", value.shape)}].", nameof(loss));
            Tensor gradient = Gradients.Of(value, x, createGraph: true);
            velocity = velocity is null ? gradient : gradient.Plus(velocity, Momentum);
            x = x.Plus(velocity, -StepSize);
        }
        return x.MoveToOuterDisposeScope();
    }
}
