using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NotebookRunner.Tests.Support;
using Xunit;

namespace NotebookRunner.Tests;

/// <summary>A repository with three notebooks, run as a whole.</summary>
public sealed partial class PageFixture : IDisposable
{
    public const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABc3UBGAAAAABJRU5ErkJggg==";

    public PageFixture()
    {
        Folder.WriteText("Notebooks.sln", "");
        Folder.WriteText("notebooks/README.md", "# A series of three\n\nLessons in order.");
        File.WriteAllBytes(Folder.Path("notebooks", "dot.png"), Convert.FromBase64String(Png));
        Folder.Write("notebooks/02-second.ipynb",
            "md:# Second *one*\n\nIt begins with $x^2$ and [the first](01-first.ipynb).\n\n![dot](dot.png)\n\n$$\n\\sum_i \\theta_i\n$$",
            "// Prints\nConsole.WriteLine(\"<plain> & text\"); var type = typeof(string);",
            "for (var i = 0; i < 40; i++) Console.WriteLine(i);",
            "\"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>\".DisplayAs(\"image/svg+xml\");",
            "for (var i = 0; i < 2; i++) display(HTML(\"<div data-plotly-chart='x'><img src='data:image/png;base64,AAAA'></div>\"));",
            $"\"{Png}\".DisplayAs(\"image/png\"); HTML(\"<em>markup</em>\")");
        Folder.Write("notebooks/01-first.ipynb",
            "md:# First\n\nThe beginning.", "Console.WriteLine(\"These are synthetic <digits>\");", "\"93 % of the digits\"",
            $"\"{Png}\".DisplayAs(\"image/png\");", "\"BBBB\".DisplayAs(\"image/png\");");
        Tag("01-first", 1, "data");
        Tag("01-first", 2, "headline");
        Tag("01-first", 3, "cover");
        Folder.Write("notebooks/03-third.ipynb", "md:# Third", "throw new Exception(\"<oh>\");");
        Result = Folder.Run();
        Page = File.ReadAllText(Folder.Path("notebooks", "out", "02-second.html"));
        First = File.ReadAllText(Folder.Path("notebooks", "out", "01-first.html"));
        Index = File.ReadAllText(Folder.Path("notebooks", "out", "index.html"));
    }

    public NotebookFolder Folder { get; } = new();

    public RunnerResult Result { get; }

    public string Page { get; }

    public string First { get; }

    public string Index { get; }

    private void Tag(string name, int cell, string tag)
    {
        var path = Folder.Path("notebooks", name + ".ipynb");
        var root = JsonNode.Parse(File.ReadAllText(path))!;
        root["cells"]![cell]!["metadata"]!["tags"] = new JsonArray(tag);
        File.WriteAllText(path, root.ToJsonString());
    }

    public void Dispose() => Folder.Dispose();
}

public sealed partial class PageTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    [Fact]
    public void All_notebooks_of_the_repository_run_in_the_order_of_their_names()
    {
        Assert.Equal(2, fixture.Result.ExitCode);
        Assert.Equal(["First", "Second one", "Third"], NotebookLine().Matches(fixture.Result.Output).Select(m => m.Groups[1].Value));
        Assert.Matches(@"✓ \[1/5\] Second one [0-9.]+ s", fixture.Result.Output);
        Assert.Matches(@"✗ \[1/1\] Third [0-9.]+ s FAILED", fixture.Result.Output);
    }

    [Fact]
    public void A_page_links_to_its_neighbors_and_the_index()
    {
        Assert.Contains("rel=\"prev\" href=\"01-first.html\">← First<", fixture.Page, StringComparison.Ordinal);
        Assert.Contains("rel=\"next\" href=\"03-third.html\">Third →<", fixture.Page, StringComparison.Ordinal);
        Assert.Contains("href=\"index.html\"", fixture.Page, StringComparison.Ordinal);
        Assert.Contains("<a href=\"01-first.html\">the first</a>", fixture.Page, StringComparison.Ordinal);
        Assert.Contains("rel=\"next\"", fixture.First, StringComparison.Ordinal);
    }

    [Fact]
    public void Mathematics_becomes_MathML_and_local_images_lie_inside()
    {
        Assert.Contains("<msup><mi>x</mi>", fixture.Page, StringComparison.Ordinal);
        Assert.Contains("<math display=\"block\"><mrow><munder>", fixture.Page, StringComparison.Ordinal);
        Assert.Contains("<img src=\"data:image/png;base64,iVBOR", fixture.Page, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_escaped_markup_is_not_and_long_text_is_folded()
    {
        Assert.Contains("&lt;plain&gt; &amp; text", fixture.Page, StringComparison.Ordinal);
        Assert.Contains("<em>markup</em>", fixture.Page, StringComparison.Ordinal);
        Assert.Contains("<summary>40 lines of text</summary>", fixture.Page, StringComparison.Ordinal);
        Assert.Contains("<span class=\"keyword\">typeof</span>", fixture.Page, StringComparison.Ordinal);
        Assert.Contains("<span class=\"comment\">// Prints</span>", fixture.Page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_with_charts_holds_the_script_of_plotly_once()
    {
        const string Script = "plotly.js v2.";
        Assert.Equal(2, fixture.Page.Split("<div data-plotly-chart").Length - 1);
        Assert.Equal(1, fixture.Page.Split(Script).Length - 1);
        Assert.True(fixture.Page.IndexOf(Script, StringComparison.Ordinal) < fixture.Page.IndexOf("<body>", StringComparison.Ordinal));
        Assert.DoesNotContain(Script, fixture.First, StringComparison.Ordinal);
    }

    [Fact]
    public void Pages_fetch_nothing()
    {
        foreach (var page in new[] { fixture.Page, fixture.Index })
        {
            Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
            var body = page[page.IndexOf("<body>", StringComparison.Ordinal)..];
            Assert.DoesNotMatch("(src|href)=\"(https?:)?//", body);
            Assert.DoesNotContain("<link", body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_index_lists_titles_introductions_states_and_pictures_in_order()
    {
        var titles = IndexTitle().Matches(fixture.Index).Select(m => m.Groups[1].Value);
        Assert.Equal(["01-first.html", "02-second.html", "03-third.html"], titles);
        Assert.Contains("The beginning.", fixture.Index, StringComparison.Ordinal);
        Assert.Equal(2, SucceededBadge().Count(fixture.Index));
        Assert.Contains("<span class=\"badge bad\">failed</span>", fixture.Index, StringComparison.Ordinal);
        Assert.Contains("<h1>A series of three</h1>\n<p>Lessons in order.</p>", fixture.Index, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_tags_point_out_is_on_the_index_and_synthetic_data_cannot_be_missed()
    {
        Assert.Contains("<p class=\"headline\">93 % of the digits</p>", fixture.Index, StringComparison.Ordinal);
        Assert.Contains($"<img alt=\"\" src=\"data:image/png;base64,{PageFixture.Png}\">", fixture.Index, StringComparison.Ordinal);
        const string Warning = "<p class=\"warning\">These are synthetic &lt;digits&gt;</p>";
        Assert.Contains(Warning, fixture.Index, StringComparison.Ordinal);
        Assert.Contains(Warning, fixture.First, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"warning\"", fixture.Page, StringComparison.Ordinal);
        Assert.Contains("!! These are synthetic <digits>", fixture.Result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_is_shown_on_its_page()
    {
        var page = File.ReadAllText(fixture.Folder.Path("notebooks", "out", "03-third.html"));
        Assert.Contains("class=\"code failed\"", page, StringComparison.Ordinal);
        Assert.Contains("System.Exception: &lt;oh&gt;", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Notebooks_are_found_by_number_and_name()
    {
        var repository = fixture.Folder.Path("notebooks");
        string Find(string name) => Path.GetFileName(NotebookFinder.Find([name], repository).Single());
        Assert.Equal("02-second.ipynb", Find("02"));
        Assert.Equal("02-second.ipynb", Find("2"));
        Assert.Equal("02-second.ipynb", Find("02-second"));
        Assert.Equal("02-second.ipynb", Find("02-second.ipynb"));
        var error = Assert.Throws<Execution.NotebookException>(() => Find("04"));
        Assert.Contains("01-first, 02-second, 03-third", error.Message, StringComparison.Ordinal);
        Assert.Throws<Execution.NotebookException>(() => NotebookFinder.Find(["01", "01-first"], repository));
    }

    [Fact]
    public void A_repository_without_notebooks_has_nothing_to_run()
    {
        using var folder = new NotebookFolder();
        folder.WriteText("Notebooks.sln", "");
        var result = folder.Run();
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("There is no notebook in", result.Errors, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^\S+: (.*)$", RegexOptions.Multiline)]
    private static partial Regex NotebookLine();

    [GeneratedRegex("<h2><a href=\"([^\"]+)\">")]
    private static partial Regex IndexTitle();

    [GeneratedRegex("<span class=\"badge good\">succeeded</span>")]
    private static partial Regex SucceededBadge();
}
