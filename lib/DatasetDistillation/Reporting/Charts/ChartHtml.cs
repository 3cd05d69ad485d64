using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Plotly.NET;

namespace DatasetDistillation.Reporting;

/// <summary>
/// A chart as HTML: an image of it, and a script that puts the interactive chart in its place. The
/// script takes plotly.js from the page, or else from the address that Plotly.NET names, and leaves
/// the image where neither is to be had. Where scripts are stripped, the image is all there is.
/// </summary>
internal static class ChartHtml
{
    private const int Gap = 8;
    private const int NarrowestPanel = 260;
    private const int NarrowPage = 480;
    private const int NarrowPicture = 400;

    // It escapes <, so that nothing in a chart can end the script.
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };
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
        html.Append(Invariant($"<div data-plotly-chart=\"{id}\" "))
            .Append(Invariant($"style=\"display:flex;flex-wrap:wrap;gap:{Gap}px;max-width:{figure.Width}px\">\n"));
        if (figure.Title.Length > 0)
            html.Append($"<div style=\"flex:0 0 100%;font:600 15px {ChartTheme.Font}\">{Xml.Escape(figure.Title)}</div>\n");
        var basis = Invariant($"max({NarrowestPanel}px, calc({100.0 / figure.Columns:0.###}% - {Gap}px))");
        foreach (var panel in figure.Panels)
            html.Append($"<div style=\"flex:1 1 {basis};min-width:0\">{StillOf(panel)}</div>\n");
        var themes = figure.HasOwnTheme ? Themes.Value : "null";
        html.Append($"</div>\n<script>\n{Script.Value}(\"{id}\",\"{AddressOf(chart)}\",{themes},{ConfigOf(figure)},\n{panels});\n");
        return html.Append("</script>").ToString();
    }

    private static string StillOf(Panel panel)
    {
        if (StillChart.Read(panel, out var why) is not { } chart)
            return $"<p data-panel=\"\"><em>{Xml.Escape(panel.Title.Length > 0 ? $"{panel.Title}: {why}" : why)}</em></p>";
        var style = Invariant($"width:100%;max-width:{panel.Width}px;height:auto");
        var size = Invariant($"width=\"{panel.Width}\" height=\"{panel.Height}\" style=\"{style}\"");
        var image = $"<img alt=\"{Xml.Escape(ChartText.Of(panel))}\" {size} src=\"{ImageOf(chart)}\"/>";
        if (panel.Width > NarrowPicture && chart.Marks[0] is not StillMap)
        {
            var narrow = ImageOf(chart.Narrowed(NarrowPicture));
            image = Invariant($"<source media=\"(max-width:{NarrowPage}px)\" srcset=\"{narrow}\"/>{image}");
        }
        return $"<picture data-panel=\"\">{image}</picture>";
    }

    private static string ImageOf(StillChart chart) =>
        "data:image/svg+xml;base64," + Convert.ToBase64String(Encoding.UTF8.GetBytes(StillPicture.Draw(chart)));

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

    private static string Json(Template template) => Figure.JsonOf(template).ToJsonString(Compact);

    private static string ReadScript()
    {
        using var reader = new StreamReader(typeof(ChartHtml).Assembly.GetManifestResourceStream("chart.js")!);
        var lines = reader.ReadToEnd().Split('\n').Select(static line => line.Trim());
        return string.Join('\n', lines.Where(static line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal)));
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
