using System.Text.Json.Nodes;

namespace DatasetDistillation.Reporting;

/// <summary>An axis of a still picture. Categories stand at 0, 1, 2, …; without any it is numeric.</summary>
internal sealed record StillAxis(JsonObject Json, string[] Categories)
{
    public string Title => Panel.Text(Json["title"] is JsonObject title ? title["text"] : Json["title"]);

    public bool IsLog => Categories.Length == 0 && (string?)Json["type"] == "log";

    public bool IsPercent => ((string?)Json["tickformat"])?.EndsWith('%') == true;

    public bool IsReversed => Json["autorange"]?.ToString() == "reversed";

    /// <summary>The limits given, as values; null where the data decide.</summary>
    public (double Low, double High)? Range => Json["range"] is JsonArray { Count: 2 } range
        && (Panel.Number(range[0]), Panel.Number(range[1])) is ({ } low, { } high) && low < high ? (Value(low), Value(high)) : null;

    /// <summary>Whether a value has a place on this axis. The distance between two of them must not overflow.</summary>
    public bool Shows(double value) => Math.Abs(value) <= 1e300 && (!IsLog || value > 0);

    /// <summary>What is written as a coordinate of words or of a range: on a logarithmic axis, its logarithm.</summary>
    public double Value(double coordinate) => IsLog ? Math.Pow(10, coordinate) : coordinate;

    /// <summary>Where values stand along the axis; NaN for what has no place.</summary>
    public double[] PlacesOf(JsonNode? values) =>
        [.. (values as JsonArray ?? []).Select(v =>
            Categories.Length > 0 ? Array.IndexOf(Categories, TextOf(v)) : Panel.Number(v) ?? double.NaN)];

    public static string TextOf(JsonNode? node) => Panel.Number(node) is { } number ? NumberText.Significant(number) : Panel.Text(node);
}

/// <summary>What is drawn in one color under one name.</summary>
internal abstract record StillMark(string Name, string Color, double Opacity);

internal sealed record StillCurve(string Name, string Color, double Opacity, double[] X, double[] Y) : StillMark(Name, Color, Opacity)
{
    public bool HasLine { get; init; }

    public bool HasPoints { get; init; }

    public double Width { get; init; }

    public string Dash { get; init; } = "";

    public string Symbol { get; init; } = "";

    public double Size { get; init; }

    /// <summary>Whether there is a place for point i.</summary>
    public bool Shows(int i, StillChart chart) => chart.X.Shows(X[i]) && chart.Y.Shows(Y[i]);
}

/// <summary>Bars from Left to Right along the x axis, with words above them or none.</summary>
internal sealed record StillBars(
    string Name, string Color, double Opacity, double[] Left, double[] Right, double[] Heights, string[] Labels)
    : StillMark(Name, Color, Opacity);

/// <summary>Cells row by row, their shades in [−1, 1], NaN for a gap, with words in them or none.</summary>
internal sealed record StillMap(int Rows, int Columns, double[] Shades, string[] Labels) : StillMark("", "", 1);

/// <summary>A panel as the still picture draws it, for the kinds of Plotly's traces that the notebooks use.</summary>
internal sealed class StillChart
{
    private readonly JsonObject[] traces;

    private StillChart(Panel panel, JsonObject[] traces)
    {
        (Panel, this.traces) = (panel, traces);
        (X, Y) = (AxisOf("x"), AxisOf("y"));
        Marks = [.. traces.Select((trace, i) => KindOf(trace) switch
        {
            "bar" => BarsOf(trace, i),
            "histogram" => HistogramOf(trace, i),
            "heatmap" => MapOf(trace),
            _ => (StillMark)CurveOf(trace, i),
        })];
    }

    public Panel Panel { get; }

    public StillAxis X { get; }

    public StillAxis Y { get; }

    public StillMark[] Marks { get; }

    public IEnumerable<JsonObject> Annotations => Items("annotations");

    public IEnumerable<JsonObject> Shapes => Items("shapes").Where(static shape => (string?)shape["type"] is "line" or "rect");

    /// <summary>The chart; null, and why, where it has a kind or a setting that is not drawn.</summary>
    public static StillChart? Read(Panel panel, out string why)
    {
        JsonObject[] traces = [.. panel.Data.Select(static trace => trace!.AsObject())
            .Where(static trace => trace["visible"]?.ToString() is not ("false" or "legendonly"))];
        why = traces.Length == 0 ? "it has no data"
            : traces.Select(trace => Unknown(trace, panel.Layout)).FirstOrDefault(static reason => reason is not null) ?? "";
        if (why.Length == 0)
            return new StillChart(panel, traces);
        why = $"this chart has no still picture ({why}); it is drawn by plotly.js where scripts run and the script can be had.";
        return null;
    }

    /// <summary>The same for a narrow page.</summary>
    public StillChart Narrowed(int width) => new(Panel with { Width = width, Height = Math.Min(Panel.Height, width) }, traces);

    private static string KindOf(JsonObject trace) => (string?)trace["type"] switch { null or "scattergl" => "scatter", var type => type };

    private static string? Unknown(JsonObject trace, JsonObject layout) => KindOf(trace) switch
    {
        not ("scatter" or "bar" or "histogram" or "heatmap") => $"its kind is '{KindOf(trace)}'",
        _ when IsOfDates(layout["xaxis"]) || IsOfDates(layout["yaxis"]) => "its axis is one of dates",
        _ when trace["stackgroup"] is not null || (string?)layout["barmode"] is "stack" or "relative" => "it is stacked",
        _ when trace["error_x"] is not null || trace["error_y"] is not null => "it has error bars",
        "bar" or "histogram" when (string?)trace["orientation"] == "h" => "its bars are horizontal",
        "histogram" when trace["x"] is null || (string?)trace["histnorm"] is { Length: > 0 } => "its histogram does not count along x",
        "scatter" when (string?)trace["fill"] is not (null or "none") => "it has a filled area",
        _ => null,
    };

    private static bool IsOfDates(JsonNode? axis) => (string?)axis?["type"] is "date" or "multicategory";

    private StillAxis AxisOf(string axis)
    {
        var json = Panel.Layout[axis + "axis"] as JsonObject ?? [];
        if (traces.FirstOrDefault(static trace => KindOf(trace) == "heatmap") is { } map)
        {
            var rows = map["z"]!.AsArray();
            var count = axis == "y" ? rows.Count : rows.Select(static row => row!.AsArray().Count).DefaultIfEmpty(0).Max();
            var names = (map[axis] as JsonArray)?.Select(StillAxis.TextOf)
                ?? Enumerable.Range(0, count).Select(static i => NumberText.Whole(i));
            return new StillAxis(json, [.. names]);
        }
        JsonNode?[] values = [.. json["categoryarray"] as JsonArray ?? [], .. traces.SelectMany(trace => trace[axis] as JsonArray ?? [])];
        var type = (string?)json["type"]
            ?? (values.Any(static v => v is JsonValue value && value.TryGetValue(out string? _)) ? "category" : "");
        return new StillAxis(json, type == "category" ? [.. values.Select(StillAxis.TextOf).Distinct()] : []);
    }

    private string ColorOf(JsonObject trace, int index)
    {
        var colors = (Panel.Layout["colorway"] ?? Panel.Layout["template"]?["layout"]?["colorway"]) as JsonArray;
        var own = KindOf(trace) == "scatter" && !Has(trace, "markers") ? trace["line"]?["color"] : trace["marker"]?["color"];
        return own is JsonValue value && value.TryGetValue(out string? color) ? color
            : colors is { Count: > 0 } ? colors[index % colors.Count]!.ToString() : ChartTheme.ColorOf(index);
    }

    private static bool Has(JsonObject trace, string part) => ((string?)trace["mode"] ?? "lines").Contains(part, StringComparison.Ordinal);

    private static double OpacityOf(JsonObject trace) => Panel.Number(trace["opacity"]) ?? Panel.Number(trace["marker"]?["opacity"]) ?? 1;

    /// <summary>The points of a trace; without x they stand at 0, 1, 2, …</summary>
    private (double[] X, double[] Y) PointsOf(JsonObject trace)
    {
        var y = Y.PlacesOf(trace["y"]);
        double[] x = trace["x"] is JsonArray ? X.PlacesOf(trace["x"]) : [.. Enumerable.Range(0, y.Length).Select(static i => (double)i)];
        var count = Math.Min(x.Length, y.Length);
        return (x[..count], y[..count]);
    }

    private StillCurve CurveOf(JsonObject trace, int index)
    {
        var (x, y) = PointsOf(trace);
        return new StillCurve(Panel.Text(trace["name"]), ColorOf(trace, index), OpacityOf(trace), x, y)
        {
            HasLine = Has(trace, "lines"),
            HasPoints = Has(trace, "markers"),
            Width = Panel.Number(trace["line"]?["width"]) ?? 2,
            Dash = (string?)trace["line"]?["dash"] ?? "",
            Symbol = trace["marker"]?["symbol"]?.ToString() ?? "",
            Size = Panel.Number(trace["marker"]?["size"]) ?? 6,
        };
    }

    private StillBars BarsOf(JsonObject trace, int index)
    {
        var (x, y) = PointsOf(trace);
        JsonObject[] all = [.. traces.Where(static other => KindOf(other) == "bar")];
        var group = (string?)Panel.Layout["barmode"] == "overlay" ? 1 : all.Length;
        var width = 0.8 * x.Order().Zip(x.Order().Skip(1), static (a, b) => b - a).Where(static d => d > 0).DefaultIfEmpty(1).Min();
        var left = (group == 1 ? 0 : Array.IndexOf(all, trace) * width / group) - (width / 2);
        string[] labels = (string?)trace["textposition"] != "none" && trace["text"] is JsonArray text
            ? [.. text.Select(StillAxis.TextOf)] : [];
        return new StillBars(
            Panel.Text(trace["name"]), ColorOf(trace, index), OpacityOf(trace),
            [.. x.Select(place => place + left)], [.. x.Select(place => place + left + (width / group))], y, labels);
    }

    private StillBars HistogramOf(JsonObject trace, int index)
    {
        JsonObject[] all = [.. traces.Where(static other => KindOf(other) == "histogram")];
        var given = all[0]["xbins"];
        double[][] samples = [.. all.Select(other => X.PlacesOf(other["x"]).Where(X.Shows).ToArray())
            .Where(static sample => sample.Length > 0)];
        var said = (Panel.Number(given?["start"]), Panel.Number(given?["end"]), Panel.Number(given?["size"]));
        var bins = said is ({ } start, { } end, { } size)
            ? new Bins(start, size, Math.Max(1, (int)Math.Round((end - start) / size)))
            : X.Categories.Length > 0 || samples.Length == 0 ? new Bins(-0.5, 1, Math.Max(1, X.Categories.Length))
            : Bins.Of(samples, (int?)Panel.Number(all[0]["nbinsx"]) ?? 0);
        double[] edges = [.. Enumerable.Range(0, bins.Count + 1).Select(i => bins.Start + (i * bins.Size))];
        return new StillBars(
            Panel.Text(trace["name"]), ColorOf(trace, index), OpacityOf(trace), edges[..^1], edges[1..],
            [.. bins.CountsOf(X.PlacesOf(trace["x"]).Where(X.Shows)).Select(static count => (double)count)], []);
    }

    private static StillMap MapOf(JsonObject trace)
    {
        JsonArray[] rows = [.. trace["z"]!.AsArray().Select(static row => row!.AsArray())];
        var columns = rows.Select(static row => row.Count).DefaultIfEmpty(0).Max();
        double[] values = [.. rows.SelectMany(row => Enumerable.Range(0, columns)
            .Select(j => j < row.Count ? Panel.Number(row[j]) ?? double.NaN : double.NaN))];
        string[] labels = trace["texttemplate"] is not null && trace["text"] is JsonArray text
            ? [.. text.SelectMany(static row => row!.AsArray()).Select(StillAxis.TextOf)]
            : [];
        double[] finite = [.. values.Where(double.IsFinite).DefaultIfEmpty(0)];
        var (low, high) = (Panel.Number(trace["zmin"]) ?? finite.Min(), Panel.Number(trace["zmax"]) ?? finite.Max());
        var most = Math.Max(Math.Abs(low), Math.Abs(high));
        return new StillMap(rows.Length, columns, [.. values.Select(Shade)], labels.Length == values.Length ? labels : []);

        double Shade(double value) => !double.IsFinite(value) ? double.NaN
            : low < 0 ? Math.Clamp(value / Math.Max(most, 1e-300), -1, 1)
            : high > low ? Math.Clamp((value - low) / (high - low), 0, 1) : 0.5;
    }

    private IEnumerable<JsonObject> Items(string name) => (Panel.Layout[name] as JsonArray ?? []).Select(static item => item!.AsObject());
}
