using static TorchSharp.torch;

namespace DatasetDistillation.Data;

/// <summary>What a data set must be.</summary>
internal static class DatasetChecks
{
    public static void Shapes(Tensor images, Tensor labels)
    {
        if (images.dtype != ScalarType.Float32 || images.shape.Length != 4 || images.shape.Any(size => size < 1))
            throw new ArgumentException($"Images must be Float32 [n, channels, height, width] with at least one image, but these are {Describe(images)}. Use reshape and to(ScalarType.Float32).", nameof(images));
        if (labels.dtype != ScalarType.Int64 || labels.shape.Length != 1)
            throw new ArgumentException($"Labels must be Int64 [n], but these are {Describe(labels)}. Use argmax(1) for one-hot labels and to(ScalarType.Int64).", nameof(labels));
        if (labels.shape[0] != images.shape[0])
            throw new ArgumentException($"There are {images.shape[0]} images, but {labels.shape[0]} labels.", nameof(labels));
    }

    public static void Labels(ReadOnlySpan<long> labels, int classCount)
    {
        if (labels.IsEmpty)
            throw new ArgumentException("A data set needs at least one image.", nameof(labels));
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] < 0 || labels[i] >= classCount)
                throw new ArgumentException($"Label {i} is {labels[i]}; with {classCount} classes, labels must be 0 to {classCount - 1}.", nameof(labels));
        }
    }

    public static void Pixels(ReadOnlySpan<float> pixels, int perImage)
    {
        for (int i = 0; i < pixels.Length; i++)
        {
            if (pixels[i] is >= 0 and <= 1)
                continue;
            string advice = float.IsFinite(pixels[i]) ? "Divide by the largest value (255 for bytes) first." : "Remove or repair the image.";
            throw new ArgumentException($"Image {i / perImage} has the value {pixels[i]} at pixel {i % perImage}; pixels must be in [0, 1]. {advice}", nameof(pixels));
        }
    }

    private static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]";
}
