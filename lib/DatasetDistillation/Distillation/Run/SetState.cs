using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>What changes where images and labels are learned as they are; some methods add to it.</summary>
internal class SetState(long seed) : DistillationState(seed)
{
    /// <summary>Under which the images lie.</summary>
    public const string ImagesName = "images";

    /// <summary>Under which the labels lie.</summary>
    public const string LabelsName = "labels";

    private const string LengthSuffix = ".length";

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

    /// <summary>
    /// A gradient, shortened to <paramref name="factor"/> times the running mean of its length (decay 0.9) where it is longer; 0: as it is.
    /// </summary>
    /// <param name="name">Under which the variable lies.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="factor">0 or more.</param>
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
