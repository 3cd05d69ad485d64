using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Annotation = Plotly.NET.LayoutObjects.Annotation;

namespace DatasetDistillation.Reporting;

/// <content>Titles, axes, and charts side by side.</content>
public static partial class Charts
{
    internal const string PanelTitle = "panel title";
    private const int PageWidth = 1200;
    private const int PanelWidth = 480;
    private const int PanelHeight = 340;

    /// <summary>The chart under another heading.</summary>
    public static GenericChart WithTitle(this GenericChart chart, string title) =>
        GenericChart.addLayout(new Layout().With("title", TitleOf(title, isHeading: true)), chart);

    /// <summary>
    /// Charts side by side, as one chart of several pairs of axes, each with
    /// its own heading. On a narrow page they stand one below the other.
    /// </summary>
    /// <param name="charts">Charts of one pair of axes each, from left to right.</param>
    /// <exception cref="ArgumentException">No chart was given, or one has several pairs of axes already.</exception>
    public static GenericChart SideBySide(params IEnumerable<GenericChart> charts)
    {
        GenericChart[] all = [.. charts];
        if (all.Length == 0)
            throw new ArgumentException("There must be at least one chart.", nameof(charts));
        var layouts = all.Select(GenericChart.getLayout).ToArray();
        if (layouts.Any(static layout => layout.GetPropertyNames(true).Any(static name => name is "xaxis2" or "yaxis2")))
            throw new ArgumentException("A chart already has several pairs of axes; put the single charts side by side.", nameof(charts));
        var merged = new Layout()
            .With("width", Math.Min(PageWidth, layouts.Sum(WidthOf))).With("height", layouts.Max(HeightOf));
        foreach (var (name, value) in layouts.Reverse().SelectMany(static layout => layout.GetProperties(true)))
            if (name is not ("title" or "xaxis" or "yaxis" or "annotations" or "shapes" or "width" or "height"))
                merged.With(name, value);
        var annotations = new List<Annotation>();
        var shapes = new List<Shape>();
        var traces = new List<Trace>();
        for (var i = 0; i < all.Length; i++)
        {
            var (layout, id) = (layouts[i], i == 0 ? "" : NumberText.Whole(i + 1));
            var (from, to) = ((i + (i == 0 ? 0 : 0.1)) / all.Length, (i + 0.94) / all.Length);
            foreach (var (axis, other) in new[] { ("x", "y"), ("y", "x") })
            {
                var own = (layout.Get(axis + "axis") as LinearAxis ?? new LinearAxis()).Copy().With("anchor", other + id);
                merged.With(axis + "axis" + id, axis == "x" ? own.With("domain", (double[])[from, to]) : own);
            }
            traces.AddRange(GenericChart.getTraces(all[i]).Select(trace => Copy(trace).With("xaxis", "x" + id).With("yaxis", "y" + id)));
            if ((layout.Get("title") as Title)?.Get("text") is string { Length: > 0 } title)
                annotations.Add(HeadingOf(title, id));
            annotations.AddRange(Each<Annotation>(layout.Get("annotations")).Select(item => Moved(item, id)));
            shapes.AddRange(Each<Shape>(layout.Get("shapes")).Select(item => Moved(item, id)));
        }
        return PlotlyObjects.Chart(traces, merged.With("annotations", annotations.ToArray()).With("shapes", shapes.ToArray()));

        int WidthOf(Layout layout) => Math.Min(layout.Get("width") as int? ?? Width, all.Length > 1 ? PanelWidth : PageWidth);

        int HeightOf(Layout layout) => layout.Get("height") is int height && (height != Height || all.Length == 1) ? height : PanelHeight;

        static IEnumerable<T> Each<T>(object? items) => items as IEnumerable<T> ?? [];

        static Trace Copy(Trace trace)
        {
            var copy = new Trace(trace.type);
            foreach (var (name, value) in trace.GetProperties(true))
                copy.SetProperty(name, value);
            return copy;
        }

        static T Moved<T>(T item, string id)
            where T : DynamicObj.DynamicObj, new()
        {
            var moved = item.Copy();
            foreach (var axis in new[] { "x", "y" })
            {
                var reference = (item.Get(axis + "ref") as string ?? axis).Replace("paper", axis + " domain", StringComparison.Ordinal);
                moved.With(axis + "ref", axis + id + reference[1..]);
            }
            return moved;
        }
    }

    private static Annotation HeadingOf(string text, string id) => new Annotation()
        .With("name", PanelTitle).With("text", text).With("showarrow", false).With("font", new Font().With("size", 15))
        .With("xref", $"x{id} domain").With("x", 0).With("xanchor", "left")
        .With("yref", $"y{id} domain").With("y", 1).With("yanchor", "bottom").With("yshift", 12);

    private static Layout LayoutOf(string title, LinearAxis x, LinearAxis y, int width = Width, int height = Height) => new Layout()
        .With("template", ChartTheme.Light).With("width", width).With("height", height)
        .With("title", title.Length > 0 ? TitleOf(title, isHeading: true) : null).With("xaxis", x).With("yaxis", y);

    private static Title TitleOf(string title, bool isHeading = false) =>
        new Title().With("text", isHeading ? $"<b>{Escape(title)}</b>" : Escape(title));

    private static Margin Margin(int right = 24, int top = 52) => new Margin().With("l", 60).With("r", right).With("t", top).With("b", 52);

    /// <summary>A legend between title and plot, with room for the rows into which plotly.js wraps names of such a width.</summary>
    private static Layout WithLegendAbove(Layout layout, IReadOnlyCollection<string> names)
    {
        var column = names.Max(static name => SvgCanvas.WidthOf(name, LabelSize)) + 48;
        var rows = Math.Ceiling(names.Count / Math.Max(1, Math.Floor((Width - 84) / column)));
        return layout.With("margin", Margin(top: 52 + (int)(20 * rows))).With("legend", new Legend()
            .With("orientation", "h").With("x", 0).With("xanchor", "left").With("y", 1.02).With("yanchor", "bottom"));
    }

    private static LinearAxis AxisOf(string title, bool log, bool percent, IEnumerable<double> values)
    {
        var shown = values.Where(v => Shows(v, log)).ToArray();
        var (low, high) = (shown.DefaultIfEmpty(1).Min(), shown.DefaultIfEmpty(1).Max());
        var axis = new LinearAxis().With("title", title.Length > 0 ? TitleOf(title) : null).With("type", log ? "log" : "linear");
        if (percent)
            axis.With("tickformat", ".2~%").With("hoverformat", ".1%");
        else if (log)
            axis.With("tickformat", ",~g").With("dtick", (high / low) switch { < 8 => "D1", < 1000 => "D2", _ => 1 });
        else if (shown.Length > 0 && high - low <= 10 && shown.All(static v => v == Math.Floor(v)))
            axis.With("dtick", 1);
        return axis;
    }

    private static LinearAxis CategoriesOf(string title) => new LinearAxis()
        .With("title", title.Length > 0 ? TitleOf(title) : null).With("type", "category")
        .With("tickcolor", ChartTheme.Clear).With("showgrid", false);

    private static IEnumerable<string> Names(int count) => Enumerable.Range(0, count).Select(static i => NumberText.Whole(i));

    /// <summary>Plotly takes some HTML for formatting; what comes from a caller is text.</summary>
    private static string Escape(string text) =>
        Xml.Escape(text).Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&apos;", "'", StringComparison.Ordinal);
}
