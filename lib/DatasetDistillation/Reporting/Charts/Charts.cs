using Plotly.NET;
using Plotly.NET.TraceObjects;
using Annotation = Plotly.NET.LayoutObjects.Annotation;

namespace DatasetDistillation.Reporting;

/// <summary>
/// The charts of the notebooks, as Plotly.NET's: a cell can go on with <c>WithTitle</c>, Plotly.NET's <c>WithSize</c> or
/// <c>WithXAxisStyle</c>, <c>Chart.Combine</c>, and whatever else its documentation has. A chart shows itself interactively where scripts
/// run, as a still picture where they do not, and as a line of text in a terminal.
/// </summary>
public static partial class Charts
{
    internal const int Width = 640;
    internal const int Height = 380;
    private const int MostDirectLabels = 4;
    private const int Margins = 104; // above and below the plot together
    private const double LabelSize = 12;

    /// <summary>A curve through y(0), y(1), …</summary>
    /// <param name="y">The heights; values that are not finite leave a gap, and the chart says so.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What is counted along the x axis ("outer step").</param>
    /// <param name="yTitle">What is measured ("loss").</param>
    /// <param name="logY">A logarithmic y axis.</param>
    /// <param name="percent">The heights are fractions, shown as percentages.</param>
    /// <param name="firstX">The x of the first value: 1 for steps counted from one.</param>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static GenericChart Line(
        Numbers y, string title = "", string xTitle = "", string yTitle = "", bool logY = false, bool percent = false, int firstX = 0) =>
        Line(Numbers.Range(firstX, y.Count), y, title, xTitle, yTitle, logY, percent);

    /// <summary>A curve through the points (x, y), such as accuracies over the outer steps at which they were measured.</summary>
    /// <inheritdoc cref="Lines"/>
    public static GenericChart Line(
        Numbers x, Numbers y, string title = "", string xTitle = "", string yTitle = "", bool logY = false, bool percent = false) =>
        Lines([("", x, y)], title, xTitle, yTitle, logY: logY, percent: percent);

    /// <summary>Several curves; up to four have their names at their ends, more a legend.</summary>
    /// <param name="curves">The name and the points of each; values that are not finite leave a gap, and the chart says so.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What is counted along the x axis.</param>
    /// <param name="yTitle">What is measured.</param>
    /// <param name="logX">A logarithmic x axis.</param>
    /// <param name="logY">A logarithmic y axis.</param>
    /// <param name="percent">The heights are fractions, shown as percentages.</param>
    /// <param name="asPoints">The names of those drawn as separate points, such as measurements beside a formula.</param>
    /// <exception cref="ArgumentException">There is no curve, one is empty, or its x and y are of different length.</exception>
    public static GenericChart Lines(
        IEnumerable<(string Name, Numbers X, Numbers Y)> curves, string title = "", string xTitle = "", string yTitle = "",
        bool logX = false, bool logY = false, bool percent = false, params string[] asPoints)
    {
        var all = Checked(curves);
        var traces = all.Select((curve, i) => new Trace("scatter")
            .With("mode", curve.Y.Count == 1 || asPoints.Contains(curve.Name) ? "markers" : "lines").With("name", Escape(curve.Name))
            .With("x", curve.X.ToArray()).With("y", curve.Y.ToArray())
            .With("line", new Line().With("color", ChartTheme.ColorOf(i)))
            .With("marker", new Marker().With("color", ChartTheme.ColorOf(i)).With("size", 7)));
        var x = AxisOf(xTitle, logX, false, all.SelectMany(static curve => curve.X.Values));
        var layout = LayoutOf(title, x, AxisOf(yTitle, logY, percent, all.SelectMany(static curve => curve.Y.Values)));
        var notes = Notes(all, logX, logY);
        var direct = all.Length <= MostDirectLabels && all.All(static curve => curve.Name.Length > 0);
        if (direct)
            layout.With("margin", Margin(right: 20 + (int)all.Max(static curve => SvgCanvas.WidthOf(curve.Name, LabelSize) * 1.08)));
        else if (all.Length > 1)
            WithLegendAbove(layout, [.. all.Select(static curve => curve.Name)]);
        return PlotlyObjects.Chart(traces, layout.With("showlegend", !direct && all.Length > 1)
            .With("annotations", (Annotation[])[.. direct ? DirectLabels(all, logX, logY) : [], .. notes]));
    }

    /// <summary>A bar for each category.</summary>
    /// <param name="categories">The names below the bars.</param>
    /// <param name="values">The heights, one for each category.</param>
    /// <param name="title">The heading.</param>
    /// <param name="xTitle">What the categories are.</param>
    /// <param name="yTitle">What is measured.</param>
    /// <param name="percent">The heights are fractions, shown as percentages.</param>
    /// <exception cref="ArgumentException">There are no bars, or more or fewer values than categories.</exception>
    public static GenericChart Bars(
        IEnumerable<string> categories, Numbers values, string title = "", string xTitle = "", string yTitle = "", bool percent = false)
    {
        string[] names = [.. categories];
        if (names.Length == 0 || names.Length != values.Count)
            throw new ArgumentException($"{names.Length} categories, but {values.Count} values. Give one for each.", nameof(values));
        var bars = new Trace("bar").With("x", names).With("y", values.ToArray())
            .With("text", values.Values.Select(v => percent ? NumberText.Percent(v) : NumberText.Significant(v, 4)).ToArray())
            .With("textposition", "outside").With("cliponaxis", false).With("hovertemplate", "%{x}: %{text}<extra></extra>")
            .With("marker", new Marker().With("color", ChartTheme.ColorOf(0)));
        return PlotlyObjects.Chart([bars], LayoutOf(title, CategoriesOf(xTitle), AxisOf(yTitle, false, percent, [])));
    }

    /// <summary>How many examples each class has.</summary>
    /// <param name="labels">The class of each example, from 0.</param>
    /// <param name="classes">How many classes there are; 0 takes the greatest label + 1.</param>
    /// <param name="title">The heading.</param>
    /// <exception cref="ArgumentException">There are no labels.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative or ≥ classes.</exception>
    public static GenericChart ClassHistogram(Numbers labels, int classes = 0, string title = "Examples per class")
    {
        if (labels.Count == 0)
            throw new ArgumentException("There are no labels to count.", nameof(labels));
        var counts = new int[classes > 0 ? classes : Math.Max(0, (int)labels.Values.Max() + 1)];
        for (var i = 0; i < labels.Count; i++)
        {
            var label = labels.Values[i];
            if (label < 0 || label >= counts.Length || label != Math.Floor(label))
                throw new ArgumentOutOfRangeException(
                    nameof(labels), $"Label {i} is {label}; it must be a whole number from 0 to {counts.Length - 1}.");
            counts[(int)label]++;
        }
        return Bars(Names(counts.Length), counts, title: title, xTitle: "class", yTitle: "examples");
    }

    private static (string Name, Numbers X, Numbers Y)[] Checked(IEnumerable<(string Name, Numbers X, Numbers Y)> curves)
    {
        (string Name, Numbers X, Numbers Y)[] all = [.. curves];
        if (all.Length == 0)
            throw new ArgumentException("A chart needs at least one curve.", nameof(curves));
        foreach (var (name, x, y) in all)
            if (x.Count != y.Count || y.Count == 0)
                throw new ArgumentException(
                    $"'{name}' has {x.Count} values of x and {y.Count} of y. Give at least one point, and both values of each.",
                    nameof(curves));
        return all;
    }

    /// <summary>Names at the ends of the curves, moved apart where they would touch.</summary>
    private static IEnumerable<Annotation> DirectLabels((string Name, Numbers X, Numbers Y)[] curves, bool logX, bool logY)
    {
        double[] shown = [.. curves.SelectMany(static c => c.Y.Values).Where(y => Shows(y, logY)).Select(Place)];
        if (shown.Length == 0)
            yield break;
        var (low, range) = (shown.Min(), Math.Max(shown.Max() - shown.Min(), 1e-300));
        var room = (Height - Margins) / 1.1; // Plotly leaves a twentieth of the range free above and below
        var ends = curves.Select((curve, i) => (curve.Name, Color: ChartTheme.ColorOf(i), End: End(curve)))
            .Where(static curve => !double.IsNaN(curve.End)).OrderBy(static curve => curve.End).ToArray();
        double[] natural = [.. ends.Select(e => (e.End - low) / range * room)];
        var spread = Spaced(natural, 15, 0, room);
        for (var i = 0; i < ends.Length; i++)
            yield return new Annotation()
                .With("text", $"<b>{Escape(ends[i].Name)}</b>").With("font", new Font().With("color", ends[i].Color))
                .With("showarrow", false)
                .With("xref", "x domain").With("x", 1).With("xanchor", "left").With("xshift", 4)
                .With("yref", "y").With("y", ends[i].End).With("yanchor", "middle").With("yshift", Math.Round(spread[i] - natural[i], 1));

        double Place(double y) => logY ? Math.Log10(y) : y;

        double End((string Name, Numbers X, Numbers Y) curve)
        {
            for (var i = curve.Y.Count - 1; i >= 0; i--)
                if (Shows(curve.Y.Values[i], logY) && Shows(curve.X.Values[i], logX))
                    return Place(curve.Y.Values[i]);
            return double.NaN;
        }
    }

    private static double[] Spaced(double[] ascending, double gap, double least, double most)
    {
        double[] places = [.. ascending];
        for (var i = 1; i < places.Length; i++)
            places[i] = Math.Max(places[i], places[i - 1] + gap);
        for (var i = places.Length - 1; i >= 0; i--)
            places[i] = Math.Clamp(places[i], least, i == places.Length - 1 ? most : places[i + 1] - gap);
        return places;
    }

    /// <summary>What a chart leaves out, in a sentence for each curve concerned.</summary>
    private static IEnumerable<Annotation> Notes((string Name, Numbers X, Numbers Y)[] curves, bool logX, bool logY)
    {
        var line = 0;
        foreach (var (name, x, y) in curves)
        {
            var finite = x.Values.Zip(y.Values).Count(static point => Shows(point.First, false) && Shows(point.Second, false));
            var shown = x.Values.Zip(y.Values).Count(point => Shows(point.First, logX) && Shows(point.Second, logY));
            if (finite < y.Count)
                yield return Note($"{y.Count - finite} of {y.Count} values{Of(name)} not finite: left out", line++);
            if (shown < finite)
                yield return Note($"{finite - shown} of {y.Count} values{Of(name)} ≤ 0: not on a logarithmic axis", line++);
        }

        static string Of(string name) => name.Length == 0 ? "" : $" of {name}";
    }

    private static Annotation Note(string text, int line) => new Annotation()
        .With("text", "⚠ " + Escape(text)).With("showarrow", false).With("font", new Font().With("size", 11))
        .With("xref", "x domain").With("x", 0).With("xanchor", "left")
        .With("yref", "y domain").With("y", 1).With("yanchor", "top").With("yshift", -16 * line);

    private static bool Shows(double value, bool log) => double.IsFinite(value) && (!log || value > 0);
}
