using System.Xml.Linq;
using DatasetDistillation.Reporting;
using Xunit;

namespace DatasetDistillation.Tests.Reporting;

public class ResultsTableTests
{
    private static readonly ResultsTable Table =
        new ResultsTable(
            "method",
            Column.Percent("accuracy"),
            Column.Duration("time", Best.Lowest),
            Column.Count("images"),
            Column.Significant("loss", best: Best.Lowest))
            .Add("random <real>", (0.612, 0.041), 0.2, 10, 1.234567)
            .Add("distilled", (0.853, 0.012), TimeSpan.FromSeconds(130), 10, 0.000012)
            .Add("all | data", 0.9931, 4000, 33600, Cell.Missing);

    [Fact]
    public void Words_break_where_the_page_ends_and_figures_never_do()
    {
        var table = new ResultsTable("m", Column.Count("images"), Column.Text("made by")).Add("a", 10, "a long tale");
        var cells = XElement.Parse(table.ToHtml()).Descendants("td")
            .Select(static cell => cell.Attribute("style")!.Value)
            .ToArray();
        Assert.Contains("white-space:nowrap", cells[0], StringComparison.Ordinal);
        Assert.Contains("white-space:normal", cells[1], StringComparison.Ordinal);
    }

    [Fact]
    public void NumbersCarryTheirUnits()
    {
        var cells = Html().Descendants("td").Select(td => td.Value).ToArray();
        Assert.Equal(
            [
                "61.2 ± 4.1 %", "0.2 s", "10", "1.23",
                "85.3 ± 1.2 %", "2 min 10 s", "10", "1.2×10⁻⁵",
                "99.3 %", "1 h 06 min", "33,600", "–",
            ],
            cells);
    }

    [Fact]
    public void TheBestOfEachColumnIsEmphasised() =>
        Assert.Equal(["0.2 s", "1.2×10⁻⁵", "99.3 %"], Html().Descendants("strong").Select(e => e.Value));

    [Fact]
    public void ATieThatTheTableCannotShowIsEmphasisedTwice()
    {
        var table = new ResultsTable("m", Column.Percent("accuracy")).Add("a", (0.98312, 0.01)).Add("b", (0.98309, 0.02)).Add("c", 0.9);
        Assert.Equal(2, XElement.Parse(table.ToHtml()).Descendants("strong").Count());
    }

    [Fact]
    public void NothingIsBestAlone() =>
        Assert.DoesNotContain("<strong>", new ResultsTable("m", Column.Percent("accuracy")).Add("a", 0.9).ToHtml());

    [Fact]
    public void ANumberThatIsNotFiniteIsNeverTheBest()
    {
        var table = new ResultsTable("m", Column.Number("loss", best: Best.Lowest))
            .Add("diverged", double.NaN)
            .Add("a", 2.0)
            .Add("b", 1.0)
            .Add("c", double.NegativeInfinity);
        Assert.Equal("1.00", XElement.Parse(table.ToHtml()).Descendants("strong").Single().Value);
    }

    [Fact]
    public void WordsStandFlushLeftUnderTheirHeading()
    {
        var table = XElement.Parse(new ResultsTable("m", Column.Count("images"), Column.Text("to do")).Add("a", 10, "run it").ToHtml());
        Assert.Equal(["right", "left"], table.Descendants("td").Select(td => td.Attribute("style")!.Value.Split([':', ';'])[1]));
        Assert.Equal(
            ["left", "right", "left"],
            table.Descendants("thead").Descendants("th").Select(th => th.Attribute("style")!.Value.Split([':', ';'])[1]));
    }

    [Fact]
    public void TheHtmlStandsAlone()
    {
        var html = Table.Titled("Results & more").ToHtml();
        Assert.Equal("Results & more", XElement.Parse(html).Element("caption")!.Value);
        Assert.Contains("random <real>", Html().Descendants("th").Select(th => th.Value));
        Assert.DoesNotContain("<script", html);
        Assert.DoesNotContain("class=", html);
    }

    [Fact]
    public void MarkdownHasAsManyCellsInEveryRow()
    {
        var lines = Table.ToMarkdown().TrimEnd().Split('\n');
        Assert.Equal(5, lines.Length);
        Assert.All(lines, line => Assert.Equal(6, line.Replace("\\|", "", StringComparison.Ordinal).Count(c => c == '|')));
        Assert.Contains("**99.3 %**", lines[^1]);
        Assert.StartsWith("| all \\| data |", lines[^1]);
    }

    [Fact]
    public void MarkdownReadsNoMarkInAName()
    {
        var table = new ResultsTable("*method*", Column.Percent("a_b_c")).Add("<b>[x](y)</b> `z` $w$ \\|", 0.5);
        var lines = table.Titled("t").ToMarkdown().TrimEnd().Split('\n');
        Assert.Equal(@"| \*method\* | a\_b\_c |", lines[2]);
        Assert.StartsWith(@"| \<b\>\[x\](y)\</b\> \`z\` \$w\$ \\\| |", lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public void TextIsAligned()
    {
        var lines = Table.ToString().Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Equal(lines[1].IndexOf("± 4.1", StringComparison.Ordinal), lines[2].IndexOf("± 1.2", StringComparison.Ordinal));
        Assert.Contains("99.3 % *", lines[3]);
    }

    [Fact]
    public void RepeatedMeasurementsHaveAMeanAndADeviation()
    {
        var cell = Cell.MeanOf([1.0, 2, 3]);
        Assert.Equal((2, 1), (cell.Value, cell.Deviation));
        Assert.Null(Cell.MeanOf([1.0]).Deviation);
    }

    [Fact]
    public void ADurationMayBeAnything()
    {
        var table = new ResultsTable("method", Column.Duration("time"))
            .Add("endless", double.PositiveInfinity)
            .Add("long", 1e300)
            .Add("unsure", (1.0, double.NaN));
        Assert.Equal(["∞ s", "1×10³⁰⁰ s", "1 s ± NaN s"], table.Rows.Select(row => table.Columns[0].Written(row.Cells[0])));
    }

    [Fact]
    public void ANameOfTwoLinesStaysInItsRow() =>
        Assert.Equal(2, new ResultsTable("method", Column.Text("words")).Add("two\nlines", "and\r\ntwo").ToString().Split('\n').Length);

    [Fact]
    public void ARowWithTooFewCellsIsRefused()
    {
        var error = Assert.Throws<ArgumentException>(() => Table.Add("short", 0.5));
        Assert.Contains("'short' has 1 cells, the table 4 columns (accuracy, time, images, loss)", error.Message);
    }

    [Fact]
    public void ATableIsNotChangedByAddingToItsCopy()
    {
        _ = Table.Add("another", 1.0, 1.0, 1.0, 1.0);
        Assert.Equal(3, Table.Rows.Length);
    }

    private static XElement Html() => XElement.Parse(Table.ToHtml());
}
