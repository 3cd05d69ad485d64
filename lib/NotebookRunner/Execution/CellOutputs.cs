using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotebookRunner.Kernel;

namespace NotebookRunner.Execution;

/// <summary>Turns what a notebook's kernel tells into the outputs of its cells.</summary>
internal sealed class CellOutputs
{
    /// <summary>How much text of one cell is kept.</summary>
    internal const int MaxStreamChars = 1_000_000;

    private readonly Dictionary<string, JsonObject> _displays = [];
    private JsonArray _outputs = [];
    private int? _executionCount;
    private int _streamChars;
    private JsonObject? _openStream;
    private StringBuilder _streamText = new();

    /// <summary>Begins a cell, whose outputs so far are dropped.</summary>
    public void Begin(NotebookCell cell, int executionCount)
    {
        cell.Outputs = _outputs = [];
        cell.ExecutionCount = _executionCount = executionCount;
        _streamChars = 0;
        _openStream = null;
    }

    /// <summary>Adds an event to the cell begun last; an update changes the display it names, wherever that is.</summary>
    public void Add(KernelEvent message)
    {
        switch (message)
        {
            case StreamEvent stream:
                AddText(stream);
                break;
            case DisplayEvent display:
                var shown = new JsonObject { ["output_type"] = "display_data", ["metadata"] = new JsonObject(), ["data"] = Bundle(display.Data) };
                _displays[display.Id] = shown;
                Append(shown);
                break;
            case UpdateEvent update when _displays.TryGetValue(update.Id, out var replaced):
                replaced["data"] = Bundle(update.Data);
                break;
            case ResultEvent result:
                Append(new() { ["output_type"] = "execute_result", ["execution_count"] = _executionCount, ["metadata"] = new JsonObject(), ["data"] = Bundle(result.Data) });
                break;
            case ErrorEvent error:
                Append(new() { ["output_type"] = "error", ["ename"] = error.Name, ["evalue"] = error.Message, ["traceback"] = new JsonArray([.. error.Traceback.Select(line => (JsonNode)line)]) });
                break;
        }
    }

    /// <summary>Writes text that is still being gathered into the cell's outputs.</summary>
    public void Flush() => _openStream?["text"] = NotebookCell.Split(_streamText.ToString());

    private void Append(JsonObject output)
    {
        Flush();
        _openStream = null;
        _outputs.Add(output);
    }

    private void AddText(StreamEvent stream)
    {
        if (_streamChars > MaxStreamChars)
            return;
        _streamChars += stream.Text.Length;
        var text = _streamChars > MaxStreamChars
            ? stream.Text[..^(_streamChars - MaxStreamChars)] + $"\n… the rest of the cell's text is left out: it is longer than {MaxStreamChars:N0} characters.\n"
            : stream.Text;

        if (_openStream is null || NotebookDocument.Text(_openStream["name"]) != stream.Name)
        {
            Append(new() { ["output_type"] = "stream", ["name"] = stream.Name, ["text"] = new JsonArray() });
            _openStream = _outputs[^1]!.AsObject();
            _streamText = new();
        }
        AppendAsTerminal(_streamText, text);
    }

    /// <summary>
    /// Appends text in which a carriage return that no line break follows goes back to the start of the line, as on a terminal.
    /// </summary>
    private static void AppendAsTerminal(StringBuilder target, string text)
    {
        foreach (var c in text)
        {
            if (target is [.., '\r'])
            {
                target.Length = c == '\n' ? target.Length - 1 : LineStart(target);
            }
            target.Append(c);
        }
    }

    private static int LineStart(StringBuilder text)
    {
        var start = text.Length;
        while (start > 0 && text[start - 1] != '\n')
            start--;
        return start;
    }

    private static JsonObject Bundle(Dictionary<string, string> data)
    {
        var bundle = new JsonObject();
        foreach (var (type, content) in data)
            bundle[type] = Content(type, content);
        return bundle;
    }

    private static JsonNode? Content(string type, string content)
    {
        if (type.EndsWith("+json", StringComparison.Ordinal) || type == "application/json")
        {
            try
            {
                return JsonNode.Parse(content);
            }
            catch (JsonException)
            {
                return content;
            }
        }
        var isText = type.StartsWith("text/", StringComparison.Ordinal) || type is "image/svg+xml" or "application/javascript";
        return isText ? NotebookCell.Split(content) : content;
    }
}
