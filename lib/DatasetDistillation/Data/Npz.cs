using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.IO.Hashing;

namespace DatasetDistillation.Data;

/// <summary>
/// Named arrays in one file, as <c>numpy.savez</c> writes and <c>numpy.load</c> reads them. Arrays keep the order in
/// which they were added.
/// <code>
/// new Npz { ["images"] = NpyArray.From(pixels, 10, 784) }.Save("distilled.npz");
/// var images = Npz.Load("distilled.npz").Get("images", -1, 784);
/// </code>
/// </summary>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "Npz is the name of the format.")]
internal sealed class Npz : IEnumerable<KeyValuePair<string, NpyArray>>
{
    /// <summary>The bytes of all arrays together that are read at most, unless the caller says otherwise: 1 GiB.</summary>
    public const long DefaultMaximumBytes = DataLimits.DefaultMaximumBytes;

    private const int MaximumEntries = 10_000;
    private const string Extension = ".npy";
    private readonly OrderedDictionary<string, NpyArray> arrays = new(StringComparer.Ordinal);
    private string source = "the archive";

    /// <summary>The names of the arrays.</summary>
    public IReadOnlyCollection<string> Names => arrays.Keys;

    /// <summary>The array of that name.</summary>
    /// <param name="name">The name, without <c>.npy</c>.</param>
    /// <exception cref="InvalidDataException">There is no such array; the message lists those that there are.</exception>
    public NpyArray this[string name]
    {
        get => arrays.TryGetValue(name, out var array)
            ? array
            : throw new InvalidDataException($"There is no array '{name}' in {source}. It has {Contents()}.");
        set
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(name);
            ArgumentNullException.ThrowIfNull(value);
            if (name.StartsWith('/') || name.Contains('\\', StringComparison.Ordinal) || name.Split('/').Contains(".."))
                throw new ArgumentException($"'{name}' is no name for an array: it would unpack outside its folder.", nameof(name));
            arrays[name] = value;
        }
    }

    /// <summary>Adds an array.</summary>
    /// <param name="name">A name that is not taken yet.</param>
    /// <param name="array">The array.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void Add(string name, NpyArray array)
    {
        if (arrays.ContainsKey(name))
            throw new ArgumentException($"There is already an array '{name}' in {source}.", nameof(name));
        this[name] = array;
    }

    /// <summary>Whether there is an array of that name.</summary>
    /// <param name="name">The name, without <c>.npy</c>.</param>
    public bool Contains(string name) => arrays.ContainsKey(name);

    /// <summary>The array of that name, which must have the given shape.</summary>
    /// <param name="name">The name, without <c>.npy</c>.</param>
    /// <param name="shape">The sizes wanted; −1 stands for any.</param>
    /// <exception cref="InvalidDataException">There is no such array, or it has another shape.</exception>
    public NpyArray Get(string name, params ReadOnlySpan<long> shape)
    {
        var array = this[name];
        bool fits = array.Shape.Count == shape.Length;
        for (int d = 0; fits && d < shape.Length; d++)
            fits = shape[d] < 0 || shape[d] == array.Shape[d];
        if (!fits)
        {
            string wanted = string.Join(", ", shape.ToArray().Select(size => size < 0 ? "any" : $"{size}"));
            throw new InvalidDataException($"The array '{name}' in {source} is {array}, but the shape [{wanted}] is wanted.");
        }
        return array;
    }

    /// <summary>
    /// Reads a file. It is refused, before memory is taken, where its arrays are more than 10,000, have more than 32 dimensions or a header of
    /// more than 10,000 bytes, or take more bytes together than <paramref name="maximumBytes"/> and than the file itself.
    /// </summary>
    /// <param name="path">A <c>.npz</c> file, its entries stored or deflated.</param>
    /// <param name="maximumBytes">The bytes of all arrays together that are read at most, where the file is smaller than they are.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, truncated, too large, or holds something else than plain arrays.</exception>
    public static Npz Load(string path, long maximumBytes = DefaultMaximumBytes)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{Path.GetFullPath(path)}'.", path);
        using var stream = File.OpenRead(path);
        return Load(stream, $"'{path}'", maximumBytes);
    }

    /// <summary>Reads an archive from a stream, within the limits of <see cref="Load(string, long)"/>.</summary>
    /// <param name="stream">A seekable stream.</param>
    /// <param name="source">What error messages call it.</param>
    /// <param name="maximumBytes">The bytes of all arrays together that are read at most, where the archive is smaller than they are.</param>
    /// <exception cref="InvalidDataException">The archive is damaged, truncated, too large, or holds something else than plain arrays.</exception>
    public static Npz Load(Stream stream, string source = "the archive", long maximumBytes = DefaultMaximumBytes)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var npz = new Npz { source = source };
        try
        {
            using var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            Check(zip.Entries, stream.Length, source, maximumBytes);
            foreach (var entry in zip.Entries)
                npz.Add(entry.FullName[..^Extension.Length], Read(entry, source));
        }
        catch (Exception exception) when (exception is EndOfStreamException or ArgumentException ||
            (exception is InvalidDataException && !exception.Message.Contains(source, StringComparison.Ordinal)))
        {
            throw new InvalidDataException($"{source} is no .npz file, or a damaged or truncated one: {exception.Message}", exception);
        }
        return npz;
    }

    /// <summary>Writes the file atomically: a failure leaves a file that was there before as it was.</summary>
    /// <param name="path">Where to write; the folder is made where it is missing.</param>
    /// <param name="compress">Deflates the arrays, as <c>numpy.savez_compressed</c> does.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path, bool compress = true)
    {
        AtomicFile.Write(path, stream => Save(stream, compress));
        source = $"'{path}'";
    }

    /// <summary>Writes the archive to a stream. The same arrays give the same bytes.</summary>
    /// <param name="stream">Where to write.</param>
    /// <param name="compress">Deflates the arrays, as <c>numpy.savez_compressed</c> does.</param>
    public void Save(Stream stream, bool compress = true)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var (name, array) in arrays)
        {
            var entry = zip.CreateEntry(name + Extension, compress ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
            entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
            using var to = entry.Open();
            array.Write(to);
        }
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, NpyArray>> GetEnumerator() => arrays.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Checks what the archive's directory says; what it says of an entry is checked again as the entry is read.</summary>
    private static void Check(System.Collections.ObjectModel.ReadOnlyCollection<ZipArchiveEntry> entries, long archiveLength, string source, long maximumBytes)
    {
        if (entries.Count > MaximumEntries)
            throw new InvalidDataException($"{source} has {entries.Count:N0} entries; {MaximumEntries:N0} are read at most.");
        Int128 packed = 0, unpacked = 0;
        foreach (var entry in entries)
        {
            if (!entry.FullName.EndsWith(Extension, StringComparison.Ordinal))
                throw new InvalidDataException($"{source} holds '{entry.FullName}', which is no NPY array.");
            if (entry.Length > DataLimits.BestDeflateRatio * ((Int128)entry.CompressedLength + 64) || entry.Length > Array.MaxLength)
                throw new InvalidDataException($"The array '{entry.FullName}' in {source} declares {entry.Length:N0} bytes, more than the file can hold or than can be read.");
            packed += entry.CompressedLength;
            unpacked += entry.Length;
        }
        if (packed > archiveLength)
            throw new InvalidDataException($"{source} is damaged: its entries take {packed:N0} bytes, but the whole file has {archiveLength:N0}.");
        DataLimits.Require(unpacked, archiveLength, maximumBytes, $"What {source} holds");
    }

    private static NpyArray Read(ZipArchiveEntry entry, string source)
    {
        try
        {
            var bytes = new byte[entry.Length];
            using (var from = entry.Open())
            {
                from.ReadExactly(bytes);
                if (from.ReadByte() >= 0)
                    throw new InvalidDataException("it is longer than the archive's directory says.");
            }
            if (Crc32.HashToUInt32(bytes) != entry.Crc32)
                throw new InvalidDataException("its checksum is wrong; the file is damaged.");
            return NpyArray.Read(bytes);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"The array '{entry.FullName}' in {source} cannot be read: {exception.Message}", exception);
        }
    }

    private string Contents()
    {
        const int Shown = 20;
        string shown = string.Join(", ", arrays.Take(Shown).Select(array => $"'{array.Key}' ({array.Value})"));
        return arrays.Count == 0 ? "none at all" : arrays.Count > Shown ? $"{shown} and {arrays.Count - Shown} others" : shown;
    }
}
