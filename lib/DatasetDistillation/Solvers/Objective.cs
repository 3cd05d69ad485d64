using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Solvers;

/// <summary>A function to be minimized: its value, its gradient, and products with its Hessian.</summary>
internal sealed class Objective
{
    private readonly Func<Tensor, double> value;
    private readonly Func<Tensor, (double, Tensor)> valueAndGradient;
    private readonly Func<Tensor, LinearOperator>? hessian;

    /// <summary>An objective from its own functions.</summary>
    /// <param name="value">The value, where no gradient is needed: line searches ask for it.</param>
    /// <param name="valueAndGradient">The value and the gradient, shaped as the argument.</param>
    /// <param name="hessian">The Hessian at a point; only <see cref="Newton"/> asks for it.</param>
    public Objective(Func<Tensor, double> value, Func<Tensor, (double Value, Tensor Gradient)> valueAndGradient,
        Func<Tensor, LinearOperator>? hessian = null)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(valueAndGradient);
        (this.value, this.valueAndGradient, this.hessian) = (value, valueAndGradient, hessian);
    }

    /// <summary>An objective whose derivatives come from automatic differentiation.</summary>
    /// <param name="loss">A differentiable function with a scalar result.</param>
    public static Objective Of(Func<Tensor, Tensor> loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        return new Objective(
            x =>
            {
                using var scope = NewDisposeScope();
                using (no_grad())
                    return Scalar(loss(x.detach())).Number();
            },
            x =>
            {
                using var scope = NewDisposeScope();
                Tensor at = x.detach().requires_grad_();
                Tensor y = Scalar(loss(at));
                return (y.Number(), Gradients.Of(y, at).MoveToOuterDisposeScope());
            },
            x =>
            {
                Tensor at = x.detach().requires_grad_();
                Tensor slope = Gradients.Of(Scalar(loss(at)), at, createGraph: true);
                return v => Gradients.Of(slope, at, v, keepGraph: true);
            });
    }

    /// <summary>The value at <paramref name="x"/>.</summary>
    public double Value(Tensor x) => value(x);

    /// <summary>The value and the gradient at <paramref name="x"/>.</summary>
    public (double Value, Tensor Gradient) ValueAndGradient(Tensor x) => valueAndGradient(x);

    /// <summary>The Hessian at <paramref name="x"/>, as products with it.</summary>
    /// <exception cref="NotSupportedException">The objective was made without one.</exception>
    public LinearOperator Hessian(Tensor x) => hessian is null
        ? throw new NotSupportedException("This objective has no Hessian; pass one to its constructor, or use GradientDescent or LBfgs.")
        : hessian(x);

    private static Tensor Scalar(Tensor y) => y.numel() == 1
        ? y
        : throw new ArgumentException($"The loss must be a scalar; its shape is [{string.Join(", ", y.shape)}].");
}
