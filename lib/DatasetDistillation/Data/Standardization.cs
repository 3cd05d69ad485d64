using System.Runtime.InteropServices;
using TorchSharp;

namespace DatasetDistillation.Data;

/// <summary>
/// The change of scale x ↦ (x − mean) / standard deviation, channel by channel. Take it from the training images and apply the same one to
/// all others. Differentiable, and the same on every device.
/// </summary>
public sealed class Standardization : IEquatable<Standardization>
{
    private const float SmallestDeviation = 1e-6f;

    /// <summary>One mean and one standard deviation for all channels.</summary>
    /// <param name="mean">The mean of the pixels.</param>
    /// <param name="standardDeviation">Their standard deviation, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not finite, or the standard deviation not above 0.</exception>
    public Standardization(float mean, float standardDeviation)
        : this([mean], [standardDeviation])
    {
    }

    /// <summary>A mean and a standard deviation for each channel, or one for all.</summary>
    /// <param name="mean">The mean of the pixels of each channel.</param>
    /// <param name="standardDeviation">Their standard deviations, above 0.</param>
    /// <exception cref="ArgumentException">There are not as many of the one as of the other, or none.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is not finite, or a standard deviation not above 0.</exception>
    public Standardization(IReadOnlyList<float> mean, IReadOnlyList<float> standardDeviation)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(standardDeviation);
        if (mean.Count == 0 || mean.Count != standardDeviation.Count)
            throw new ArgumentException(
                "There must be as many means as standard deviations, one at least; "
                + $"there are {mean.Count} and {standardDeviation.Count}.", nameof(mean));
        if (!mean.All(float.IsFinite) || !standardDeviation.All(static deviation => deviation > 0 && float.IsFinite(deviation)))
            throw new ArgumentOutOfRangeException(nameof(standardDeviation),
                $"Mean {Text(mean)} and standard deviation {Text(standardDeviation)} must be finite, and the latter above 0.");
        (Mean, StandardDeviation) = ([.. mean], [.. standardDeviation]);
    }

    /// <summary>The mean of the pixels of each channel, or a single one for all channels.</summary>
    public IReadOnlyList<float> Mean { get; }

    /// <summary>The standard deviation of the pixels of each channel, or a single one for all channels; above 0.</summary>
    public IReadOnlyList<float> StandardDeviation { get; }

    /// <summary>
    /// The statistics of each channel. Where a channel is constant, its standard deviation is taken as 1, so that it becomes 0.
    /// </summary>
    /// <param name="images">The training images, in [0, 1].</param>
    public static Standardization Of(ImageDataset images)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var scope = torch.NewDisposeScope();
        var values = MemoryMarshal.Cast<byte, float>(images.Images.cpu().contiguous().bytes);
        var (means, deviations) = (new float[images.Channels], new float[images.Channels]);
        for (int channel = 0; channel < images.Channels; channel++)
            (means[channel], deviations[channel]) = Statistics(values, images.Height * images.Width, channel, images.Channels);
        return new Standardization(means, deviations);
    }

    /// <summary>(x − mean) / standard deviation.</summary>
    /// <param name="images">Images in [0, 1], <c>[…, channels, height, width]</c>; with one mean for all channels, of any shape.</param>
    /// <exception cref="ArgumentException">The images have another number of channels.</exception>
    public torch.Tensor Apply(torch.Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (Mean.Count == 1)
            return images.Minus(Mean[0]).Over(StandardDeviation[0]);
        using var scope = torch.NewDisposeScope();
        return ((images - Channels(images, Mean)) / Channels(images, StandardDeviation)).MoveToOuterDisposeScope();
    }

    /// <summary>The inverse of <see cref="Apply"/>: x · standard deviation + mean.</summary>
    /// <param name="images">Standardized images, as for <see cref="Apply"/>.</param>
    /// <exception cref="ArgumentException">The images have another number of channels.</exception>
    public torch.Tensor Invert(torch.Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (Mean.Count == 1)
            return images.Times(StandardDeviation[0]).Plus(Mean[0]);
        using var scope = torch.NewDisposeScope();
        return (images * Channels(images, StandardDeviation)).Plus(Channels(images, Mean)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public bool Equals(Standardization? other) =>
        other is not null && Mean.SequenceEqual(other.Mean) && StandardDeviation.SequenceEqual(other.StandardDeviation);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Standardization);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Mean[0], StandardDeviation[0], Mean.Count);

    /// <summary>The means and the standard deviations.</summary>
    public override string ToString() => $"Standardization {{ Mean = {Text(Mean)}, StandardDeviation = {Text(StandardDeviation)} }}";

    /// <summary>Whether two scales are the same but for the rounding of files; null is that of pixels in [0, 1].</summary>
    internal static bool AreSame(Standardization? first, Standardization? second, int channels)
    {
        const float Tolerance = 1e-4f;
        return Enumerable.Range(0, channels).All(channel =>
            Math.Abs(At(first?.Mean, channel, 0) - At(second?.Mean, channel, 0)) <= Tolerance
            && Math.Abs(At(first?.StandardDeviation, channel, 1) - At(second?.StandardDeviation, channel, 1)) <= Tolerance);

        static float At(IReadOnlyList<float>? values, int channel, float none) =>
            values is null ? none : values[Math.Min(channel, values.Count - 1)];
    }

    /// <summary>Checks that images of so many channels can be standardized.</summary>
    /// <exception cref="ArgumentException">They cannot.</exception>
    internal void RequireChannels(long channels)
    {
        if (Mean.Count != 1 && Mean.Count != channels)
            throw new ArgumentException(
                $"The images have {channels} channels, but there are {Mean.Count} means and standard deviations. "
                + "Give one for each channel, or one for all.");
    }

    private torch.Tensor Channels(torch.Tensor images, IReadOnlyList<float> values)
    {
        RequireChannels(images.dim() < 3 ? 1 : images.shape[^3]);
        return torch.tensor(values.ToArray(), [values.Count, 1, 1], dtype: images.dtype, device: images.device);
    }

    private static (float Mean, float Deviation) Statistics(ReadOnlySpan<float> values, int size, int channel, int channels)
    {
        double mean = 0, squares = 0;
        int count = values.Length / channels;
        for (int start = channel * size; start < values.Length; start += channels * size)
            foreach (float value in values.Slice(start, size))
                mean += value;
        mean /= count;
        for (int start = channel * size; start < values.Length; start += channels * size)
            foreach (float value in values.Slice(start, size))
                squares += (value - mean) * (value - mean);
        float deviation = (float)Math.Sqrt(squares / count);
        return ((float)mean, deviation < SmallestDeviation ? 1 : deviation);
    }

    private static string Text(IReadOnlyList<float> values) =>
        values.Count == 1
            ? FormattableString.Invariant($"{values[0]}")
            : $"[{string.Join(", ", values.Select(static value => FormattableString.Invariant($"{value}")))}]";
}
