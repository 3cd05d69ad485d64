using System.Collections.Immutable;

namespace DatasetDistillation.Reporting;

/// <content>The usual charts, in a line each.</content>
public sealed partial record Chart
{
    /// <summary>A single curve through y(0), y(1), …</summary>
    /// <param name="values">The heights; values that are not finite leave a gap.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What is counted along the x axis ("outer step").</param>
    /// <param name="yTitle">What is measured ("loss").</param>
    /// <param name="logY">A logarithmic y axis.</param>
    /// <param name="percent">The values are fractions, shown as percentages.</param>
    public static Chart Line(
        Numbers values, string title = "", string xTitle = "", string yTitle = "", bool logY = false, bool percent = false) =>
        Line([Reporting.Series.Line("", values)], title, xTitle, yTitle, logY: logY, percent: percent);

    /// <summary>A single curve through the points (x, y).</summary>
    /// <param name="x">The places along the x axis, such as the outer steps at which something was measured.</param>
    /// <param name="y">The heights, as many; values that are not finite leave a gap.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What is counted along the x axis ("outer step").</param>
    /// <param name="yTitle">What is measured ("accuracy").</param>
    /// <param name="logY">A logarithmic y axis.</param>
    /// <param name="percent">The heights are fractions, shown as percentages.</param>
    public static Chart Line(
        Numbers x, Numbers y, string title = "", string xTitle = "", string yTitle = "", bool logY = false, bool percent = false) =>
        Line([Reporting.Series.Line("", x, y)], title, xTitle, yTitle, logY: logY, percent: percent);

    /// <summary>Several curves.</summary>
    /// <param name="series">The curves: <see cref="Series.Line(string, Numbers, Numbers)"/>, <see cref="Series.MeanOfRuns"/>.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What is counted along the x axis.</param>
    /// <param name="yTitle">What is measured.</param>
    /// <param name="logX">A logarithmic x axis.</param>
    /// <param name="logY">A logarithmic y axis.</param>
    /// <param name="percent">The heights are fractions, shown as percentages.</param>
    public static Chart Line(
        IEnumerable<Series> series, string title = "", string xTitle = "", string yTitle = "", bool logX = false, bool logY = false,
        bool percent = false) =>
        new(series) { Title = title, XAxis = NumericAxis(xTitle, logX), YAxis = NumericAxis(yTitle, logY) with { Percent = percent } };

    /// <summary>A cloud of points.</summary>
    /// <inheritdoc cref="Line(IEnumerable{Series}, string, string, string, bool, bool, bool)"/>
    public static Chart Scatter(
        Numbers x, Numbers y, string title = "", string xTitle = "", string yTitle = "", bool logX = false, bool logY = false) =>
        Line([Reporting.Series.Points("", x, y)], title, xTitle, yTitle, logX, logY);

    /// <summary>A bar for each category.</summary>
    /// <param name="categories">The names below the bars.</param>
    /// <param name="values">The heights, one for each category.</param>
    /// <param name="deviations">Half the lengths of the error bars; none by default.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What the categories are.</param>
    /// <param name="yTitle">What is measured.</param>
    public static Chart Bar(
        IEnumerable<string> categories, Numbers values, Numbers deviations = default, string title = "", string xTitle = "", string yTitle = "") =>
        Bar(categories, [Reporting.Series.Bars("", values, deviations)], title, xTitle, yTitle);

    /// <summary>Groups of bars: one bar of each series for each category.</summary>
    /// <exception cref="ArgumentException">A series has another number of bars than there are categories.</exception>
    public static Chart Bar(IEnumerable<string> categories, IEnumerable<BarSeries> series, string title = "", string xTitle = "", string yTitle = "")
    {
        var names = categories.ToImmutableArray();
        var bars = series.ToImmutableArray();
        foreach (var item in bars)
            if (item.Values.Count != names.Length)
                throw new ArgumentException($"{names.Length} categories, but {item.Values.Count} bars in series '{item.Name}'.", nameof(series));
        return new Chart(bars)
        {
            Title = title,
            XAxis = new Axis { Title = xTitle, Categories = names },
            YAxis = new Axis { Title = yTitle },
        };
    }

    /// <summary>How many examples each class has.</summary>
    /// <param name="labels">The class of each example, from 0.</param>
    /// <param name="classes">How many classes there are; 0 takes the greatest label + 1.</param>
    /// <param name="title">The heading.</param>
    /// <exception cref="ArgumentException">There are no labels.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative or ≥ classes.</exception>
    public static Chart ClassHistogram(Numbers labels, int classes = 0, string title = "Examples per class")
    {
        if (labels.Count == 0)
            throw new ArgumentException("There are no labels to count.", nameof(labels));
        var counts = new int[classes > 0 ? classes : Math.Max(0, (int)labels.Values.Max() + 1)];
        for (var i = 0; i < labels.Count; i++)
        {
            var label = labels.Values[i];
            if (label < 0 || label >= counts.Length || label != Math.Floor(label))
                throw new ArgumentOutOfRangeException(nameof(labels), $"Label {i} is {label}; it must be a whole number from 0 to {counts.Length - 1}.");
            counts[(int)label]++;
        }
        return Bar(ClassNames(counts.Length), counts, title: title, xTitle: "class", yTitle: "examples");
    }

    /// <summary>How often values occur, such as the accuracies of freshly drawn networks; mean and spread are marked.</summary>
    /// <param name="values">The sample.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What was measured.</param>
    /// <param name="bins">How many bins; 0 chooses.</param>
    /// <param name="percent">The values are fractions, shown as percentages.</param>
    public static Chart Histogram(Numbers values, string title = "", string xTitle = "", int bins = 0, bool percent = false)
    {
        var chart = new Chart(new HistogramSeries("", values, bins))
        {
            Title = title,
            XAxis = new Axis { Title = xTitle, Percent = percent },
            YAxis = new Axis { Title = "count" },
        };
        var spread = Spread.Of(values.Values.Where(Axis.IsFinite));
        return spread.Count == 0
            ? chart
            : chart.With(Annotation.Vertical(spread.Mean, "mean " + NumberText.MeanAndDeviation(spread.Mean, spread.Deviation, percent)));
    }

    /// <summary>A matrix as coloured cells with the numbers in them: soft labels, similarities.</summary>
    /// <param name="matrix">The values; row 0 is at the top.</param>
    /// <param name="rowLabels">The names of the rows; null numbers them from 0.</param>
    /// <param name="columnLabels">The names of the columns; null numbers them from 0.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What the columns are.</param>
    /// <param name="yTitle">What the rows are.</param>
    /// <param name="colours">How the cells are coloured; null chooses diverging where a value is negative.</param>
    /// <param name="format">The .NET format of the numbers; empty for three significant digits.</param>
    /// <exception cref="ArgumentException">There are more or fewer labels than rows or columns.</exception>
    public static Chart HeatMap(
        Matrix matrix, IEnumerable<string>? rowLabels = null, IEnumerable<string>? columnLabels = null, string title = "",
        string xTitle = "", string yTitle = "", HeatMapColours? colours = null, string format = "")
    {
        ArgumentNullException.ThrowIfNull(matrix);
        var rows = Labels(rowLabels, matrix.Rows, "row");
        var columns = Labels(columnLabels, matrix.Columns, "column");
        var chosen = colours ?? (matrix.Values.Any(v => v < 0) ? HeatMapColours.Diverging : HeatMapColours.Sequential);
        return new Chart(new HeatMapSeries(matrix, chosen, format))
        {
            Title = title,
            XAxis = new Axis { Title = xTitle, Categories = columns },
            YAxis = new Axis { Title = yTitle, Categories = rows },
            Width = Math.Clamp(140 + 46 * matrix.Columns, 320, 1000),
            Height = Math.Clamp(110 + 32 * matrix.Rows, 220, 1000),
        };
    }

    /// <summary>How often each true class (row) was predicted as each class (column).</summary>
    /// <param name="counts">Square; rows are true classes.</param>
    /// <param name="classNames">The names of the classes; null numbers them from 0.</param>
    /// <param name="title">The heading.</param>
    public static Chart ConfusionMatrix(Matrix counts, IEnumerable<string>? classNames = null, string title = "Confusion matrix")
    {
        var names = classNames?.ToArray();
        return HeatMap(counts, names, names, title, "predicted class", "true class", HeatMapColours.Confusion, "0");
    }

    /// <summary>Loss and accuracy of a training side by side, epoch by epoch.</summary>
    /// <param name="trainingLoss">The mean training loss of each epoch.</param>
    /// <param name="validationLoss">The validation loss after each epoch; may be empty.</param>
    /// <param name="trainingAccuracy">Fractions in [0, 1].</param>
    /// <param name="validationAccuracy">Fractions in [0, 1]; may be empty.</param>
    /// <param name="logLoss">A logarithmic axis for the loss.</param>
    public static ChartRow LearningCurves(
        Numbers trainingLoss, Numbers validationLoss, Numbers trainingAccuracy, Numbers validationAccuracy, bool logLoss = false)
    {
        return new ChartRow(
            Curves("Loss", trainingLoss, validationLoss, new Axis { Title = "loss", Scale = logLoss ? AxisScale.Logarithmic : AxisScale.Linear }),
            Curves("Accuracy", trainingAccuracy, validationAccuracy, new Axis { Title = "accuracy", Percent = true }));

        static Chart Curves(string title, Numbers training, Numbers validation, Axis y)
        {
            var curves = new List<Series> { Reporting.Series.Line("training", training, firstX: 1) };
            if (validation.Count > 0)
                curves.Add(Reporting.Series.Line("validation", validation, firstX: 1));
            return new Chart(curves) { Title = title, XAxis = new Axis { Title = "epoch" }, YAxis = y, Width = 480, Height = 340 };
        }
    }

    private static Axis NumericAxis(string title, bool logarithmic) =>
        new() { Title = title, Scale = logarithmic ? AxisScale.Logarithmic : AxisScale.Linear };

    private static IEnumerable<string> ClassNames(int count) => Enumerable.Range(0, count).Select(i => NumberText.Whole(i));

    private static ImmutableArray<string> Labels(IEnumerable<string>? labels, int count, string what)
    {
        var names = (labels ?? ClassNames(count)).ToImmutableArray();
        return names.Length == count
            ? names
            : throw new ArgumentException($"The matrix has {count} {what}s, but {names.Length} {what} labels were given.");
    }
}
