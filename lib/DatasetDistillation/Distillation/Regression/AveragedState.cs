using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>A support set beside the moving average of its images and labels.</summary>
internal abstract class AveragedState(long seed) : SetState(seed)
{
    private const string MeanSuffix = ".mean";

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

    /// <summary>Images and labels that a result is made of: the averages where there are any.</summary>
    public (Tensor Images, Tensor Labels) Learned(double averaging) => averaging > 0 ? (MeanImages, MeanLabels) : (Images, Labels);

    /// <summary>The averages begin where images and labels are; without averaging there are none.</summary>
    public void BeginAverage(double averaging)
    {
        if (averaging > 0)
            (MeanImages, MeanLabels) = (Images.clone(), Labels.clone());
    }

    /// <summary>Moves the averages; in the first steps faster, so that they do not hang on to the start.</summary>
    public void Average(double averaging)
    {
        if (averaging == 0)
            return;
        var decay = Math.Min(averaging, (1.0 + Step) / (10.0 + Step));
        MeanImages = MeanImages.Times(decay).PlusInPlace(Images, 1 - decay);
        MeanLabels = MeanLabels.Times(decay).PlusInPlace(Labels, 1 - decay);
    }
}
