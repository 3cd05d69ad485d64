using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>What changes where images and labels are learned as they are.</summary>
internal abstract class SetState(long seed) : DistillationState(seed)
{
    /// <summary>Under which the images lie.</summary>
    public const string ImagesName = "images";

    /// <summary>Under which the labels lie.</summary>
    public const string LabelsName = "labels";

    /// <summary>The distilled images, [n, channels, height, width].</summary>
    public Tensor Images
    {
        get => this[ImagesName];
        set => this[ImagesName] = value;
    }

    /// <summary>Their labels, [n, classes].</summary>
    public Tensor Labels
    {
        get => this[LabelsName];
        set => this[LabelsName] = value;
    }
}
