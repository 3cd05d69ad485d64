using System.Text.Json.Nodes;

namespace NotebookRunner.Execution;

internal enum CellKind { Code, Markdown, Raw }

/// <summary>A cell of a notebook, over its JSON.</summary>
internal sealed class NotebookCell(JsonObject node, string defaultLanguage)
{
    public CellKind Kind { get; } = KindOf(node)!.Value;

    public string Source { get; } = Join(node["source"]);

    public string? Id
    {
        get => NotebookDocument.Text(node["id"]);
        set => node["id"] = value;
    }

    /// <summary>The cell's language, as .NET Interactive names its kernels.</summary>
    public string Language { get; } =
        NotebookDocument.Text(node["metadata"]?["polyglot_notebook"]?["kernelName"])
        ?? NotebookDocument.Text(node["metadata"]?["dotnet_interactive"]?["language"])
        ?? defaultLanguage;

    public int? ExecutionCount
    {
        get => node["execution_count"] is JsonValue value && value.TryGetValue(out int count) ? count : null;
        set => node["execution_count"] = value;
    }

    /// <summary>How the cell's execution went; <see langword="null"/> before it.</summary>
    public RunRecord? Run
    {
        get => RunRecord.Read(node["metadata"]?[RunRecord.Key]);
        set => Metadata()[RunRecord.Key] = value?.ToJson();
    }

    public JsonArray Outputs
    {
        get => node["outputs"] as JsonArray ?? [];
        set => node["outputs"] = value;
    }

    /// <summary>The images pasted into a Markdown cell: base64 by file name and MIME type.</summary>
    public JsonObject? Attachments => node["attachments"] as JsonObject;

    public static CellKind? KindOf(JsonObject node) => NotebookDocument.Text(node["cell_type"]) switch
    {
        "code" => CellKind.Code,
        "markdown" => CellKind.Markdown,
        "raw" => CellKind.Raw,
        _ => null,
    };

    /// <summary>The text of a "multi-line string", which the format lets be a string or a list of lines.</summary>
    public static string Join(JsonNode? text) =>
        text is JsonArray lines ? string.Concat(lines.Select(NotebookDocument.Text)) : NotebookDocument.Text(text) ?? "";

    /// <summary>The format's list of lines, each with its line break.</summary>
    public static JsonArray Split(string text)
    {
        var lines = new JsonArray();
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start) is var found && found >= 0 ? found + 1 : text.Length;
            lines.Add(text[start..end]);
            start = end;
        }
        return lines;
    }

    public void Clear()
    {
        Metadata().Remove(RunRecord.Key);
        if (Kind != CellKind.Code)
            return;
        node["execution_count"] = null;
        node["outputs"] = new JsonArray();
    }

    private JsonObject Metadata()
    {
        if (node["metadata"] is not JsonObject metadata)
            node["metadata"] = metadata = [];
        return metadata;
    }
}
