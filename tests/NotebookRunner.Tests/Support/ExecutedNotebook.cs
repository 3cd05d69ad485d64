using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace NotebookRunner.Tests.Support;

/// <summary>An executed notebook as it lies on disk, checked against what the format requires of every file.</summary>
public sealed partial class ExecutedNotebook
{
    private readonly JsonNode _root;

    private ExecutedNotebook(JsonNode root) => _root = root;

    public IReadOnlyList<JsonNode> CodeCells => [.. _root["cells"]!.AsArray().Where(c => (string)c!["cell_type"]! == "code")!];

    public string Status => (string)_root["metadata"]!["notebook_runner"]!["status"]!;

    /// <summary>How the nth code cell ended.</summary>
    public string StatusOf(int cell) => (string)CodeCells[cell]["metadata"]!["notebook_runner"]!["status"]!;

    public static ExecutedNotebook Read(string path)
    {
        var root = JsonNode.Parse(File.ReadAllText(path))!;
        Assert.Equal(4, (int)root["nbformat"]!);
        Assert.Equal(5, (int)root["nbformat_minor"]!);
        var ids = root["cells"]!.AsArray().Select(c => (string)c!["id"]!).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        foreach (var cell in root["cells"]!.AsArray().Where(c => (string)c!["cell_type"]! == "code"))
        {
            Assert.True(cell!.AsObject().ContainsKey("execution_count"));
            foreach (var output in cell["outputs"]!.AsArray())
                CheckOutput(output!.AsObject());
        }
        return new(root);
    }

    /// <summary>The outputs of the nth code cell, from 0.</summary>
    public IReadOnlyList<JsonNode> Outputs(int cell) => [.. CodeCells[cell]["outputs"]!.AsArray()!];

    /// <summary>The outputs of a cell in short: <c>stdout:text</c>, <c>display:text</c>, <c>result:text</c>, <c>error:name</c>.</summary>
    public IReadOnlyList<string> Summary(int cell) => [.. Outputs(cell).Select(o => (string)o["output_type"]! switch
    {
        "stream" => $"{o["name"]}:{Join(o["text"])}",
        "error" => $"error:{o["ename"]}",
        "execute_result" => "result:" + PlainText(o["data"]!),
        _ => "display:" + PlainText(o["data"]!),
    })];

    /// <summary>One representation of one output.</summary>
    public string Data(int cell, int output, string mimeType) => Join(Outputs(cell)[output]["data"]![mimeType]);

    public IReadOnlyList<string> MimeTypes(int cell, int output) => [.. Outputs(cell)[output]["data"]!.AsObject().Select(d => d.Key)];

    public string Traceback(int cell) =>
        string.Join('\n', Outputs(cell).Single(o => (string)o["output_type"]! == "error")["traceback"]!.AsArray().Select(l => (string)l!));

    /// <summary>The text of what the format lets be a string or a list of lines.</summary>
    public static string Join(JsonNode? text) =>
        text is JsonArray lines ? string.Concat(lines.Select(line => (string)line!)) : (string?)text ?? "";

    private static string PlainText(JsonNode data) =>
        data["text/plain"] is { } text ? Join(text) : WebUtility.HtmlDecode(Markup().Replace(Join(data["text/html"]), ""));

    private static void CheckOutput(JsonObject output)
    {
        string[] expected = (string)output["output_type"]! switch
        {
            "stream" => ["name", "output_type", "text"],
            "display_data" => ["data", "metadata", "output_type"],
            "execute_result" => ["data", "execution_count", "metadata", "output_type"],
            "error" => ["ename", "evalue", "output_type", "traceback"],
            var other => throw new InvalidDataException($"output_type {other}"),
        };
        Assert.Equal(expected, output.Select(p => p.Key).Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("<style>.*</style>|<[^>]+>", RegexOptions.Singleline)]
    private static partial Regex Markup();
}
