using System.Globalization;
using System.Text.Json.Nodes;

namespace DatasetDistillation.Reporting;

/// <summary>An axis of a still picture. Categories stand at 0, 1, 2, …; without any it is numeric.</summary>
internal sealed record StillAxis(JsonObject Json, string[] Categories)
{
    public string Title => Panel.Text(Json["title"] is JsonObject title ? title["text"] : Json["title"]);

    public bool IsLog => Categories.Length == 0 && (string?)Json["type"] == "log";

    public bool IsPercent => ((string?)Json["tickformat"])?.EndsWith('%') == true;

    public bool IsReversed => Json["autorange"] is JsonValue value && value.TryGetValue(out string? order) && order == "reversed";

    /// <summary>The limits given, as values; null where the data decide.</summary>
    public (double Low, double High)? Range => Json["range"] is JsonArray { Count: 2 } range && range[0] is JsonValue && range[1] is JsonValue
        && double.TryParse(range[0]!.ToString(), CultureInfo.InvariantCulture, out var low) && double.TryParse(range[1]!.ToString(), CultureInfo.InvariantCulture, out var high)
        && low < high ? (Value(low), Value(high)) : null;

    /// <summary>Whether a value has a place on this axis. The distance between two of them must not overflow.</summary>
    public bool Shows(double value) => Math.Abs(value) <= 1e300 && (!IsLog || value > 0);

    /// <summary>What is written as a coordinate of words or of a line's range: on a logarithmic axis, its logarithm.</summary>
    public double Value(double coordinate) => IsLog ? Math.Pow(10, coordinate) : coordinate;
}

/// <summary>What is drawn in one color under one name.</summary>
internal abstract record StillMark(string Name, string Color, double Opacity);

internal sealed record StillCurve(string Name, string Color, double Opacity, double[] X, double[] Y) : StillMark(Name, Color, Opacity)
{
    public bool HasLine { get; init; }

    public bool HasPoints { get; init; }

    public double Width { get; init; }

    public string Dash { get; init; } = "solid";

    public string Symbol { get; init; } = "circle";

    public double Size { get; init; }

    /// <summary>Whether there is a place for point i.</summary>
    public bool Shows(int i, StillChart chart) => chart.X.Shows(X[i]) && chart.Y.Shows(Y[i]);
}

/// <summary>Bars from Left to Right along the x axis.</summary>
internal sealed record StillBars(string Name, string Color, double Opacity, double[] Left, double[] Right, double[] Heights) : StillMark(Name, Color, Opacity)
{
    public double[] Deviations { get; init; } = [];

    public string[] Labels { get; init; } = [];
}

/// <summary>Cells row by row, their shades in [−1, 1], NaN for a gap.</summary>
internal sealed record StillMap(int Rows, int Columns, double[] Shades, string[] Labels) : StillMark("", "", 1);

/// <summary>A panel as the still picture draws it, for the kinds of Plotly's traces that the notebooks use.</summary>
internal sealed class StillChart
{
    private StillChart(Panel panel, StillAxis x, StillAxis y, StillMark[] marks) => (Panel, X, Y, Marks) = (panel, x, y, marks);

    public Panel Panel { get; }

    public StillAxis X { get; }

    public StillAxis Y { get; }

    public StillMark[] Marks { get; }

    public IEnumerable<JsonObject> Annotations => Items("annotations");

    public IEnumerable<JsonObject> Shapes => Items("shapes").Where(static shape => (string?)shape["type"] is "line" or "rect");

    /// <summary>The chart; null, and why, where it has a kind or a setting that is not drawn.</summary>
    public static StillChart? Read(Panel panel, out string why)
    {
        JsonObject[] traces = [.. panel.Data.Select(static trace => trace!.AsObject()).Where(static trace => trace["visible"] is not JsonValue value || value.ToString() is "true" or "True")];
        why = traces.Length == 0 ? "it has no data" : traces.Select(trace => Unknown(trace, panel.Layout)).FirstOrDefault(static reason => reason is not null) ?? "";
        if (why.Length > 0)
        {
            why = $"this chart has no still picture ({why}); it is drawn by plotly.js where scripts run and the script can be had.";
            return null;
        }
        var x = AxisOf("x", panel.Layout, traces);
        var y = AxisOf("y", panel.Layout, traces);
        var bars = traces.Where(static trace => KindOf(trace) == "bar").ToArray();
        var bins = BinsOf([.. traces.Where(static trace => KindOf(trace) == "histogram")], x);
        StillMark[] marks = [.. traces.Select((trace, i) => (StillMark)(KindOf(trace) switch
        {
            "bar" => BarsOf(trace, ColorOf(trace, i, panel.Layout), Array.IndexOf(bars, trace), (string?)panel.Layout["barmode"] == "overlay" ? 1 : bars.Length, x),
            "histogram" => HistogramOf(trace, ColorOf(trace, i, panel.Layout), bins!.Value, x),
            "heatmap" => MapOf(trace),
            _ => CurveOf(trace, ColorOf(trace, i, panel.Layout), x, y),
        }))];
        return new StillChart(panel, x, y, marks);
    }

    private static string KindOf(JsonObject trace) => (string?)trace["type"] switch { null or "scattergl" => "scatter", var type => type };

    private static string? Unknown(JsonObject trace, JsonObject layout) => KindOf(trace) switch
    {
        "scatter" or "bar" when trace["stackgroup"] is not null || (string?)layout["barmode"] is "stack" or "relative" => "it is stacked",
        "bar" or "histogram" when (string?)trace["orientation"] == "h" || (KindOf(trace) == "histogram" && trace["x"] is null) => "its bars are horizontal",
        "scatter" when trace["fill"] is not null && (string?)trace["fill"] != "none" => "it has a filled area",
        "scatter" or "bar" or "histogram" or "heatmap" => IsOfDates(layout["xaxis"]) || IsOfDates(layout["yaxis"]) ? "its axis is one of dates" : null,
        var kind => $"its kind is '{kind}'",
    };

    private static bool IsOfDates(JsonNode? axis) => (string?)axis?["type"] is "date" or "multicategory";

    private static StillAxis AxisOf(string axis, JsonObject layout, JsonObject[] traces)
    {
        var json = layout[axis + "axis"] as JsonObject ?? [];
        var given = (json["categoryarray"] as JsonArray)?.Select(TextOf) ?? [];
        var map = traces.FirstOrDefault(static trace => KindOf(trace) == "heatmap");
        if (map is not null)
        {
            var rows = map["z"]!.AsArray();
            var count = axis == "y" ? rows.Count : rows.Select(static row => row!.AsArray().Count).DefaultIfEmpty(0).Max();
            return new StillAxis(json, [.. (map[axis] as JsonArray)?.Select(TextOf) ?? Enumerable.Range(0, count).Select(static i => NumberText.Whole(i))]);
        }
        JsonNode?[] values = [.. traces.SelectMany(trace => trace[axis] as JsonArray ?? [])];
        var isCategorical = (string?)json["type"] == "category" || ((string?)json["type"] is null && values.Any(static v => v is JsonValue value && value.TryGetValue(out string? _)));
        return new StillAxis(json, isCategorical ? [.. given.Concat(values.Select(TextOf)).Distinct()] : []);
    }

    private static string TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue(out double number) ? NumberText.Significant(number) : Panel.Text(node);

    private static double[] Values(JsonNode? node, StillAxis axis) => node is not JsonArray array ? [] :
    [
        .. array.Select(item => axis.Categories.Length > 0 ? Array.IndexOf(axis.Categories, TextOf(item))
            : item is JsonValue value && value.TryGetValue(out double number) ? number : double.NaN),
    ];

    private static double[] Numbers(JsonNode? node) => Values(node, new StillAxis([], []));

    private static string ColorOf(JsonObject trace, int index, JsonObject layout)
    {
        var colors = layout["colorway"] as JsonArray ?? layout["template"]?["layout"]?["colorway"] as JsonArray;
        var own = KindOf(trace) == "scatter" && !Mode(trace).Contains("markers", StringComparison.Ordinal) ? trace["line"]?["color"] : trace["marker"]?["color"];
        return own is JsonValue value && value.TryGetValue(out string? color) ? color
            : colors is { Count: > 0 } ? colors[index % colors.Count]!.ToString() : ChartTheme.ColorOf(index);
    }

    private static string Mode(JsonObject trace) => (string?)trace["mode"] ?? "lines";

    private static double Opacity(JsonObject trace) => Panel.Number(trace["opacity"]) ?? Panel.Number(trace["marker"]?["opacity"]) ?? 1;

    private static StillCurve CurveOf(JsonObject trace, string color, StillAxis x, StillAxis y)
    {
        var heights = Values(trace["y"], y);
        var places = trace["x"] is JsonArray ? Values(trace["x"], x) : [.. Enumerable.Range(0, heights.Length).Select(static i => (double)i)];
        var count = Math.Min(places.Length, heights.Length);
        return new StillCurve(Panel.Text(trace["name"]), color, Opacity(trace), places[..count], heights[..count])
        {
            HasLine = Mode(trace).Contains("lines", StringComparison.Ordinal),
            HasPoints = Mode(trace).Contains("markers", StringComparison.Ordinal),
            Width = Panel.Number(trace["line"]?["width"]) ?? 2,
            Dash = (string?)trace["line"]?["dash"] ?? "solid",
            Symbol = trace["marker"]?["symbol"]?.ToString() ?? "circle",
            Size = Panel.Number(trace["marker"]?["size"]) ?? 6,
        };
    }

    private static StillBars BarsOf(JsonObject trace, string color, int index, int group, StillAxis x)
    {
        var heights = Numbers(trace["y"]);
        var places = trace["x"] is JsonArray ? Values(trace["x"], x) : [.. Enumerable.Range(0, heights.Length).Select(static i => (double)i)];
        double[] distances = [.. places.Order().Zip(places.Order().Skip(1), static (a, b) => b - a).Where(static d => d > 0)];
        var width = 0.8 * distances.DefaultIfEmpty(1).Min();
        var offset = group == 1 ? 0 : index * width / group;
        return new StillBars(
            Panel.Text(trace["name"]), color, Opacity(trace), [.. places.Select(p => p - (width / 2) + offset)],
            [.. places.Select(p => p - (width / 2) + offset + (width / group))], heights)
        {
            Deviations = Numbers(trace["error_y"]?["array"]),
            Labels = (string?)trace["textposition"] is not "none" && trace["text"] is JsonArray text ? [.. text.Select(TextOf)] : [],
        };
    }

    private static Bins? BinsOf(JsonObject[] histograms, StillAxis x)
    {
        if (histograms.Length == 0)
            return null;
        if (Panel.Number(histograms[0]["xbins"]?["size"]) is { } size && Panel.Number(histograms[0]["xbins"]?["start"]) is { } start && Panel.Number(histograms[0]["xbins"]?["end"]) is { } end)
            return new Bins(start, size, Math.Max(1, (int)Math.Round((end - start) / size)));
        double[][] samples = [.. histograms.Select(trace => Values(trace["x"], x).Where(x.Shows).ToArray()).Where(static sample => sample.Length > 0)];
        return samples.Length == 0 ? new Bins(0, 1, 1)
            : x.Categories.Length > 0 ? new Bins(-0.5, 1, x.Categories.Length)
            : Bins.Of(samples, (int?)Panel.Number(histograms[0]["nbinsx"]) ?? 0);
    }

    private static StillBars HistogramOf(JsonObject trace, string color, Bins bins, StillAxis x) => new(
        Panel.Text(trace["name"]), color, Opacity(trace),
        [.. Enumerable.Range(0, bins.Count).Select(i => bins.Start + (i * bins.Size))],
        [.. Enumerable.Range(1, bins.Count).Select(i => bins.Start + (i * bins.Size))],
        [.. bins.CountsOf(Values(trace["x"], x).Where(x.Shows)).Select(static count => (double)count)]);

    private static StillMap MapOf(JsonObject trace)
    {
        var rows = trace["z"]!.AsArray().Select(static row => row!.AsArray()).ToArray();
        var columns = rows.Select(static row => row.Count).DefaultIfEmpty(0).Max();
        double[] values = [.. rows.SelectMany(row => Numbers(row).Concat(Enumerable.Repeat(double.NaN, columns - row.Count)))];
        string[] labels = trace["texttemplate"] is not null && trace["text"] is JsonArray text ? [.. text.SelectMany(static row => row!.AsArray()).Select(TextOf)] : [];
        var finite = values.Where(double.IsFinite).DefaultIfEmpty(0).ToArray();
        var (low, high) = (Panel.Number(trace["zmin"]) ?? finite.Min(), Panel.Number(trace["zmax"]) ?? finite.Max());
        var most = Math.Max(Math.Abs(low), Math.Abs(high));
        return new StillMap(rows.Length, columns, [.. values.Select(v => !double.IsFinite(v) ? double.NaN
            : low < 0 ? (most == 0 ? 0 : Math.Clamp(v / most, -1, 1)) : high == low ? 0.5 : Math.Clamp((v - low) / (high - low), 0, 1))], labels.Length == values.Length ? labels : []);
    }

    private IEnumerable<JsonObject> Items(string name) => (Panel.Layout[name] as JsonArray ?? []).Select(static item => item!.AsObject());
}
