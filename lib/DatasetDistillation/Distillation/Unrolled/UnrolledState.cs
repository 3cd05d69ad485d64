using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>What changes during unrolled distillation; the images are those of all steps, [P·b, channels, height, width].</summary>
internal sealed class UnrolledState(long seed) : SetState(seed)
{
    /// <summary>Under which the rates lie.</summary>
    public const string RatesName = "rates";

    /// <summary>r of the learning rates η = softplus(r), [T].</summary>
    public Tensor Rates
    {
        get => this[RatesName];
        set => this[RatesName] = value;
    }

    /// <summary>η of every step.</summary>
    public double[] LearningRates()
    {
        using var scope = NewDisposeScope();
        return Array.ConvertAll(
            Rates.cpu().to(ScalarType.Float64).data<double>().ToArray(), static r => Math.Max(r, 0) + Math.Log(1 + Math.Exp(-Math.Abs(r))));
    }
}
