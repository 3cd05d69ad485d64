using System.Buffers.Binary;
using System.IO.Compression;

namespace DatasetDistillation.Data;

/// <summary>Reads the IDX format of MNIST (unsigned bytes), gzipped or not, whatever the file is called.</summary>
internal static class IdxReader
{
    private const int ImagesMagic = 0x00000803; // unsigned bytes, three dimensions
    private const int LabelsMagic = 0x00000801; // unsigned bytes, one dimension

    /// <summary>Reads the images and the labels of a published data set, checked.</summary>
    /// <inheritdoc cref="Read(string, string, int?, long)"/>
    public static LabeledPixels Read(string[] paths, DataFile[] files, int classCount) =>
        Read(paths[0], paths[1], classCount, DataLimits.DefaultMaximumBytes, files[0], files[1]);

    /// <summary>Reads images and labels.</summary>
    /// <param name="imagesPath">The file of images.</param>
    /// <param name="labelsPath">The file of labels.</param>
    /// <param name="classCount">Where given, labels are 0 to this − 1.</param>
    /// <param name="maximumBytes">The bytes that a gzipped file may unpack to.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the two do not belong together.</exception>
    public static LabeledPixels Read(
        string imagesPath, string labelsPath, int? classCount, long maximumBytes = DataLimits.DefaultMaximumBytes) =>
        Read(imagesPath, labelsPath, classCount, maximumBytes, null, null);

    private static LabeledPixels Read(
        string imagesPath, string labelsPath, int? classCount, long maximumBytes, DataFile? expectedImages, DataFile? expectedLabels)
    {
        DatasetChecks.ClassCount(classCount ?? DataLimits.MaximumClasses);
        var (imageShape, pixels) = Read(imagesPath, ImagesMagic, "images", maximumBytes, expectedImages);
        var (labelShape, labels) = Read(labelsPath, LabelsMagic, "labels", maximumBytes, expectedLabels);
        if (imageShape[0] != labelShape[0])
        {
            throw new InvalidDataException(
                $"'{imagesPath}' has {imageShape[0]} images, but '{labelsPath}' has {labelShape[0]} labels. "
                + "The two files do not belong together.");
        }
        int bad = labels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)Math.Min((classCount ?? int.MaxValue) - 1, byte.MaxValue));
        if (bad >= 0)
            throw new InvalidDataException($"Label {bad} of '{labelsPath}' is {labels[bad]}; labels must be 0 to {classCount - 1}.");
        return new LabeledPixels(imageShape[1], imageShape[2], pixels, Array.ConvertAll(labels, label => (long)label));
    }

    private static (int[] Shape, byte[] Elements) Read(string path, int magic, string what, long maximumBytes, DataFile? expected)
    {
        using var stream = Unpacking.Open(path, out long fileLength, out long mostBytes);
        int rank = magic & 0xFF;
        try
        {
            var header = new byte[4 + (4 * rank)];
            stream.ReadExactly(header);
            int found = BinaryPrimitives.ReadInt32BigEndian(header);
            if (found != magic)
            {
                throw new InvalidDataException(
                    $"'{path}' begins with the number 0x{found:X8}, but IDX {what} begin with 0x{magic:X8}. "
                    + "Is it another file, or are images and labels swapped?");
            }

            var shape = new int[rank];
            long size = 1;
            for (int d = 0; d < rank; d++)
            {
                shape[d] = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4 + (4 * d)));
                if (shape[d] < 1 || (size *= shape[d]) > Math.Min(mostBytes, Array.MaxLength))
                    throw new InvalidDataException(
                        $"'{path}' declares {string.Join('×', shape.Take(d + 1))} elements, more than it can hold (or none). "
                        + "It is damaged; get it again.");
            }
            DataLimits.Require(size, fileLength, maximumBytes, $"What '{path}' declares");

            var elements = new byte[size];
            stream.ReadExactly(elements);
            if (stream.ReadByte() >= 0)
                throw new InvalidDataException(
                    $"'{path}' is longer than the {string.Join('×', shape)} elements that it declares. It is damaged; get it again.");
            expected?.Require(path, header, elements);
            return (shape, elements);
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidDataException(
                $"'{path}' is truncated: it ends before the elements that it declares. Delete it and get it again.", exception);
        }
        catch (InvalidDataException exception) when (!exception.Message.Contains(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"'{path}' is damaged or truncated: {exception.Message} Delete it and get it again.", exception);
        }
    }
}

/// <summary>Opens files that may be gzipped, told by their content.</summary>
internal static class Unpacking
{
    /// <param name="path">The file.</param>
    /// <param name="fileLength">Its length.</param>
    /// <param name="mostBytes">More bytes than this the file cannot unpack to.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static Stream Open(string path, out long fileLength, out long mostBytes)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{Path.GetFullPath(path)}'.", path);

        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        bool isGzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        fileLength = file.Length;
        mostBytes = isGzip ? DataLimits.BestDeflateRatio * fileLength : fileLength;
        return isGzip ? new GZipStream(file, CompressionMode.Decompress) : file;
    }
}
