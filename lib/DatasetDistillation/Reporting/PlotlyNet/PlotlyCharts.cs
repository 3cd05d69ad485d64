using System.Text.Json.Nodes;
using Microsoft.DotNet.Interactive;
using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Plotly.NET.TraceObjects;

namespace DatasetDistillation.Reporting.PlotlyNet;

/// <summary>Charts as Plotly.NET's, to go on styling them with its functions; a notebook shows them as they are.</summary>
public static class PlotlyCharts
{
    private static readonly Lazy<bool> Formatter = new(RegisterFormatter);

    /// <summary>The chart as one of Plotly.NET's: <c>chart.ToPlotly().WithSize(900, 500)</c>.</summary>
    public static GenericChart ToPlotly(this Chart chart) => FromFigure(chart.Render(MimeType.Plotly));

    /// <summary>The charts of a row as one chart of Plotly.NET's with several pairs of axes.</summary>
    public static GenericChart ToPlotly(this ChartRow row) => FromFigure(row.Render(MimeType.Plotly));

    private static GenericChart FromFigure(string json)
    {
        _ = Formatter.Value;
        var figure = JsonNode.Parse(json)!.AsObject();
        var traces = figure["data"]!.AsArray().Select(node => Fill(new Trace((string)node!["type"]!), node.AsObject())).ToArray();
        var layout = Fill(new Layout(), figure["layout"]!.AsObject());
        return GenericChart.setLayout(layout, GenericChart.ofTraceObjects<Trace[]>(false, traces));
    }

    /// <summary>Plotly.NET's functions change an object that is there only where it has their own type.</summary>
    private static DynamicObj.DynamicObj Typed(string name) => name.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9') switch
    {
        "xaxis" or "yaxis" => new LinearAxis(),
        "legend" => new Legend(),
        "font" => new Font(),
        "margin" => new Margin(),
        "title" => new Title(),
        "annotations" => new Plotly.NET.LayoutObjects.Annotation(),
        "shapes" => new Shape(),
        "line" => new Line(),
        "marker" => new Marker(),
        "error_y" => new Error(),
        _ => new DynamicObj.DynamicObj(),
    };

    private static T Fill<T>(T target, JsonObject source)
        where T : DynamicObj.DynamicObj
    {
        foreach (var (name, value) in source)
            target.SetProperty(name, Value(name, value));
        return target;
    }

    private static object? Value(string name, JsonNode? node) => node switch
    {
        null => null,
        JsonObject inner => Fill(Typed(name), inner),
        JsonArray array => array.Select(item => Value(name, item)).ToArray(),
        JsonValue value when value.TryGetValue(out bool truth) => truth,
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonValue value when value.TryGetValue(out long whole) => whole,
        _ => (double)node,
    };

    /// <summary>The host finds Plotly.NET's own formatter only in a package that a notebook refers to by name.</summary>
    private static bool RegisterFormatter()
    {
        ((IKernelExtension)new Plotly.NET.Interactive.FormatterKernelExtension()).OnLoadAsync(null!).GetAwaiter().GetResult();
        return true;
    }
}
