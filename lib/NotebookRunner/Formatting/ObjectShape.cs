using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace NotebookRunner.Formatting;

/// <summary>Looks into values that have no formatter of their own, without ever failing on them.</summary>
internal static class ObjectShape
{
    /// <summary>How many items of a collection are shown.</summary>
    public const int MaxItems = 50;

    /// <summary>How deep objects are shown within objects.</summary>
    public const int MaxDepth = 4;

    /// <summary>The first <see cref="MaxItems"/> items of a collection, and whether there are more.</summary>
    public static (List<object?> Items, bool More) Items(IEnumerable values)
    {
        var items = new List<object?>();
        try
        {
            foreach (var item in values)
            {
                if (items.Count == MaxItems)
                    return (items, true);
                items.Add(item);
            }
        }
        catch (Exception e)
        {
            items.Add(new Failure(e));
        }
        return (items, false);
    }

    /// <summary>The public properties and fields of an object; a getter that throws has its exception as its value.</summary>
    public static List<(string Name, object? Value)> Members(object value)
    {
        var type = value.GetType();
        if (value is ITuple tuple)
            return [.. Enumerable.Range(0, tuple.Length).Select(i => ($"Item{i + 1}", tuple[i]))];

        var members = new List<(string, object?)>();
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
        {
            if (property.CanRead && property.GetIndexParameters().Length == 0 && IsShowable(property.PropertyType))
                members.Add((property.Name, Read(() => property.GetValue(value))));
        }
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public))
        {
            if (IsShowable(field.FieldType))
                members.Add((field.Name, Read(() => field.GetValue(value))));
        }
        return members;
    }

    /// <summary>Whether an object is to be shown by what it says of itself and not by its members.</summary>
    public static bool SpeaksForItself(object value)
    {
        var type = value.GetType();
        return value is Delegate or Task or MemberInfo or Assembly
            || (type.GetMethod("<Clone>$") is null && !type.IsDefined(typeof(CompilerGeneratedAttribute), false) && value is not ITuple
                && type.GetMethod(nameof(ToString), [])?.DeclaringType is { } declaring
                && declaring != typeof(object) && declaring != typeof(ValueType));
    }

    /// <summary>What an object says of itself.</summary>
    public static string Say(object value)
    {
        try
        {
            return value switch
            {
                Task task => $"{TypeName(task.GetType())} ({task.Status})",
                Delegate => TypeName(value.GetType()),
                _ => value.ToString() ?? TypeName(value.GetType()),
            };
        }
        catch (Exception e)
        {
            return new Failure(e).ToString();
        }
    }

    /// <summary>A type's name as C# spells it.</summary>
    public static string TypeName(Type type)
    {
        if (type.IsArray)
            return TypeName(type.GetElementType()!) + "[" + new string(',', type.GetArrayRank() - 1) + "]";
        if (type.IsDefined(typeof(CompilerGeneratedAttribute), false) && type.Name.Contains("AnonymousType", StringComparison.Ordinal))
            return "";
        var name = type.Name.Split('`')[0];
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(TypeName))}>" : name;
    }

    private static object? Read(Func<object?> read)
    {
        try
        {
            return read();
        }
        catch (Exception e)
        {
            return new Failure((e as TargetInvocationException)?.InnerException ?? e);
        }
    }

    private static bool IsShowable(Type type) => !type.IsByRefLike && !type.IsByRef && !type.IsPointer && !type.IsFunctionPointer;

    /// <summary>Stands for a value that could not be read.</summary>
    public sealed class Failure(Exception exception)
    {
        public override string ToString() => $"!{exception.GetType().Name}: {exception.Message}";
    }
}
