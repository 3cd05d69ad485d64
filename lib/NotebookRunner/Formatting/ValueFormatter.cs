using System.Globalization;
using System.Net;
using NotebookRunner.Api;

namespace NotebookRunner.Formatting;

/// <summary>Turns values into what a notebook shows: text by MIME type, binary types as base64.</summary>
internal static class ValueFormatter
{
    public const string Plain = "text/plain";
    public const string Html = "text/html";

    /// <summary>Formats a value.</summary>
    /// <param name="value">Any value; whatever its own code throws while it is being formatted is shown in its place.</param>
    /// <param name="mimeTypes">The types wanted; none means those that the value's type prefers.</param>
    /// <returns>At least one representation.</returns>
    public static Dictionary<string, string> Format(object? value, IReadOnlyCollection<string> mimeTypes)
    {
        try
        {
            var bundle = mimeTypes.Count == 0 ? Preferred(value) : Wanted(value, mimeTypes);
            return bundle.Count > 0 ? bundle : new() { [Plain] = PlainText(value) };
        }
        catch (Exception e)
        {
            return new() { [Plain] = $"{value?.GetType().FullName} cannot be shown: {e.GetType().Name}: {e.Message}" };
        }
    }

    private static Dictionary<string, string> Preferred(object? value)
    {
        if (value is IHtmlContent html)
            return new() { [Html] = Markup(html) };
        if (IsSimple(value))
            return new() { [Plain] = PlainText(value) };
        if (TypeFormatters.Of(value!.GetType()) is { } formatters)
            return formatters.Preferred(value);
        return new() { [Html] = new HtmlView().Write(value), [Plain] = new PlainView().Write(value) };
    }

    private static Dictionary<string, string> Wanted(object? value, IReadOnlyCollection<string> mimeTypes)
    {
        var bundle = new Dictionary<string, string>();
        foreach (var type in mimeTypes)
        {
            if (As(value, type) is { } text)
                bundle[type] = text;
        }
        return bundle;
    }

    private static string? As(object? value, string mimeType)
    {
        if (value is IHtmlContent html && mimeType is Html or Plain)
            return Markup((IHtmlContent)value);
        if (value is not null && TypeFormatters.Of(value.GetType())?.Format(value, mimeType) is { } text)
            return text;
        return mimeType switch
        {
            Plain => PlainText(value),
            Html => IsSimple(value) ? WebUtility.HtmlEncode(PlainText(value)) : new HtmlView().Write(value),
            _ => value as string,
        };
    }

    /// <summary>Whether a value is shown as one piece of text.</summary>
    public static bool IsSimple(object? value) => value is null or string or Enum or Type or Guid or Uri or Version or Exception
        || value.GetType().IsPrimitive || value is IFormattable and (decimal or DateTime or DateTimeOffset or TimeSpan or DateOnly or TimeOnly or Half or Int128 or UInt128 or System.Numerics.BigInteger or System.Numerics.Complex);

    /// <summary>A value as text without markup.</summary>
    public static string PlainText(object? value) => value switch
    {
        null => "<null>",
        string text => text,
        Exception e => $"{e.GetType().FullName}: {e.Message}",
        Type type => type.FullName ?? type.Name,
        IFormattable simple when IsSimple(value) => simple.ToString(null, CultureInfo.InvariantCulture),
        _ when IsSimple(value) => value.ToString() ?? "",
        _ => new PlainView().Write(value),
    };

    public static string Markup(IHtmlContent content)
    {
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        content.WriteTo(writer);
        return writer.ToString();
    }
}
