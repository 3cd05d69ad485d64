using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

public sealed partial class DistilledSet
{
    /// <summary>What <see cref="ExportImages"/> calls the file that describes the images.</summary>
    internal const string DescriptionName = "distilled.json";

    private const string Key = "file";
    private const string Forbidden = "<>:\"/\\|?*";
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private const string HowToTrain =
        "Take the images in this order. x = value_range[0] + (value_range[1] - value_range[0]) * byte / 255 "
        + "is an image in the space of pixels from 0 to 1, which learned pixels may leave; "
        + "(x - mean) / std, channel by channel, is what a network takes, and real images are standardized in the same way. "
        + "label has a number for each of class_names; "
        + "where they are no probabilities, less their mean they are the targets of a squared error. "
        + "Where there are learning_rates, training step t takes the images of batch t mod steps, "
        + "of as many equal consecutive batches as steps, with learning rate t.";

    /// <summary>
    /// Writes each image as a PNG of 8 bits into a folder for its class, and <c>distilled.json</c> beside these
    /// folders. That file has all that training on them needs: the files in order with their class and label (a
    /// number for each class), the class names, the values of the darkest and the brightest byte, mean and
    /// standard deviation of the preprocessing, learning rates, and in words what to do. <see cref="Save"/> keeps
    /// all digits; a PNG is within a 510th of the range of values. The folder appears as a whole or not at all.
    /// </summary>
    /// <param name="folder">The folder, which is made. One that holds an earlier export and nothing else is replaced.</param>
    /// <exception cref="IOException">There is something else in the folder, or it cannot be written.</exception>
    /// <exception cref="InvalidOperationException">The images have neither 1 nor 3 channels.</exception>
    public void ExportImages(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        if (Images.shape[1] is not (1 or 3))
            throw new InvalidOperationException(
                $"A PNG has 1 or 3 channels, but these images have {Images.shape[1]}. {nameof(Save)} them as .npz.");
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        RequireReplaceable(folder);
        string temporary = $"{folder}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(temporary);
            WriteImages(temporary);
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
            Directory.Move(temporary, folder);
        }
        catch (Exception error)
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
            if (error is IOException or UnauthorizedAccessException)
                throw new IOException(
                    $"'{folder}' cannot be written: {error.Message} Choose a folder that can be written to and has space.", error);
            throw;
        }
    }

    private void WriteImages(string folder)
    {
        using var scope = NewDisposeScope();
        var (channels, height, width) = ((int)Images.shape[1], (int)Images.shape[2], (int)Images.shape[3]);
        var pixels = (Preprocessing?.Invert(Images) ?? Images).permute(0, 2, 3, 1).contiguous().cpu().data<float>().ToArray();
        float[] labels = Labels.cpu().data<float>().ToArray();
        var (low, high) = (Math.Min(0, pixels.Min()), Math.Max(1, pixels.Max()));
        byte[] bytes = Array.ConvertAll(pixels, value => (byte)Math.Clamp(MathF.Round(255 * (value - low) / (high - low)), 0, 255));
        var folders = ClassFolders();
        var (classes, size) = (Classes(), channels * height * width);
        var lines = new List<string>();
        for (int i = 0; i < Count; i++)
        {
            string file = $"{folders[classes[i]]}/{i:D4}.png";
            Directory.CreateDirectory(Path.Combine(folder, folders[classes[i]]));
            File.WriteAllBytes(Path.Combine(folder, file), Png.Encode(width, height, channels, bytes.AsSpan(i * size, size)));
            lines.Add(Json(new Dictionary<string, object>
            {
                [Key] = file,
                ["class"] = classes[i],
                ["label"] = labels.AsSpan(i * ClassCount, ClassCount).ToArray(),
            }));
        }
        WriteDescription(Path.Combine(folder, DescriptionName), new Dictionary<string, object>
        {
            ["method"] = Method,
            ["how_to_train"] = HowToTrain,
            ["channels"] = channels,
            ["height"] = height,
            ["width"] = width,
            ["class_names"] = ClassNames,
            ["value_range"] = new[] { low, high },
            ["mean"] = Preprocessing?.Mean ?? [0],
            ["std"] = Preprocessing?.StandardDeviation ?? [1],
            ["learning_rates"] = LearningRates,
            ["steps"] = Steps,
        }, lines);
    }

    /// <summary>A line for each property and for each image.</summary>
    private static void WriteDescription(string path, Dictionary<string, object> properties, List<string> images)
    {
        var text = new StringBuilder("{\n");
        foreach (var (name, value) in properties)
            text.Append($"  {Json(name)}: {Json(value)},\n");
        text.Append($"  \"images\": [\n    {string.Join(",\n    ", images)}\n  ]\n}}\n");
        File.WriteAllText(path, text.ToString());
    }

    private static string Json(object value) => JsonSerializer.Serialize(value, Readable);

    /// <summary>A folder for each class: its name, without what no system or not every one allows in the name of a folder.</summary>
    private string[] ClassFolders()
    {
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var folders = new string[ClassCount];
        for (int label = 0; label < ClassCount; label++)
        {
            string name = string
                .Concat(ClassNames[label].Select(static c => char.IsControl(c) || Forbidden.Contains(c) ? '_' : c))
                .TrimEnd('.', ' ');
            if (name.Length == 0 || name[0] == '.')
                name = "_" + name;
            folders[label] = taken.Add(name) ? name : $"{name}_{label}";
            taken.Add(folders[label]);
        }
        return folders;
    }

    /// <summary>Checks that a folder is not there, or holds an earlier export alone.</summary>
    private static void RequireReplaceable(string folder)
    {
        if (File.Exists(folder))
            throw new IOException($"'{folder}' is a file. Choose another folder.");
        if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any())
            return;
        var own = new HashSet<string>(StringComparer.Ordinal) { DescriptionName };
        try
        {
            using var description = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, DescriptionName)));
            foreach (var image in description.RootElement.GetProperty("images").EnumerateArray())
                own.Add(image.GetProperty(Key).GetString() ?? "");
        }
        catch (Exception error) when (
            error is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new IOException($"'{folder}' holds something that is no earlier export. Choose a new folder, or empty this one.", error);
        }
        var others = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'));
        if (others.FirstOrDefault(file => !own.Contains(file)) is { } other)
        {
            throw new IOException(
                $"'{folder}' holds an earlier export, and also '{other}', which would be lost. Move it away, or choose a new folder.");
        }
    }
}
