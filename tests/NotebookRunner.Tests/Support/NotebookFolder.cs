using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace NotebookRunner.Tests.Support;

/// <summary>A temporary folder with notebooks, in which the runner can be started as a user would.</summary>
public sealed class NotebookFolder : IDisposable
{
    private static readonly string s_runner = typeof(Execution.NotebookDocument).Assembly.Location;

    public NotebookFolder() => Directory.CreateDirectory(Root);

    public string Root { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "notebooks-" + Guid.NewGuid().ToString("N")[..12]);

    public string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>Writes a notebook; a cell that begins with <c>md:</c> is Markdown, any other is C#.</summary>
    public string Write(string name, params string[] cells)
    {
        var nodes = cells.Select((cell, i) => cell.StartsWith("md:", StringComparison.Ordinal)
            ? new JsonObject { ["cell_type"] = "markdown", ["id"] = $"cell-{i}", ["metadata"] = new JsonObject(), ["source"] = cell[3..] }
            : new JsonObject
            {
                ["cell_type"] = "code",
                ["execution_count"] = null,
                ["id"] = $"cell-{i}",
                ["metadata"] = new JsonObject { ["polyglot_notebook"] = new JsonObject { ["kernelName"] = "csharp" } },
                ["outputs"] = new JsonArray(),
                ["source"] = cell,
            });
        var notebook = new JsonObject
        {
            ["cells"] = new JsonArray([.. nodes]),
            ["metadata"] = JsonNode.Parse("""{"kernelspec": {"display_name": ".NET (C#)", "language": "C#", "name": ".net-csharp"}}"""),
            ["nbformat"] = 4,
            ["nbformat_minor"] = 5,
        };
        return WriteText(name, notebook.ToJsonString());
    }

    public string WriteText(string name, string text)
    {
        var path = Path(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Starts the runner in this folder.</summary>
    public Process Start(params string[] arguments)
    {
        var runtime = RuntimeEnvironment.GetRuntimeDirectory();
        var dotnet = System.IO.Path.GetFullPath(System.IO.Path.Combine(runtime, "..", "..", "..", "dotnet"));
        var start = new ProcessStartInfo(File.Exists(dotnet) ? dotnet : "dotnet", [s_runner, .. arguments])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    /// <summary>Runs the runner to its end.</summary>
    public RunnerResult Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, errors.Result);
    }

    /// <summary>The executed notebook of this name.</summary>
    public ExecutedNotebook Executed(string name) => ExecutedNotebook.Read(Path("out", name));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

public sealed record RunnerResult(int ExitCode, string Output, string Errors);
