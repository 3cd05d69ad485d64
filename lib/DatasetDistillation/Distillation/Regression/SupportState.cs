using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>What changes while the support set of a regression is learned.</summary>
internal class SupportState(long seed) : DistillationState(seed)
{
    /// <summary>Under which the images lie.</summary>
    public const string ImagesName = "images";

    /// <summary>Under which the labels lie.</summary>
    public const string LabelsName = "labels";

    /// <summary>The distilled images, Float32 [n, channels, height, width].</summary>
    public Tensor Images
    {
        get => this[ImagesName];
        set => this[ImagesName] = value;
    }

    /// <summary>Their labels, Float32 [n, classes].</summary>
    public Tensor Labels
    {
        get => this[LabelsName];
        set => this[LabelsName] = value;
    }
}
