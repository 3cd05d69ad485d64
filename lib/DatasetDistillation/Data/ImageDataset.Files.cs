using TorchSharp;

namespace DatasetDistillation.Data;

public sealed partial class ImageDataset
{
    /// <summary>Reads a pair of IDX files, gzipped or not.</summary>
    /// <param name="imagesPath">The images, e.g. <c>train-images-idx3-ubyte.gz</c>.</param>
    /// <param name="labelsPath">Their labels, e.g. <c>train-labels-idx1-ubyte.gz</c>.</param>
    /// <param name="classCount">The number of classes.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged or of another kind, or the two do not belong together.</exception>
    public static ImageDataset FromIdx(string imagesPath, string labelsPath, int classCount = 10) =>
        FromPixels(IdxReader.Read(imagesPath, labelsPath, classCount), NameOf(imagesPath), ReadFrom(imagesPath), classCount);

    /// <summary>Reads a file like Kaggle's digit recogniser's <c>train.csv</c>: a header <c>label,pixel0,…</c>, then an image per line, 0–255.</summary>
    /// <param name="path">The file.</param>
    /// <param name="height">The height of an image.</param>
    /// <param name="width">The width of an image.</param>
    /// <param name="classCount">The number of classes.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A line is not as it must be; the message has its number.</exception>
    public static ImageDataset FromCsv(string path, int height = 28, int width = 28, int classCount = 10) =>
        FromPixels(CsvPixelReader.Read(path, height, width, classCount), NameOf(path), ReadFrom(path), classCount);

    /// <summary>
    /// Reads a folder that holds a folder of PNG files for each class. Classes are labelled by their numbers where all are
    /// called by numbers, else in the order of their names.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="height">The height that the images must have.</param>
    /// <param name="width">The width that the images must have.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">There are no images, or one is damaged or of another size.</exception>
    public static ImageDataset FromPngFolder(string path, int height = 28, int width = 28)
    {
        var (images, classNames) = PngFolderReader.Read(path, height, width);
        return FromPixels(images, NameOf(path), ReadFrom(path), classNames.Count, classNames);
    }

    /// <summary>
    /// Reads a <c>.npz</c> file with images as bytes (0–255) or floats (0–1), <c>[n, height, width]</c> or
    /// <c>[n, channels, height, width]</c>, and integer labels <c>[n]</c>, as <see cref="Save"/> writes it and others may.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="images">What the array of images is called.</param>
    /// <param name="labels">What the array of labels is called.</param>
    /// <param name="classCount">The number of classes; left out, what the file says, else the largest label + 1.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or has not these arrays.</exception>
    public static ImageDataset FromNpz(string path, string images = "images", string labels = "labels", int? classCount = null)
    {
        var npz = Npz.Load(path);
        var (shape, pixels) = ReadPixels(npz, images, path);
        var classes = npz.Get(labels, shape[0]);
        if (classes.Type is NpyType.Float32 or NpyType.Float64 or NpyType.Text)
            throw new InvalidDataException($"The array '{labels}' in '{path}' is {classes}, but integer labels are wanted.");
        long[] classValues = classes.ToInt64s();
        try
        {
            DatasetChecks.Pixels(pixels, (int)(shape[1] * shape[2] * shape[3]));
            return new ImageDataset(
                torch.tensor(pixels, shape, device: Compute.Device), torch.tensor(classValues, [shape[0]], device: Compute.Device), classValues,
                npz.Contains("name") ? npz["name"].ToText() : NameOf(path),
                npz.Contains("source") ? npz["source"].ToText() : ReadFrom(path),
                classCount ?? (npz.Contains("class_count") ? (int)npz.Get("class_count").ToInt64s()[0] : null), classNames: null, standardization: null);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException($"'{path}' holds no usable images. {exception.Message}", exception);
        }
    }

    /// <summary>Writes images (Float32), labels (Int64), name and source to a <c>.npz</c> file, atomically.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidOperationException">The images are standardized; save them before.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        if (Standardization is not null)
            throw new InvalidOperationException($"{Name} is standardized; save the images before they are, so that they are in [0, 1].");
        new Npz
        {
            ["images"] = NpyArray.From(PixelValues(), Images.shape),
            ["labels"] = NpyArray.From(labels),
            ["class_count"] = NpyArray.Scalar(ClassCount),
            ["name"] = NpyArray.FromText(Name),
            ["source"] = NpyArray.FromText(Source),
        }.Save(path);
    }

    private static (long[] Shape, float[] Pixels) ReadPixels(Npz npz, string images, string path)
    {
        var array = npz[images];
        if (array.Type is not (NpyType.UInt8 or NpyType.Float32 or NpyType.Float64) || array.Shape.Count is not (3 or 4) || array.Count == 0)
            throw new InvalidDataException($"The array '{images}' in '{path}' is {array}, but UInt8 or Float32 images [n, height, width] or [n, channels, height, width] are wanted.");

        long[] shape = array.Shape.Count == 4 ? [.. array.Shape] : [array.Shape[0], 1, array.Shape[1], array.Shape[2]];
        var pixels = array.ToSingles();
        if (array.Type == NpyType.UInt8)
        {
            for (int i = 0; i < pixels.Length; i++)
                pixels[i] /= 255f;
        }
        return (shape, pixels);
    }

    /// <summary>The source of what is read; the name alone, since folders differ from machine to machine.</summary>
    private static string ReadFrom(string path) => $"read from '{Path.GetFileName(Path.TrimEndingDirectorySeparator(path))}'";

    private static string NameOf(string path) => Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
}
