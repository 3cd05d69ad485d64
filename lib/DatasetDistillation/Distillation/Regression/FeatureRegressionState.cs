using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>What changes during feature regression, beside the networks of its <see cref="FeaturePool"/>.</summary>
internal sealed class FeatureRegressionState(long seed) : AveragedState(seed)
{
    /// <summary>Under which the temperature lies.</summary>
    public const string TemperatureName = "temperature";

    /// <summary>τ, the logarithm of the predictions' scale, one number in Float64.</summary>
    public Tensor Temperature
    {
        get => this[TemperatureName];
        set => this[TemperatureName] = value;
    }
}
