using System.Globalization;
using System.Reflection;

namespace DatasetDistillation.Tests.Engine;

/// <summary>
/// A public member as one line of text, with all that source code can depend on: the names and defaults of parameters too. A field
/// and a property look the same, and a member that is inherited looks like one of the type itself, as they do in source code.
/// </summary>
internal static class ApiSignature
{
    private const BindingFlags Public = BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance;

    /// <summary>Every public member that the public types of an assembly declare.</summary>
    public static IEnumerable<(Type Type, MemberInfo Member)> Declared(Assembly assembly) =>
        from type in assembly.GetExportedTypes() from member in Members(type, BindingFlags.DeclaredOnly) select (type, member);

    /// <summary>Every public member that the public types of an assembly have, inherited ones too.</summary>
    public static IEnumerable<(Type Type, MemberInfo Member)> All(Assembly assembly) =>
        from type in assembly.GetExportedTypes() from member in Members(type, BindingFlags.FlattenHierarchy) select (type, member);

    /// <summary>What overloads have in common.</summary>
    public static string Group(Type type, MemberInfo member) =>
        $"{Name(type)}.{(member is PropertyInfo property && property.GetIndexParameters().Length > 0 ? "this" : member.Name)}";

    public static string Of(Type type, MemberInfo member) => member switch
    {
        FieldInfo field => Variable(field.IsStatic, field.FieldType, Group(type, field), "", !(field.IsInitOnly || field.IsLiteral)),
        PropertyInfo property => Variable(
            property.GetAccessors()[0].IsStatic, property.PropertyType, Group(type, property), Indices(property), property.GetSetMethod() is not null),
        MethodInfo method => $"{Static(method.IsStatic)}{Returned(method)} {Group(type, method)}{Generic(method)}({Parameters(method)})",
        ConstructorInfo constructor => $"new {Name(type)}({Parameters(constructor)})",
        _ => throw new ArgumentException($"{member} is neither a field, a property nor a method.", nameof(member)),
    };

    /// <summary>Whether source code written for one signature compiles with the other, which may have further optional parameters and a setter.</summary>
    public static bool Serves(string real, string used)
    {
        if (real == used || real == used.Replace("{ get; }", "{ get; set; }", StringComparison.Ordinal))
            return true;
        if (!used.EndsWith(')') || !real.StartsWith(used[..^1], StringComparison.Ordinal))
            return false;
        var more = real[(used.Length - 1)..^1].Split(", ", StringSplitOptions.RemoveEmptyEntries);
        return more.All(parameter => parameter.Contains(" = ", StringComparison.Ordinal));
    }

    private static IEnumerable<MemberInfo> Members(Type type, BindingFlags which) => type.GetMembers(Public | which)
        .Where(member => member.DeclaringType!.FullName != typeof(object).FullName)
        .Where(member => member switch
        {
            FieldInfo field => !field.IsSpecialName,
            PropertyInfo => true,
            ConstructorInfo => true,
            MethodInfo { IsSpecialName: true } method => method.Name.StartsWith("op_", StringComparison.Ordinal),
            MethodInfo { IsVirtual: true } method => method.GetBaseDefinition().DeclaringType!.FullName != typeof(object).FullName,
            MethodInfo => true,
            _ => false,
        });

    private static string Variable(bool isStatic, Type type, string name, string indices, bool isWritable) =>
        $"{Static(isStatic)}{Name(type)} {name}{indices}{(isWritable ? " { get; set; }" : " { get; }")}";

    private static string Indices(PropertyInfo property) =>
        property.GetIndexParameters() is { Length: > 0 } indices ? $"[{string.Join(", ", indices.Select(Parameter))}]" : "";

    /// <summary>The type returned, with the names of a tuple's elements.</summary>
    private static string Returned(MethodInfo method)
    {
        var names = method.ReturnParameter.CustomAttributes.FirstOrDefault(attribute => attribute.AttributeType.Name == "TupleElementNamesAttribute");
        if (names?.ConstructorArguments[0].Value is not IReadOnlyList<CustomAttributeTypedArgument> elements || !method.ReturnType.Name.StartsWith("ValueTuple", StringComparison.Ordinal))
            return Name(method.ReturnType);
        return $"({string.Join(", ", method.ReturnType.GetGenericArguments().Zip(elements, (type, name) => $"{Name(type)} {name.Value}"))})";
    }

    private static string Static(bool isStatic) => isStatic ? "static " : "";

    private static string Generic(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(type => type.Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var isParams = parameter.CustomAttributes.Any(attribute => attribute.AttributeType.Name is "ParamArrayAttribute" or "ParamCollectionAttribute");
        var value = parameter.HasDefaultValue ? $" = {Default(parameter.RawDefaultValue)}" : "";
        return $"{(isParams ? "params " : "")}{Name(parameter.ParameterType)} {parameter.Name}{value}";
    }

    private static string Default(object? value) => value switch
    {
        null or Missing => "default",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static string Name(Type type)
    {
        if (type.IsArray)
            return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (type.IsByRef)
            return $"ref {Name(type.GetElementType()!)}";
        if (type.IsGenericParameter)
            return type.Name;
        var plain = type.DeclaringType is { } outer ? $"{Name(outer)}.{Bare(type)}" : type.FullName is { } full && Keywords.TryGetValue(full, out var keyword) ? keyword : Bare(type);
        if (!type.IsGenericType)
            return plain;
        var arguments = type.GetGenericArguments().Select(Name).ToArray();
        return plain switch
        {
            "Nullable" => $"{arguments[0]}?",
            "ValueTuple" => $"({string.Join(", ", arguments)})",
            _ => $"{plain}<{string.Join(", ", arguments)}>",
        };
    }

    private static string Bare(Type type) => type.Name.Split('`')[0];

    private static readonly Dictionary<string, string> Keywords = new()
    {
        ["System.Void"] = "void",
        ["System.Object"] = "object",
        ["System.String"] = "string",
        ["System.Boolean"] = "bool",
        ["System.Char"] = "char",
        ["System.Byte"] = "byte",
        ["System.Int32"] = "int",
        ["System.Int64"] = "long",
        ["System.Single"] = "float",
        ["System.Double"] = "double",
    };
}
