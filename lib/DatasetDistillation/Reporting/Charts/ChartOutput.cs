using Plotly.NET;

namespace DatasetDistillation.Reporting;

/// <content>Charts as what a host shows that has no formatter for them.</content>
public static partial class Charts
{
    /// <summary>A fragment of HTML: an image of the chart, and a script that puts the interactive one in its place where it can.</summary>
    public static string ToHtml(this GenericChart chart) => ChartHtml.Of(chart);

    /// <summary>A line of text for terminals: headings, axes, and what the curves do.</summary>
    public static string ToText(this GenericChart chart) => ChartText.Of(chart);
}
