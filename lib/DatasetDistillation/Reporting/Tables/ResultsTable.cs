using System.Collections.Immutable;
using System.Text;

namespace DatasetDistillation.Reporting;

/// <summary>
/// A table of results: a named row for each method, a column for each measurement, the best of each column emphasized.
/// <code>
/// new ResultsTable("method", Column.Percent("accuracy"), Column.Duration("time"))
///     .Add("random real", (0.61, 0.04), 0.2)
///     .Add("distilled", (0.85, 0.01), 130)
/// </code>
/// </summary>
public sealed class ResultsTable : IRichOutput
{
    private const string Rule = "rgba(128,136,144,0.35)";

    /// <summary>An empty table.</summary>
    /// <param name="rowHeading">What the rows are ("method").</param>
    /// <param name="columns">What was measured.</param>
    public ResultsTable(string rowHeading, params IEnumerable<Column> columns)
        : this("", rowHeading, [.. columns], [])
    {
    }

    private ResultsTable(
        string title, string rowHeading, ImmutableArray<Column> columns, ImmutableArray<(string Name, ImmutableArray<Cell> Cells)> rows) =>
        (Title, RowHeading, Columns, Rows) = (title, rowHeading, columns, rows);

    /// <summary>The heading of the table.</summary>
    public string Title { get; }

    /// <summary>The heading of the rows' names.</summary>
    public string RowHeading { get; }

    /// <summary>The columns after the names.</summary>
    public ImmutableArray<Column> Columns { get; }

    /// <summary>The rows, in the order added.</summary>
    public ImmutableArray<(string Name, ImmutableArray<Cell> Cells)> Rows { get; }

    /// <summary>The table with one row more.</summary>
    /// <exception cref="ArgumentException">There are more or fewer cells than columns.</exception>
    public ResultsTable Add(string name, params IEnumerable<Cell> cells)
    {
        var row = cells.ToImmutableArray();
        if (row.Length != Columns.Length)
            throw new ArgumentException(
                $"Row '{name}' has {row.Length} cells, "
                + $"the table {Columns.Length} columns ({string.Join(", ", Columns.Select(c => c.Name))}).",
                nameof(cells));
        return new ResultsTable(Title, RowHeading, Columns, Rows.Add((name, row)));
    }

    /// <summary>The table under another heading.</summary>
    public ResultsTable Titled(string title) => new(title, RowHeading, Columns, Rows);

    /// <summary>The table as Markdown, the best values bold.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        if (Title.Length > 0)
            text.Append("**").Append(Title).Append("**\n\n");
        var rows = TextRows((value, isBest) => isBest ? $"**{Escape(value)}**" : Escape(value), Escape);
        text.Append("| ").AppendJoin(" | ", rows[0]).Append(" |\n|---|").Insert(text.Length, "---:|", Columns.Length).Append('\n');
        foreach (var row in rows.Skip(1))
            text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        return text.ToString();

        // Whatever a cell holds is text: nothing in it is a mark of Markdown's, of HTML or of a formula.
        static string Escape(string cell) =>
            string.Concat(cell.ReplaceLineEndings(" ").Select(static c => "\\`*_[]<>|~$".Contains(c) ? $"\\{c}" : $"{c}"));
    }

    /// <summary>Aligned columns for a terminal, the best values starred.</summary>
    public override string ToString()
    {
        var table = Aligned(TextRows((value, isBest) => OneLine(value) + (isBest ? " *" : "  "), OneLine));
        return Title.Length > 0 ? $"{Title}\n{table}" : table;

        static string OneLine(string cell) => cell.ReplaceLineEndings(" ");
    }

    /// <summary>The first column flush left, the others flush right.</summary>
    private static string Aligned(List<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(j => rows.Max(row => row[j].Length)).ToArray();
        return string.Join('\n', rows.Select(row => string.Join("  ", row.Select(Padded)).TrimEnd()));

        string Padded(string cell, int column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]);
    }

    private List<string[]> TextRows(Func<string, bool, string> value, Func<string, string> words)
    {
        var best = Columns.Select((_, j) => BestText(j)).ToArray();
        var rows = new List<string[]> { (string[])[words(RowHeading), .. Columns.Select(column => value(column.Name, false))] };
        foreach (var (name, cells) in Rows)
            rows.Add([words(name), .. cells.Select((cell, j) => value(Columns[j].Written(cell), IsBest(cell, j, best[j])))]);
        return rows;
    }

    /// <inheritdoc/>
    public string ToHtml()
    {
        var html = new StringBuilder("<table style=\"border-collapse:collapse;color:inherit;background:transparent;")
            .Append("font-variant-numeric:tabular-nums;margin:0.5em 0\">");
        if (Title.Length > 0)
            html.Append("<caption style=\"caption-side:top;text-align:left;font-weight:600;padding:0 0 0.5em 0;color:inherit\">")
                .Append(Xml.Escape(Title)).Append("</caption>");
        html.Append("<thead><tr>").Append(Element("th", RowHeading, isNumber: false, heading: true));
        foreach (var column in Columns)
            html.Append(Element("th", column.Name, isNumber: !column.IsText, heading: true));
        html.Append("</tr></thead><tbody>");
        var best = Columns.Select((_, j) => BestText(j)).ToArray();
        foreach (var (name, cells) in Rows)
        {
            html.Append("<tr>").Append(Element("th", name, isNumber: false));
            for (var j = 0; j < cells.Length; j++)
                html.Append(Element("td", Columns[j].Written(cells[j]), !Columns[j].IsText, isBest: IsBest(cells[j], j, best[j])));
            html.Append("</tr>");
        }
        return html.Append("</tbody></table>").ToString();
    }

    private static string Element(string element, string text, bool isNumber, bool heading = false, bool isBest = false)
    {
        // Words break where the page ends; names and figures never do.
        var space = isNumber || element == "th" ? "nowrap" : "normal";
        var style = $"text-align:{(isNumber ? "right" : "left")};padding:0.35em 0.6em;white-space:{space};color:inherit;border:none;"
            + $"border-bottom:{(heading ? 2 : 1)}px solid {Rule};font-weight:{(heading ? 600 : isBest ? 700 : 400)}"
            + (isBest ? ";background:rgba(29,159,120,0.20)" : "");
        var words = Xml.Escape(text);
        return $"<{element} style=\"{style}\">{(isBest ? $"<strong>{words}</strong>" : words)}</{element}>";
    }

    /// <summary>The best value of a column as it is written; null where none is to be emphasized.</summary>
    private string? BestText(int column)
    {
        var candidates = Rows.Select(row => row.Cells[column]).Where(cell => cell.Value is { } v && double.IsFinite(v)).ToArray();
        if (Columns[column].Best == Best.None || candidates.Length < 2)
            return null;
        var best = Columns[column].Best == Best.Highest ? candidates.MaxBy(cell => cell.Value) : candidates.MinBy(cell => cell.Value);
        return Mean(best, column);
    }

    /// <summary>Whoever reads the same as the best is as good: the table does not show the difference.</summary>
    private bool IsBest(Cell cell, int column, string? best) =>
        best is not null && cell.Value is { } v && double.IsFinite(v) && Mean(cell, column) == best;

    private string Mean(Cell cell, int column) => Columns[column].Written(cell.Value!.Value);
}
