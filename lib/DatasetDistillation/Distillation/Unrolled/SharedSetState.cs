using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>What changes while one set is distilled for training on random batches of it.</summary>
internal sealed class SharedSetState(long seed) : AveragedState(seed)
{
    /// <summary>Under which the logarithm of the rate lies.</summary>
    public const string LogRateName = "log_rate";

    private const string LengthSuffix = ".length";

    /// <summary>log η, one number in Float64.</summary>
    public Tensor LogRate
    {
        get => this[LogRateName];
        set => this[LogRateName] = value;
    }

    /// <summary>
    /// A gradient, shortened to <paramref name="factor"/> times the running mean of its length (decay 0.9) where it is longer.
    /// </summary>
    public Tensor Clip(string name, Tensor gradient, double factor)
    {
        const double Decay = 0.9;
        if (factor == 0)
            return gradient;
        var length = gradient.norm().Number();
        var mean = Contains(name + LengthSuffix) ? this[name + LengthSuffix].Number() : length;
        var bound = factor * mean;
        this[name + LengthSuffix] = tensor((Decay * mean) + ((1 - Decay) * Math.Min(length, bound)));
        return length > bound ? gradient.Times(bound / length) : gradient;
    }
}
