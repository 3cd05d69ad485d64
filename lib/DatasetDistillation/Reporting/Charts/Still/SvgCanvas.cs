using System.Globalization;
using System.Text;

namespace DatasetDistillation.Reporting;

/// <summary>Where words begin, measured from the point they are put at.</summary>
internal enum Anchor
{
    Start,
    Middle,
    End,
}

/// <summary>Writes the elements of an SVG picture. Coordinates are CSS pixels, y downwards.</summary>
internal sealed class SvgCanvas
{
    private readonly StringBuilder svg = new();

    public override string ToString() => svg.ToString();

    public void Raw(string markup) => svg.Append(markup);

    public void Open(string element, string attributes) => svg.Append('<').Append(element).Append(' ').Append(attributes).Append('>');

    public void Close(string element) => svg.Append("</").Append(element).Append(">\n");

    public void Line(double x1, double y1, double x2, double y2, string attributes) =>
        Append($"<line x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\" ", attributes);

    public void Rectangle(double x, double y, double width, double height, string attributes) =>
        Append($"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{width:0.##}\" height=\"{height:0.##}\" ", attributes);

    public void Circle(double x, double y, double radius, string attributes) =>
        Append($"<circle cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"{radius:0.##}\" ", attributes);

    public void Path(string data, string attributes) => svg.Append("<path d=\"" + data + "\" " + attributes + "/>\n");

    public void Text(
        double x, double y, string text, string attributes, Anchor anchor = Anchor.Start, double size = 12, bool upwards = false)
    {
        var turn = upwards ? FormattableString.Invariant($" transform=\"rotate(-90 {x:0.##} {y:0.##})\"") : "";
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.##}\" y=\"{y:0.##}\" font-size=\"{size:0.#}\"{turn}")
            .Append(anchor switch { Anchor.Middle => " text-anchor=\"middle\" ", Anchor.End => " text-anchor=\"end\" ", _ => " " })
            .Append(attributes).Append('>').Append(Xml.Escape(text)).Append("</text>\n");
    }

    /// <summary>About how wide words are in a sans-serif face. No font is at hand here, so it errs on the wide side.</summary>
    public static double WidthOf(string text, double size) => size * text.Sum(c => c switch
    {
        'i' or 'j' or 'l' or 't' or 'f' or 'r' or '.' or ',' or ':' or ';' or '\'' or '|' or '(' or ')' or ' ' or 'I' => 0.36,
        'm' or 'w' or 'M' or 'W' or '%' or '@' or '—' => 0.95,
        >= 'A' and <= 'Z' => 0.69,
        _ => 0.59,
    });

    private void Append(FormattableString element, string attributes) =>
        svg.Append(element.ToString(CultureInfo.InvariantCulture)).Append(attributes).Append("/>\n");
}
