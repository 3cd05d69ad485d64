using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>An easy problem of any size: each class is waves of its own in every channel, seen through noise.</summary>
internal static class Patterns
{
    private const double Noise = 0.1;

    public static ImageDataset Create(int channels, int height, int width, int classes, int perClass, int seed = 0)
    {
        using var scope = NewDisposeScope();
        using var random = new Generator((ulong)seed);
        var labels = arange(classes).repeat_interleave(perClass);
        var clean = stack([.. Enumerable.Range(0, classes).Select(label => Wave(channels, height, width, label))]).index_select(0, labels);
        var noisy = clean + (randn(clean.shape, generator: random) * Noise);
        // Bytes, as in image files.
        return new ImageDataset(
            (noisy.clamp(0, 1) * 255).round() / 255,
            labels,
            "patterns",
            "waves and noise",
            classes,
            [.. Enumerable.Range(0, classes).Select(static label => $"wave {label}")]);
    }

    private static Tensor Wave(int channels, int height, int width, int label)
    {
        var phase = arange(channels, float32).reshape(channels, 1, 1) * (label + 1);
        var down = arange(height, float32).reshape(1, height, 1) * (float)(Math.Tau * (label / 3) / height);
        var across = arange(width, float32).reshape(1, 1, width) * (float)(Math.Tau * ((label % 3) + 1) / width);
        return ((phase + down + across).sin() * 0.3) + 0.5;
    }
}
