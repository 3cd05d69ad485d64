using System.Text;

namespace DatasetDistillation.Reporting.Rendering;

/// <summary>
/// Colours. Series colours keep apart for readers who are colour-blind and have a contrast of at least 3 : 1 with their card.
/// Light colours stand in the attributes, so that any program draws them; dark ones in a style sheet that follows the reader's theme.
/// </summary>
internal static class Theme
{
    public const string Font = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif";

    private static readonly (string Light, string Neutral, string Dark)[] Series =
    [
        ("#0B6DB7", "#2586D0", "#59B0F2"), // blue
        ("#C2560A", "#DB6F22", "#F59B52"), // orange
        ("#0B8862", "#1D9F78", "#42C79D"), // green
        ("#A8439A", "#BE5DB1", "#E08FD6"), // purple
        ("#7D6608", "#9C8318", "#D6BC50"), // ochre
        ("#157F96", "#2B98AF", "#62CFE3"), // cyan
        ("#B3283C", "#D0485B", "#FF8492"), // red
        ("#5B6670", "#7C8791", "#AAB4BD"), // grey
    ];

    private static readonly (string Class, string Property, string Light, string Dark)[] Parts =
    [
        ("dd-card", "fill", "#FFFFFF", "#1F2226"),
        ("dd-text", "fill", "#24292F", "#E6E9EC"),
        ("dd-muted", "fill", "#57606A", "#A9B2BB"),
        ("dd-grid", "stroke", "#E4E7EA", "#343A40"),
        ("dd-axis", "stroke", "#8C959F", "#7A848E"),
        ("dd-edge", "stroke", "#D8DCE0", "#343A40"),
        ("dd-rule", "stroke", "#24292F", "#E6E9EC"),
        ("dd-blue", "fill", "#0F5FA6", "#62B2F5"),
        ("dd-red", "fill", "#B3202F", "#FF8080"),
        ("dd-on", "fill", "#FFFFFF", "#14181C"),
        ("dd-halo", "stroke", "#FFFFFF", "#1F2226"),
    ];

    /// <summary>The dark colours, for readers who prefer them.</summary>
    public static string StyleSheet { get; } = BuildStyleSheet();

    /// <summary>Legible on white and on black alike, for figures whose background is not ours.</summary>
    public static string Neutral(int series) => Series[series % Series.Length].Neutral;

    /// <summary>The attributes of a part of the furniture: its class and its light colour.</summary>
    public static string Part(string name)
    {
        var part = Parts.First(p => p.Class == "dd-" + name);
        return $"class=\"{part.Class}\" {part.Property}=\"{part.Light}\"";
    }

    /// <summary>The attributes of a stroke in the colour of a series.</summary>
    public static string Stroke(int series) => $"class=\"dd-s{series % Series.Length}\" stroke=\"{Series[series % Series.Length].Light}\"";

    /// <summary>The attributes of a filling in the colour of a series.</summary>
    public static string Fill(int series) => $"class=\"dd-f{series % Series.Length}\" fill=\"{Series[series % Series.Length].Light}\"";

    private static string BuildStyleSheet()
    {
        var css = new StringBuilder("@media (prefers-color-scheme: dark){");
        foreach (var (name, property, _, dark) in Parts)
            css.Append(Invariant($".dd-chart .{name}{{{property}:{dark}}}"));
        for (var i = 0; i < Series.Length; i++)
            css.Append(Invariant($".dd-chart .dd-s{i}{{stroke:{Series[i].Dark}}}.dd-chart .dd-f{i}{{fill:{Series[i].Dark}}}"));
        return css.Append('}').ToString();
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
