using System.Diagnostics;
using System.Text.Json.Nodes;
using DatasetDistillation.Tests.Data;
using Xunit;

namespace DatasetDistillation.Tests.Reporting;

/// <summary>
/// The library in the notebook host that runs the notebooks headless, from the output folder that notebooks load it from.
/// </summary>
public sealed class HostTests : IDisposable
{
    private static readonly string Root = FindRoot();

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [SkippableFact]
    public void PlotlyNetRunsBesideTheHostsFSharpCoreAndChartsShowThemselves()
    {
        Skip.If(Run("tool", "restore") is { Code: not 0 }, "The tool dotnet-repl cannot be restored here.");
        var library = Path.Combine(Root, "lib", "DatasetDistillation", "bin", Configuration, "net10.0");
        Skip.IfNot(File.Exists(Path.Combine(library, "DatasetDistillation.dll")), $"The library is not built in {library}.");
        string[] cells =
        [
            $$"""
            #r "{{library}}/DatasetDistillation.dll"
            #r "{{library}}/Plotly.NET.dll"
            #r "{{library}}/Plotly.NET.CSharp.dll"
            using DatasetDistillation.Reporting;
            using Plotly.NET.CSharp;
            Charts.LearningCurves(new[] { 2.0, 1 }, new[] { 2.0, 1.5 }, new[] { 0.5, 0.9 }, new[] { 0.5, 0.8 }).WithSize(Width: 700)
            """,
            "Chart.Point<double, double, string>(new[] { 1.0, 2 }, new[] { 3.0, 4 }, Name: \"the reader's own\")",
            "Console.Write(typeof(Microsoft.FSharp.Core.FSharpOption<int>).Assembly.Location.Length > 0 ? " +
            "AppDomain.CurrentDomain.GetAssemblies().Count(a => a.GetName().Name == \"FSharp.Core\") : 0);",
            "new ResultsTable(\"m\", Column.Percent(\"accuracy\")).Add(\"a\", 0.5)",
        ];
        var (input, output) = (folder["in.ipynb"], folder["out.ipynb"]);
        File.WriteAllText(input, Notebook(cells));
        var run = Run("repl", "--run", input, "--exit-after-run", "--output-path", output, "--output-format", "ipynb");
        Assert.True(File.Exists(output), run.Text);

        var outputs = JsonNode.Parse(File.ReadAllText(output))!["cells"]!.AsArray()
            .Select(static cell => cell!["outputs"]!.AsArray())
            .ToArray();
        Assert.All(outputs, static cell => Assert.DoesNotContain(cell, static o => (string?)o!["output_type"] == "error"));
        Assert.All(outputs[..2], static cell => Assert.Contains("data:image/svg+xml;base64,", Text(cell[0]!["data"]!["text/html"])));
        Assert.StartsWith("Loss: ", Text(outputs[0][0]!["data"]!["text/plain"]));
        Assert.Equal("1", Text(outputs[2][0]!["text"]));
        Assert.StartsWith("<table", Text(outputs[3][0]!["data"]!["text/html"]));
    }

    private static string Configuration =>
        AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Debug{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            ? "Debug"
            : "Release";

    private static string Text(JsonNode? node) =>
        node is JsonArray lines ? string.Concat(lines.Select(static line => (string?)line)) : (string?)node ?? "";

    private static string Notebook(string[] cells) => new JsonObject
    {
        ["cells"] = new JsonArray([.. cells.Select(static (source, i) => new JsonObject
        {
            ["cell_type"] = "code",
            ["id"] = $"cell-{i}",
            ["execution_count"] = null,
            ["metadata"] = new JsonObject { ["polyglot_notebook"] = new JsonObject { ["kernelName"] = "csharp" } },
            ["outputs"] = new JsonArray(),
            ["source"] = new JsonArray([.. source.Split('\n').Select(static line => (JsonNode)(line + "\n"))]),
        })]),
        ["metadata"] = new JsonObject
        {
            ["kernelspec"] = new JsonObject { ["display_name"] = ".NET (C#)", ["language"] = "C#", ["name"] = ".net-csharp" }
        },
        ["nbformat"] = 4,
        ["nbformat_minor"] = 5,
    }.ToJsonString();

    private static (int Code, string Text) Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(TimeSpan.FromMinutes(3)))
            process.Kill(entireProcessTree: true);
        process.WaitForExit();
        return (process.ExitCode, output.Result + errors.Result);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Notebooks.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"There is no Notebooks.sln above {AppContext.BaseDirectory}.");
    }
}
