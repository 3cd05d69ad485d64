using System.Collections;
using System.Globalization;
using System.Reflection;

namespace DatasetDistillation.Models;

/// <summary>
/// What a network is made of, in words that are the same in every process: how a file knows the network that it was made with.
/// Layers are described by their type's name and their fields, and so must be records of numbers, texts, and records of these.
/// </summary>
internal static class Description
{
    /// <summary>Name, shapes, layers and initialization.</summary>
    /// <exception cref="NotSupportedException">A layer holds something else, such as a function.</exception>
    public static string Of(Network network)
    {
        var layers = network.Layers.Select(l => Of(l.Layer, $"layer {l.Number} of {network.Name}"));
        return $"{network.Name} [{string.Join(", ", network.InputShape)}]: {string.Join(", ", layers)}; " +
            $"{Of(network.Initialization, $"the initialization of {network.Name}")}";
    }

    private static string Of(object? value, string owner) => value switch
    {
        null => "none",
        string text => $"'{text}'",
        bool or Enum => $"{value}",
        IFormattable number when value.GetType().IsPrimitive
            && value is not (nint or nuint) => number.ToString(null, CultureInfo.InvariantCulture),
        IList list => $"[{string.Join(", ", list.Cast<object?>().Select(each => Of(each, owner)))}]",
        _ when IsRecord(value.GetType()) => OfFields(value, owner),
        _ => throw new NotSupportedException(
            $"A {value.GetType().Name} in {owner} says nothing of what it does, "
            + "so that a file made with it could not be told from another's. "
            + "Make the layer a record of numbers and texts, or do without a checkpoint or file."),
    };

    private static string OfFields(object value, string owner)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var fields = Hierarchy(value.GetType())
            .SelectMany(static t => t.GetFields(Own))
            .OrderBy(static f => f.Name, StringComparer.Ordinal)
            .Select(f => $"{Name(f)} {Of(f.GetValue(value), owner)}")
            .ToArray();
        return fields.Length == 0 ? value.GetType().Name : $"{value.GetType().Name}({string.Join(", ", fields)})";
    }

    /// <summary>A property's own name where a field is only behind it.</summary>
    private static string Name(FieldInfo field) => field.Name.Split('<', '>') is ["", var property, ..] ? property : field.Name;

    private static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null
        || (type.IsValueType && type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic) is not null);

    private static IEnumerable<Type> Hierarchy(Type type)
    {
        for (Type? each = type; each is not null && each != typeof(object); each = each.BaseType)
            yield return each;
    }
}
