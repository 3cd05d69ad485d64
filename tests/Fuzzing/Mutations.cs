using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using DatasetDistillation.Data;

namespace Fuzzing;

/// <summary>Random damage to files: to their bytes, and, below their packing and checksums, to what they hold.</summary>
internal static class Mutations
{
    private const int MostBytes = 1 << 20;
    private static readonly long[] Extremes =
    [
        0, 1, -1, 2, 127, 128, 255, 256, 32_767, 65_535, 65_536,
        int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, 300_000_000,
    ];
    private static readonly string[] Words =
        ["", "-", "-1", "9", "1e999", "NaN", "99999999999999999999", "0.5", ",", ":", " ", "\n", "\"", "(", "\0"];
    private static readonly double[] Numbers =
        [0, -0.0, 1, -1, 0.5, 2, 1e30, -1e30, double.NaN, double.PositiveInfinity, double.NegativeInfinity];

    /// <summary>Damages bytes in one to eight places.</summary>
    public static byte[] Bytes(byte[] file, Random random)
    {
        var bytes = new List<byte>(file);
        for (int rest = random.Next(1, 9); rest > 0; rest--)
        {
            int at = random.Next(bytes.Count + 1), length = Math.Min(random.Next(1, 1 << random.Next(1, 11)), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    var number = new byte[8];
                    if (random.Next(2) == 0)
                        BinaryPrimitives.WriteInt64LittleEndian(number, random.GetItems(Extremes, 1)[0]);
                    else
                        BinaryPrimitives.WriteInt64BigEndian(number, random.GetItems(Extremes, 1)[0]);
                    int size = 1 << random.Next(4);
                    for (int i = 0; i < size && at + i < bytes.Count; i++)
                        bytes[at + i] = BitConverter.IsLittleEndian ? number[i % 8] : number[7 - (i % 8)];
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                case 4 when bytes.Count < MostBytes:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 5 when bytes.Count < MostBytes:
                    bytes.InsertRange(at, random.GetItems(Words, 1)[0].Select(static c => (byte)c));
                    break;
                case 6:
                    for (int i = 0; i < length; i++)
                        bytes[at + i] = (byte)random.Next(256);
                    break;
                case 7 when random.Next(4) == 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }
        return [.. bytes];
    }

    /// <summary>Damages what is gzipped, or the gzip itself.</summary>
    public static byte[] Gzip(byte[] file, Random random)
    {
        if (random.Next(4) == 0)
            return Bytes(file, random);
        using var unpacked = new MemoryStream();
        using (var from = new GZipStream(new MemoryStream(file), CompressionMode.Decompress))
            from.CopyTo(unpacked);
        return Gzipped(Bytes(unpacked.ToArray(), random));
    }

    public static byte[] Gzipped(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var to = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            to.Write(content);
        return packed.ToArray();
    }

    /// <summary>
    /// Damages an archive, the bytes of an array in it, or replaces arrays by
    /// others; the checksums are right where it is not the archive itself.
    /// </summary>
    public static byte[] Archive(byte[] file, Random random)
    {
        int kind = random.Next(4);
        if (kind == 0)
            return Bytes(file, random);
        var entries = new List<(string Name, byte[] Content)>();
        using (var zip = new ZipArchive(new MemoryStream(file)))
            foreach (var entry in zip.Entries)
            {
                using var content = new MemoryStream();
                using (var from = entry.Open())
                    from.CopyTo(content);
                entries.Add((entry.FullName, content.ToArray()));
            }
        for (int rest = random.Next(1, 4); rest > 0 && entries.Count > 0; rest--)
        {
            int at = random.Next(entries.Count);
            var (name, content) = entries[at];
            if (kind == 1)
                entries[at] = (
                    name,
                    random.Next(2) == 0
                        ? [.. Bytes(content[..Math.Min(128, content.Length)], random), .. content[Math.Min(128, content.Length)..]]
                        : Bytes(content, random));
            else if (kind == 2)
                entries[at] = (name, Write(Other(NpyArray.Read(content), random)));
            else if (random.Next(2) == 0)
                entries.RemoveAt(at);
            else
                entries.Insert(
                    at,
                    (random.Next(2) == 0 ? name : entries[random.Next(entries.Count)].Name, entries[random.Next(entries.Count)].Content));
        }
        using var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in entries)
            {
                var level = random.Next(2) == 0 ? CompressionLevel.Fastest : CompressionLevel.NoCompression;
                using var to = zip.CreateEntry(name, level).Open();
                to.Write(content);
            }
        return packed.ToArray();
    }

    /// <summary>Damages the data of a chunk of a PNG file and mends its checksum, or damages the file.</summary>
    public static byte[] Png(byte[] file, Random random)
    {
        if (random.Next(3) == 0)
            return Bytes(file, random);
        var chunks = new List<byte[]>(); // type and data
        for (var rest = file.AsSpan(8); rest.Length >= 12; rest = rest[(12 + BinaryPrimitives.ReadInt32BigEndian(rest))..])
            chunks.Add(rest.Slice(4, 4 + BinaryPrimitives.ReadInt32BigEndian(rest)).ToArray());
        int at = random.Next(chunks.Count);
        if (random.Next(4) == 0)
            chunks.Insert(at, chunks[random.Next(chunks.Count)]);
        chunks[at] = [.. chunks[at][..4], .. Bytes(chunks[at][4..], random)];
        var damaged = new List<byte>(file[..8]);
        foreach (byte[] chunk in chunks)
        {
            var number = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(number, chunk.Length - 4);
            damaged.AddRange(number);
            damaged.AddRange(chunk);
            BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(chunk));
            damaged.AddRange(number);
        }
        return [.. damaged];
    }

    /// <summary>An array of another shape, another type or with other values.</summary>
    private static NpyArray Other(NpyArray array, Random random)
    {
        long[] shape = [.. array.Shape];
        if (random.Next(2) == 0)
        {
            shape = random.Next(3) switch
            {
                0 => [.. shape.Take(random.Next(shape.Length + 1))],
                1 => [.. shape, random.Next(4)],
                _ => [.. shape.Select(size => random.Next(2) == 0 ? size : random.Next(5))],
            };
        }
        int count = (int)Math.Min(shape.Aggregate(1L, static (product, size) => product * size), 1 << 16);
        if (count != shape.Aggregate(1L, static (product, size) => product * size))
            shape = [count];
        double[] values = array.Type == NpyType.Text ? [7] : array.ToDoubles();
        double At(int i) => values.Length == 0 ? 0 : values[i % values.Length];
        var changed = Enumerable.Range(0, count)
            .Select(i => random.Next(count < 10 ? 2 : 20) == 0 ? random.GetItems(Numbers, 1)[0] : At(i))
            .ToArray();
        return random.Next(7) switch
        {
            0 => NpyArray.From(changed.Select(static v => (float)v).ToArray(), shape.Length == 0 ? [count] : shape),
            1 => NpyArray.From(changed, shape.Length == 0 ? [count] : shape),
            2 => NpyArray.From(
                changed.Select(v => random.Next(20) == 0 ? random.GetItems(Extremes, 1)[0] : (long)v).ToArray(),
                shape.Length == 0 ? [count] : shape),
            3 => NpyArray.From(changed.Select(static v => (byte)v).ToArray(), shape.Length == 0 ? [count] : shape),
            4 => NpyArray.FromText(random.GetItems(Words, 1)[0]),
            5 => NpyArray.FromTexts(random.GetItems(Words, random.Next(4))),
            _ => array.Type is NpyType.Int64 or NpyType.Int32 or NpyType.UInt8
                ? NpyArray.Scalar(random.GetItems(Extremes, 1)[0])
                : NpyArray.Scalar(random.GetItems(Numbers, 1)[0]),
        };
    }

    private static byte[] Write(NpyArray array)
    {
        using var stream = new MemoryStream();
        array.Write(stream);
        return stream.ToArray();
    }
}
