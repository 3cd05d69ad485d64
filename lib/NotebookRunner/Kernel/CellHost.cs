using System.Globalization;
using System.Text;
using NotebookRunner.Api;
using NotebookRunner.Formatting;

namespace NotebookRunner.Kernel;

/// <summary>
/// What running code reaches of the world outside: displays, inputs and console streams, sent in the order in which they
/// happen, whatever the thread.
/// </summary>
internal sealed class CellHost : IDisposable
{
    private const int FlushAt = 8192;
    private static readonly TimeSpan s_flushDelay = TimeSpan.FromMilliseconds(100);
    private static CellHost? s_current;

    private readonly Action<KernelEvent> _send;
    private readonly IReadOnlyDictionary<string, string> _inputs;
    private readonly Lock _order = new();
    private readonly StringBuilder _pendingText = new();
    private readonly Timer _flushTimer;
    private string _pendingStream = "";
    private int _displays;

    public CellHost(Action<KernelEvent> send, IReadOnlyDictionary<string, string> inputs)
    {
        _send = send;
        _inputs = inputs;
        _flushTimer = new Timer(_ => FlushStreams());
    }

    /// <summary>The host of this process.</summary>
    public static CellHost Current
    {
        get => s_current ?? throw new InvalidOperationException("Displays and inputs work only in a notebook that is being run.");
        set => s_current = value;
    }

    public DisplayedValue Display(object? value, string[] mimeTypes) => Show(ValueFormatter.Format(value, mimeTypes));

    public DisplayedValue DisplayText(string text, string mimeType) => Show(new() { [mimeType] = text });

    public void Update(string id, object? value, string[] mimeTypes) =>
        Send(new UpdateEvent(id, ValueFormatter.Format(value, mimeTypes)));

    public string Input(string name) => _inputs.TryGetValue(name, out var value)
        ? value
        : throw new InvalidOperationException($"The notebook asks for the input \"{name}\": run it with --input {name}=VALUE.");

    /// <summary>Sends an event after all the text written before it.</summary>
    public void Send(KernelEvent message)
    {
        lock (_order)
        {
            FlushStreams();
            _send(message);
        }
    }

    /// <summary>
    /// Takes text for <c>stdout</c> or <c>stderr</c>. It goes out when it is much, when something else is about to follow,
    /// and at the latest after a tenth of a second.
    /// </summary>
    public void WriteStream(string name, ReadOnlySpan<char> text)
    {
        lock (_order)
        {
            if (_pendingStream != name)
                FlushStreams();
            if (_pendingText.Length == 0)
                _flushTimer.Change(s_flushDelay, Timeout.InfiniteTimeSpan);
            _pendingStream = name;
            _pendingText.Append(text);
            if (_pendingText.Length >= FlushAt)
                FlushStreams();
        }
    }

    public void FlushStreams()
    {
        lock (_order)
        {
            if (_pendingText.Length == 0)
                return;
            var text = _pendingText.ToString();
            _pendingText.Clear();
            _send(new StreamEvent(_pendingStream, text));
        }
    }

    public void Dispose() => _flushTimer.Dispose();

    private DisplayedValue Show(Dictionary<string, string> data)
    {
        var id = "display-" + Interlocked.Increment(ref _displays).ToString(CultureInfo.InvariantCulture);
        Send(new DisplayEvent(id, data));
        return new DisplayedValue(this, id, [.. data.Keys]);
    }
}
