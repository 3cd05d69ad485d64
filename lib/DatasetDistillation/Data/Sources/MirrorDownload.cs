using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace DatasetDistillation.Data;

/// <summary>
/// Downloads files from the first of several mirrors that serves them right. What has arrived stays in a <c>.part</c>
/// file, so that a download that was cut goes on where it stopped. Files take their names when all are here and their checksums
/// are right: what can be found is whole. Of several processes one downloads and the others wait for it.
/// </summary>
internal sealed class MirrorDownload(IReadOnlyList<Uri> mirrors, IProgress<DownloadProgress>? progress) : IDisposable
{
    private const int AttemptsPerMirror = 3;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    /// <summary>How long a server may say nothing.</summary>
    internal TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(20);

    private readonly HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = ConnectTimeout }) { Timeout = Timeout.InfiniteTimeSpan };
    private int served; // the mirror that served the last file, which is asked first for the next

    public void Dispose() => http.Dispose();

    /// <summary>Downloads those files that are not in the folder yet.</summary>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    /// <exception cref="HttpRequestException">No mirror can be reached or serves a file.</exception>
    /// <exception cref="InvalidDataException">The mirrors that can be reached serve something else: the checksum is wrong.</exception>
    public async Task DownloadAsync(IReadOnlyList<MnistFile> files, string folder, CancellationToken cancellation)
    {
        using var turn = await TakeTurnAsync(folder, cancellation).ConfigureAwait(false);
        var parts = new List<(string Part, string Path)>();
        for (int i = 0; i < files.Count; i++)
        {
            if (files[i].FindIn(folder) is not null)
                continue;
            string name = files[i].FileNames.First(), path = Path.Combine(folder, name), part = path + ".part";
            if (!File.Exists(part) || HashOfUnpacked(part) != files[i].Sha256)
                await DownloadAsync(files[i], part, new DownloadProgress(name, i + 1, files.Count, 0, null), cancellation).ConfigureAwait(false);
            parts.Add((part, path));
        }
        foreach (var (part, path) in parts)
            File.Move(part, path, overwrite: true);
    }

    private async Task DownloadAsync(MnistFile file, string part, DownloadProgress start, CancellationToken cancellation)
    {
        var failures = new List<string>();
        bool isWrong = false;
        for (int i = 0; i < mirrors.Count; i++)
        {
            int number = (served + i) % mirrors.Count;
            var mirror = mirrors[number];
            var address = new Uri(mirror, start.FileName);
            try
            {
                bool isResumed;
                do
                {
                    using (var to = OpenPart(part))
                    {
                        isResumed = to.Length > 0;
                        await FetchAsync(address, to, start, cancellation).ConfigureAwait(false);
                    }
                    string found = HashOfUnpacked(part);
                    if (found == file.Sha256)
                    {
                        served = number;
                        return;
                    }
                    bool isPage = IsPage(part);
                    File.Delete(part);
                    if (!isResumed)
                    {
                        isWrong = true;
                        failures.Add(isPage
                            ? $"{mirror.Authority} serves a web page in its place (does the network want a login?)"
                            : $"{mirror.Authority} serves something else (checksum {found}, but {file.Sha256} is wanted)");
                    }
                }
                while (isResumed); // the earlier part may have come from another mirror: once more from the beginning
            }
            catch (HttpRequestException exception)
            {
                failures.Add($"{mirror.Authority} fails ({exception.Message})");
            }
        }

        if (File.Exists(part) && new FileInfo(part).Length == 0)
            File.Delete(part);
        string message = $"'{start.FileName}' could not be downloaded: {string.Join(", ", failures)}";
        throw isWrong ? new InvalidDataException(message) : new HttpRequestException(message);
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

    private static FileStream OpenPart(string part)
    {
        try
        {
            return new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(part, exception);
        }
    }

    private static IOException CannotWrite(string path, Exception exception) => new(
        $"'{path}' cannot be written: {exception.Message} Set the environment variable {DataFolders.Variable} to a folder that can be written to and has space, or put MNIST's four files there.",
        exception);

    /// <summary>Fetches what is missing, going on after a cut as long as each attempt brings something.</summary>
    private async Task FetchAsync(Uri address, FileStream to, DownloadProgress start, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            long before = to.Length;
            try
            {
                await FetchOnceAsync(address, to, start, cancellation).ConfigureAwait(false);
                return;
            }
            catch (HttpIOException exception)
            {
                if (attempt == AttemptsPerMirror || to.Length <= before)
                    throw new HttpRequestException($"the connection was cut after {to.Length} bytes", exception);
            }
        }
    }

    private async Task FetchOnceAsync(Uri address, FileStream to, DownloadProgress start, CancellationToken cancellation)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            stall.CancelAfter(StallTimeout);
            using var response = await RequestAsync(address, to.Length, stall.Token).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                return; // it is all here already, as the checksum will tell
            response.EnsureSuccessStatusCode();
            if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != to.Length)
                to.SetLength(0);
            to.Position = to.Length;

            long? total = to.Length + response.Content.Headers.ContentLength;
            using var from = await response.Content.ReadAsStreamAsync(stall.Token).ConfigureAwait(false);
            var buffer = new byte[1 << 16];
            for (; ; )
            {
                progress?.Report(start with { BytesReceived = to.Length, BytesTotal = total });
                stall.CancelAfter(StallTimeout);
                int count = await ReadAsync(from, buffer, stall.Token).ConfigureAwait(false);
                if (count == 0)
                    return;
                await WriteAsync(to, buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException("the server does not answer", exception);
        }
    }

    private async Task<HttpResponseMessage> RequestAsync(Uri address, long from, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (from > 0)
            request.Headers.Range = new RangeHeaderValue(from, null);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
    }

    /// <summary>Reads from the network, so that its errors are told from those of the disk.</summary>
    private static async Task<int> ReadAsync(Stream from, byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await from.ReadAsync(buffer, cancellation).ConfigureAwait(false);
        }
        catch (IOException exception) when (exception is not HttpIOException)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, exception.Message, exception);
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

    private static bool IsPage(string path)
    {
        using var reader = new StreamReader(path);
        var beginning = new char[64];
        return beginning.AsSpan(0, reader.ReadBlock(beginning)).TrimStart() is ['<', ..];
    }

    private static string HashOfUnpacked(string path)
    {
        try
        {
            using var stream = Unpacking.Open(path, out _);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (InvalidDataException)
        {
            return "none, since it is no whole gzip file";
        }
    }
}
