using System.Collections.Immutable;
using DatasetDistillation.Reporting.Rendering;

namespace DatasetDistillation.Reporting;

/// <summary>Charts side by side, shown as one picture.</summary>
[TypeFormatterSource(typeof(RichOutputFormatterSource), PreferredMimeTypes = [MimeType.Svg, MimeType.Plotly, MimeType.Text])]
public sealed class ChartRow : IRichOutput
{
    /// <summary>Puts charts side by side, from left to right.</summary>
    /// <exception cref="ArgumentException">No chart was given.</exception>
    public ChartRow(params IEnumerable<Chart> charts)
    {
        Charts = [.. charts];
        if (Charts.IsEmpty)
            throw new ArgumentException("A row needs at least one chart.", nameof(charts));
    }

    /// <summary>The charts, from left to right.</summary>
    public ImmutableArray<Chart> Charts { get; }

    /// <summary>Width in CSS pixels.</summary>
    public int Width => Charts.Sum(chart => chart.Width);

    /// <summary>Height in CSS pixels.</summary>
    public int Height => Charts.Max(chart => chart.Height);

    /// <inheritdoc/>
    public IReadOnlyList<string> MimeTypes => ChartOutput.MimeTypes;

    /// <summary>The row with one chart more at its right.</summary>
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
}
