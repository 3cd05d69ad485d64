using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;

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
public sealed class Npz : IEnumerable<KeyValuePair<string, NpyArray>>
{
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

    /// <summary>Reads a file.</summary>
    /// <param name="path">A <c>.npz</c> file, its entries stored or deflated.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, truncated, or holds something else than plain arrays.</exception>
    public static Npz Load(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{Path.GetFullPath(path)}'.", path);
        using var stream = File.OpenRead(path);
        return Load(stream, $"'{path}'");
    }

    /// <summary>Reads an archive from a stream.</summary>
    /// <param name="stream">A seekable stream.</param>
    /// <param name="source">What error messages call it.</param>
    /// <exception cref="InvalidDataException">The archive is damaged, truncated, or holds something else than plain arrays.</exception>
    public static Npz Load(Stream stream, string source = "the archive")
    {
        ArgumentNullException.ThrowIfNull(stream);
        var npz = new Npz { source = source };
        try
        {
            using var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            foreach (var entry in zip.Entries)
            {
                if (!entry.FullName.EndsWith(".npy", StringComparison.Ordinal))
                    throw new InvalidDataException($"{source} holds '{entry.FullName}', which is no NPY array.");
                npz.Add(entry.FullName[..^4], Read(entry, stream.Length, source));
            }
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
            var entry = zip.CreateEntry($"{name}.npy", compress ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
            entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
            using var to = entry.Open();
            array.Write(to);
        }
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, NpyArray>> GetEnumerator() => arrays.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static NpyArray Read(ZipArchiveEntry entry, long archiveLength, string source)
    {
        const long BestDeflateRatio = 1032;
        if (entry.CompressedLength > archiveLength || entry.Length > BestDeflateRatio * (entry.CompressedLength + 64) || entry.Length > Array.MaxLength)
            throw new InvalidDataException($"The array '{entry.FullName}' in {source} declares {entry.Length:N0} bytes, more than the file can hold or than can be read.");

        try
        {
            var bytes = new byte[entry.Length];
            using (var from = entry.Open())
            {
                from.ReadExactly(bytes);
                if (from.ReadByte() >= 0)
                    throw new InvalidDataException("it is longer than the archive's directory says.");
            }
            if (Crc32.Of(bytes) != entry.Crc32)
                throw new InvalidDataException("its checksum is wrong; the file is damaged.");
            return NpyArray.Read(bytes);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"The array '{entry.FullName}' in {source} cannot be read: {exception.Message}", exception);
        }
    }

    private string Contents() => arrays.Count == 0 ? "none at all" : string.Join(", ", arrays.Select(array => $"'{array.Key}' ({array.Value})"));
}
