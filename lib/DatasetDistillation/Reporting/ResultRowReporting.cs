using Plotly.NET;
using Plotly.NET.TraceObjects;

namespace DatasetDistillation.Reporting;

/// <summary>The figures of the notebooks as tables.</summary>
public static partial class Reports
{
    private const string Undistilled = "real digits or means of them";

    /// <summary>
    /// A table of rows, by the number of images and then by accuracy; the notebook is named where there are several. A time that is
    /// zero, and so was not spent, is written as a dash.
    /// </summary>
    /// <param name="rows">The rows, such as those of one notebook: <c>Saved.Rows().Where(row => row.Notebook == "02")</c>.</param>
    /// <param name="title">The heading.</param>
    public static ResultsTable Table(this IEnumerable<ResultRow> rows, string title = "")
    {
        var sorted = rows.OrderBy(static row => row.Images).ThenBy(static row => row.Accuracy).ToArray();
        var several = sorted.DistinctBy(static row => row.Notebook).Count() > 1;
        var empty = new ResultsTable(
            "training set · read out by", Column.Count("images"), Column.Duration("distilling"),
            Column.Duration("training"), Column.Percent("accuracy", decimals: 2));
        return sorted.Aggregate(empty, (table, row) => table.Add(
            $"{(several ? row.Notebook + " " : "")}{row.TrainingSet} · {row.ReadOut}",
            row.Cells())).Titled(title);
    }

    /// <summary>
    /// Accuracies over a cost: a color for each method, open circles for
    /// what was not distilled. What a point is shows when it is pointed at.
    /// </summary>
    /// <param name="rows">The rows; those without a cost are left out.</param>
    /// <param name="cost">What is paid, such as seconds or images; it has a logarithmic axis.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What the cost is, with its unit.</param>
    /// <exception cref="ArgumentException">No row has a cost.</exception>
    public static GenericChart AccuracyAgainst(this IEnumerable<ResultRow> rows, Func<ResultRow, double> cost, string title, string xTitle)
    {
        var methods = rows.Where(row => cost(row) > 0).GroupBy(Method).OrderBy(static method => method.Key != Undistilled).ToArray();
        var chart = Charts.Lines(
            methods.Select(method =>
                (method.Key, Numbers.From(method.Select(cost)), Numbers.From(method.Select(static row => row.Accuracy)))),
            title, xTitle, "accuracy", logX: true, percent: true, asPoints: [.. methods.Select(static method => method.Key)]);
        foreach (var (trace, method) in GenericChart.getTraces(chart).Zip(methods))
            trace.With("hovertext", method.Select(static row => $"{row.TrainingSet} · {row.ReadOut}, notebook {row.Notebook}").ToArray())
                .With("hovertemplate", "%{hovertext}<br>%{x:,.3~g}, %{y:.1%}<extra></extra>")
                .With("marker", ((Marker)trace.Get("marker")!).With("size", 9)
                    .With("symbol", method.Key == Undistilled ? "circle-open" : "circle"));
        return chart;
    }

    /// <summary>The figures as a table shows them: images, the times of distilling and of training (a dash where zero), accuracy.</summary>
    public static Cell[] Cells(this ResultRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return
        [
            row.Images, Spent(row.DistillationTime), Spent(row.TrainingTime),
            double.IsNaN(row.Deviation) ? row.Accuracy : (row.Accuracy, row.Deviation),
        ];

        static Cell Spent(TimeSpan time) => time > TimeSpan.Zero ? time : Cell.Missing;
    }

    /// <summary>What stands before the first comma of the training set's name, such as "KIP" of "KIP, FC6".</summary>
    private static string Method(ResultRow row) => row.DistillationTime > TimeSpan.Zero ? row.TrainingSet.Split(',')[0] : Undistilled;
}
