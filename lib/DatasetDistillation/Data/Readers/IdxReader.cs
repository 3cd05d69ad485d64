using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;

namespace DatasetDistillation.Data;

/// <summary>Reads the IDX format of MNIST (unsigned bytes), gzipped or not, whatever the file is called.</summary>
internal static class IdxReader
{
    private const int ImagesMagic = 0x00000803; // unsigned bytes, three dimensions
    private const int LabelsMagic = 0x00000801; // unsigned bytes, one dimension

    /// <param name="imagesPath">The file of images.</param>
    /// <param name="labelsPath">The file of labels.</param>
    /// <param name="classCount">Labels are 0 to this − 1.</param>
    /// <param name="imagesSha256">Where given, what the unpacked images must hash to (hexadecimal, lower case).</param>
    /// <param name="labelsSha256">Where given, what the unpacked labels must hash to.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the two do not belong together.</exception>
    public static LabelledPixels Read(string imagesPath, string labelsPath, int classCount, string? imagesSha256 = null, string? labelsSha256 = null)
    {
        var (imageShape, pixels) = Read(imagesPath, ImagesMagic, "images", imagesSha256);
        var (labelShape, labels) = Read(labelsPath, LabelsMagic, "labels", labelsSha256);
        if (imageShape[0] != labelShape[0])
        {
            throw new InvalidDataException(
                $"'{imagesPath}' has {imageShape[0]} images, but '{labelsPath}' has {labelShape[0]} labels. The two files do not belong together.");
        }
        int bad = labels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)Math.Clamp(classCount - 1, 0, byte.MaxValue));
        if (bad >= 0)
            throw new InvalidDataException($"Label {bad} of '{labelsPath}' is {labels[bad]}; labels must be 0 to {classCount - 1}.");
        return new LabelledPixels(imageShape[1], imageShape[2], pixels, Array.ConvertAll(labels, label => (long)label));
    }

    private static (int[] Shape, byte[] Elements) Read(string path, int magic, string what, string? sha256)
    {
        using var stream = Unpacking.Open(path, out long mostBytes);
        int rank = magic & 0xFF;
        try
        {
            var header = new byte[4 + (4 * rank)];
            stream.ReadExactly(header);
            int found = BinaryPrimitives.ReadInt32BigEndian(header);
            if (found != magic)
            {
                throw new InvalidDataException(
                    $"'{path}' begins with the number 0x{found:X8}, but IDX {what} begin with 0x{magic:X8}. Is it another file, or are images and labels swapped?");
            }

            var shape = new int[rank];
            long size = 1;
            for (int d = 0; d < rank; d++)
            {
                shape[d] = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4 + (4 * d)));
                if (shape[d] < 1 || (size *= shape[d]) > Math.Min(mostBytes, Array.MaxLength))
                    throw new InvalidDataException($"'{path}' declares {string.Join('×', shape.Take(d + 1))} elements, more than it can hold (or none). It is damaged; get it again.");
            }

            var elements = new byte[size];
            stream.ReadExactly(elements);
            if (stream.ReadByte() >= 0)
                throw new InvalidDataException($"'{path}' is longer than the {string.Join('×', shape)} elements that it declares. It is damaged; get it again.");
            CheckHash(path, header, elements, sha256);
            return (shape, elements);
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidDataException($"'{path}' is truncated: it ends before the elements that it declares. Delete it and get it again.", exception);
        }
        catch (InvalidDataException exception) when (!exception.Message.Contains(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"'{path}' is damaged or truncated: {exception.Message} Delete it and get it again.", exception);
        }
    }

    private static void CheckHash(string path, byte[] header, byte[] elements, string? sha256)
    {
        if (sha256 is null)
            return;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header);
        hash.AppendData(elements);
        string found = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (found != sha256)
        {
            throw new InvalidDataException(
                $"'{path}' is not the file that it should be: the checksum (SHA-256) of its content is {found}, but {sha256} is wanted. Delete it, and it will be downloaded again.");
        }
    }
}

/// <summary>Opens files that may be gzipped, told by their content.</summary>
internal static class Unpacking
{
    /// <param name="path">The file.</param>
    /// <param name="mostBytes">More bytes than this the file cannot unpack to.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static Stream Open(string path, out long mostBytes)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{Path.GetFullPath(path)}'.", path);

        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        bool isGzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        const long BestDeflateRatio = 1032;
        mostBytes = isGzip ? BestDeflateRatio * file.Length : file.Length;
        return isGzip ? new GZipStream(file, CompressionMode.Decompress) : file;
    }
}
