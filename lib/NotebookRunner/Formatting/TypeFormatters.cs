using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;

namespace NotebookRunner.Formatting;

/// <summary>
/// The formatters that a type declares by names alone: an attribute called <c>TypeFormatterSourceAttribute</c> with
/// <c>FormatterSourceType</c> and <c>PreferredMimeTypes</c>, on the type, a base class or an interface; a source with
/// <c>CreateTypeFormatters()</c>; formatters with <c>MimeType</c> and <c>bool Format(object, TextWriter)</c>.
/// </summary>
internal sealed class TypeFormatters
{
    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
    private static readonly ConcurrentDictionary<Type, TypeFormatters?> s_known = new();
    private readonly List<(string MimeType, Func<object, TextWriter, bool> Format)> _formatters;
    private readonly IReadOnlyList<string> _preferred;

    private TypeFormatters(List<(string MimeType, Func<object, TextWriter, bool> Format)> formatters, IReadOnlyList<string> preferred)
    {
        _formatters = formatters;
        _preferred = preferred.Count > 0 ? preferred : [.. formatters.Select(f => f.MimeType)];
    }

    /// <summary>The formatters of a type, or <see langword="null"/> when it declares none.</summary>
    public static TypeFormatters? Of(Type type) => s_known.GetOrAdd(type, Find);

    /// <summary>All the representations that the type prefers.</summary>
    public Dictionary<string, string> Preferred(object value)
    {
        var bundle = new Dictionary<string, string>();
        foreach (var type in _preferred)
        {
            if (Format(value, type) is { } text)
                bundle[type] = text;
        }
        return bundle;
    }

    /// <summary>One representation, or <see langword="null"/> when the value has none of this type.</summary>
    public string? Format(object value, string mimeType)
    {
        foreach (var (type, format) in _formatters)
        {
            using var writer = new StringWriter(CultureInfo.InvariantCulture);
            if (type == mimeType && format(value, writer))
                return writer.ToString();
        }
        return null;
    }

    private static TypeFormatters? Find(Type type)
    {
        for (var candidate = type; candidate is not null; candidate = candidate.BaseType)
        {
            if (Declared(candidate) is { } own)
                return own;
        }
        return type.GetInterfaces().Select(Declared).FirstOrDefault(f => f is not null);
    }

    private static TypeFormatters? Declared(Type type)
    {
        var attribute = type.GetCustomAttributes(inherit: false).FirstOrDefault(a => a.GetType().Name == "TypeFormatterSourceAttribute");
        if (attribute is null || Get(attribute, "FormatterSourceType") is not Type sourceType)
            return null;
        var source = Activator.CreateInstance(sourceType, nonPublic: true)!;
        var create = sourceType.GetMethod("CreateTypeFormatters", Instance, [])
            ?? throw new InvalidOperationException($"{sourceType} has no method CreateTypeFormatters().");
        var formatters = ((IEnumerable<object>)create.Invoke(source, null)!).Select(Bind).ToList();
        return new TypeFormatters(formatters, Get(attribute, "PreferredMimeTypes") as string[] ?? []);
    }

    private static (string, Func<object, TextWriter, bool>) Bind(object formatter)
    {
        var method = formatter.GetType().GetMethod("Format", Instance, [typeof(object), typeof(TextWriter)])
            ?? throw new InvalidOperationException($"{formatter.GetType()} has no method bool Format(object, TextWriter).");
        var mimeType = Get(formatter, "MimeType") as string
            ?? throw new InvalidOperationException($"{formatter.GetType()} has no property string MimeType.");
        return (mimeType, method.CreateDelegate<Func<object, TextWriter, bool>>(formatter));
    }

    private static object? Get(object target, string property) => target.GetType().GetProperty(property, Instance)?.GetValue(target);
}
