using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DatasetDistillation.Reporting.Rendering;

/// <summary>Charts as Plotly figures, on a transparent background and in colours that read on white and on black.</summary>
internal static class PlotlyRenderer
{
    private const string Ink = "#80878F";
    private const string Grid = "rgba(128,136,144,0.25)";
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Render(ChartRow row)
    {
        var data = new JsonArray();
        var titles = new JsonArray();
        var shapes = new JsonArray();
        var layout = new JsonObject
        {
            ["width"] = row.Width,
            ["height"] = row.Height,
            ["paper_bgcolor"] = "rgba(0,0,0,0)",
            ["plot_bgcolor"] = "rgba(0,0,0,0)",
            ["font"] = new JsonObject { ["family"] = Theme.Font, ["size"] = 12, ["color"] = Ink },
            ["margin"] = new JsonObject { ["l"] = 60, ["r"] = 20, ["t"] = 50, ["b"] = 50 },
            ["showlegend"] = false,
            ["annotations"] = titles,
            ["shapes"] = shapes,
        };
        if (row.Charts.Any(chart => chart.Series.Length > 1))
        {
            layout["showlegend"] = true;
            layout["legend"] = new JsonObject { ["orientation"] = "h", ["x"] = 0, ["y"] = -64.0 / Math.Max(row.Height - 100, 100), ["yanchor"] = "top" };
        }
        if (row.Charts.Any(chart => chart.Series[0] is BarSeries))
            layout["barmode"] = "group";
        var shown = new HashSet<string>();
        for (var i = 0; i < row.Charts.Length; i++)
        {
            var (panel, suffix) = (row.Panels[i], i == 0 ? "" : NumberText.Whole(i + 1));
            var (chart, across, upwards) = (panel.Chart, Across(panel, row), Upwards(panel, row));
            layout["xaxis" + suffix] = AxisOf(chart.XAxis, chart, isX: true, across, "y" + suffix);
            layout["yaxis" + suffix] = AxisOf(chart.YAxis, chart, isX: false, upwards, "x" + suffix);
            for (var s = 0; s < chart.Series.Length; s++)
                foreach (var trace in Traces(chart, s))
                {
                    trace["xaxis"] = "x" + suffix;
                    trace["yaxis"] = "y" + suffix;
                    if (trace["showlegend"] is null)
                        trace["showlegend"] = chart.Series[s].Name.Length > 0 && shown.Add(chart.Series[s].Name);
                    data.Add(trace);
                }
            AddTitle(titles, chart, across.From, upwards.To);
            AddAnnotations(titles, shapes, chart, suffix);
        }
        return new JsonObject { ["data"] = data, ["layout"] = layout }.ToJsonString(Options);
    }

    /// <summary>The share of the width that a panel's plot has, after room for the labels of its y axis.</summary>
    private static (double From, double To) Across(ChartRow.Panel panel, ChartRow row)
    {
        double left = panel.Left, width = panel.Chart.Width;
        return ((left == 0 ? 0 : left + 0.12 * width) / row.Width, (left + width) / row.Width);
    }

    /// <summary>The share of the height that a panel's plot has, above room for its x axis and the next line's titles.</summary>
    private static (double From, double To) Upwards(ChartRow.Panel panel, ChartRow row)
    {
        double below = row.Height - panel.Top - panel.Height;
        return ((below > 0 ? below + 0.25 * panel.Height : 0) / row.Height, 1 - (double)panel.Top / row.Height);
    }

    private static void AddTitle(JsonArray titles, Chart chart, double left, double top)
    {
        var text = string.Join("<br>", new[] { chart.Title.Length > 0 ? $"<b>{Xml.Escape(chart.Title)}</b>" : "" }
            .Concat(chart.Notes.Select(note => $"<i>{Xml.Escape(note)}</i>")).Where(line => line.Length > 0));
        if (text.Length > 0)
            titles.Add(new JsonObject
            {
                ["text"] = text,
                ["xref"] = "paper",
                ["yref"] = "paper",
                ["x"] = left,
                ["y"] = top,
                ["xanchor"] = "left",
                ["yanchor"] = "bottom",
                ["yshift"] = chart.HasWordsAbove ? 22 : 8,
                ["align"] = "left",
                ["showarrow"] = false,
                ["font"] = new JsonObject { ["size"] = 14 },
            });
    }

    private static void AddAnnotations(JsonArray words, JsonArray shapes, Chart chart, string suffix)
    {
        foreach (var annotation in chart.Annotations)
        {
            var (x, y) = ("x" + suffix, "y" + suffix);
            var place = annotation switch
            {
                ReferenceLine { IsVertical: true } line => (X: Coordinate(chart.XAxis, line.Value), Y: 1.0, XRef: x, YRef: y + " domain"),
                ReferenceLine line => (X: 0.0, Y: Coordinate(chart.YAxis, line.Value), XRef: x + " domain", YRef: y),
                PointAnnotation point => (X: Coordinate(chart.XAxis, point.X), Y: Coordinate(chart.YAxis, point.Y), XRef: x, YRef: y),
                _ => throw new NotSupportedException($"{annotation.GetType().Name} has no Plotly form."),
            };
            if (!double.IsFinite(place.X) || !double.IsFinite(place.Y))
                continue;
            words.Add(new JsonObject
            {
                ["text"] = Xml.Escape(annotation.Text),
                ["x"] = place.X,
                ["y"] = place.Y,
                ["xref"] = place.XRef,
                ["yref"] = place.YRef,
                ["showarrow"] = annotation is PointAnnotation,
                ["xanchor"] = "left",
                ["yanchor"] = "bottom",
            });
            if (annotation is ReferenceLine { IsVertical: var isVertical, Value: var value })
                shapes.Add(new JsonObject
                {
                    ["type"] = "line",
                    ["xref"] = place.XRef,
                    ["yref"] = place.YRef,
                    ["x0"] = isVertical ? value : 0,
                    ["x1"] = isVertical ? value : 1,
                    ["y0"] = isVertical ? 0 : value,
                    ["y1"] = isVertical ? 1 : value,
                    ["line"] = new JsonObject { ["color"] = Ink, ["width"] = 1.2, ["dash"] = "dash" },
                });
        }
    }

    /// <summary>Plotly places annotations on a logarithmic axis by the logarithm, unlike its data and shapes.</summary>
    private static double Coordinate(Axis axis, double value) => axis.IsLog ? Math.Log10(value) : value;

    private static JsonObject AxisOf(Axis axis, Chart chart, bool isX, (double From, double To) domain, string anchor)
    {
        var isMap = chart.Series[0] is HeatMapSeries;
        var json = new JsonObject
        {
            ["title"] = new JsonObject { ["text"] = Xml.Escape(axis.Title) },
            ["domain"] = new JsonArray(domain.From, domain.To),
            ["anchor"] = anchor,
            ["type"] = !axis.Categories.IsEmpty ? "category" : axis.IsLog ? "log" : "linear",
            ["zeroline"] = false,
            ["automargin"] = true,
        };
        if (axis.Categories.IsEmpty)
            json["gridcolor"] = Grid;
        else
            (json["showgrid"], json["ticks"], json["tickcolor"]) = (false, "outside", "rgba(0,0,0,0)");
        if (axis.Percent)
            json["tickformat"] = ".2~%";
        if (axis.IsLog)
        {
            var extent = isX ? Extent.OfX(chart) : Extent.OfY(chart);
            json["dtick"] = extent.High / extent.Low < 1000 ? "D2" : 1;
        }
        if (isMap && !isX)
            json["autorange"] = "reversed";
        else if (axis.Min is { } min && axis.Max is { } max)
            json["range"] = new JsonArray(Coordinate(axis, min), Coordinate(axis, max));
        return json;
    }

    private static IEnumerable<JsonObject> Traces(Chart chart, int index)
    {
        switch (chart.Series[index])
        {
            case PointSeries points:
                if (points.Band is { } band)
                {
                    yield return BandEdge(points.X, band.Lower, points.Name, index, fill: false);
                    yield return BandEdge(points.X, band.Upper, points.Name, index, fill: true);
                }
                yield return Curve(points, index);
                break;
            case BarSeries bars:
                var trace = new JsonObject
                {
                    ["type"] = "bar",
                    ["name"] = bars.Name,
                    ["x"] = Texts(chart.XAxis.Categories),
                    ["y"] = Values(bars.Values),
                    ["marker"] = new JsonObject { ["color"] = Theme.Neutral(index) },
                };
                if (bars.Deviations.Count > 0)
                    trace["error_y"] = new JsonObject { ["type"] = "data", ["array"] = Values(bars.Deviations), ["color"] = Ink };
                yield return trace;
                break;
            case HistogramSeries histogram:
                var width = histogram.Edges[1] - histogram.Edges[0];
                yield return new JsonObject
                {
                    ["type"] = "bar",
                    ["name"] = histogram.Name,
                    ["x"] = Values(Numbers.From(histogram.Edges.SkipLast(1).Select(edge => edge + width / 2))),
                    ["y"] = Values(Numbers.From(histogram.Counts.Select(count => (double)count))),
                    ["width"] = width,
                    ["marker"] = new JsonObject { ["color"] = Theme.Neutral(index) },
                };
                break;
            case HeatMapSeries map:
                yield return HeatMap(map, chart);
                break;
        }
    }

    private static JsonObject Curve(PointSeries points, int index)
    {
        var curve = new JsonObject
        {
            ["type"] = "scatter",
            ["name"] = points.Name,
            ["x"] = Values(points.X),
            ["y"] = Values(points.Y),
            ["mode"] = points.Mark switch { PointMark.Points => "markers", PointMark.LineAndPoints => "lines+markers", _ => "lines" },
            ["legendgroup"] = points.Name,
        };
        if (points.Mark != PointMark.Points)
            curve["line"] = new JsonObject { ["color"] = Theme.Neutral(index), ["width"] = 2, ["dash"] = points.Dashed ? "dash" : "solid" };
        if (points.Mark != PointMark.Line)
            curve["marker"] = new JsonObject { ["color"] = Theme.Neutral(index) };
        return curve;
    }

    private static JsonObject BandEdge(Numbers x, Numbers y, string name, int index, bool fill)
    {
        var edge = new JsonObject
        {
            ["type"] = "scatter",
            ["name"] = name,
            ["x"] = Values(x),
            ["y"] = Values(y),
            ["mode"] = "lines",
            ["line"] = new JsonObject { ["width"] = 0, ["color"] = Theme.Neutral(index) },
            ["hoverinfo"] = "skip",
            ["showlegend"] = false,
            ["legendgroup"] = name,
        };
        if (fill)
            (edge["fill"], edge["fillcolor"]) = ("tonexty", Theme.Neutral(index) + "2E");
        return edge;
    }

    private static JsonObject HeatMap(HeatMapSeries map, Chart chart)
    {
        var shades = ColourScale.Shades(map);
        var columns = map.Values.Columns;
        return new JsonObject
        {
            ["type"] = "heatmap",
            ["x"] = Texts(chart.XAxis.Categories),
            ["y"] = Texts(chart.YAxis.Categories),
            ["z"] = Rows(k => double.IsFinite(shades[k]) ? shades[k] : null),
            ["text"] = Rows(k => SvgMarks.CellText(map, map.Values.Values[k])),
            ["texttemplate"] = "%{text}",
            ["hovertemplate"] = "%{y}, %{x}: %{text}<extra></extra>",
            ["zmin"] = map.Colours == HeatMapColours.Sequential ? 0 : -1,
            ["zmax"] = 1,
            ["colorscale"] = new JsonArray([.. ColourScale.Stops(map.Colours).Select(stop => new JsonArray(stop.Position, stop.Colour))]),
            ["showscale"] = false,
            ["xgap"] = 1,
            ["ygap"] = 1,
        };

        JsonArray Rows(Func<int, JsonNode?> cell) =>
            new([.. Enumerable.Range(0, map.Values.Rows).Select(i => new JsonArray([.. Enumerable.Range(0, columns).Select(j => cell(i * columns + j))]))]);
    }

    /// <summary>JSON has no NaN: a value that is not finite is null, which Plotly shows as a gap.</summary>
    private static JsonArray Values(Numbers numbers) => new([.. numbers.Values.Select(v => double.IsFinite(v) ? (JsonNode?)v : null)]);

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode?)text)]);
}
