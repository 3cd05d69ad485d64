using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DatasetDistillation.Tests.Data;

/// <summary>A small HTTP server on the loopback interface that serves files, in parts if asked, and can be told to misbehave.</summary>
internal sealed class LoopbackMirror : IDisposable
{
    /// <summary>A <see cref="Trouble"/>: requests are read and never answered.</summary>
    public const string Silence = "silence";

    /// <summary>A <see cref="Trouble"/>: connections are closed without an answer.</summary>
    public const string Hangup = "hangup";

    private readonly List<TcpClient> kept = [];
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly IReadOnlyDictionary<string, byte[]> files;

    public LoopbackMirror(IReadOnlyDictionary<string, byte[]> files)
    {
        this.files = files;
        listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        _ = Task.Run(ServeAsync);
    }

    public Uri Address { get; }

    /// <summary>The requests so far: file name and, where there was one, the first byte asked for.</summary>
    public List<(string File, long? From)> Requests { get; } = [];

    /// <summary>How many bytes of each answer are sent before the connection is cut; none is cut by default.</summary>
    public int CutAfter { get; set; } = int.MaxValue;

    /// <summary>Whether ranges are served; else always whole files.</summary>
    public bool ServesRanges { get; init; } = true;

    /// <summary>A status that every request is answered with, or <see cref="Silence"/> or <see cref="Hangup"/>; null: none.</summary>
    public string? Trouble { get; init; }

    public void Dispose()
    {
        listener.Dispose();
        lock (kept)
            kept.ForEach(static client => client.Dispose());
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync();
                lock (kept)
                    kept.Add(client);
                await AnswerAsync(client.GetStream());
                if (Trouble != Silence)
                    client.Dispose();
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or SocketException or OperationCanceledException)
        {
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        string file = (await reader.ReadLineAsync())!.Split(' ')[1].TrimStart('/');
        long? from = null;
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            if (line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase))
                from = long.Parse(line["Range: bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
        }
        lock (Requests)
            Requests.Add((file, from));

        if (Trouble is Silence or Hangup)
            return;
        if (Trouble is not null)
        {
            await WriteAsync(stream, Trouble, 0, []);
            return;
        }
        if (!files.TryGetValue(file, out var content))
        {
            await WriteAsync(stream, "404 Not Found", 0, []);
            return;
        }
        if (from >= content.Length && ServesRanges)
        {
            await WriteAsync(stream, "416 Range Not Satisfiable", 0, []);
            return;
        }
        long start = ServesRanges ? from ?? 0 : 0;
        string status = start == 0 ? "200 OK" : $"206 Partial Content\r\nContent-Range: bytes {start}-{content.Length - 1}/{content.Length}";
        var body = content[(int)start..];
        await WriteAsync(stream, status, body.Length, body[..Math.Min(CutAfter, body.Length)]);
    }

    private static async Task WriteAsync(NetworkStream stream, string status, int length, byte[] body)
    {
        byte[] head = Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        await stream.WriteAsync((byte[])[.. head, .. body]);
    }
}
