using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NotebookRunner.Execution;

/// <summary>A notebook file, format 4: what is not understood is kept as it is.</summary>
internal sealed partial class NotebookDocument
{
    private static readonly JsonWriterOptions s_writerOptions = new()
    {
        Indented = true,
        IndentSize = 1,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject _root;
    private readonly byte[] _hash;

    private NotebookDocument(JsonObject root, string path, byte[] hash)
    {
        _root = root;
        _hash = hash;
        Path = path;
        DefaultLanguage = Text(root["metadata"]?["polyglot_notebook"]?["kernelInfo"]?["defaultKernelName"]) ?? "csharp";
        Cells = [.. root["cells"]!.AsArray().Select(node => new NotebookCell(node!.AsObject(), DefaultLanguage))];
        Title = Cells.Where(c => c.Kind == CellKind.Markdown).Select(c => Heading().Match(c.Source)).FirstOrDefault(m => m.Success)
            ?.Groups[1].Value.Trim() ?? Name;
    }

    /// <summary>Where the notebook was read from.</summary>
    public string Path { get; }

    /// <summary>The file's name without its ending.</summary>
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>The first heading, or the file's name.</summary>
    public string Title { get; }

    public string DefaultLanguage { get; }

    public IReadOnlyList<NotebookCell> Cells { get; }

    /// <summary>The cells that there is something to execute in.</summary>
    public IReadOnlyList<NotebookCell> CodeCells => [.. Cells.Where(c => c.Kind == CellKind.Code && !string.IsNullOrWhiteSpace(c.Source))];

    /// <summary>How the execution went; <see langword="null"/> for a notebook that this runner has not executed.</summary>
    public RunRecord? Run
    {
        get => RunRecord.Read(_root["metadata"]?[RunRecord.Key]);
        set => Metadata()[RunRecord.Key] = value?.ToJson();
    }

    /// <exception cref="NotebookException">The file is no notebook, or one that this runner cannot execute.</exception>
    public static NotebookDocument Load(string path)
    {
        JsonObject root;
        byte[] hash;
        try
        {
            var content = File.ReadAllBytes(path);
            hash = SHA256.HashData(content);
            var json = content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? content.AsSpan(Encoding.UTF8.Preamble.Length) : content;
            root = JsonNode.Parse(json) as JsonObject
                ?? throw new NotebookException($"{path} is not a notebook: its JSON is not an object.");
        }
        catch (JsonException e)
        {
            throw new NotebookException($"{path} is not a notebook: line {e.LineNumber + 1}, column {e.BytePositionInLine + 1} is not valid JSON.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NotebookException($"Cannot read {path}: {e.Message}", e);
        }

        try
        {
            Check(root, path);
            return new NotebookDocument(root, path, hash);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new NotebookException($"{path} is not a valid notebook: {e.Message}", e);
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
        _root["nbformat"] = 4;
        _root["nbformat_minor"] = Math.Max(5, _root["nbformat_minor"]!.GetValue<int>());
        var seen = new HashSet<string>();
        foreach (var (index, cell) in Cells.Index())
        {
            cell.Clear();
            if (cell.Id is not { } id || !ValidId().IsMatch(id) || !seen.Add(id))
                seen.Add(cell.Id = NewId(index, cell.Source));
        }
        Run = null;
    }

    public byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, s_writerOptions))
            _root.WriteTo(writer);
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static void Check(JsonObject root, string path)
    {
        if (root["cells"] is not JsonArray cells || root["nbformat"] is not JsonValue format)
            throw new NotebookException($"{path} is not a notebook: it has no 'cells' and 'nbformat'.");
        if (format.GetValue<int>() != 4)
            throw new NotebookException($"{path} is a notebook of format {format}; this runner reads format 4.");
        root["nbformat_minor"] ??= 5;
        if (cells.Any(cell => cell is not JsonObject o || NotebookCell.KindOf(o) is null))
            throw new NotebookException($"{path} is not a valid notebook: every cell must be an object whose 'cell_type' is code, markdown or raw.");

        var metadata = root["metadata"];
        var kernel = Text(metadata?["kernelspec"]?["name"]);
        var language = Text(metadata?["kernelspec"]?["language"]) ?? Text(metadata?["language_info"]?["name"]);
        if (kernel is null ? language is not (null or "C#" or "csharp" or "polyglot-notebook") : kernel != ".net-csharp" && language is not ("C#" or "csharp"))
            throw new NotebookException($"{path} is written in {language ?? kernel}; this runner executes C# notebooks (kernel .net-csharp).");
    }

    private JsonObject Metadata()
    {
        if (_root["metadata"] is not JsonObject metadata)
            _root["metadata"] = metadata = [];
        return metadata;
    }

    private static string NewId(int index, string source) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{index}\n{source}")))[..8];

    [GeneratedRegex("^[A-Za-z0-9_-]{1,64}$")]
    private static partial Regex ValidId();

    [GeneratedRegex(@"^#\s+(.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}

/// <summary>A notebook cannot be read or executed; the message names the file.</summary>
internal sealed class NotebookException(string message, Exception? inner = null) : Exception(message, inner);
