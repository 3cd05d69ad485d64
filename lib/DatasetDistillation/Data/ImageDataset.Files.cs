using TorchSharp;

namespace DatasetDistillation.Data;

public sealed partial class ImageDataset
{
    /// <summary>Reads a pair of IDX files, gzipped or not.</summary>
    /// <param name="imagesPath">The images, e.g. <c>train-images-idx3-ubyte.gz</c>.</param>
    /// <param name="labelsPath">Their labels, e.g. <c>train-labels-idx1-ubyte.gz</c>.</param>
    /// <param name="classCount">The number of classes; left out, the largest label + 1, and every label up to it must occur.</param>
    /// <param name="maximumBytes">The bytes that a gzipped file may unpack to; by default 1 GiB.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">
    /// A file is damaged, too large or of another kind, or the two do not belong together.
    /// </exception>
    public static ImageDataset FromIdx(string imagesPath, string labelsPath, int? classCount = null,
        long maximumBytes = Npz.DefaultMaximumBytes) =>
        FromFile(imagesPath, IdxReader.Read(imagesPath, labelsPath, classCount, maximumBytes: maximumBytes), classCount);

    /// <summary>
    /// Reads a file like Kaggle's digit recognizer's <c>train.csv</c>: a header <c>label,pixel0,…</c>, then a gray image per line, 0–255.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="height">The height of an image.</param>
    /// <param name="width">The width of an image.</param>
    /// <param name="classCount">The number of classes; left out, the largest label + 1, and every label up to it must occur.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A line is not as it must be; the message has its number.</exception>
    public static ImageDataset FromCsv(string path, int height = 28, int width = 28, int? classCount = null) =>
        FromFile(path, CsvPixelReader.Read(path, height, width, classCount), classCount);

    /// <summary>
    /// Reads a folder that holds a folder of PNG and JPEG files for each class. Each class has the name
    /// of its folder. Images of any size are cropped to the wanted proportions and resized; colors are
    /// kept. For training and test images from one folder use <see cref="StratifiedSplit"/>.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="height">The height that the images get.</param>
    /// <param name="width">The width that the images get.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">There are no classes or no images, or one cannot be read.</exception>
    public static ImageDataset FromFolder(string path, int height, int width) => FromFolder(path, new ImageFolderOptions(height, width));

    /// <summary>Reads a folder that holds a folder of PNG and JPEG files for each class.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="options">The size that the images get, and how.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">
    /// There are no classes or no images, they are too large, or one cannot be read and is not to be skipped.
    /// </exception>
    public static ImageDataset FromFolder(string path, ImageFolderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (images, classNames) = ImageFolderReader.Read(path, options);
        var read = FromFile(path, images, classNames.Count, classNames);
        read.MayBeMirrored = options.MayBeMirrored;
        return read;
    }

    /// <summary>
    /// Reads a <c>.npz</c> file with images as bytes (0–255) or floats (0–1), <c>[n, height, width]</c>, <c>[n, channels, height,
    /// width]</c> or <c>[n, height, width, channels]</c>, and integer labels <c>[n]</c>, as <see cref="Save"/> writes it.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="images">What the array of images is called.</param>
    /// <param name="labels">What the array of labels is called.</param>
    /// <param name="classCount">
    /// The number of classes; left out, what the file says, else the largest label + 1, and every label up to it must occur.
    /// </param>
    /// <param name="channelsLast">
    /// Whether the images are <c>[n, height, width, channels]</c>; left out, as
    /// the file says, else as its shape does, where only one place has 1 or 3.
    /// </param>
    /// <param name="maximumBytes">The bytes that the images may take in memory, as Float32; by default 1 GiB.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is damaged or too large, lacks one of these arrays, or leaves open where the channels are.
    /// </exception>
    public static ImageDataset FromNpz(
        string path, string images = "images", string labels = "labels", int? classCount = null, bool? channelsLast = null,
        long maximumBytes = Npz.DefaultMaximumBytes)
    {
        var npz = Npz.Load(path, maximumBytes);
        using var scope = torch.NewDisposeScope();
        try
        {
            var pixels = ReadPixels(npz, images, path, channelsLast, maximumBytes);
            var classes = npz.Get(labels, pixels.shape[0]);
            if (classes.Type is NpyType.Float32 or NpyType.Float64 or NpyType.Text)
                throw new InvalidDataException($"The array '{labels}' in '{path}' is {classes}, but integer labels are wanted.");
            long[] classValues = classes.ToInt64s();
            DatasetChecks.Pixels(pixels);
            return new ImageDataset(
                pixels.to(Compute.Device), torch.tensor(classValues, [classValues.Length], device: Compute.Device), classValues,
                npz.Contains("name") ? npz["name"].ToText() : NameOf(path),
                npz.Contains("source") ? npz["source"].ToText() : ReadFrom(path),
                classCount ?? (npz.Contains("class_count")
                    ? (int)Math.Clamp(npz.Get("class_count").ToInt64s()[0], int.MinValue, int.MaxValue)
                    : null),
                npz.Contains("class_names") ? npz["class_names"].ToTexts() : null, standardization: null)
            {
                MayBeMirrored = npz.Contains("may_be_mirrored") && npz.Get("may_be_mirrored").ToInt64s()[0] != 0,
            };
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException ||
            (exception is InvalidDataException && !exception.Message.Contains(path, StringComparison.Ordinal)))
        {
            throw new InvalidDataException($"'{path}' holds no usable images. {exception.Message}", exception);
        }
    }

    /// <summary>
    /// Writes images (Float32), their layout, labels (Int64), class names, name and source to a <c>.npz</c> file, atomically.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidOperationException">The images are standardized; save them before they are.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        if (Standardization is not null)
            throw new InvalidOperationException($"{Name} is standardized; save the images before they are, so that they are in [0, 1].");
        new Npz
        {
            ["images"] = NpyArray.From(PixelValues(), Images.shape),
            [ImageLayout.Key] = ImageLayout.Stated,
            ["labels"] = NpyArray.From(labels),
            ["class_names"] = NpyArray.FromTexts(ClassNames),
            ["may_be_mirrored"] = NpyArray.Scalar(MayBeMirrored ? 1L : 0L),
            ["name"] = NpyArray.FromText(Name),
            ["source"] = NpyArray.FromText(Source),
        }.Save(path);
    }

    private static torch.Tensor ReadPixels(Npz npz, string images, string path, bool? channelsLast, long maximumBytes)
    {
        var array = npz[images];
        if (array.Type is not (NpyType.UInt8 or NpyType.Float32 or NpyType.Float64) || array.Shape.Count is not (3 or 4)
            || array.Count == 0)
            throw new InvalidDataException(
                $"The array '{images}' in '{path}' is {array}, but UInt8 or Float32 images [n, height, width], [n, channels, height, " +
                $"width] or [n, height, width, channels] are wanted.");
        DataLimits.Require((Int128)array.Count * sizeof(float), new FileInfo(path).Length, maximumBytes,
            $"The array '{images}' in '{path}' as Float32");

        var pixels = array.Type == NpyType.UInt8
            ? torch.tensor(array.AsSpan<byte>().ToArray(), [.. array.Shape]).to(torch.float32).OverInPlace(255)
            : torch.tensor(array.ToSingles(), [.. array.Shape]);
        return array.Shape.Count == 3 ? pixels.unsqueeze(1)
            : ImageLayout.IsChannelsLast(npz, images, channelsLast) ? pixels.permute(0, 3, 1, 2).contiguous() : pixels;
    }

    /// <summary>A data set of what a reader read from a file; what does not fit is the file's fault.</summary>
    private static ImageDataset FromFile(string path, LabeledPixels read, int? classCount, IReadOnlyList<string>? classNames = null)
    {
        try
        {
            return FromPixels(read, NameOf(path), ReadFrom(path), classCount, classNames);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException($"'{path}' holds no usable images. {exception.Message}", exception);
        }
    }

    /// <summary>The source of what is read; the name alone, since folders differ from machine to machine.</summary>
    private static string ReadFrom(string path) => $"read from '{Path.GetFileName(Path.TrimEndingDirectorySeparator(path))}'";

    private static string NameOf(string path) =>
        Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
}
