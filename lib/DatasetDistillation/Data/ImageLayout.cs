namespace DatasetDistillation.Data;

/// <summary>The order of the dimensions of images in a file.</summary>
public enum ImageLayout
{
    /// <summary><c>[n, channels, height, width]</c>, as PyTorch and this library have them.</summary>
    ChannelsFirst,

    /// <summary><c>[n, height, width, channels]</c>, as TensorFlow, JAX and image files have them.</summary>
    ChannelsLast,
}

/// <summary>How files say their layout, and what follows from a shape where they do not.</summary>
internal static class ImageLayouts
{
    /// <summary>What the array that says the layout is called.</summary>
    public const string Key = "layout";

    private const string First = "NCHW";
    private const string Last = "NHWC";

    /// <summary>How a file says that its images are as this library has them.</summary>
    public static NpyArray Stated => NpyArray.FromText(First);

    /// <summary>The layout of images of four dimensions: the one that is wanted, else stated, else the only one with 1 or 3 channels.</summary>
    /// <exception cref="InvalidDataException">The file states none that is known, or both or none have 1 or 3 channels.</exception>
    public static ImageLayout Of(Npz file, string images, ImageLayout? wanted)
    {
        if (wanted is { } layout)
            return layout;
        if (file.Contains(Key))
        {
            return file[Key].ToText() switch
            {
                First => ImageLayout.ChannelsFirst,
                Last => ImageLayout.ChannelsLast,
                var other => throw new InvalidDataException($"The array '{Key}' is '{other[..Math.Min(other.Length, 20)]}'; it must be '{First}' or '{Last}'."),
            };
        }
        var array = file[images];
        bool mayBeFirst = array.Shape[1] is 1 or 3, mayBeLast = array.Shape[3] is 1 or 3;
        return mayBeFirst != mayBeLast
            ? mayBeFirst ? ImageLayout.ChannelsFirst : ImageLayout.ChannelsLast
            : throw new InvalidDataException(
                $"It does not follow from the shape of '{images}', {array}, where the channels are. Say layout: {nameof(ImageLayout)}.{nameof(ImageLayout.ChannelsFirst)} for [n, channels, height, width], or {nameof(ImageLayout.ChannelsLast)} for [n, height, width, channels].");
    }
}
