using System.Text.Json.Nodes;

namespace DatasetDistillation.Reporting;

/// <summary>
/// Draws a panel as SVG, on a card of its own that is light or dark as the reader prefers: shown as an image it cannot know the colors
/// around it. Light colors stand in the attributes, so that any program draws them; dark ones in a style sheet.
/// </summary>
internal sealed class StillPicture
{
    private const double LabelSize = 12;
    private const double AnnotationSize = 12;
    private static readonly Dictionary<string, (string Property, Func<ChartTheme.Palette, string> Color)> Parts = new()
    {
        ["card"] = ("fill", static palette => palette.Card),
        ["text"] = ("fill", static palette => palette.Text),
        ["muted"] = ("fill", static palette => palette.Muted),
        ["grid"] = ("stroke", static palette => palette.Grid),
        ["axis"] = ("stroke", static palette => palette.Line),
        ["blue"] = ("fill", static palette => palette.Blue),
        ["red"] = ("fill", static palette => palette.Red),
        ["on"] = ("fill", static _ => "#FFFFFF"),
        ["halo"] = ("stroke", static palette => palette.Card),
    };

    private static readonly string Dark = string.Concat(Parts.Select(static part =>
        $".{part.Key}{{{part.Value.Property}:{part.Value.Color(ChartTheme.DarkPalette)}}}"));

    private readonly SvgCanvas svg = new();
    private readonly StillChart chart;
    private readonly PlotArea area;
    private readonly List<List<StillMark>> legend;

    private StillPicture(StillChart chart)
    {
        this.chart = chart;
        legend = HasLegend() ? LegendRows() : [];
        var margin = chart.Panel.Layout["margin"];
        var top = legend.Count == 0 ? Panel.Number(margin?["t"]) ?? 52 : (chart.Panel.Title.Length > 0 ? 46 : 18) + (20 * legend.Count);
        area = new PlotArea(chart, top, Math.Max(20, Panel.Number(margin?["r"]) ?? 24), 34 + (chart.X.Title.Length > 0 ? 20 : 0));
    }

    /// <summary>The attributes of a part of the furniture: its class and its light color.</summary>
    public static string Part(string name) => $"class=\"{name}\" {Parts[name].Property}=\"{Parts[name].Color(ChartTheme.LightPalette)}\"";

    public static string Draw(StillChart chart) => new StillPicture(chart).Draw();

    private string Draw()
    {
        var (width, height) = (chart.Panel.Width, chart.Panel.Height);
        svg.Open("svg", FormattableString.Invariant($"width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" ")
            + $"xmlns=\"http://www.w3.org/2000/svg\" font-family=\"{ChartTheme.Font}\" style=\"font-variant-numeric:tabular-nums\"");
        svg.Raw($"<style>@media (prefers-color-scheme: dark){{{Dark}}}</style>\n");
        svg.Rectangle(0, 0, width, height, "rx=\"6\" " + Part("card"));
        if (chart.Panel.Title.Length > 0)
            svg.Text(16, 28, chart.Panel.Title, "font-weight=\"600\" " + Part("text"), size: 15);
        DrawLegend();
        DrawAxes();
        new StillMarks(svg, chart, area).Draw();
        foreach (var shape in chart.Shapes)
            DrawShape(shape);
        foreach (var words in chart.Annotations)
            DrawWords(words);
        svg.Close("svg");
        return svg.ToString();
    }

    private void DrawAxes()
    {
        var isMap = chart.Marks[0] is StillMap;
        for (var i = 0; i < area.YTicks.Values.Length; i++)
        {
            var y = area.Y(area.YTicks.Values[i]);
            if (!isMap)
                svg.Line(area.Left, y, area.Right, y, "stroke-width=\"1\" " + Part("grid"));
            svg.Text(area.Left - 8, y + 4, area.YTicks.Labels[i], "data-axis=\"y\" " + Part("muted"), Anchor.End, PlotArea.TickSize);
        }
        for (var i = 0; i < area.XTicks.Values.Length; i++)
        {
            var x = area.X(area.XTicks.Values[i]);
            if (chart.X.Categories.Length == 0)
                svg.Line(x, area.Bottom, x, area.Bottom + 4, "stroke-width=\"1\" " + Part("axis"));
            svg.Text(x, area.Bottom + 17, area.XTicks.Labels[i], "data-axis=\"x\" " + Part("muted"), Anchor.Middle, PlotArea.TickSize);
        }
        if (!isMap)
            svg.Line(area.Left, area.Bottom, area.Right, area.Bottom, "stroke-width=\"1\" " + Part("axis"));
        if (chart.X.Title.Length > 0)
            svg.Text((area.Left + area.Right) / 2, area.Bottom + 37, chart.X.Title, Part("text"), Anchor.Middle, LabelSize);
        if (chart.Y.Title.Length > 0)
            svg.Text(22, (area.Top + area.Bottom) / 2, chart.Y.Title, Part("text"), Anchor.Middle, LabelSize, upwards: true);
    }

    private void DrawShape(JsonObject shape)
    {
        var (x0, x1) = (area.Place(shape, "x", "x0"), area.Place(shape, "x", "x1"));
        var (y0, y1) = (area.Place(shape, "y", "y0"), area.Place(shape, "y", "y1"));
        if (!double.IsFinite(x0 + x1 + y0 + y1))
            return;
        var color = (string?)shape["line"]?["color"] is { } own ? $"stroke=\"{Xml.Escape(own)}\"" : Part("axis");
        var width = FormattableString.Invariant($"stroke-width=\"{Panel.Number(shape["line"]?["width"]) ?? 1.2:0.#}\" ");
        var stroke = width + StillMarks.Dashes((string?)shape["line"]?["dash"]) + color;
        if ((string?)shape["type"] == "line")
            svg.Line(x0, y0, x1, y1, stroke);
        else
            svg.Rectangle(Math.Min(x0, x1), Math.Min(y0, y1), Math.Abs(x1 - x0), Math.Abs(y1 - y0), "fill=\"none\" " + stroke);
    }

    private void DrawWords(JsonObject item)
    {
        var raw = item["text"]?.ToString() ?? "";
        var text = Panel.Text(item["text"]);
        var (x, y) = (area.Place(item, "x", "x"), area.Place(item, "y", "y"));
        if (text.Length == 0 || !double.IsFinite(x + y))
            return;
        var pointed = item["showarrow"] is not JsonValue arrow || arrow.ToString() is not ("false" or "False");
        if (pointed)
            svg.Circle(x, y, 3.5, "fill=\"none\" stroke-width=\"1.5\" " + Part("axis"));
        var size = Panel.Number(item["font"]?["size"]) ?? AnnotationSize;
        x += Panel.Number(item["xshift"]) ?? 0;
        y -= (Panel.Number(item["yshift"]) ?? 0) + (pointed ? 9 : 0);
        y += (string?)item["yanchor"] switch { "bottom" => -4, "top" => size + 2, _ when pointed => 0, _ => size * 0.36 };
        var anchor = (string?)item["xanchor"] switch { "left" => Anchor.Start, "right" => Anchor.End, _ => Anchor.Middle };
        x += anchor switch { Anchor.Start => 4, Anchor.End => -4, _ => 0 };
        var color = (string?)item["font"]?["color"] is { } own ? $"fill=\"{Xml.Escape(own)}\"" : Part("text");
        const string around = "stroke-width=\"3\" stroke-linejoin=\"round\" fill=\"none\" aria-hidden=\"true\" ";
        svg.Text(x, y, text, around + Part("halo"), anchor, size);
        svg.Text(x, y, text, (raw.StartsWith("<b>", StringComparison.Ordinal) ? "font-weight=\"600\" " : "") + color, anchor, size);
    }

    private bool HasLegend() => chart.Panel.Layout["showlegend"] is JsonValue value
        ? value.ToString() is "true" or "True" && Named().Any()
        : chart.Marks.Length > 1 && Named().Any();

    private IEnumerable<StillMark> Named() => chart.Marks.Where(static mark => mark.Name.Length > 0);

    private List<List<StillMark>> LegendRows()
    {
        var rows = new List<List<StillMark>> { new() };
        var width = 0.0;
        foreach (var mark in Named())
        {
            if (width > 0 && width + LegendWidth(mark) > chart.Panel.Width - 32)
            {
                rows.Add([]);
                width = 0;
            }
            rows[^1].Add(mark);
            width += LegendWidth(mark);
        }
        return rows;
    }

    private static double LegendWidth(StillMark mark) => 40 + SvgCanvas.WidthOf(mark.Name, LabelSize);

    private void DrawLegend()
    {
        for (var row = 0; row < legend.Count; row++)
        {
            var (x, y) = (16.0, (chart.Panel.Title.Length > 0 ? 48 : 18) + (20.0 * row));
            foreach (var mark in legend[row])
            {
                StillMarks.DrawKey(svg, mark, x, y);
                svg.Text(x + 24, y + 4, mark.Name, Part("text"), size: LabelSize);
                x += LegendWidth(mark);
            }
        }
    }
}
