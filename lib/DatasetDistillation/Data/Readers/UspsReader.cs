using System.Globalization;

namespace DatasetDistillation.Data;

/// <summary>
/// Reads the USPS digits (Hull 1994; Le Cun et al. 1990) from their two text forms, gzipped or not: a digit and 256 values per
/// line, as "The Elements of Statistical Learning" serves them, or LIBSVM's <c>label index:value …</c> with labels 1 to 10 and
/// indices from 1. Values are from −1 (paper) to 1 (ink), row by row of 16×16 pixels.
/// </summary>
internal static class UspsReader
{
    private const int Side = 16;
    private const int Size = Side * Side;
    private const int MnistSide = 28;
    private const int ClassCount = 10;

    /// <summary>Reads a file and resizes its images to MNIST's 28×28 pixels.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is packed otherwise, damaged, or a line is not as it must be; the message has its number.</exception>
    public static LabelledPixels Read(string path)
    {
        using var stream = Unpacking.Open(path, out _);
        var (labels, pixels, isSparse) = (new List<long>(), new List<byte>(), false);
        var image = new float[Size];
        int number = 0;
        try
        {
            using var reader = new StreamReader(stream);
            while (reader.ReadLine() is { } line)
            {
                number++;
                var fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length == 0)
                    continue;
                if (number == 1)
                    CheckKind(fields[0]);
                isSparse |= fields.Length > 1 && fields[1].Contains(':', StringComparison.Ordinal);
                labels.Add(Number(fields[0], 0, isSparse ? ClassCount : ClassCount - 1, "label"));
                if (isSparse)
                    ReadSparse(fields, image);
                else
                    ReadDense(fields, image);
                Resize(image, pixels);
            }
        }
        catch (InvalidDataException exception) when (!exception.Message.Contains(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"'{path}' is damaged or truncated: {exception.Message} Delete it and get it again.", exception);
        }
        if (labels.Count == 0)
            throw new InvalidDataException($"'{path}' holds no images. Delete it and get it again.");
        long shift = isSparse && !labels.Contains(0) ? 1 : 0;
        return new LabelledPixels(MnistSide, MnistSide, [.. pixels], [.. labels.Select(label => label - shift)]);

        void CheckKind(string beginning)
        {
            if (beginning.StartsWith("BZh", StringComparison.Ordinal))
                throw new InvalidDataException($"'{path}' is packed with bzip2; unpack it first: bunzip2 '{path}'.");
            if (beginning.Contains("HDF", StringComparison.Ordinal))
                throw new InvalidDataException($"'{path}' is an HDF5 file; take USPS in one of its text forms (zip.train.gz and zip.test.gz, or usps and usps.t).");
        }

        void ReadDense(string[] fields, float[] values)
        {
            if (fields.Length != Size + 1)
                throw Bad($"has {fields.Length} numbers, but a digit and {Size} values are {Size + 1}");
            for (int i = 0; i < Size; i++)
                values[i] = Value(fields[i + 1]);
        }

        void ReadSparse(string[] fields, float[] values)
        {
            Array.Clear(values);
            foreach (string field in fields.AsSpan(1))
            {
                int colon = field.IndexOf(':', StringComparison.Ordinal);
                if (colon < 1)
                    throw Bad($"has '{field}', but 'index:value' is wanted");
                values[Number(field[..colon], 1, Size, "index") - 1] = Value(field[(colon + 1)..]);
            }
        }

        float Value(string text) =>
            float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && value is >= -1 and <= 1
                ? value
                : throw Bad($"has the value '{text}'; values must be from -1 (paper) to 1 (ink)");

        int Number(string text, int least, int most, string what) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most && value == Math.Floor(value)
                ? (int)value
                : throw Bad($"has the {what} '{text}', but a whole number from {least} to {most} is wanted");

        InvalidDataException Bad(string problem) => new($"Line {number} of '{path}' {problem}.");
    }

    /// <summary>
    /// Bilinear interpolation between pixel centres, the margins repeated (as <c>interpolate(mode="bilinear")</c> of PyTorch
    /// does it), from [−1, 1] to 0–255.
    /// </summary>
    private static void Resize(float[] image, List<byte> pixels)
    {
        for (int y = 0; y < MnistSide; y++)
        {
            var (top, bottom, down) = Place(y);
            for (int x = 0; x < MnistSide; x++)
            {
                var (left, right, across) = Place(x);
                float above = float.Lerp(image[(top * Side) + left], image[(top * Side) + right], across);
                float below = float.Lerp(image[(bottom * Side) + left], image[(bottom * Side) + right], across);
                pixels.Add((byte)MathF.Round(127.5f * (float.Lerp(above, below, down) + 1)));
            }
        }
    }

    /// <summary>The two source pixels beside a target pixel, and how far it lies from the first to the second.</summary>
    private static (int First, int Second, float Share) Place(int target)
    {
        float at = Math.Max(0, ((target + 0.5f) * Side / MnistSide) - 0.5f);
        int first = (int)at;
        return (first, Math.Min(first + 1, Side - 1), at - first);
    }
}
