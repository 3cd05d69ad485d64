using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>What changes while one set is distilled for training on random batches of it.</summary>
internal sealed class SharedSetState(long seed) : AveragedState(seed)
{
    /// <summary>Under which the logarithm of the rate lies.</summary>
    public const string LogRateName = "log_rate";

    /// <summary>log η, one number in Float64.</summary>
    public Tensor LogRate
    {
        get => this[LogRateName];
        set => this[LogRateName] = value;
    }
}
