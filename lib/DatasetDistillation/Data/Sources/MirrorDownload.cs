using System.Formats.Tar;
using System.IO.Compression;

namespace DatasetDistillation.Data;

/// <summary>
/// Downloads files from the first of several mirrors that serves them right: <c>https</c> only, bounded in bytes and in time. Files take
/// their names when all are here and their checksums are right: what can be found is whole, and a download that fails leaves nothing.
/// Of several processes one downloads and the others wait for it.
/// </summary>
internal sealed class MirrorDownload : IDisposable
{
    private const string Archive = ".tar.gz";
    private const string PartExtension = ".part";
    private const int MostRedirects = 5;
    private const long MostOverhead = 1 << 20; // what packing may add to incompressible data
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    private readonly IReadOnlyList<Uri> mirrors;
    private readonly IProgress<DownloadProgress>? progress;
    private readonly HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = ConnectTimeout, AllowAutoRedirect = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };
    private readonly HashSet<string> parts = [];
    private int served; // the mirror that served the last file, which is asked first for the next

    /// <exception cref="ArgumentException">A mirror is not <c>https</c>.</exception>
    public MirrorDownload(IReadOnlyList<Uri> mirrors, IProgress<DownloadProgress>? progress)
    {
        if (mirrors.FirstOrDefault(static mirror => !IsAllowed(mirror)) is { } other)
            throw new ArgumentException($"Downloads are by https only, not from '{other}'.", nameof(mirrors));
        (this.mirrors, this.progress) = (mirrors, progress);
    }

    /// <summary>How long a server may say nothing.</summary>
    internal TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long one mirror may take for one file.</summary>
    internal TimeSpan FileTimeout { get; init; } = TimeSpan.FromMinutes(10);

    public void Dispose() => http.Dispose();

    /// <summary>Downloads those files that are not in the folder yet.</summary>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    /// <exception cref="HttpRequestException">No mirror can be reached or serves a file.</exception>
    /// <exception cref="InvalidDataException">The mirrors that can be reached serve something else: the checksum is wrong.</exception>
    public async Task DownloadAsync(IReadOnlyList<DataFile> files, string folder, CancellationToken cancellation)
    {
        using var turn = await TakeTurnAsync(folder, cancellation).ConfigureAwait(false);
        DataFile[] missing = [.. files.Where(file => file.FindIn(folder) is null)];
        var here = new Dictionary<DataFile, (string Part, string Path)>();
        try
        {
            foreach (var (i, file) in missing.Index())
                if (!here.ContainsKey(file))
                {
                    var before = new DownloadProgress(file.PackedName, i + 1, missing.Length, 0, null);
                    await BringAsync(file, missing, folder, here, before, cancellation).ConfigureAwait(false);
                }
            foreach (var (part, path) in here.Values)
                File.Move(part, path, overwrite: true);
        }
        finally
        {
            foreach (string part in parts)
                File.Delete(part);
        }
    }

    /// <summary>Whether an address may be asked: <c>https</c>, or this machine.</summary>
    private static bool IsAllowed(Uri address) =>
        address.IsAbsoluteUri && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback));

    /// <summary>Brings a file, and from an archive all that are missing.</summary>
    private async Task BringAsync(
        DataFile file, DataFile[] missing, string folder, Dictionary<DataFile, (string Part, string Path)> here, DownloadProgress start,
        CancellationToken cancellation)
    {
        var failures = new List<string>();
        bool isWrong = false;
        for (int i = 0; i < mirrors.Count; i++)
        {
            int number = (served + i) % mirrors.Count;
            var mirror = mirrors[number];
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(FileTimeout);
            try
            {
                if (mirror.AbsolutePath.EndsWith(Archive, StringComparison.Ordinal))
                    await BringArchiveAsync(mirror, missing, folder, here, limit.Token).ConfigureAwait(false);
                else
                    await BringFileAsync(new Uri(mirror, file.PackedName), file, folder, here, start, limit.Token).ConfigureAwait(false);
                served = number;
                return;
            }
            catch (InvalidDataException exception)
            {
                isWrong = true;
                failures.Add($"{mirror.Authority} serves {exception.Message}");
            }
            catch (HttpRequestException exception)
            {
                failures.Add($"{mirror.Authority} fails ({exception.Message})");
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                failures.Add($"{mirror.Authority} fails (it takes more than {FileTimeout.TotalSeconds:F0} seconds)");
            }
        }
        string message = $"'{start.FileName}' could not be downloaded: {string.Join(", ", failures)}";
        throw isWrong ? new InvalidDataException(message) : new HttpRequestException(message);
    }

    private async Task BringFileAsync(
        Uri address, DataFile file, string folder, Dictionary<DataFile, (string Part, string Path)> here, DownloadProgress start,
        CancellationToken cancellation)
    {
        string path = Path.Combine(folder, file.PackedName);
        using var part = OpenPart(path);
        await FetchAsync(address, part, file.Bytes + MostOverhead, start, cancellation).ConfigureAwait(false);
        await RequireAsync(file, Unpacked(part), Stream.Null, cancellation).ConfigureAwait(false);
        here[file] = (part.Name, path);
    }

    private async Task BringArchiveAsync(
        Uri address, DataFile[] missing, string folder, Dictionary<DataFile, (string Part, string Path)> here,
        CancellationToken cancellation)
    {
        string name = Path.GetFileName(address.AbsolutePath);
        using var packed = OpenPart(Path.Combine(folder, name));
        long most = missing.Sum(static file => file.Bytes) + MostOverhead;
        await FetchAsync(address, packed, most, new DownloadProgress(name, 1, 1, 0, null), cancellation).ConfigureAwait(false);

        var found = new Dictionary<DataFile, (string Part, string Path)>();
        using var tar = new TarReader(Unpacked(packed));
        while (await ReadEntryAsync(tar, cancellation).ConfigureAwait(false) is { } entry)
        {
            if (missing.FirstOrDefault(file => file.Name == Path.GetFileName(entry.Name)) is not { } file
                || entry.DataStream is not { } content)
                continue;
            string path = Path.Combine(folder, file.Name);
            using var part = OpenPart(path);
            await RequireAsync(file, content, part, cancellation).ConfigureAwait(false);
            found[file] = (part.Name, path);
        }
        if (missing.FirstOrDefault(file => !found.ContainsKey(file)) is { } lacking)
            throw new InvalidDataException($"an archive without '{lacking.Name}'");
        foreach (var (file, place) in found)
            here[file] = place;
    }

    private static async Task<TarEntry?> ReadEntryAsync(TarReader tar, CancellationToken cancellation)
    {
        try
        {
            return await tar.GetNextEntryAsync(copyData: false, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"a damaged archive ({exception.Message})", exception);
        }
    }

    /// <summary>What was downloaded, from its beginning.</summary>
    private static GZipStream Unpacked(FileStream part)
    {
        part.Position = 0;
        return new GZipStream(part, CompressionMode.Decompress, leaveOpen: true);
    }

    private static async Task RequireAsync(DataFile file, Stream content, Stream to, CancellationToken cancellation)
    {
        string found;
        try
        {
            found = await file.HashAsync(content, to, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"something else ({exception.Message})", exception);
        }
        if (found != file.Hash)
            throw new InvalidDataException($"something else (checksum {found}, but {file.Hash} is wanted)");
    }

    private async Task FetchAsync(Uri address, FileStream to, long mostBytes, DownloadProgress start, CancellationToken cancellation)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            stall.CancelAfter(StallTimeout);
            using var response = await RequestAsync(address, stall.Token).ConfigureAwait(false);
            long? total = response.Content.Headers.ContentLength;
            using var from = await response.Content.ReadAsStreamAsync(stall.Token).ConfigureAwait(false);
            var buffer = new byte[1 << 16];
            for (; ; )
            {
                if (Math.Max(to.Length, total ?? 0) > mostBytes)
                    throw new InvalidDataException($"more than the {mostBytes:N0} bytes that are wanted at most");
                progress?.Report(start with { BytesReceived = to.Length, BytesTotal = total });
                stall.CancelAfter(StallTimeout);
                int count = await ReadAsync(from, buffer, stall.Token).ConfigureAwait(false);
                if (count == 0)
                    break;
                if (to.Length == 0 && IsPage(buffer.AsSpan(0, count)))
                    throw new InvalidDataException("a web page in its place (does the network want a login?)");
                await WriteAsync(to, buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException("the server does not answer", exception);
        }
    }

    /// <summary>Asks for an address, following its redirects as far as they may be asked.</summary>
    private async Task<HttpResponseMessage> RequestAsync(Uri address, CancellationToken cancellation)
    {
        for (int redirects = 0; redirects <= MostRedirects; redirects++)
        {
            var response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            if ((int)response.StatusCode is < 300 or >= 400)
                return response.IsSuccessStatusCode
                    ? response : throw Refused(response, $"it answers {(int)response.StatusCode} ({response.ReasonPhrase})");
            string? location = response.Headers.TryGetValues("Location", out var values) ? values.First() : null;
            if (!Uri.TryCreate(address, location, out var next) || !IsAllowed(next)
                || (next.Scheme != address.Scheme && next.Scheme != Uri.UriSchemeHttps))
                throw Refused(response, $"it redirects to '{location}', which is not asked");
            response.Dispose();
            address = next;
        }
        throw new HttpRequestException($"it redirects more than {MostRedirects} times");

        static HttpRequestException Refused(HttpResponseMessage response, string why)
        {
            response.Dispose();
            return new HttpRequestException(why);
        }
    }

    /// <summary>Reads from the network, so that its errors are told from those of the disk.</summary>
    private static async Task<int> ReadAsync(Stream from, byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await from.ReadAsync(buffer, cancellation).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw new HttpRequestException($"the connection was cut: {exception.Message}", exception);
        }
    }

    private static async Task WriteAsync(FileStream to, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await to.WriteAsync(bytes, cancellation).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw CannotWrite(to.Name, exception);
        }
    }

    private static async Task<FileStream> TakeTurnAsync(string folder, CancellationToken cancellation)
    {
        try
        {
            return await FileLock.WaitAsync(Path.Combine(folder, ".download.lock"), cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(folder, exception);
        }
    }

    private FileStream OpenPart(string path)
    {
        try
        {
            parts.Add(path + PartExtension);
            return new FileStream(path + PartExtension, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(path + PartExtension, exception);
        }
    }

    private static IOException CannotWrite(string path, Exception exception) => new(
        $"'{path}' cannot be written: {exception.Message} " +
        $"Set the environment variable {DataFolders.Variable} to a folder that can be written to and has space, " +
        "or put the files there.",
        exception);

    private static bool IsPage(ReadOnlySpan<byte> beginning) => beginning.TrimStart("\uFEFF \t\r\n"u8) is [(byte)'<', ..];
}
