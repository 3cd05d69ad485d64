using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Annotation = Plotly.NET.LayoutObjects.Annotation;

namespace DatasetDistillation.Reporting;

/// <summary>
/// The project's look, as Plotly templates for a light and for a dark page. Charts of <see cref="Charts"/> have the light one, and in a
/// notebook so do all others that are not given another; when a chart of it is shown on a dark page, the dark one takes its place.
/// Colors of series keep apart for readers who are color-blind and have a contrast of at least 3 : 1 on white and on black alike.
/// </summary>
internal static class ChartTheme
{
    internal const string Font = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif";
    internal const string Clear = "rgba(0,0,0,0)";

    /// <summary>Blue, orange, green, purple, ochre, cyan, red and gray.</summary>
    internal static string[] Colors { get; } = ["#2586D0", "#DB6F22", "#1D9F78", "#BE5DB1", "#9C8318", "#2B98AF", "#D0485B", "#7C8791"];

    internal static Palette LightPalette { get; } =
        new("#24292F", "#57606A", "#8C959F", "#E4E7EA", "#FFFFFF", "#F3F7FB", "#0F5FA6", "#B3202F");

    internal static Palette DarkPalette { get; } =
        new("#E6E9EC", "#A9B2BB", "#7A848E", "#343A40", "#1F2226", "#23272C", "#2B78C2", "#C2434D");

    /// <summary>For pages with a light background.</summary>
    public static Template Light { get; } = Build(LightPalette);

    /// <summary>For pages with a dark background.</summary>
    public static Template Dark { get; } = Build(DarkPalette);

    internal static string ColorOf(int series) => Colors[series % Colors.Length];

    private static Template Build(Palette palette)
    {
        object[][] sequential = [[0, palette.Pale], [1, palette.Blue]];
        var layout = new Layout()
            .With("font", new Font().With("family", Font).With("size", 12).With("color", palette.Muted))
            .With("title", new Title().With("x", 0).With("xanchor", "left").With("yref", "container").With("y", 1).With("yanchor", "top")
                .With("pad", new DynamicObj.DynamicObj().With("l", 16).With("t", 16))
                .With("font", new Font().With("size", 15).With("color", palette.Text)))
            .With("paper_bgcolor", Clear).With("plot_bgcolor", Clear)
            .With("colorway", Colors)
            .With("colorscale", new DynamicObj.DynamicObj().With("sequential", sequential)
                .With("diverging", (object[][])[[0, palette.Red], [0.5, palette.Pale], [1, palette.Blue]]))
            .With("margin", new Margin().With("l", 60).With("r", 24).With("t", 52).With("b", 52))
            .With("hovermode", "closest")
            .With("modebar", new DynamicObj.DynamicObj()
                .With("bgcolor", palette.Card).With("color", palette.Muted).With("activecolor", palette.Text))
            .With("bargap", 0.2)
            .With("xaxis", Axis(palette).With("showgrid", false).With("showline", true).With("tickcolor", palette.Line))
            .With("yaxis", Axis(palette).With("tickcolor", Clear))
            .With("annotationdefaults", new Annotation().With("font", new Font().With("color", palette.Text)))
            .With("shapedefaults", new Shape().With("line", new Line().With("color", palette.Line)));
        var data = new DynamicObj.DynamicObj().With("scatter", (Trace[])[new Trace("scatter").With("line", new Line().With("width", 2))]);
        foreach (var kind in new[] { "heatmap", "contour", "histogram2d", "surface" })
            data.With(kind, (Trace[])[new Trace(kind).With("autocolorscale", true)]);
        return new Template().With("layout", layout).With("data", data);
    }

    private static LinearAxis Axis(Palette palette) => new LinearAxis()
        .With("title", new Title().With("standoff", 10).With("font", new Font().With("color", palette.Text)))
        .With("gridcolor", palette.Grid).With("linecolor", palette.Line).With("ticks", "outside").With("ticklen", 5)
        .With("zeroline", false).With("automargin", true).With("separatethousands", true);

    /// <summary>The colors of the furniture of a chart, and of a heat map's cells at zero and at its ends.</summary>
    internal sealed record Palette(string Text, string Muted, string Line, string Grid, string Card, string Pale, string Blue, string Red);
}
