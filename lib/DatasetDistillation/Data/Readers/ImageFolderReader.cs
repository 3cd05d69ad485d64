using System.Globalization;
using System.Numerics;

namespace DatasetDistillation.Data;

/// <summary>Reads a folder of class folders of PNG and JPEG files.</summary>
internal static class ImageFolderReader
{
    private const long MostFileBytes = 1L << 28;
    private static readonly string[] Extensions = [".PNG", ".JPG", ".JPEG"];

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">
    /// There are no classes or no images, they are too large, or one cannot be read and is not to be skipped.
    /// </exception>
    public static (LabeledPixels Images, IReadOnlyList<string> ClassNames) Read(string path, ImageFolderOptions options)
    {
        DatasetChecks.Size(options.Height, options.Width);
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"There is no folder '{Path.GetFullPath(path)}'.");
        var folders = ClassFolders(path);
        string[] names = [.. options.ClassNames ?? folders];
        DatasetChecks.ClassNames(names, names.Length);
        if (folders.Except(names).FirstOrDefault() is { } stray)
            throw new InvalidDataException($"'{Path.Combine(path, stray)}' is none of the classes {string.Join(", ", names)}.");

        (string File, long Label)[] files =
        [
            .. folders.SelectMany(folder => Images(Path.Combine(path, folder)).Select(file => (file, (long)Array.IndexOf(names, folder)))),
        ];
        DataLimits.Require((Int128)files.Length * 3 * options.Height * options.Width * sizeof(float), 0, options.MaximumBytes,
            $"What '{path}' holds, as Float32,");
        var read = files.AsParallel().AsOrdered().Select(entry => ReadImage(entry.File, options)).ToArray();

        var kept = new List<int>();
        foreach (var (i, image) in read.Index())
        {
            if (image.Error is null)
                kept.Add(i);
            else if (!options.SkipUnreadable)
                throw new InvalidDataException(
                    $"'{files[i].File}' cannot be read. "
                    + $"{image.Error} Remove it, or say {nameof(ImageFolderOptions.SkipUnreadable)} = true.");
            else
                options.Notice($"'{files[i].File}' is left out. {image.Error}");
        }
        if (kept.Count == 0)
            throw new InvalidDataException($"None of the {files.Length} images in '{path}' can be read.");

        int channels = !options.Gray && kept.Any(i => read[i].IsColor) ? 3 : 1;
        int size = options.Height * options.Width;
        var pixels = new byte[kept.Count * channels * size];
        for (int place = 0; place < kept.Count; place++)
            Planes(read[kept[place]].Pixels, pixels.AsSpan(place * channels * size, channels * size), size);
        long[] labels = [.. kept.Select(i => files[i].Label)];
        return (new LabeledPixels(options.Height, options.Width, pixels, labels) { Channels = channels }, names);
    }

    private static string[] ClassFolders(string path)
    {
        string[] folders = Directory.GetDirectories(path)
            .Select(static folder => Path.GetFileName(folder))
            .Where(static name => !name.StartsWith('.'))
            .ToArray();
        if (folders.Length == 0)
            throw new InvalidDataException(
                $"'{path}' has no class folders. It must hold one folder for each class, with the PNG or JPEG files of the class inside.");
        if (!folders.All(static name => name.All(char.IsAsciiDigit)))
            return [.. folders.Order(StringComparer.Ordinal)];
        return folders
            .OrderBy(static name => BigInteger.Parse(name, CultureInfo.InvariantCulture))
            .ThenBy(static name => name, StringComparer.Ordinal)
            .ToArray();
    }

    private static string[] Images(string folder)
    {
        string[] files = [.. Directory.GetFiles(folder)
            .Where(
                static file => !Path.GetFileName(file).StartsWith('.') && Extensions.Contains(Path.GetExtension(file).ToUpperInvariant()))
            .Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new InvalidDataException($"The class folder '{folder}' has no PNG or JPEG files.");
    }

    /// <summary>
    /// An image as bytes <c>[height, width, channels]</c>, of one channel where gray is wanted, else of three; or why there is none.
    /// </summary>
    private static (byte[] Pixels, bool IsColor, string? Error) ReadImage(string file, ImageFolderOptions options)
    {
        try
        {
            if (new FileInfo(file).Length > MostFileBytes)
                return ([], false, $"It has more than {MostFileBytes:N0} bytes.");
            var image = Png.Decode(File.ReadAllBytes(file));
            var (pixels, channels) = options.Gray ? (image.ToGray(), 1) : (image.ToRgb(), 3);
            if ((image.Height, image.Width) != (options.Height, options.Width))
            {
                if (options.Fit == ImageFit.Exact)
                    return ([], false, $"It has {image.Width}×{image.Height} pixels, but {options.Width}×{options.Height} are wanted.");
                pixels = Resized(pixels, image, channels, options);
            }
            return (pixels, channels == 3 && IsColor(pixels), null);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return ([], false, exception.Message);
        }
    }

    private static byte[] Resized(byte[] pixels, PngImage image, int channels, ImageFolderOptions options)
    {
        var part = new Part(0, 0, image.Width, image.Height);
        if (options.Fit == ImageFit.Crop)
        {
            double scale = Math.Min((double)image.Width / options.Width, (double)image.Height / options.Height);
            var (width, height) = (options.Width * scale, options.Height * scale);
            part = new Part((image.Width - width) / 2, (image.Height - height) / 2, width, height);
        }
        var resized = Resampling.Resize<byte>(pixels, image.Width, channels, part, options.Height, options.Width, antialias: true);
        return Array.ConvertAll(resized, static value => (byte)Math.Clamp(MathF.Round(value), 0, 255));
    }

    private static bool IsColor(byte[] rgb)
    {
        for (int i = 0; i < rgb.Length; i += 3)
        {
            if (rgb[i] != rgb[i + 1] || rgb[i] != rgb[i + 2])
                return true;
        }
        return false;
    }

    /// <summary>
    /// From <c>[height, width, some channels]</c> to <c>[channels, height,
    /// width]</c>, of which there are as many, or one where they are equal.
    /// </summary>
    private static void Planes(byte[] pixels, Span<byte> planes, int size)
    {
        int channels = pixels.Length / size;
        for (int i = 0; i < planes.Length; i++)
            planes[i] = pixels[(i % size * channels) + (i / size)];
    }
}
