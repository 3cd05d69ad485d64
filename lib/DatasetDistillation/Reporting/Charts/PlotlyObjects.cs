using Microsoft.FSharp.Collections;
using Plotly.NET;

namespace DatasetDistillation.Reporting;

/// <summary>
/// Plotly.NET's objects by the names of plotly.js's figure reference, which Plotly.NET's F# functions take as optional arguments.
/// </summary>
internal static class PlotlyObjects
{
    /// <summary>Sets a property; null leaves it as it is.</summary>
    public static T With<T>(this T target, string name, object? value)
        where T : DynamicObj.DynamicObj
    {
        if (value is not null)
            target.SetProperty(name, value);
        return target;
    }

    /// <summary>The value of a property; null where it is not set.</summary>
    public static object? Get(this DynamicObj.DynamicObj target, string name) => target.TryGetPropertyValue(name)?.Value;

    /// <summary>A copy whose properties may be set without changing the original's; what they hold is shared.</summary>
    public static T Copy<T>(this T original)
        where T : DynamicObj.DynamicObj, new()
    {
        var copy = new T();
        foreach (var (name, value) in original.GetProperties(true))
            copy.SetProperty(name, value);
        return copy;
    }

    public static GenericChart Chart(IEnumerable<Trace> traces, Layout layout) =>
        GenericChart.setLayout(layout, GenericChart.ofTraceObjects(false, ListModule.OfSeq(traces)));
}
