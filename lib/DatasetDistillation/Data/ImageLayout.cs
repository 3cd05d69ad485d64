namespace DatasetDistillation.Data;

/// <summary>How files say their layout, and what follows from a shape where they do not.</summary>
internal static class ImageLayout
{
    /// <summary>What the array that says the layout is called.</summary>
    public const string Key = "layout";

    private const string First = "NCHW";
    private const string Last = "NHWC";

    /// <summary>How a file says that its images are as this library has them.</summary>
    public static NpyArray Stated => NpyArray.FromText(First);

    /// <summary>
    /// Whether images of four dimensions are <c>[n, height, width, channels]</c>, as TensorFlow, JAX and image files have them, and not
    /// <c>[n, channels, height, width]</c>: as the caller says, else the file, else as there are 1 or 3 channels.
    /// </summary>
    /// <exception cref="InvalidDataException">The file states none that is known, or both or none have 1 or 3 channels.</exception>
    public static bool IsChannelsLast(Npz file, string images, bool? wanted)
    {
        if (wanted is { } isLast)
            return isLast;
        if (file.Contains(Key))
        {
            return file[Key].ToText() switch
            {
                First => false,
                Last => true,
                var other => throw new InvalidDataException(
                    $"The array '{Key}' is '{other[..Math.Min(other.Length, 20)]}'; it must be '{First}' or '{Last}'."),
            };
        }
        var array = file[images];
        bool mayBeFirst = array.Shape[1] is 1 or 3, mayBeLast = array.Shape[3] is 1 or 3;
        return mayBeFirst != mayBeLast
            ? mayBeLast
            : throw new InvalidDataException(
                $"It does not follow from the shape of '{images}', {array}, where the channels are. "
                + "Say channelsLast: false for [n, channels, height, width], or channelsLast: true for [n, height, width, channels].");
    }
}
