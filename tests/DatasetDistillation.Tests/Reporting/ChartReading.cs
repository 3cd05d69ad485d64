using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using DatasetDistillation.Reporting;
using Plotly.NET;

namespace DatasetDistillation.Tests.Reporting;

/// <summary>Reads a chart back: its figure, as plotly.js gets it from the page, and the still pictures in the page.</summary>
internal sealed partial class ChartReading
{
    private readonly XElement[] pictures;

    public ChartReading(GenericChart chart)
    {
        Html = chart.ToHtml();
        pictures = Image().Matches(Html)
            .Select(static match => XElement.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(match.Groups[1].Value))))
            .ToArray();
        var script = Html[Html.IndexOf("<script>", StringComparison.Ordinal)..Html.LastIndexOf(");\n</script>", StringComparison.Ordinal)];
        Panels = [.. JsonNode.Parse(script[(script.LastIndexOf('\n') + 1)..])!.AsArray().Select(static panel => panel!.AsObject())];
    }

    public string Html { get; }

    public JsonObject[] Panels { get; }

    public int PictureCount => pictures.Length;

    public JsonNode Trace(int index, int panel = 0) => Panels[panel]["data"]![index]!;

    public static double?[] Numbers(JsonNode? values) => [.. values!.AsArray().Select(static v => (double?)v)];

    public IEnumerable<string> Words(int panel = 0) => Elements("text", panel).Select(static text => text.Value);

    public IEnumerable<XElement> Elements(string name, int panel = 0) =>
        pictures[panel].Descendants().Where(e => name == "*" || e.Name.LocalName == name);

    public XElement Series(string name, int panel = 0) => Elements("g", panel).Single(g => (string?)g.Attribute("data-series") == name);

    public IReadOnlyList<(double X, double Y)> Curve(string series, int panel = 0)
    {
        var path = Series(series, panel).Elements().Last(static e => e.Name.LocalName == "path").Attribute("d")!.Value;
        return [.. Vertex().Matches(path).Select(static m => (Number(m.Groups[1].Value), Number(m.Groups[2].Value)))];
    }

    /// <summary>The labels along an axis and where they stand.</summary>
    public IReadOnlyList<(string Label, double Position)> Ticks(string axis, int panel = 0) =>
    [
        .. Elements("text", panel).Where(e => (string?)e.Attribute("data-axis") == axis)
            .Select(e => (e.Value, Number(e.Attribute(axis)!.Value) - (axis == "x" ? 0 : 4))),
    ];

    public static double Number(string text) =>
        double.Parse(
            text.Replace('−', '-').Replace(",", "", StringComparison.Ordinal).Replace(" %", "", StringComparison.Ordinal),
            CultureInfo.InvariantCulture);

    [GeneratedRegex("<img [^>]*src=\"data:image/svg\\+xml;base64,([^\"]*)\"")]
    private static partial Regex Image();

    [GeneratedRegex(@"[ML]([-\d.]+) ([-\d.]+)")]
    private static partial Regex Vertex();
}
