using DatasetDistillation.Distillation;
using Plotly.NET;

namespace DatasetDistillation.Reporting;

/// <summary>The matrix of sets and networks as a table of means and standard deviations, or as a heat map of means.</summary>
public static partial class Reports
{
    /// <summary>
    /// Mean ± standard deviation in per cent, a row for each set and a column for each network. The best set for a network is
    /// emphasized where all have the same number of images.
    /// </summary>
    /// <param name="matrix">The accuracies.</param>
    /// <param name="title">The heading.</param>
    public static ResultsTable Table(
        this CrossArchitecture matrix, string title = "Networks trained from scratch on each set: test accuracy")
    {
        ArgumentNullException.ThrowIfNull(matrix);
        var best = matrix.Images.Distinct().Count() == 1 ? Best.Highest : Best.None;
        var columns = matrix.Networks.Select(name => Column.Percent(name, best: best)).Prepend(Column.Count("images"));
        var table = new ResultsTable("training set", columns).Titled(title);
        for (var row = 0; row < matrix.Sets.Count; row++)
        {
            var measured = Enumerable.Range(0, matrix.Networks.Count)
                .Select(column => matrix[row, column] is { } spread ? (Cell)spread : Cell.Missing);
            table = table.Add(matrix.Sets[row], measured.Prepend(matrix.Images[row]));
        }
        return table;
    }

    /// <summary>The means in per cent, in colors; the number of images stands after the name of a set.</summary>
    /// <param name="matrix">The accuracies.</param>
    /// <param name="title">The heading.</param>
    public static GenericChart HeatMap(this CrossArchitecture matrix, string title = "Test accuracy in %")
    {
        ArgumentNullException.ThrowIfNull(matrix);
        var means = new double[matrix.Sets.Count, matrix.Networks.Count];
        for (var row = 0; row < matrix.Sets.Count; row++)
            for (var column = 0; column < matrix.Networks.Count; column++)
                means[row, column] = 100 * (matrix[row, column]?.Mean ?? double.NaN);
        var names = matrix.Sets.Zip(matrix.Images, static (name, images) => $"{name}, {images}");
        return Charts.HeatMap(means, names, matrix.Networks, title, "network", "training set", HeatMapColors.Sequential, "0.0");
    }

    /// <summary>The table as a fragment of HTML.</summary>
    public static string ToHtml(this CrossArchitecture matrix) => matrix.Table().ToHtml();
}
