using DatasetDistillation.Reporting;

namespace DatasetDistillation.Distillation;

/// <content>The matrix is shown as a table of means and standard deviations, or as a heat map of means.</content>
[TypeFormatterSource(typeof(RichOutputFormatterSource), PreferredMimeTypes = [MimeType.Html, MimeType.Text])]
public sealed partial class CrossArchitecture : IRichOutput
{
    // In CSS pixels: what the names of sets and of networks take.
    private const int NamesWidth = 260;
    private const int NetworkWidth = 110;

    /// <inheritdoc/>
    public IReadOnlyList<string> MimeTypes { get; } = [MimeType.Html, MimeType.Markdown, MimeType.Text];

    /// <inheritdoc/>
    public string Render(string mimeType) => Table().Render(mimeType);

    /// <summary>Mean ± standard deviation in per cent, a row for each set and a column for each network.</summary>
    /// <param name="title">The heading.</param>
    public ResultsTable Table(string title = "Networks trained from scratch on each set: test accuracy")
    {
        var table = new ResultsTable("training set", Networks.Select(static name => Column.Percent(name))).Titled(title);
        for (var row = 0; row < Sets.Count; row++)
            table = table.Add(Sets[row], Enumerable.Range(0, Networks.Count).Select(column => cells[row, column] is { } spread ? (Cell)spread : Cell.Missing));
        return table;
    }

    /// <summary>The means in per cent, in colours.</summary>
    /// <param name="title">The heading.</param>
    public Chart HeatMap(string title = "Test accuracy in %")
    {
        var means = new double[Sets.Count, Networks.Count];
        for (var row = 0; row < Sets.Count; row++)
            for (var column = 0; column < Networks.Count; column++)
                means[row, column] = 100 * (cells[row, column]?.Mean ?? double.NaN);
        return Chart.HeatMap(means, Sets, Networks, title, "network", "training set", HeatMapColours.Sequential, "0.0") with
        {
            Width = Math.Clamp(NamesWidth + (NetworkWidth * Networks.Count), 480, 1000),
        };
    }

    /// <summary>The table as lines of text.</summary>
    public override string ToString() => Table().ToString();
}
