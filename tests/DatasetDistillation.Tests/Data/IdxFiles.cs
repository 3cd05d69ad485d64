using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using DatasetDistillation.Data;

namespace DatasetDistillation.Tests.Data;

/// <summary>Makes IDX files, and whole small MNISTs of them.</summary>
internal static class IdxFiles
{
    public static byte[] Images(int count, int height = 28, int width = 28)
    {
        var pixels = new byte[count * height * width];
        new Random(count).NextBytes(pixels);
        return [.. Numbers(0x803, count, height, width), .. pixels];
    }

    public static byte[] Labels(params byte[] labels) => [.. Numbers(0x801, labels.Length), .. labels];

    public static byte[] Gzip(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
            gzip.Write(content);
        return stream.ToArray();
    }

    /// <summary>Twenty training and ten test images under MNIST's names, with the checksums of these.</summary>
    public static (DataSource Source, Dictionary<string, byte[]> Contents) SmallMnist()
    {
        byte[] labels = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        var unpacked = new Dictionary<string, byte[]>
        {
            ["train-images-idx3-ubyte"] = Images(20),
            ["train-labels-idx1-ubyte"] = Labels([.. labels, .. labels]),
            ["t10k-images-idx3-ubyte"] = Images(10),
            ["t10k-labels-idx1-ubyte"] = Labels(labels),
        };
        return (
            new DataSource("MNIST", ["mnist", ""], [.. unpacked.Select(static file => Expected(file.Key, file.Value))], []),
            unpacked.ToDictionary(file => file.Key + ".gz", file => Gzip(file.Value)));
    }

    /// <summary>A file of that content, as a data set expects it.</summary>
    public static DataFile Expected(string name, byte[] content) =>
        new(name, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));

    private static byte[] Numbers(params int[] numbers)
    {
        var bytes = new byte[4 * numbers.Length];
        for (int i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 * i), numbers[i]);
        return bytes;
    }
}
