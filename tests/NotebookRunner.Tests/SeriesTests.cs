using System.Text.Json.Nodes;
using Xunit;

namespace NotebookRunner.Tests;

/// <summary>What a reader and the hosts rely on in every notebook of the series.</summary>
public sealed class SeriesTests
{
    private const int LongestCell = 18;

    public static TheoryData<string> Notebooks =>
        [.. Directory.GetFiles(Folder(), "*.ipynb").Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Hosts_take_it_for_a_csharp_notebook(string name)
    {
        var notebook = Load(name);
        Assert.Equal((4, 5), ((int)notebook["nbformat"]!, (int)notebook["nbformat_minor"]!));
        Assert.Equal(".net-csharp", (string)notebook["metadata"]!["kernelspec"]!["name"]!);
        Assert.Equal("csharp", (string)notebook["metadata"]!["polyglot_notebook"]!["kernelInfo"]!["defaultKernelName"]!);
        Assert.All(Code(notebook), static cell => Assert.Equal("csharp", (string)cell["metadata"]!["polyglot_notebook"]!["kernelName"]!));
    }

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void It_is_stored_with_the_outputs_of_a_run_without_errors(string name)
    {
        var cells = Code(Load(name));
        Assert.All(cells, static cell => Assert.NotNull((int?)cell["execution_count"]));
        var outputs = cells.SelectMany(static cell => cell["outputs"]!.AsArray()).ToArray();
        Assert.DoesNotContain(outputs, static output => (string)output!["output_type"]! == "error");
        Assert.Contains(outputs, static output => output!["data"]?["image/png"] is not null);
        // A chart: Plotly's, with a still picture for where no script runs.
        Assert.Contains(outputs, static output => output!["data"]?["text/html"] is { } html
            && Support.ExecutedNotebook.Join(html) is var page
            && page.Contains("Plotly", StringComparison.Ordinal) && page.Contains("data:image/svg+xml", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Its_cells_are_short_and_each_is_introduced(string name)
    {
        var cells = Load(name)["cells"]!.AsArray();
        Assert.Equal("markdown", (string)cells[0]!["cell_type"]!);
        Assert.StartsWith("# ", Source(cells[0]!), StringComparison.Ordinal);
        Assert.Equal("markdown", (string)cells[^1]!["cell_type"]!);
        foreach (var cell in cells.Where(static c => (string)c!["cell_type"]! == "code"))
            Assert.InRange(Source(cell!).Split('\n').Length, 1, LongestCell);
    }

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void It_names_no_place_of_the_machine_it_ran_on(string name)
    {
        var text = File.ReadAllText(Path.Combine(Folder(), name));
        foreach (var place in (string[])["/home/", "/root/", "/Users/", "/tmp/", "C:\\\\"])
            Assert.DoesNotContain(place, text, StringComparison.Ordinal);
    }

    private static JsonNode Load(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder(), name)))!;

    private static JsonNode[] Code(JsonNode notebook) =>
        [.. notebook["cells"]!.AsArray().Where(static c => (string)c!["cell_type"]! == "code")!];

    private static string Source(JsonNode cell) => Support.ExecutedNotebook.Join(cell["source"]);

    private static string Folder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Notebooks.sln")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? throw new DirectoryNotFoundException("The tests run outside the repository."), "notebooks");
    }
}
