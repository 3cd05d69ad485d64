using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;

namespace DatasetDistillation.Tests;

/// <summary>The public types and members are those of <c>PublicSurface.txt</c>, so that they change on purpose.</summary>
public class PublicSurfaceTests
{
    private const int MostTypes = 80;
    private const string Rewrite = "DISTILLATION_REWRITE_SURFACE";

    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    private static string FilePath([CallerFilePath] string source = "") =>
        Path.Combine(Path.GetDirectoryName(source)!, "PublicSurface.txt");

    [Fact]
    public void IsWrittenDown()
    {
        string[] actual = [.. PublicTypes().SelectMany(Lines)];
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
            File.WriteAllLines(FilePath(), actual);
        string[] written = File.ReadAllLines(FilePath());
        var changes = actual.Except(written)
            .Select(static line => "+ " + line)
            .Concat(written.Except(actual).Select(static line => "- " + line));
        Assert.True(!changes.Any(), $"The public surface is not that of {FilePath()}:\n{string.Join('\n', changes)}\n"
            + $"If that is meant: {Rewrite}=1 dotnet test -c Release tests/DatasetDistillation.Tests --filter " +
                $"{nameof(PublicSurfaceTests)}");
    }

    [Fact]
    public void IsSmall() => Assert.InRange(PublicTypes().Count(), 1, MostTypes);

    private static IEnumerable<Type> PublicTypes() =>
        typeof(Compute).Assembly.GetExportedTypes().OrderBy(static type => type.FullName, StringComparer.Ordinal);

    private static IEnumerable<string> Lines(Type type)
    {
        IEnumerable<string> members = type.IsEnum
            ? Enum.GetNames(type)
            : typeof(Delegate).IsAssignableFrom(type)
                ? [Signature(type.GetMethod("Invoke")!)]
                : type.GetMembers(Declared).Where(IsPublic).Select(Signature).Order(StringComparer.Ordinal);
        return members.Select(member => $"{Name(type)}: {member}").Prepend($"{Kind(type)} {type.Namespace}.{Name(type)}");
    }

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    /// <summary>
    /// Whether callers or derived types see it and it was written by hand: not what a compiler adds to a record, nor an accessor.
    /// </summary>
    private static bool IsPublic(MemberInfo member) => !member.IsDefined(typeof(CompilerGeneratedAttribute), false) && member switch
    {
        MethodBase method =>
            IsSeen(method)
            && (!method.IsSpecialName || method.IsConstructor || method.Name.StartsWith("op_", StringComparison.Ordinal))
            && !IsObjects(method),
        PropertyInfo property => property.GetAccessors(true).Any(IsSeen),
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        _ => false,
    };

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    /// <summary>What every type has: it is no part of the surface that it is overridden.</summary>
    private static bool IsObjects(MethodBase method) =>
        method is MethodInfo info && info.GetBaseDefinition().DeclaringType == typeof(object);

    private static string Signature(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"new{Parameters(constructor)}",
        MethodInfo method => $"{Name(method.ReturnType)} {method.Name}{Generics(method)}{Parameters(method)}",
        PropertyInfo property => $"{Name(property.PropertyType)} {property.Name}{Accessors(property)}",
        FieldInfo field => $"{Name(field.FieldType)} {field.Name}",
        _ => member.ToString()!,
    };

    private static string Accessors(PropertyInfo property)
    {
        var set = property.SetMethod is { } method && IsSeen(method)
            ? method.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init; " : "set; "
            : "";
        var index = property.GetIndexParameters();
        return $"{(index.Length > 0 ? $"[{Parameters(index)}]" : "")} {{ {(property.GetMethod is null ? "" : "get; ")}{set}}}";
    }

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Parameters(MethodBase method) =>
        $"({(method.IsDefined(typeof(ExtensionAttribute), false) ? "this " : "")}{Parameters(method.GetParameters())})";

    private static string Parameters(IEnumerable<ParameterInfo> parameters) => string.Join(", ", parameters.Select(static parameter =>
        $"{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {Default(parameter)}" : "")}"));

    private static string Default(ParameterInfo parameter) => parameter.DefaultValue switch
    {
        null => parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null ? "default" : "null",
        string text => $"\"{text}\"",
        bool value => value ? "true" : "false",
        var value => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Name(Type type)
    {
        if (Keywords.TryGetValue(type, out var keyword))
            return keyword;
        if (type.IsArray)
            return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Name(value) + "?";
        var name = type.IsNested && !type.IsGenericParameter ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Name;
        return type.IsGenericType ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
