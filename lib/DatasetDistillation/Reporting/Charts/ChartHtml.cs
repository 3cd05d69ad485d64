using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Plotly.NET;

namespace DatasetDistillation.Reporting;

/// <summary>
/// A chart as HTML: an image of it, and a script that puts the interactive chart in its place. The script takes plotly.js from the page,
/// or else from the address that Plotly.NET names, and leaves the image where neither is to be had. Where scripts are stripped, the image is all there is.
/// </summary>
internal static class ChartHtml
{
    private const int Gap = 8;
    private const int NarrowestPanel = 260;
    private const int NarrowPage = 480;
    private const int NarrowPicture = 400;
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) }; // escapes <: nothing can end the script
    private static readonly Lazy<string> Script = new(static () => ReadScript());
    private static readonly Lazy<string> Themes = new(static () => $"[{Json(ChartTheme.Light)},{Json(ChartTheme.Dark)}]");

    public static string Of(GenericChart chart)
    {
        var figure = Figure.Of(chart);
        var panels = new JsonArray([.. figure.Panels.Select(static panel => new JsonObject
        {
            ["height"] = panel.Height,
            ["data"] = panel.Data.DeepClone(),
            ["layout"] = panel.Layout.DeepClone(),
        })]).ToJsonString(Compact);
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(panels)))[..12];
        var html = new StringBuilder();
        html.Append(Invariant($"<div data-plotly-chart=\"{id}\" style=\"display:flex;flex-wrap:wrap;gap:{Gap}px;max-width:{figure.Width}px\">\n"));
        if (figure.Title.Length > 0)
            html.Append(Invariant($"<div style=\"flex:0 0 100%;font:600 15px {ChartTheme.Font.Replace('"', '\'')}\">{Xml.Escape(figure.Title)}</div>\n"));
        foreach (var panel in figure.Panels)
            html.Append(Invariant($"<div style=\"flex:1 1 max({NarrowestPanel}px, calc({100.0 / figure.Columns:0.###}% - {Gap}px));min-width:0\">{StillOf(panel)}</div>\n"));
        html.Append(Invariant($"</div>\n<script>\n{Script.Value}(\"{id}\",\"{AddressOf(chart)}\",{(figure.HasOwnTheme ? Themes.Value : "null")},"));
        return html.Append(ConfigOf(figure)).Append(",\n").Append(panels).Append(");\n</script>").ToString();
    }

    private static string StillOf(Panel panel)
    {
        if (StillChart.Read(panel, out var why) is not { } chart)
            return $"<p data-panel=\"\"><em>{Xml.Escape(panel.Title.Length > 0 ? panel.Title + ": " : "")}{Xml.Escape(why)}</em></p>";
        var size = Invariant($"width=\"{panel.Width}\" height=\"{panel.Height}\" style=\"width:100%;max-width:{panel.Width}px;height:auto\"");
        var image = $"<img alt=\"{Xml.Escape(ChartText.Of(panel))}\" {size} src=\"{ImageOf(chart)}\"/>";
        if (panel.Width <= NarrowPicture || chart.Marks[0] is StillMap || StillChart.Read(panel with { Width = NarrowPicture, Height = Math.Min(panel.Height, NarrowPicture) }, out _) is not { } narrow)
            return $"<picture data-panel=\"\">{image}</picture>";
        return Invariant($"<picture data-panel=\"\"><source media=\"(max-width:{NarrowPage}px)\" srcset=\"{ImageOf(narrow)}\"/>{image}</picture>");
    }

    private static string ImageOf(StillChart chart) => "data:image/svg+xml;base64," + Convert.ToBase64String(Encoding.UTF8.GetBytes(StillPicture.Draw(chart)));

    private static string AddressOf(GenericChart chart) =>
        DisplayOptions.getPlotlyReference(GenericChart.getDisplayOptions(chart)) is PlotlyJSReference.CDN cdn
            ? cdn.Item
            : $"https://cdn.plot.ly/plotly-{Globals.PLOTLYJS_VERSION}.min.js";

    private static string ConfigOf(Figure figure)
    {
        var config = figure.Config.DeepClone().AsObject();
        (config["responsive"], config["displaylogo"]) = (true, false);
        return config.ToJsonString(Compact);
    }

    private static string Json(Template template) =>
        JsonNode.Parse(GenericChart.toJson(PlotlyObjects.Chart([], new Layout().With("template", template))))!["layout"]!["template"]!.ToJsonString(Compact);

    private static string ReadScript()
    {
        using var stream = typeof(ChartHtml).Assembly.GetManifestResourceStream("chart.js")!;
        using var reader = new StreamReader(stream);
        return string.Join('\n', reader.ReadToEnd().Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal)));
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
