using System.Collections.Immutable;
using DatasetDistillation.Reporting.Rendering;

namespace DatasetDistillation.Reporting;

/// <summary>
/// Charts side by side, two to a line, shown as one picture. Charts that are together too wide for a page are drawn narrower, with
/// letters of the same size.
/// </summary>
[TypeFormatterSource(typeof(RichOutputFormatterSource), PreferredMimeTypes = [MimeType.Svg, MimeType.Plotly, MimeType.Text])]
public sealed class ChartRow : IRichOutput
{
    private const int Columns = 2;
    private const int PageWidth = 960;

    /// <summary>Puts charts side by side, from left to right and line by line.</summary>
    /// <exception cref="ArgumentException">No chart was given.</exception>
    public ChartRow(params IEnumerable<Chart> charts)
    {
        Charts = [.. charts];
        if (Charts.IsEmpty)
            throw new ArgumentException("A row needs at least one chart.", nameof(charts));
        Panels = [.. LaidOut(Charts)];
    }

    /// <summary>The charts, from left to right and line by line.</summary>
    public ImmutableArray<Chart> Charts { get; }

    /// <summary>Width in CSS pixels.</summary>
    public int Width => Panels.Max(panel => panel.Left + panel.Chart.Width);

    /// <summary>Height in CSS pixels.</summary>
    public int Height => Panels[^1].Top + Panels[^1].Height;

    /// <summary>The charts at their final widths, and where each stands.</summary>
    internal ImmutableArray<Panel> Panels { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> MimeTypes => ChartOutput.MimeTypes;

    /// <summary>The row with one chart more at its end.</summary>
    public ChartRow Beside(Chart other) => new(Charts.Add(other));

    /// <inheritdoc/>
    public string Render(string mimeType) => ChartOutput.Render(this, mimeType);

    /// <summary>Writes the row to an SVG file.</summary>
    public void SaveSvg(string path) => OutputFile.Write(path, Render(MimeType.Svg));

    /// <summary>Writes the row to a page of HTML that needs nothing else.</summary>
    public void SaveHtml(string path) =>
        OutputFile.Write(path, HtmlPage.Of(string.Join(", ", Charts.Select(chart => chart.Title)), Render(MimeType.Html)));

    /// <summary>The charts one below the other, for a terminal.</summary>
    public override string ToString() => Render(MimeType.Text);

    private static IEnumerable<Panel> LaidOut(ImmutableArray<Chart> charts)
    {
        var lines = charts.Chunk(Columns).ToArray();
        var narrowing = charts.Length == 1 ? 1 : Math.Min(1, PageWidth / lines.Max(line => line.Sum(chart => (double)chart.Width)));
        var top = 0;
        foreach (var line in lines)
        {
            var (left, height) = (0, line.Max(chart => chart.Height));
            foreach (var chart in line)
            {
                var narrowed = chart with { Width = (int)(chart.Width * narrowing) };
                yield return new Panel(narrowed, left, top, height);
                left += narrowed.Width;
            }
            top += height;
        }
    }

    /// <summary>A chart, its left upper corner, and the height of its line.</summary>
    internal readonly record struct Panel(Chart Chart, int Left, int Top, int Height);
}
