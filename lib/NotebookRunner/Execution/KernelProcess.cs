using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Connection;
using Microsoft.DotNet.Interactive.Events;
using NotebookRunner.Kernel;

namespace NotebookRunner.Execution;

/// <summary>
/// The process in which one notebook's code runs. Whatever that code does, be it to loop for ever, overflow its stack or end
/// the process, the runner remains and keeps what was shown so far.
/// </summary>
internal sealed class KernelProcess : IAsyncDisposable
{
    // Streams stay open after the process if it leaves another one behind; nothing that matters comes later.
    private static readonly TimeSpan s_waitForStreams = TimeSpan.FromSeconds(3);
    private static readonly SubmitCode s_cell = new("");

    private readonly Process _process;
    private readonly Channel<KernelEvent> _events = Channel.CreateBounded<KernelEvent>(256);
    private readonly Task _reading;

    private KernelProcess(Process process)
    {
        _process = process;
        _reading = Task.Run(ReadAllAsync);
    }

    /// <summary>Starts a process.</summary>
    /// <param name="folder">Its current directory, against which <c>#r</c> and <c>#!import</c> are resolved.</param>
    /// <param name="profile">Answers the input <c>profile</c> and is the environment variable of that purpose.</param>
    /// <param name="inputs">Answers to the other inputs that the notebook may ask for.</param>
    public static KernelProcess Start(string folder, string profile, IReadOnlyDictionary<string, string> inputs)
    {
        var utf8 = new UTF8Encoding(false);
        var arguments = inputs.Select(input => $"{input.Key}={input.Value}").Prepend($"profile={profile}");
        var start = new ProcessStartInfo(DotnetHost(), [typeof(KernelProcess).Assembly.Location, KernelServer.Command, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = utf8,
            StandardOutputEncoding = utf8,
            StandardErrorEncoding = utf8,
            Environment = { [ExecutionOptions.ProfileVariable] = profile },
        };
        return new KernelProcess(Process.Start(start)!);
    }

    /// <summary>Runs a cell, whose last event is <see cref="CommandSucceeded"/> or <see cref="CommandFailed"/>.</summary>
    public void Execute(string code, string kernel)
    {
        try
        {
            _process.StandardInput.WriteLine(KernelCommandEnvelope.Serialize(new SubmitCode(code, kernel)));
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // The process has ended; its events say so.
        }
    }

    /// <summary>The next event, <see cref="ProcessEnded"/> as the last of them, or <see langword="null"/> when none came in time.</summary>
    public async Task<KernelEvent?> NextAsync(TimeSpan wait, CancellationToken cancellation)
    {
        if (_events.Reader.TryRead(out var ready))
            return ready;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(wait);
        try
        {
            return await _events.Reader.ReadAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Ends the process, and those it started, at once.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        _events.Writer.TryComplete();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        await Task.WhenAny(_reading, Task.Delay(s_waitForStreams)).ConfigureAwait(false);
        _process.Dispose();
    }

    private static string DotnetHost()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(beside) ? beside : name;
    }

    private async Task ReadAllAsync()
    {
        try
        {
            var streams = Task.WhenAll(ReadEventsAsync(), ReadErrorsAsync());
            await _process.WaitForExitAsync().ConfigureAwait(false);
            await Task.WhenAny(streams, Task.Delay(s_waitForStreams)).ConfigureAwait(false);
            await _events.Writer.WriteAsync(new ProcessEnded(_process.ExitCode)).ConfigureAwait(false);
            _events.Writer.TryComplete();
        }
        catch (ChannelClosedException)
        {
            // Nobody listens any more.
        }
    }

    private async Task ReadEventsAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            var mark = line.IndexOf(KernelServer.EventMark, StringComparison.Ordinal);
            var native = mark < 0 ? line + "\n" : line[..mark];
            if (native.Length > 0)
                await _events.Writer.WriteAsync(new StandardOutputValueProduced(s_cell, [new("text/plain", native)])).ConfigureAwait(false);
            if (mark >= 0)
                await _events.Writer.WriteAsync(Parse(line[(mark + 1)..])).ConfigureAwait(false);
        }
    }

    private static KernelEvent Parse(string json)
    {
        try
        {
            return KernelEventEnvelope.Deserialize(json).Event;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            return Error($"An output of {json.Length} characters was garbled by text written past the console.\n");
        }
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync().ConfigureAwait(false) is { } line)
            await _events.Writer.WriteAsync(Error(line + "\n")).ConfigureAwait(false);
    }

    private static StandardErrorValueProduced Error(string text) => new(s_cell, [new("text/plain", text)]);
}

/// <summary>The process has ended and all it wrote has been read.</summary>
internal sealed class ProcessEnded(int exitCode) : KernelEvent(new SubmitCode(""))
{
    public int ExitCode => exitCode;
}
