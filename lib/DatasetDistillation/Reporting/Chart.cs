using System.Collections.Immutable;
using DatasetDistillation.Reporting.Rendering;

namespace DatasetDistillation.Reporting;

/// <summary>
/// A chart: two axes and the series drawn between them. It knows nothing of how it is drawn, and shows itself in a notebook as
/// SVG and as a Plotly figure. Everything about it can be changed in a copy: <c>chart with { Title = "…" }</c>.
/// </summary>
[TypeFormatterSource(typeof(RichOutputFormatterSource), PreferredMimeTypes = [MimeType.Svg, MimeType.Plotly, MimeType.Text])]
public sealed partial record Chart : IRichOutput
{
    private readonly ImmutableArray<Series> series = [];
    private readonly Axis xAxis = new();
    private readonly Axis yAxis = new();

    /// <summary>A chart of one series or more.</summary>
    /// <exception cref="ArgumentException">There is no series, or its kinds cannot share two axes.</exception>
    public Chart(params IEnumerable<Series> series) => Series = [.. series];

    /// <summary>The heading.</summary>
    public string Title { get; init; } = "";

    /// <summary>The horizontal axis.</summary>
    /// <exception cref="ArgumentException">It ends before it begins.</exception>
    public Axis XAxis
    {
        get => xAxis;
        init => xAxis = Checked(value);
    }

    /// <summary>The vertical axis.</summary>
    /// <exception cref="ArgumentException">It ends before it begins.</exception>
    public Axis YAxis
    {
        get => yAxis;
        init => yAxis = Checked(value);
    }

    /// <summary>What is drawn, in the order of the legend.</summary>
    public ImmutableArray<Series> Series
    {
        get => series;
        init => series = Checked(value);
    }

    /// <summary>Reference lines and words.</summary>
    public ImmutableArray<Annotation> Annotations { get; init; } = [];

    /// <summary>Width in CSS pixels.</summary>
    public int Width { get; init; } = 640;

    /// <summary>Height in CSS pixels.</summary>
    public int Height { get; init; } = 380;

    /// <inheritdoc/>
    public IReadOnlyList<string> MimeTypes => ChartOutput.MimeTypes;

    /// <summary>What the chart could not show, in a sentence for each series concerned; usually nothing.</summary>
    public ImmutableArray<string> Notes => [.. ChartNotes.Of(this)];

    /// <summary>Whether a vertical line has words, which stand above the data.</summary>
    internal bool HasWordsAbove => Annotations.Any(static annotation => annotation is ReferenceLine { IsVertical: true, Text.Length: > 0 });

    /// <summary>The same chart with an annotation more.</summary>
    public Chart With(Annotation annotation) => this with { Annotations = Annotations.Add(annotation) };

    /// <summary>This chart and another side by side.</summary>
    public ChartRow Beside(Chart other) => new(this, other);

    /// <inheritdoc/>
    public string Render(string mimeType) => ChartOutput.Render(new ChartRow(this), mimeType);

    /// <summary>Writes the chart to an SVG file.</summary>
    public void SaveSvg(string path) => OutputFile.Write(path, Render(MimeType.Svg));

    /// <summary>Writes the chart to a page of HTML that needs nothing else.</summary>
    public void SaveHtml(string path) => OutputFile.Write(path, HtmlPage.Of(Title, Render(MimeType.Html)));

    /// <summary>The chart in words and little curves, for a terminal.</summary>
    public override string ToString() => Render(MimeType.Text);

    private static Axis Checked(Axis axis) => axis.Min >= axis.Max
        ? throw new ArgumentException($"Axis '{axis.Title}' runs from {axis.Min} to {axis.Max}; its minimum must be less than its maximum.", nameof(axis))
        : axis;

    private static ImmutableArray<Series> Checked(ImmutableArray<Series> series)
    {
        if (series.IsDefaultOrEmpty)
            throw new ArgumentException("A chart needs at least one series.", nameof(series));
        if (series.Length > 1 && series.OfType<HeatMapSeries>().Any())
            throw new ArgumentException($"A heat map fills its chart; {series.Length} series were given. Put charts side by side instead.", nameof(series));
        return series;
    }
}
