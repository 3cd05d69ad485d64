using System.Text.Json.Nodes;
using Microsoft.DotNet.Interactive.Documents;

namespace NotebookRunner.Execution;

internal enum CellKind { Code, Markdown, Raw }

/// <summary>A cell of a notebook.</summary>
internal sealed class NotebookCell(InteractiveDocumentElement element, JsonObject node, string defaultLanguage)
{
    public CellKind Kind { get; } = KindOf(node)!.Value;

    public string Source => element.Contents ?? "";

    /// <summary>The name of the kernel that runs it.</summary>
    public string Language => element.KernelName ?? defaultLanguage;

    public List<InteractiveDocumentOutputElement> Outputs => element.Outputs;

    public int ExecutionOrder
    {
        get => element.ExecutionOrder;
        set => element.ExecutionOrder = value;
    }

    public string? Id
    {
        get => NotebookDocument.Text(node["id"]);
        set => node["id"] = value;
    }

    /// <summary>How the cell's execution went; <see langword="null"/> before it.</summary>
    public RunRecord? Run
    {
        get => RunRecord.Read((node["metadata"] as JsonObject)?[RunRecord.Key]);
        set => MetadataOf(node)[RunRecord.Key] = value?.ToJson();
    }

    /// <summary>The images pasted into a Markdown cell: base64 by file name and MIME type.</summary>
    public JsonObject? Attachments => node["attachments"] as JsonObject;

    public bool HasTag(string tag) =>
        (node["metadata"] as JsonObject)?["tags"] is JsonArray tags && tags.Any(t => NotebookDocument.Text(t) == tag);

    public static CellKind? KindOf(JsonObject node) => NotebookDocument.Text(node["cell_type"]) switch
    {
        "code" => CellKind.Code,
        "markdown" => CellKind.Markdown,
        "raw" => CellKind.Raw,
        _ => null,
    };

    public static JsonObject MetadataOf(JsonObject node)
    {
        if (node["metadata"] is not JsonObject metadata)
            node["metadata"] = metadata = [];
        return metadata;
    }

    public void Clear()
    {
        MetadataOf(node).Remove(RunRecord.Key);
        element.Outputs.Clear();
        element.ExecutionOrder = 0;
    }

    /// <summary>Takes over what an execution has changed in the cell.</summary>
    public void Take(JsonObject written)
    {
        foreach (var name in (string[])["execution_count", "outputs"])
        {
            written.Remove(name, out var value);
            node[name] = value;
        }
    }
}
