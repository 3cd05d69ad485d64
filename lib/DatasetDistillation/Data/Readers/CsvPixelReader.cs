using System.Buffers.Text;
using System.Text;
using CsvHelper;

namespace DatasetDistillation.Data;

/// <summary>Reads the Kaggle digit recognizer's <c>train.csv</c>: <c>label,pixel0,…,pixel783</c>, one image per line.</summary>
internal static class CsvPixelReader
{
    private static readonly CsvReaderOptions Options = new() { Separator = ',', TrackLineNumbers = true, SkipEmptyLines = true };

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The header or a line is not as it must be; the message has the line number.</exception>
    public static LabeledPixels Read(string path, int height, int width, int? classCount)
    {
        int classes = classCount ?? DataLimits.MaximumClasses;
        DatasetChecks.ClassCount(classes);
        DatasetChecks.Size(height, width);
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{Path.GetFullPath(path)}'.", path);

        using var csv = CsvReader.FromFile(path, Options);
        int size = height * width;
        CheckHeader(csv.Headers, size, path);

        var pixels = new List<byte>();
        var labels = new List<long>();
        var image = new byte[size];
        while (csv.Read())
        {
            if (csv.FieldCount != size + 1)
                throw Bad($"has {csv.FieldCount} fields, but a label and {size} pixels are {size + 1}");
            if (!TryParse(csv.GetSpan(0), out int label) || label >= classes)
                throw Bad($"has the label '{Text(0)}'; labels must be 0 to {classes - 1}");
            for (int i = 0; i < size; i++)
            {
                if (!TryParse(csv.GetSpan(i + 1), out int pixel) || pixel > 255)
                    throw Bad($"has '{Text(i + 1)}' for pixel{i}; pixels must be whole numbers 0 to 255");
                image[i] = (byte)pixel;
            }
            labels.Add(label);
            pixels.AddRange(image);
        }
        if (labels.Count == 0)
            throw new InvalidDataException($"'{path}' has a header but no images.");
        return new LabeledPixels(height, width, [.. pixels], [.. labels]);

        string Text(int field) => Encoding.UTF8.GetString(csv.GetSpan(field));

        InvalidDataException Bad(string problem) => new($"Line {csv.LineNumber} of '{path}' {problem}.");
    }

    private static bool TryParse(ReadOnlySpan<byte> text, out int value) =>
        Utf8Parser.TryParse(text, out value, out int used) && used == text.Length && value >= 0;

    private static void CheckHeader(IReadOnlyList<string> headers, int size, string path)
    {
        if (headers.Count == size + 1 && headers[0] == "label" && headers[1] == "pixel0")
            return;
        string first = string.Join(',', headers.Take(3));
        string hint = headers.Count > 0 && headers[0] == "pixel0" ? " This is the file without labels; use train.csv." : "";
        throw new InvalidDataException(
            $"Line 1 of '{path}' has {headers.Count} fields beginning with '{first}', "
            + $"but 'label,pixel0,…,pixel{size - 1}' is wanted.{hint}");
    }
}
