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
    private const int LongestLine = 16_384; // three times what 256 values with their indices take in full precision

    /// <summary>Reads a file and resizes its images to MNIST's 28×28 pixels, from [−1, 1] to 0–255.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maximumBytes">The bytes that the images of a file may take in memory, as Float32.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is packed otherwise, too large, damaged, or a line is not as it must be; the message has its number.
    /// </exception>
    public static LabeledPixels Read(string path, long maximumBytes = DataLimits.DefaultMaximumBytes)
    {
        using var stream = Unpacking.Open(path, out long fileLength, out _);
        var (labels, pixels, isSparse) = (new List<long>(), new List<byte>(), false);
        var image = new float[Size];
        int number = 0;
        try
        {
            using var reader = new StreamReader(stream);
            foreach (string line in Lines(reader))
            {
                number++;
                DataLimits.Require((Int128)number * MnistSide * MnistSide * sizeof(float), fileLength, maximumBytes,
                    $"What '{path}' holds");
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
                foreach (float value in Resampling.Resize(image, Side, MnistSide))
                    pixels.Add((byte)MathF.Round(127.5f * (value + 1)));
            }
        }
        catch (InvalidDataException exception) when (!exception.Message.Contains(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"'{path}' is damaged or truncated: {exception.Message} Delete it and get it again.", exception);
        }
        if (labels.Count == 0)
            throw new InvalidDataException($"'{path}' holds no images. Delete it and get it again.");
        long shift = isSparse && !labels.Contains(0) ? 1 : 0;
        return new LabeledPixels(MnistSide, MnistSide, [.. pixels], [.. labels.Select(label => label - shift)]);

        IEnumerable<string> Lines(StreamReader reader)
        {
            var buffer = new char[LongestLine];
            for (int held = 0; ;)
            {
                int read = reader.ReadBlock(buffer, held, buffer.Length - held), start = 0;
                held += read;
                for (int length; (length = buffer.AsSpan(start, held - start).IndexOf('\n')) >= 0; start += length + 1)
                    yield return new string(buffer, start, length);
                buffer.AsSpan(start, held - start).CopyTo(buffer);
                held -= start;
                if (held == buffer.Length)
                    throw new InvalidDataException($"line {number + 1} has more than {LongestLine} characters.");
                if (read > 0)
                    continue;
                if (held > 0)
                    yield return new string(buffer, 0, held);
                yield break;
            }
        }

        void CheckKind(string beginning)
        {
            if (beginning.StartsWith("BZh", StringComparison.Ordinal))
                throw new InvalidDataException($"'{path}' is packed with bzip2; unpack it first: bunzip2 '{path}'.");
            if (beginning.Contains("HDF", StringComparison.Ordinal))
                throw new InvalidDataException(
                    $"'{path}' is an HDF5 file; take USPS in one of its text forms (zip.train.gz and zip.test.gz, or usps and usps.t).");
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
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most
                && value == Math.Floor(value)
                ? (int)value
                : throw Bad($"has the {what} '{text}', but a whole number from {least} to {most} is wanted");

        InvalidDataException Bad(string problem) => new($"Line {number} of '{path}' {problem}.");
    }
}
