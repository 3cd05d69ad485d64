using TorchSharp;

namespace DatasetDistillation.Data;

/// <summary>
/// The change of scale x ↦ (x − mean) / standard deviation, with one mean and one standard deviation for all pixels. Take
/// it from the training images and apply the same one to all others. Differentiable, and the same on every device.
/// </summary>
/// <param name="Mean">The mean of the pixels.</param>
/// <param name="StandardDeviation">Their standard deviation, above 0.</param>
public sealed record Standardization(float Mean, float StandardDeviation)
{
    private const float SmallestDeviation = 1e-6f;

    /// <summary>Their standard deviation, above 0.</summary>
    public float StandardDeviation { get; } = StandardDeviation > 0 && float.IsFinite(StandardDeviation) && float.IsFinite(Mean)
        ? StandardDeviation
        : throw new ArgumentOutOfRangeException(nameof(StandardDeviation), $"Mean {Mean} and standard deviation {StandardDeviation} must be finite, and the latter above 0.");

    /// <summary>
    /// The statistics of all pixels of the images. Where the images are constant, the standard deviation is taken as 1, so that they become 0.
    /// </summary>
    /// <param name="images">The training images, in [0, 1].</param>
    public static Standardization Of(ImageDataset images)
    {
        ArgumentNullException.ThrowIfNull(images);
        return Of(images.PixelValues());
    }

    internal static Standardization Of(ReadOnlySpan<float> values)
    {
        double mean = 0, squares = 0;
        foreach (float value in values)
            mean += value;
        mean /= values.Length;
        foreach (float value in values)
            squares += (value - mean) * (value - mean);
        float deviation = (float)Math.Sqrt(squares / values.Length);
        return new Standardization((float)mean, deviation < SmallestDeviation ? 1 : deviation);
    }

    /// <summary>(x − mean) / standard deviation.</summary>
    /// <param name="images">Images of any shape, in [0, 1].</param>
    public torch.Tensor Apply(torch.Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        return images.Minus(Mean).Over(StandardDeviation);
    }

    /// <summary>What <see cref="Apply"/> came from: x · standard deviation + mean.</summary>
    /// <param name="images">Standardized images of any shape.</param>
    public torch.Tensor Invert(torch.Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        return images.Times(StandardDeviation).Plus(Mean);
    }
}
