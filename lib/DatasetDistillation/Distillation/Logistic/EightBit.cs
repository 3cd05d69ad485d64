using DatasetDistillation.Data;
using FusedNetworks;
using TorchSharp;

namespace DatasetDistillation.Distillation;

/// <summary>Images that are tensors, as the fused pass of a linear model takes them.</summary>
internal static class EightBit
{
    /// <summary>The pixels that are not black, as bytes.</summary>
    /// <param name="data">Images whose pixels are multiples of 1/255 in [0, 1], as 8-bit images are.</param>
    /// <exception cref="ArgumentException">A pixel is none: the images are standardized, for instance.</exception>
    public static SparseImages From(ImageDataset data)
    {
        using var scope = torch.NewDisposeScope();
        float[] pixels = data.Images.cpu().data<float>().ToArray();
        var bytes = new byte[pixels.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            float scaled = pixels[i] * 255;
            float rounded = MathF.Round(scaled);
            if (!(MathF.Abs(scaled - rounded) < 1e-3f && rounded is >= 0 and <= 255))
            {
                throw new ArgumentException(
                    $"Pixel {i} is {pixels[i]}, which is not a multiple of 1/255 in [0, 1]; pass the images as they are stored, not standardized.", nameof(data));
            }
            bytes[i] = (byte)rounded;
        }
        return new SparseImages(bytes, data.LabelValues(), pixels.Length / data.Count, data.ClassCount);
    }
}
