using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>Random changes of training batches that leave the labels right.</summary>
public static class Augmentations
{
    /// <summary>Moves each image by a whole number of pixels up to a limit in each direction; pixels at the edge are repeated.</summary>
    /// <param name="pixels">The limit, 0 or more.</param>
    /// <returns>An augmentation for <see cref="Trainer.Augmentation"/>.</returns>
    public static Func<Tensor, Generator, Tensor> Shift(int pixels = 2)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pixels);
        return (images, generator) => Shift(images, generator, pixels);
    }

    private static Tensor Shift(Tensor images, Generator generator, int pixels)
    {
        using var scope = NewDisposeScope();
        var (n, c, h, w) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3]);
        var moves = randint(-pixels, pixels + 1, [2, n, 1], generator: generator).to(images.device);
        var rows = (arange(h, device: images.device).unsqueeze(0) + moves[0]).clamp(0, h - 1);
        var columns = (arange(w, device: images.device).unsqueeze(0) + moves[1]).clamp(0, w - 1);
        var sources = (rows.unsqueeze(2) * w + columns.unsqueeze(1)).reshape(n, 1, h * w).expand(n, c, h * w);
        return images.reshape(n, c, h * w).gather(2, sources).reshape(n, c, h, w).MoveToOuterDisposeScope();
    }
}
