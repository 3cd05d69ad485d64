using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using DatasetDistillation.Reporting;

namespace DatasetDistillation.Tests.Reporting;

/// <summary>Reads a chart back from its SVG.</summary>
internal sealed partial class SvgReading
{
    private readonly XElement root;

    public SvgReading(IRichOutput output) => root = XElement.Parse(output.Render(MimeType.Svg));

    public IEnumerable<string> Words => Elements("text").Select(text => text.Value);

    public IEnumerable<XElement> Elements(string name) => root.Descendants().Where(e => name == "*" || e.Name.LocalName == name);

    public XElement Series(string name) => Elements("g").Single(g => (string?)g.Attribute("data-series") == name);

    public IReadOnlyList<(double X, double Y)> Curve(string series)
    {
        var path = Series(series).Elements().Last(e => e.Name.LocalName == "path").Attribute("d")!.Value;
        return [.. Vertex().Matches(path).Select(m => (Number(m.Groups[1].Value), Number(m.Groups[2].Value)))];
    }

    /// <summary>The labels along an axis and where they stand.</summary>
    public IReadOnlyList<(string Label, double Position)> Ticks(string axis, int panel = 0) =>
    [
        .. Elements("g").Where(g => (string?)g.Attribute("class") == "dd-panel").ElementAt(panel).Descendants()
            .Where(e => (string?)e.Attribute("data-axis") == axis)
            .Select(e => (e.Value, Number(e.Attribute(axis == "x" ? "x" : "y")!.Value) - (axis == "x" ? 0 : 4))),
    ];

    public static double Number(string text) =>
        double.Parse(text.Replace('−', '-').Replace(",", "", StringComparison.Ordinal).Replace(" %", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"[ML]([-\d.]+) ([-\d.]+)")]
    private static partial Regex Vertex();
}
