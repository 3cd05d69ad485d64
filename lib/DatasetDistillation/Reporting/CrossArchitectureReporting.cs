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

    /// <summary>
    /// Mean ± standard deviation in per cent, a row for each set and a column for each network. The best set for a network is
    /// emphasised where all have the same number of images.
    /// </summary>
    /// <param name="title">The heading.</param>
    public ResultsTable Table(string title = "Networks trained from scratch on each set: test accuracy")
    {
        var best = Images.Distinct().Count() == 1 ? Best.Highest : Best.None;
        var accuracies = Networks.Select(name => Column.Percent(name, best: best));
        var table = new ResultsTable("training set", accuracies.Prepend(Column.Count("images"))).Titled(title);
        for (var row = 0; row < Sets.Count; row++)
        {
            var measured = Enumerable.Range(0, Networks.Count).Select(column => cells[row, column] is { } spread ? (Cell)spread : Cell.Missing);
            table = table.Add(Sets[row], measured.Prepend(Images[row]));
        }
        return table;
    }

    /// <summary>The means in per cent, in colours; the number of images stands after the name of a set.</summary>
    /// <param name="title">The heading.</param>
    public Chart HeatMap(string title = "Test accuracy in %")
    {
        var means = new double[Sets.Count, Networks.Count];
        for (var row = 0; row < Sets.Count; row++)
            for (var column = 0; column < Networks.Count; column++)
                means[row, column] = 100 * (cells[row, column]?.Mean ?? double.NaN);
        var names = Sets.Zip(Images, static (name, images) => $"{name}, {images}");
        return Chart.HeatMap(means, names, Networks, title, "network", "training set", HeatMapColours.Sequential, "0.0") with
        {
            Width = Math.Clamp(NamesWidth + (NetworkWidth * Networks.Count), 480, 1000),
        };
    }

    /// <summary>The table as lines of text.</summary>
    public override string ToString() => Table().ToString();
}
