using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>
/// A trainer's optimizer on one vector of parameters, as <c>torch.optim</c> defines it, in tensor operations that a collection of
/// garbage cannot disturb.
/// </summary>
/// <param name="trainer">The rule and its numbers.</param>
/// <param name="theta">The parameters, which change in place.</param>
internal sealed class Descent(Trainer trainer, Tensor theta) : IDisposable
{
    private const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    private readonly Tensor mean = zeros_like(theta).DetachFromDisposeScope();
    private readonly Tensor? square = trainer.Optimizer == OptimizerKind.Sgd ? null : zeros_like(theta).DetachFromDisposeScope();
    private long step;

    /// <summary>Makes one step.</summary>
    /// <param name="gradient">Shaped as the parameters.</param>
    /// <param name="rate">The learning rate.</param>
    public void Step(Tensor gradient, double rate)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        step++;
        if (trainer.Optimizer == OptimizerKind.AdamW)
            theta.TimesInPlace(1 - rate * trainer.WeightDecay);
        else if (trainer.WeightDecay != 0)
            gradient = gradient.Plus(theta, trainer.WeightDecay);

        if (square is null)
        {
            mean.TimesInPlace(trainer.Momentum).PlusInPlace(gradient);
            theta.PlusInPlace(mean, -rate);
            return;
        }
        mean.TimesInPlace(Beta1).PlusInPlace(gradient, 1 - Beta1);
        square.TimesInPlace(Beta2).PlusInPlace(gradient.Squared(), 1 - Beta2);
        var root = square.sqrt().TimesInPlace(1 / Math.Sqrt(1 - Math.Pow(Beta2, step))).PlusInPlace(Epsilon);
        theta.PlusInPlace(mean / root, -rate / (1 - Math.Pow(Beta1, step)));
    }

    public void Dispose()
    {
        mean.Dispose();
        square?.Dispose();
    }
}
