using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NotebookRunner.Kernel;

/// <summary>
/// What passes between the runner and the process that runs a notebook's code, one JSON object a line: requests on its
/// standard input, events on its standard output, each event after <see cref="EventMark"/>. Text without the mark was
/// written past <see cref="Console"/>, by native code, and counts as the cell's output too.
/// </summary>
internal static class Protocol
{
    public const char EventMark = '\u0001';

    private static readonly JsonSerializerOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write<T>(T message) => JsonSerializer.Serialize(message, s_options);

    public static T Read<T>(string line) =>
        JsonSerializer.Deserialize<T>(line, s_options) ?? throw new JsonException("The message is null.");
}

[JsonDerivedType(typeof(StartRequest), "start")]
[JsonDerivedType(typeof(ExecuteRequest), "execute")]
internal abstract record KernelRequest;

/// <summary>The first request: the answers to the inputs a notebook may ask for.</summary>
internal sealed record StartRequest(Dictionary<string, string> Inputs) : KernelRequest;

/// <summary>Runs one cell; answered by any number of events and one <see cref="CompletedEvent"/>.</summary>
/// <param name="Name">What tracebacks call the cell, for example <c>Cell [3]</c>.</param>
/// <param name="Language">The cell's own language, as .NET Interactive names its kernels.</param>
/// <param name="Code">The cell's source.</param>
internal sealed record ExecuteRequest(string Name, string Language, string Code) : KernelRequest;

[JsonDerivedType(typeof(ReadyEvent), "ready")]
[JsonDerivedType(typeof(StreamEvent), "stream")]
[JsonDerivedType(typeof(DisplayEvent), "display")]
[JsonDerivedType(typeof(UpdateEvent), "update")]
[JsonDerivedType(typeof(ResultEvent), "result")]
[JsonDerivedType(typeof(ErrorEvent), "error")]
[JsonDerivedType(typeof(CompletedEvent), "completed")]
internal abstract record KernelEvent;

/// <summary>The process is ready for its first cell.</summary>
internal sealed record ReadyEvent : KernelEvent;

/// <summary>Text written to <c>stdout</c> or <c>stderr</c>.</summary>
internal sealed record StreamEvent(string Name, string Text) : KernelEvent;

/// <summary>A display, as text by MIME type (binary types as base64).</summary>
internal sealed record DisplayEvent(string Id, Dictionary<string, string> Data) : KernelEvent;

/// <summary>Replaces the display of this identifier, whichever cell made it.</summary>
internal sealed record UpdateEvent(string Id, Dictionary<string, string> Data) : KernelEvent;

/// <summary>The value of a cell's trailing expression.</summary>
internal sealed record ResultEvent(Dictionary<string, string> Data) : KernelEvent;

/// <summary>What went wrong in a cell.</summary>
internal sealed record ErrorEvent(string Name, string Message, string[] Traceback) : KernelEvent;

/// <summary>The cell has ended; it failed if an <see cref="ErrorEvent"/> came before.</summary>
internal sealed record CompletedEvent : KernelEvent;

/// <summary>The process has ended and all it wrote has been read. Made by the runner, never sent.</summary>
internal sealed record ExitedEvent(int ExitCode) : KernelEvent;
