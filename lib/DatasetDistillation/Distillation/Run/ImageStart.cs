namespace DatasetDistillation.Distillation;

/// <summary>What the distilled images start from.</summary>
public enum ImageStart
{
    /// <summary>Real images drawn at random, the same number of each class.</summary>
    Real,

    /// <summary>Independent normal pixels.</summary>
    Noise,
}
