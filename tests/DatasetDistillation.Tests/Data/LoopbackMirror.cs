using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DatasetDistillation.Tests.Data;

/// <summary>A small HTTP server on the loopback interface that serves files, and can be told to misbehave.</summary>
internal sealed class LoopbackMirror : IDisposable
{
    /// <summary>A <see cref="Trouble"/>: requests are read and never answered.</summary>
    public const string Silence = "silence";

    /// <summary>A <see cref="Trouble"/>: connections are closed without an answer.</summary>
    public const string Hangup = "hangup";

    /// <summary>A <see cref="Trouble"/>: answers never end.</summary>
    public const string Endless = "endless";

    /// <summary>A <see cref="Trouble"/>: answers come byte by byte, one in a twentieth of a second.</summary>
    public const string Trickle = "trickle";

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

    /// <summary>The files asked for so far.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>The bytes sent by a mirror that never ends.</summary>
    public long Sent { get; private set; }

    /// <summary>How many bytes of each answer are sent before the connection is cut; none is cut by default.</summary>
    public int CutAfter { get; init; } = int.MaxValue;

    /// <summary>A status that every request is answered with, or one of the troubles above; null: none.</summary>
    public string? Trouble { get; init; }

    /// <summary>Where every request is redirected to; null: nowhere.</summary>
    public string? RedirectTo { get; init; }

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
                try
                {
                    await AnswerAsync(client.GetStream());
                }
                catch (IOException)
                {
                    // The other side has had enough.
                }
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
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
        }
        lock (Requests)
            Requests.Add(file);

        files.TryGetValue(file, out var content);
        switch (Trouble)
        {
            case Silence or Hangup:
                return;
            case Endless or Trickle:
                await WriteAsync(stream, "200 OK", "Content-Type: application/gzip", []);
                var block = new byte[Trouble == Endless ? 1 << 16 : 1];
                for (; ; Sent += block.Length)
                {
                    await stream.WriteAsync(block);
                    await Task.Delay(Trouble == Endless ? 0 : 50);
                }
        }
        string status = Trouble ?? (RedirectTo is not null ? "302 Found" : content is null ? "404 Not Found" : "200 OK");
        byte[] body = status == "200 OK" ? content! : [];
        await WriteAsync(
            stream,
            status,
            $"Content-Length: {body.Length}" + (RedirectTo is null ? "" : $"\r\nLocation: {RedirectTo}"),
            body[..Math.Min(CutAfter, body.Length)]);
    }

    private static async Task WriteAsync(NetworkStream stream, string status, string header, byte[] body)
    {
        byte[] head = Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{header}\r\nConnection: close\r\n\r\n");
        await stream.WriteAsync((byte[])[.. head, .. body]);
    }
}
