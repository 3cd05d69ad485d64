using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plotly.NET;

namespace DatasetDistillation.Reporting;

/// <summary>One pair of axes and what is drawn between them, as plotly.js takes it; both axes are the first of their kind.</summary>
internal sealed record Panel(JsonArray Data, JsonObject Layout, int Width, int Height)
{
    public string Title => Text(Layout["title"] is JsonObject title ? title["text"] : Layout["title"]);

    /// <summary>A number; null where there is none.</summary>
    public static double? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue(out double number) ? number : null;

    /// <summary>Plain words for what Plotly takes as text with a little HTML.</summary>
    public static string Text(JsonNode? node) => node is JsonValue value
        ? WebUtility.HtmlDecode(Regex.Replace(value.ToString().Replace("<br>", " ", StringComparison.Ordinal), "<[^>]*>", ""))
        : "";
}

/// <summary>
/// A Plotly.NET chart as plotly.js's JSON, divided into its pairs of axes: so each has letters of the usual size however narrow the page,
/// where they stand one below the other. A chart whose kinds have no such axes is one panel.
/// </summary>
internal sealed partial class Figure
{
    private static readonly HashSet<string> Cartesian =
        ["scatter", "scattergl", "bar", "histogram", "heatmap", "box", "violin", "contour", "histogram2d"];
    private static readonly Lazy<string> OwnTemplate = new(static () => JsonOf(ChartTheme.Light).ToJsonString());

    private readonly JsonArray data;
    private readonly JsonObject layout;

    private Figure(JsonObject json)
    {
        (data, layout) = (json["data"] as JsonArray ?? [], json["layout"] as JsonObject ?? []);
        Config = json["config"] as JsonObject ?? [];
        HasOwnTheme = layout["template"] is not { } template || template.ToJsonString() == OwnTemplate.Value;
        if (HasOwnTheme)
            layout.Remove("template");
        Width = (int)(Panel.Number(layout["width"]) ?? Charts.Width);
        var pairs = data.Select(static trace => PairOf(trace!)).Distinct().ToArray();
        var isOne = pairs.Length < 2 || !IsDivisible();
        var rows = (int?)Panel.Number(layout["grid"]?["rows"]) ?? pairs.Select(pair => Domain(pair.Y)).Distinct().Count();
        Columns = isOne ? 1 : (int?)Panel.Number(layout["grid"]?["columns"]) ?? pairs.Select(pair => Domain(pair.X)).Distinct().Count();
        var height = (int)(Panel.Number(layout["height"]) ?? Charts.Height);
        Panels = isOne ? [Finished(data, layout, Width, height)] : [.. pairs.Select((pair, i) => PanelOf(pair, i, rows, height / rows))];
        Title = Panels.Count > 1 ? Panel.Text(layout["title"]?["text"]) : "";
    }

    /// <summary>The heading above several panels.</summary>
    public string Title { get; }

    /// <summary>In CSS pixels, of all panels together.</summary>
    public int Width { get; }

    /// <summary>How many panels stand side by side where there is room.</summary>
    public int Columns { get; }

    public IReadOnlyList<Panel> Panels { get; }

    public JsonObject Config { get; }

    /// <summary>Whether the chart is to be shown in the project's look, light or dark as the page is.</summary>
    public bool HasOwnTheme { get; }

    public static Figure Of(GenericChart chart) => new(Parsed(chart));

    public static JsonNode JsonOf(Template template) =>
        JsonNode.Parse(GenericChart.toJson(PlotlyObjects.Chart([], new Layout().With("template", template))))!["layout"]!["template"]!;

    private static JsonObject Parsed(GenericChart chart)
    {
        var json = JsonNode.Parse(GenericChart.toJson(chart))!.AsObject();
        foreach (var trace in json["data"]!.AsArray())
            foreach (var (values, digits) in new[] { (trace!["x"], 17), (trace["y"], 6), (trace["z"], 6), (trace["error_y"]?["array"], 6) })
                Tidy(values as JsonArray, digits);
        return json;
    }

    /// <summary>A few digits are enough for a picture. Newtonsoft writes NaN as a string; plotly.js leaves a gap at null.</summary>
    private static void Tidy(JsonArray? values, int digits)
    {
        for (var i = 0; i < values?.Count; i++)
            if (values[i] is JsonArray row)
                Tidy(row, digits);
            else if (values[i] is JsonValue value && value.TryGetValue(out string? text) && text is "NaN" or "Infinity" or "-Infinity")
                values[i] = null;
            else if (digits < 17 && Panel.Number(values[i]) is { } number && number != Math.Floor(number))
                values[i] = double.Parse(number.ToString("G" + digits, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    private static (string X, string Y) PairOf(JsonNode trace) => ((string?)trace["xaxis"] ?? "x", (string?)trace["yaxis"] ?? "y");

    private static string AxisKey(string id) => $"{id[0]}axis{id[1..]}";

    private bool IsDivisible() =>
        data.All(static trace => Cartesian.Contains((string?)trace!["type"] ?? "scatter"))
        && layout.All(static item => !AxisName().IsMatch(item.Key) || item.Value?["overlaying"] is null);

    /// <summary>Where an axis begins, as a share of the figure.</summary>
    private double Domain(string id) => Panel.Number((layout[AxisKey(id)]?["domain"] as JsonArray)?[0]) ?? 0;

    private Panel PanelOf((string X, string Y) pair, int index, int rows, int height)
    {
        var own = new JsonObject();
        foreach (var (name, value) in layout)
            if (!AxisName().IsMatch(name) && name is not ("annotations" or "shapes" or "grid" or "title" or "margin"))
                own[name] = value?.DeepClone();
        own["xaxis"] = AxisOf(pair.X);
        own["yaxis"] = AxisOf(pair.Y);
        var annotations = new JsonArray([.. Own("annotations")]);
        foreach (var heading in annotations.Where(IsHeading).ToArray())
        {
            own["title"] = new JsonObject { ["text"] = heading!["text"]?.DeepClone() };
            annotations.Remove(heading);
        }
        own["annotations"] = annotations;
        own["shapes"] = new JsonArray([.. Own("shapes")]);
        var traces = data.Where(trace => PairOf(trace!) == pair).Select(static trace => trace!.DeepClone().AsObject()).ToArray();
        foreach (var trace in traces)
            (trace["xaxis"], trace["yaxis"]) = ("x", "y");
        return Finished(new JsonArray([.. traces]), own, Width / Columns, height);

        IEnumerable<JsonNode> Own(string list) => (layout[list] as JsonArray ?? []).Where(BelongsHere).Select(item =>
        {
            var copy = item!.DeepClone();
            foreach (var (axis, id) in new[] { ("x", pair.X), ("y", pair.Y) })
                copy[axis + "ref"] = ReferenceOf(item, axis) is "paper" ? axis + " domain" : axis + ReferenceOf(item, axis)[id.Length..];
            return copy;
        });

        bool BelongsHere(JsonNode? item)
        {
            var (x, y) = (ReferenceOf(item!, "x"), ReferenceOf(item!, "y"));
            return x == "paper" || y == "paper" ? index == PlaceOf(item!, rows) : x.Split(' ')[0] == pair.X && y.Split(' ')[0] == pair.Y;
        }
    }

    private static string ReferenceOf(JsonNode item, string axis) => (string?)item[axis + "ref"] ?? axis;

    /// <summary>Which panel words at a place of the whole figure stand over, as Chart.Grid's titles do.</summary>
    private int PlaceOf(JsonNode item, int rows)
    {
        var (x, y) = (Panel.Number(item["x"] ?? item["x0"]) ?? 0, Panel.Number(item["y"] ?? item["y0"]) ?? 1);
        return Math.Clamp((int)((1 - y + 1e-6) * rows), 0, rows - 1) * Columns + Math.Clamp((int)(x * Columns), 0, Columns - 1);
    }

    private static bool IsHeading(JsonNode? item) => (string?)item!["name"] == Charts.PanelTitle
        || ((string?)item["xref"], (string?)item["yref"], (string?)item["xanchor"], (string?)item["yanchor"])
            == ("x domain", "y domain", "center", "bottom");

    private JsonObject AxisOf(string id)
    {
        var axis = layout[AxisKey(id)]?.DeepClone().AsObject() ?? [];
        foreach (var name in new[] { "domain", "anchor", "matches" })
            axis.Remove(name);
        return axis;
    }

    /// <summary>The panel with room for its heading and for what is written to the right of its plot.</summary>
    private static Panel Finished(JsonArray data, JsonObject layout, int width, int height)
    {
        layout.Remove("width");
        layout.Remove("height");
        var margin = layout["margin"] as JsonObject;
        if (margin is null)
            layout["margin"] = margin = [];
        JsonObject[] words = [.. (layout["annotations"] as JsonArray ?? []).Select(static item => item!.AsObject())];
        var right = words
            .Where(static w => Panel.Number(w["x"]) >= 1 && (string?)w["xref"] is "x domain" or "paper" && (string?)w["xanchor"] == "left")
            .Select(static w => 24 + (SvgCanvas.WidthOf(Panel.Text(w["text"]), 12) * 1.08)).DefaultIfEmpty(0).Max();
        if (right > (Panel.Number(margin["r"]) ?? 24))
            margin["r"] = Math.Ceiling(right);
        var above = words
            .Where(static w => Panel.Number(w["y"]) >= 1 && (string?)w["yref"] == "y domain" && (string?)w["yanchor"] == "bottom")
            .Select(static w => 18 + (Panel.Number(w["yshift"]) ?? 0)).DefaultIfEmpty(0).Max();
        if (margin["t"] is null)
            margin["t"] = (layout["title"] is null ? 24.0 : 52) + above;
        return new Panel(data, layout, width, height);
    }

    [GeneratedRegex(@"^[xy]axis\d*$")]
    private static partial Regex AxisName();
}
