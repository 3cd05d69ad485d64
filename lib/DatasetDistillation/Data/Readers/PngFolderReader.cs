using System.Globalization;

namespace DatasetDistillation.Data;

/// <summary>
/// Reads a folder of class folders of PNG files. The label is the number that a class folder is called where all are
/// called by numbers, else its place in the sorted names. Colours are turned to grey.
/// </summary>
internal static class PngFolderReader
{
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">There are no classes or no images, or an image is damaged or of another size.</exception>
    public static (LabelledPixels Images, IReadOnlyList<string> ClassNames) Read(string path, int height, int width)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"There is no folder '{Path.GetFullPath(path)}'.");
        var classes = ClassFolders(path);
        if (classes.Count == 0)
            throw new InvalidDataException($"'{path}' has no class folders. It must hold one folder for each class, with the PNG files of the class inside.");

        var pixels = new List<byte>();
        var labels = new List<long>();
        foreach (var (label, folder) in classes)
        {
            var files = Directory.GetFiles(folder, "*.png");
            if (files.Length == 0)
                throw new InvalidDataException($"The class folder '{folder}' has no PNG files.");
            Array.Sort(files, StringComparer.Ordinal);
            foreach (string file in files)
            {
                pixels.AddRange(ReadImage(file, height, width));
                labels.Add(label);
            }
        }

        var names = new string[classes[^1].Label + 1];
        foreach (var (label, folder) in classes)
            names[label] = Path.GetFileName(folder);
        for (int label = 0; label < names.Length; label++)
            names[label] ??= label.ToString(CultureInfo.InvariantCulture);
        return (new LabelledPixels(height, width, [.. pixels], [.. labels]), names);
    }

    private static List<(int Label, string Folder)> ClassFolders(string path)
    {
        var folders = Directory.GetDirectories(path).Where(folder => !Path.GetFileName(folder).StartsWith('.')).Order(StringComparer.Ordinal).ToArray();
        var numbers = folders
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < 1000 ? number : -1)
            .ToArray();
        bool areNumbers = !numbers.Contains(-1) && numbers.Distinct().Count() == numbers.Length;
        return [.. folders.Select((folder, i) => (areNumbers ? numbers[i] : i, folder)).OrderBy(entry => entry.Item1)];
    }

    private static byte[] ReadImage(string file, int height, int width)
    {
        PngImage image;
        try
        {
            image = Png.Decode(File.ReadAllBytes(file));
        }
        catch (Exception exception) when (exception is InvalidDataException or NotSupportedException)
        {
            throw new InvalidDataException($"'{file}' cannot be read. {exception.Message}", exception);
        }
        return (image.Height, image.Width) == (height, width)
            ? image.ToGray()
            : throw new InvalidDataException($"'{file}' is {image.Width}×{image.Height} pixels, but {width}×{height} are wanted. Resize it first.");
    }
}
