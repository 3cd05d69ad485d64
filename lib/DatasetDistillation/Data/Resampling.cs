using System.Numerics;

namespace DatasetDistillation.Data;

/// <summary>
/// Bilinear interpolation between pixel centers, the margins repeated, as <c>interpolate(mode="bilinear")</c>
/// of PyTorch does it; with antialiasing, where an image becomes smaller, as it and Pillow do: each new pixel
/// is the mean, by the weights of a triangle, of all that it covers.
/// </summary>
internal static class Resampling
{
    /// <summary>Resizes an image, or a part of it.</summary>
    /// <typeparam name="T">The type of a sample.</typeparam>
    /// <param name="image">The samples, <c>[height, width, channels]</c>.</param>
    /// <param name="width">The width of the image.</param>
    /// <param name="channels">How many samples a pixel has.</param>
    /// <param name="part">The part that is resized, in pixels and their fractions.</param>
    /// <param name="newHeight">The height wanted.</param>
    /// <param name="newWidth">The width wanted.</param>
    /// <param name="antialias">Whether what becomes smaller is averaged.</param>
    /// <returns>Samples <c>[newHeight, newWidth, channels]</c>.</returns>
    public static float[] Resize<T>(ReadOnlySpan<T> image, int width, int channels, Part part, int newHeight, int newWidth, bool antialias)
        where T : unmanaged, INumberBase<T>
    {
        int height = image.Length / (width * channels);
        var columns = Taps(width, part.Left, part.Width, newWidth, antialias);
        var rows = Taps(height, part.Top, part.Height, newHeight, antialias);
        int first = rows[0].First, last = rows[^1].First + rows[^1].Weights.Length; // the rows that are needed
        var narrow = new float[(last - first) * newWidth * channels];
        for (int y = first, to = 0; y < last; y++)
        {
            var row = image.Slice(y * width * channels, width * channels);
            foreach (var (start, weights) in columns)
                for (int channel = 0; channel < channels; channel++, to++)
                    for (int i = 0; i < weights.Length; i++)
                        narrow[to] += weights[i] * float.CreateTruncating(row[((start + i) * channels) + channel]);
        }

        int stride = newWidth * channels;
        var resized = new float[newHeight * stride];
        for (int y = 0; y < newHeight; y++)
        {
            var (start, weights) = rows[y];
            var to = resized.AsSpan(y * stride, stride);
            for (int i = 0; i < weights.Length; i++)
            {
                var from = narrow.AsSpan((start - first + i) * stride, stride);
                for (int x = 0; x < stride; x++)
                    to[x] += weights[i] * from[x];
            }
        }
        return resized;
    }

    /// <summary>The whole of a square gray image.</summary>
    /// <inheritdoc cref="Resize{T}(ReadOnlySpan{T}, int, int, Part, int, int, bool)"/>
    public static float[] Resize(ReadOnlySpan<float> image, int side, int newSide) =>
        Resize(image, side, 1, new Part(0, 0, side, side), newSide, newSide, antialias: false);

    /// <summary>For every new pixel, the first of the old ones that it takes from, and what it takes of each.</summary>
    private static (int First, float[] Weights)[] Taps(int size, double start, double length, int newSize, bool antialias)
    {
        double scale = length / newSize, reach = antialias ? Math.Max(1, scale) : 1;
        var taps = new (int, float[])[newSize];
        for (int i = 0; i < newSize; i++)
        {
            double center = start + ((i + 0.5) * scale);
            int first = Math.Clamp((int)Math.Floor(center - reach + 0.5), 0, size - 1);
            int end = Math.Clamp((int)Math.Floor(center + reach + 0.5), first + 1, size);
            var weights = new double[end - first];
            for (int j = 0; j < weights.Length; j++)
                weights[j] = Math.Max(0, 1 - Math.Abs((first + j + 0.5 - center) / reach));
            double sum = weights.Sum();
            taps[i] = (first, Array.ConvertAll(weights, weight => (float)(weight / sum)));
        }
        return taps;
    }
}

/// <summary>A part of an image, in pixels.</summary>
internal readonly record struct Part(double Left, double Top, double Width, double Height);
