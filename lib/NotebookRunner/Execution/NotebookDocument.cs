using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.DotNet.Interactive.Documents;
using Microsoft.DotNet.Interactive.Documents.Jupyter;

namespace NotebookRunner.Execution;

/// <summary>
/// A notebook file, read and written by .NET Interactive's document library. What that does not know (attachments, raw cells, other
/// metadata) is kept as it is.
/// </summary>
internal sealed partial class NotebookDocument
{
    private static readonly JsonSerializerOptions s_format = new()
    {
        WriteIndented = true,
        IndentSize = 1,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject _root;
    private readonly InteractiveDocument _document;
    private readonly byte[] _hash;

    private NotebookDocument(JsonObject root, InteractiveDocument document, string path, byte[] hash)
    {
        (_root, _document, Path, _hash) = (root, document, path, hash);
        var language = document.GetDefaultKernelName() is { } name and not "C#" ? name : "csharp";
        Cells = [.. document.Elements.Zip(root["cells"]!.AsArray(), (cell, node) => new NotebookCell(cell, node!.AsObject(), language))];
        Title = Cells.Where(c => c.Kind == CellKind.Markdown).SelectMany(c => Headings(c.Source)).FirstOrDefault() ?? Name;
    }

    /// <summary>Where the notebook was read from.</summary>
    public string Path { get; }

    /// <summary>The file's name without its ending.</summary>
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>The first heading, or the file's name.</summary>
    public string Title { get; }

    public IReadOnlyList<NotebookCell> Cells { get; }

    /// <summary>The cells that there is something to execute in.</summary>
    public IReadOnlyList<NotebookCell> CodeCells => [.. Cells.Where(c => c.Kind == CellKind.Code && !string.IsNullOrWhiteSpace(c.Source))];

    /// <summary>How the execution went; <see langword="null"/> for a notebook that this runner has not executed.</summary>
    public RunRecord? Run
    {
        get => RunRecord.Read(_root["metadata"]?[RunRecord.Key]);
        set => NotebookCell.MetadataOf(_root)[RunRecord.Key] = value?.ToJson();
    }

    /// <exception cref="NotebookException">The file is no notebook, or one that this runner cannot execute.</exception>
    public static NotebookDocument Load(string path)
    {
        try
        {
            var content = File.ReadAllBytes(path);
            using var reader = new StreamReader(new MemoryStream(content));
            var text = reader.ReadToEnd();
            var root = JsonNode.Parse(text) as JsonObject ?? throw new NotebookException($"{path} is no notebook: its JSON is no object.");
            _ = root.ToJsonString(s_format); // What is read late, such as a key that stands there twice, is found here.
            Check(root, path);
            return new NotebookDocument(root, Notebook.Parse(text), path, SHA256.HashData(content));
        }
        catch (JsonException e)
        {
            throw new NotebookException($"{path} is no notebook: line {e.LineNumber + 1}, column {e.BytePositionInLine + 1} is wrong.", e);
        }
        catch (Exception e) when (e is not NotebookException)
        {
            throw new NotebookException($"{path} cannot be read: {e.Message.Split('\n')[0].Trim()}", e);
        }
    }

    /// <summary>Whether the file is still the one that was read.</summary>
    public bool IsFileUnchanged()
    {
        try
        {
            return SHA256.HashData(File.ReadAllBytes(Path)).AsSpan().SequenceEqual(_hash);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Removes all outputs, as before a run, and brings the file up to format 4.5.</summary>
    public void Clear()
    {
        if (_root["nbformat_minor"] is not JsonValue minor || !minor.TryGetValue(out int number) || number < 5)
            _root["nbformat_minor"] = 5;
        var seen = new HashSet<string>();
        foreach (var (index, cell) in Cells.Index())
        {
            cell.Clear();
            if (cell.Id is not { } id || !ValidId().IsMatch(id) || !seen.Add(id))
                seen.Add(cell.Id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{index}\n{cell.Source}")))[..8]);
        }
        NotebookCell.MetadataOf(_root).Remove(RunRecord.Key);
    }

    public byte[] ToBytes()
    {
        var written = JsonNode.Parse(_document.ToJupyterJson())!["cells"]!.AsArray();
        foreach (var (cell, node) in Cells.Zip(written).Where(pair => pair.First.Kind == CellKind.Code))
            cell.Take(node!.AsObject());
        return Encoding.UTF8.GetBytes(_root.ToJsonString(s_format) + "\n");
    }

    /// <summary>The heading that a cell stands under, or the notebook's title.</summary>
    public string HeadingOf(NotebookCell cell) => Cells.TakeWhile(c => c != cell).Where(c => c.Kind == CellKind.Markdown)
        .SelectMany(c => Headings(c.Source)).LastOrDefault() ?? Title;

    public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    public static IEnumerable<string> Headings(string markdown) =>
        Heading().Matches(markdown).Select(match => MarkdownMarks().Replace(match.Groups[1].Value, "").Trim());

    private static void Check(JsonObject root, string path)
    {
        if (root["cells"] is not JsonArray cells || root["nbformat"] is not JsonValue format)
            throw new NotebookException($"{path} is not a notebook: it has no 'cells' and 'nbformat'.");
        if (!format.TryGetValue(out int number) || number != 4)
            throw new NotebookException($"{path} is a notebook of format {format}; this runner reads format 4.");
        if (cells.Any(cell => cell is not JsonObject o || NotebookCell.KindOf(o) is null))
            throw new NotebookException($"{path} is not a valid notebook: the 'cell_type' of every cell must be code, markdown or raw.");

        var metadata = root["metadata"] as JsonObject;
        var kernel = metadata?["kernelspec"] as JsonObject;
        var name = Text(kernel?["name"]);
        var language = Text(kernel?["language"]) ?? Text((metadata?["language_info"] as JsonObject)?["name"]);
        var isCSharp = name == ".net-csharp" || language is "C#" or "csharp" || (name is null && language is null or "polyglot-notebook");
        if (!isCSharp)
            throw new NotebookException($"{path} is written in {language ?? name}; this runner executes C# (kernel .net-csharp).");
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,64}$")]
    private static partial Regex ValidId();

    [GeneratedRegex(@"^#{1,6}[ \t]+(.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[*_`$]|\r")]
    private static partial Regex MarkdownMarks();
}

/// <summary>A notebook cannot be read or executed; the message, one line, names the file.</summary>
internal sealed class NotebookException(string message, Exception? inner = null) : Exception(message, inner);
