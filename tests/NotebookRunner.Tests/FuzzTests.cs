using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using NotebookRunner.Execution;
using NotebookRunner.Pages;
using NotebookRunner.Tests.Support;
using Xunit;

namespace NotebookRunner.Tests;

/// <summary>
/// Notebooks with random damage. The environment variable <c>FUZZ_MUTATIONS</c> asks for more than there is time for here.
/// </summary>
public sealed class FuzzTests : IDisposable
{
    private static readonly string[] s_odd =
    [
        "null", "true", "-1", "1e300", "9999999999", "\"\"", "\"\\ud83d\"", "\"\\u0000\"", "\"code\"",
        "[]", "[null]", "{}", "{\"a\": 1, \"a\": 2}", "[[\"a\"], 5]",
        "\"<script>\"", "{\"image/png\": 5}", "{\"text/html\": [\"<b>\", null]}",
    ];

    private readonly NotebookFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Whatever_is_wrong_with_a_notebook_it_is_refused_in_a_line_or_has_a_page()
    {
        var mutations = int.Parse(Environment.GetEnvironmentVariable("FUZZ_MUTATIONS") ?? "400", CultureInfo.InvariantCulture);
        _folder.Write("out/a.ipynb", "md:# Good", "1");
        var (path, random, refused) = (_folder.Path("out", "b.ipynb"), new Random(1), 0);
        for (var i = 0; i < mutations; i++)
        {
            var watch = Stopwatch.StartNew();
            File.WriteAllBytes(path, Mutate(random));
            File.Delete(_folder.Path("out", "index.html"));
            var said = new List<string>();
            PageWriter.Write(_folder.Path("out"), _folder.Root, said.Add);
            var refusal = Record.Exception(() =>
            {
                var notebook = NotebookDocument.Load(path);
                notebook.Clear();
                notebook.ToBytes();
            });
            Assert.True(refusal is null or NotebookException, $"Mutation {i}: {refusal}\n{File.ReadAllText(path)}");
            Assert.True(File.Exists(_folder.Path("out", "index.html")));
            Assert.All(said, line => Assert.DoesNotContain('\n', line));
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
            refused += refusal is null ? 0 : 1;
        }
        Assert.InRange(refused, mutations / 10, mutations * 9 / 10);
    }

    private static byte[] Mutate(Random random)
    {
        const string Sample = """
            {"cells": [{"cell_type": "markdown", "id": "m", "metadata": {}, "attachments": {"a.png": {"image/png": "AQID"}},
               "source": ["# Title $x^2$\n", "\n", "![a](attachment:a.png)"]},
              {"cell_type": "code", "execution_count": 1, "id": "c", "source": "1 + 1",
               "metadata": {"tags": ["data", "cover", "headline"], "notebook_runner": {"status": "succeeded", "seconds": 1.5},
                "polyglot_notebook": {"kernelName": "csharp"}},
               "outputs": [{"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
                {"output_type": "error", "ename": "E", "evalue": "e", "traceback": ["t"]},
                {"output_type": "display_data", "metadata": {}, "data": {"image/png": "AQID", "text/plain": "p"}},
                {"output_type": "execute_result", "execution_count": 1, "metadata": {},
                 "data": {"text/html": ["<img src='data:image/png;base64,AQID'>"]}}]}],
             "metadata": {"kernelspec": {"display_name": ".NET (C#)", "language": "C#", "name": ".net-csharp"},
              "language_info": {"name": "polyglot-notebook"},
              "polyglot_notebook": {"kernelInfo": {"defaultKernelName": "csharp", "items": []}},
              "notebook_runner": {"status": "succeeded", "seconds": 3}},
             "nbformat": 4, "nbformat_minor": 5}
            """;
        if (random.Next(3) == 0)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(Sample);
            for (var i = random.Next(4); i >= 0; i--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            return random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
        }
        var root = JsonNode.Parse(Sample)!;
        var mark = "";
        for (var i = random.Next(3); i >= 0; i--)
        {
            var nodes = Descendants(root).ToList();
            mark = $"mark {i}";
            nodes[random.Next(nodes.Count)].ReplaceWith(mark);
        }
        return System.Text.Encoding.UTF8.GetBytes(string.Join(s_odd[random.Next(s_odd.Length)], root.ToJsonString().Split($"\"{mark}\"")));
    }

    private static IEnumerable<JsonNode> Descendants(JsonNode node) => node switch
    {
        JsonObject o => o.Select(pair => pair.Value).OfType<JsonNode>().SelectMany(child => Descendants(child).Prepend(child)),
        JsonArray a => a.OfType<JsonNode>().SelectMany(child => Descendants(child).Prepend(child)),
        _ => [],
    };
}
