using System.Text;
using Microsoft.DotNet.Interactive.Documents;
using Microsoft.DotNet.Interactive.Events;

namespace NotebookRunner.Execution;

/// <summary>Turns what a notebook's kernel tells into the outputs of its cells.</summary>
internal sealed class CellOutputs
{
    /// <summary>How much text of one cell is kept.</summary>
    internal const int MaxStreamChars = 1_000_000;

    /// <summary>How much of the displays of one cell is kept.</summary>
    internal const long MaxDisplayChars = 64 << 20;

    private readonly Dictionary<string, IDictionary<string, object>> _displays = [];
    private readonly StringBuilder _streamText = new();
    private NotebookCell? _cell;
    private string? _openStream;
    private int _streamChars;
    private long _displayChars;

    /// <summary>Begins a cell, whose outputs so far are dropped.</summary>
    public void Begin(NotebookCell cell, int number)
    {
        cell.Outputs.Clear();
        cell.ExecutionOrder = number;
        (_cell, _openStream, _streamChars, _displayChars) = (cell, null, 0, 0);
    }

    /// <summary>Adds an event to the cell begun last; an update changes the display it names, wherever that is.</summary>
    public void Add(KernelEvent message)
    {
        switch (message)
        {
            case StandardOutputValueProduced text:
                AddText("stdout", text);
                break;
            case StandardErrorValueProduced text:
                AddText("stderr", text);
                break;
            case DisplayedValueUpdated update when _displays.TryGetValue(update.ValueId, out var shown):
                Fill(shown, update);
                break;
            case DisplayedValueProduced or DisplayedValueUpdated:
                var display = new DisplayElement(new Dictionary<string, object>());
                if (((DisplayEvent)message).ValueId is { } id)
                    _displays[id] = display.Data;
                Append(display, display.Data, (DisplayEvent)message);
                break;
            case ReturnValueProduced result:
                var value = new ReturnValueElement { ExecutionOrder = _cell!.ExecutionOrder };
                Append(value, value.Data, result);
                break;
        }
    }

    /// <summary>Adds what went wrong, in lines of which the first says it in short.</summary>
    public void AddError(string name, string traceback)
    {
        Flush();
        _openStream = null;
        _cell!.Outputs.Add(new ErrorElement(traceback.Split('\n')[0], name, traceback.Split('\n')));
    }

    /// <summary>Writes text that is still being gathered into the cell's outputs.</summary>
    public void Flush()
    {
        if (_openStream is not null)
            _cell!.Outputs[^1] = new TextElement(_streamText.ToString(), _openStream);
    }

    private void Append(InteractiveDocumentOutputElement output, IDictionary<string, object> data, DisplayEvent content)
    {
        Flush();
        _openStream = null;
        Fill(data, content);
        _cell!.Outputs.Add(output);
    }

    private void Fill(IDictionary<string, object> data, DisplayEvent content)
    {
        _displayChars -= data.Values.Sum(value => ((string)value).Length);
        data.Clear();
        foreach (var value in content.FormattedValues)
            data[value.MimeType] = value.Value ?? "";
        _displayChars += data.Values.Sum(value => ((string)value).Length);
        if (_displayChars <= MaxDisplayChars)
            return;
        _displayChars -= data.Values.Sum(value => ((string)value).Length);
        data.Clear();
        data["text/plain"] = "This output is left out: the cell shows too much.";
    }

    private void AddText(string stream, DisplayEvent content)
    {
        var text = content.FormattedValues.FirstOrDefault()?.Value ?? "";
        if (_streamChars > MaxStreamChars || text.Length == 0)
            return;
        _streamChars += text.Length;
        if (_streamChars > MaxStreamChars)
            text = text[..^(_streamChars - MaxStreamChars)] + $"\n… the cell's text after {MaxStreamChars:N0} characters is left out.\n";

        if (_openStream != stream)
        {
            Flush();
            _streamText.Clear();
            _openStream = stream;
            _cell!.Outputs.Add(new TextElement("", stream));
        }
        AppendAsTerminal(_streamText, text);
    }

    /// <summary>Appends text in which a carriage return goes back to the start of the line, unless a line break follows.</summary>
    private static void AppendAsTerminal(StringBuilder target, string text)
    {
        foreach (var c in text)
        {
            if (target is [.., '\r'])
                target.Length = c == '\n' ? target.Length - 1 : LineStart(target);
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
}
