using DatasetDistillation.Training;
using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Plotly.NET.TraceObjects;
using static TorchSharp.torch;
using Annotation = Plotly.NET.LayoutObjects.Annotation;

namespace DatasetDistillation.Reporting;

/// <summary>How the cells of a heat map are colored.</summary>
internal enum HeatMapColors
{
    /// <summary>From pale to blue between the least and the greatest value.</summary>
    Sequential,

    /// <summary>Blue for positive, red for negative, pale at zero.</summary>
    Diverging,

    /// <summary>Shares of the row's sum: blue on the diagonal, red off it, so that confusions stand out however rare.</summary>
    Confusion,
}

/// <content>Histograms and heat maps.</content>
public static partial class Charts
{
    /// <summary>How often values occur, such as the accuracies of freshly drawn networks; mean and deviation are marked.</summary>
    /// <param name="values">The sample.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What was measured.</param>
    /// <param name="bins">How many bins; 0 chooses.</param>
    /// <param name="percent">The values are fractions, shown as percentages.</param>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static GenericChart Histogram(Numbers values, string title = "", string xTitle = "", int bins = 0, bool percent = false) =>
        Histograms([("", values)], title, xTitle, bins, percent);

    /// <summary>Several samples over one axis and in the same bins, to be compared.</summary>
    /// <param name="samples">The name and the values of each.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What was measured.</param>
    /// <param name="bins">How many bins; 0 chooses.</param>
    /// <param name="percent">The values are fractions, shown as percentages.</param>
    /// <exception cref="ArgumentException">There is no sample, or one without a finite value.</exception>
    public static GenericChart Histograms(
        IEnumerable<(string Name, Numbers Values)> samples, string title = "", string xTitle = "", int bins = 0, bool percent = false)
    {
        (string Name, double[] Values)[] all = [.. samples.Select(static s => (s.Name, s.Values.Values.Where(double.IsFinite).ToArray()))];
        if (all.Length == 0 || all.Any(static s => s.Values.Length == 0))
            throw new ArgumentException("A histogram needs at least one finite value of each sample.", nameof(samples));
        var drawn = Bins.Of([.. all.Select(static s => s.Values)], bins);
        var (start, size, count) = drawn;
        var traces = all.Select((sample, i) => new Trace("histogram")
            .With("name", Escape(sample.Name)).With("x", sample.Values)
            .With("xbins", new DynamicObj.DynamicObj().With("start", start).With("end", start + (count * size)).With("size", size))
            .With("marker", new Marker().With("color", ChartTheme.ColorOf(i)).With("opacity", all.Length > 1 ? 0.6 : 0.85)));
        var counts = all.SelectMany(sample => drawn.CountsOf(sample.Values)).Select(static count => (double)count);
        var layout = LayoutOf(title, AxisOf(xTitle, false, percent, []), AxisOf("count", false, false, counts))
            .With("barmode", "overlay").With("bargap", 0.03).With("showlegend", false)
            .With("margin", Margin(top: 52 + (18 * all.Length)))
            .With("annotations", all.Select((sample, i) => MeanOf(sample, i)).ToArray())
            .With("shapes", all.Select(static sample => new Shape().With("type", "line").With("xref", "x").With("yref", "y domain")
                .With("x0", sample.Values.Average()).With("x1", sample.Values.Average()).With("y0", 0).With("y1", 1)
                .With("line", new Line().With("width", 1.5).With("dash", "dash"))).ToArray());
        return PlotlyObjects.Chart(traces, layout);

        Annotation MeanOf((string Name, double[] Values) sample, int i)
        {
            var spread = new Spread(sample.Values);
            var mean = NumberText.MeanAndDeviation(spread.Mean, spread.StandardDeviation, percent);
            var words = $"{(sample.Name.Length > 0 ? sample.Name + ": " : "")}mean {mean}";
            return new Annotation()
                .With("text", Escape(words)).With("font", new Font().With("color", ChartTheme.ColorOf(i))).With("showarrow", false)
                .With("xref", "x").With("x", spread.Mean).With("xanchor", spread.Mean < start + (count * size / 2) ? "left" : "right")
                .With("yref", "y domain").With("y", 1).With("yanchor", "bottom").With("yshift", 18 * (all.Length - 1 - i));
        }
    }

    /// <summary>A matrix as colored cells with the numbers in them: soft labels, similarities.</summary>
    /// <param name="matrix">
    /// The values <c>[rows, columns]</c>; row 0 is at the top, and where one is negative the colors diverge from 0.
    /// </param>
    /// <param name="rowLabels">The names of the rows; null numbers them from 0.</param>
    /// <param name="columnLabels">The names of the columns; null numbers them from 0.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What the columns are.</param>
    /// <param name="yTitle">What the rows are.</param>
    /// <param name="format">The .NET format of the numbers; empty for three significant digits.</param>
    /// <exception cref="ArgumentException">
    /// There are more or fewer labels than rows or columns; or confusions that are not square.
    /// </exception>
    public static GenericChart HeatMap(
        Tensor matrix, IEnumerable<string>? rowLabels = null, IEnumerable<string>? columnLabels = null, string title = "",
        string xTitle = "", string yTitle = "", string format = "") =>
        HeatMap((Matrix)matrix, rowLabels, columnLabels, title, xTitle, yTitle, null, format);

    /// <inheritdoc cref="HeatMap(Tensor, IEnumerable{string}?, IEnumerable{string}?, string, string, string, string)"/>
    public static GenericChart HeatMap(
        double[,] matrix, IEnumerable<string>? rowLabels = null, IEnumerable<string>? columnLabels = null, string title = "",
        string xTitle = "", string yTitle = "", string format = "") =>
        HeatMap((Matrix)matrix, rowLabels, columnLabels, title, xTitle, yTitle, null, format);

    internal static GenericChart HeatMap(
        Matrix matrix, IEnumerable<string>? rowLabels = null, IEnumerable<string>? columnLabels = null, string title = "",
        string xTitle = "", string yTitle = "", HeatMapColors? colors = null, string format = "")
    {
        ArgumentNullException.ThrowIfNull(matrix);
        var rows = Labels(rowLabels, matrix.Rows, "row");
        var columns = Labels(columnLabels, matrix.Columns, "column");
        var chosen = colors ?? (matrix.Values.Any(static v => v < 0) ? HeatMapColors.Diverging : HeatMapColors.Sequential);
        if (chosen == HeatMapColors.Confusion && matrix.Rows != matrix.Columns)
            throw new ArgumentException(
                $"A confusion matrix is square; this one has {matrix.Rows} rows and {matrix.Columns} columns.", nameof(matrix));
        var most = matrix.Values.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(1).Max();
        double[] shades = chosen == HeatMapColors.Confusion ? Confusions(matrix) : [.. matrix.Values];
        string[] texts = [.. matrix.Values.Select(v => format.Length > 0 ? NumberText.Formatted(v, format) : NumberText.Significant(v))];
        var cells = new Trace("heatmap").With("x", columns).With("y", rows).With("z", Rows(shades))
            .With("text", Rows(texts)).With("texttemplate", "%{text}")
            .With("hovertemplate", $"{Escape(yTitle)} %{{y}}, {Escape(xTitle)} %{{x}}: %{{text}}<extra></extra>")
            .With("showscale", false).With("xgap", 1).With("ygap", 1);
        if (chosen != HeatMapColors.Sequential)
        {
            var limit = chosen == HeatMapColors.Confusion || most == 0 ? 1 : most;
            cells.With("zmin", -limit).With("zmax", limit).With("zmid", 0);
        }
        var names = rows.Max(static name => SvgCanvas.WidthOf(name, LabelSize));
        var cell = Math.Clamp(columns.Max(static name => SvgCanvas.WidthOf(name, LabelSize)) + 12, 44, 120);
        return PlotlyObjects.Chart([cells], LayoutOf(
            title, CategoriesOf(xTitle).With("showline", false), CategoriesOf(yTitle).With("autorange", "reversed"),
            (int)Math.Clamp(70 + names + (cell * columns.Length), 320, 1000), Math.Clamp(110 + (32 * rows.Length), 220, 1000)));

        object[] Rows<T>(T[] values) => [.. values.Chunk(matrix.Columns)];
    }

    /// <summary>How often each true class (row) was predicted as each class (column).</summary>
    /// <param name="counts">Square; rows are true classes.</param>
    /// <param name="classNames">The names of the classes; null numbers them from 0.</param>
    /// <param name="title">The heading.</param>
    /// <exception cref="ArgumentException">The matrix is not square, or has another number of classes than there are names.</exception>
    internal static GenericChart ConfusionMatrix(Matrix counts, IEnumerable<string>? classNames = null, string title = "Confusion matrix")
    {
        string[]? names = classNames is null ? null : [.. classNames];
        return HeatMap(counts, names, names, title, "predicted class", "true class", HeatMapColors.Confusion, "0");
    }

    /// <summary>
    /// Shades in [−1, 1]: the diagonal as its share of the row, and a confusion as the negative square root of its share of the worst
    /// confusion; NaN for what is not finite.
    /// </summary>
    private static double[] Confusions(Matrix counts)
    {
        var shares = new double[counts.Rows * counts.Columns];
        for (var i = 0; i < counts.Rows; i++)
        {
            var total = counts.Row(i).ToArray().Where(double.IsFinite).Sum();
            for (var j = 0; j < counts.Columns; j++)
                shares[(i * counts.Columns) + j] = total == 0 && double.IsFinite(counts[i, j]) ? 0 : counts[i, j] / total;
        }
        var worst = shares.Where((share, k) => k / counts.Columns != k % counts.Columns && double.IsFinite(share)).DefaultIfEmpty(0).Max();
        return
        [
            .. shares.Select((share, k) => k / counts.Columns == k % counts.Columns ? 0.85 * share
                : share == 0 ? 0 : -Math.Sqrt(share / worst) * Math.Min(0.85, 0.35 + (2 * worst))),
        ];
    }

    private static string[] Labels(IEnumerable<string>? labels, int count, string what)
    {
        string[] names = [.. labels ?? Names(count)];
        return names.Length == count
            ? names
            : throw new ArgumentException($"The matrix has {count} {what}s, but {names.Length} {what} labels were given.");
    }
}
