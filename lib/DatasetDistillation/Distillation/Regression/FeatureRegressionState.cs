using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>What changes during feature regression, beside the networks of its <see cref="FeaturePool"/>.</summary>
internal sealed class FeatureRegressionState(long seed) : SetState(seed)
{
    /// <summary>Under which the temperature lies.</summary>
    public const string TemperatureName = "temperature";

    private const string MeanSuffix = ".mean";

    /// <summary>τ, the logarithm of the predictions' scale, one number in Float64.</summary>
    public Tensor Temperature
    {
        get => this[TemperatureName];
        set => this[TemperatureName] = value;
    }

    /// <summary>The moving average of the images.</summary>
    public Tensor MeanImages
    {
        get => this[ImagesName + MeanSuffix];
        set => this[ImagesName + MeanSuffix] = value;
    }

    /// <summary>The moving average of the labels.</summary>
    public Tensor MeanLabels
    {
        get => this[LabelsName + MeanSuffix];
        set => this[LabelsName + MeanSuffix] = value;
    }
}
