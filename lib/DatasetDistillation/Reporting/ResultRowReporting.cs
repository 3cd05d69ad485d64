namespace DatasetDistillation.Reporting;

/// <summary>The figures of the notebooks as tables.</summary>
public static class ResultRowReporting
{
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

    /// <summary>The figures as a table shows them: images, the times of distilling and of training (a dash where zero), accuracy.</summary>
    public static Cell[] Cells(this ResultRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return [row.Images, Spent(row.DistillationTime), Spent(row.TrainingTime), double.IsNaN(row.Deviation) ? row.Accuracy : (row.Accuracy, row.Deviation)];

        static Cell Spent(TimeSpan time) => time > TimeSpan.Zero ? time : Cell.Missing;
    }
}
