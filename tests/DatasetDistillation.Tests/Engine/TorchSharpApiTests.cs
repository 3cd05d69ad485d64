using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using TorchSharp;
using Xunit;

namespace DatasetDistillation.Tests.Engine;

/// <summary>
/// Holds the code against TorchSharp 0.107 where its packages are not at hand: <c>torchsharp-0.107-api.txt</c> has the real assembly's
/// signatures, all overloads of each name that the embedded engine offers.
/// </summary>
public class TorchSharpApiTests
{
    private static readonly Assembly Engine = typeof(torch).Assembly;
    private static readonly HashSet<string> Real =
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "fixtures", "torchsharp-0.107-api.txt")).Where(line => line.Length > 0)];

    [SkippableFact]
    public void TheEmbeddedEngineOffersNothingThatTorchSharpLacks()
    {
        Skip.If(Compute.Engine.StartsWith("TorchSharp", StringComparison.Ordinal), "The engine is TorchSharp itself.");
        AssertReal(ApiSignature.Declared(Engine));
    }

    [Theory]
    [InlineData(typeof(Compute))]
    [InlineData(typeof(TorchSharpApiTests))]
    public void NothingIsUsedThatTorchSharpLacks(Type from)
    {
        var used = UsedMembers(from.Assembly).ToArray();
        Assert.Contains(used, member => member.Member.Name == nameof(torch.matmul));
        AssertReal(used);
    }

    private static void AssertReal(IEnumerable<(Type Type, MemberInfo Member)> members)
    {
        var unknown = members.Select(member => ApiSignature.Of(member.Type, member.Member)).Distinct().Where(line => !IsReal(line));
        Assert.True(!unknown.Any(), $"TorchSharp 0.107 has no such members:\n{string.Join('\n', unknown.Order(StringComparer.Ordinal))}");
    }

    /// <summary><c>Adam.ParamGroup</c> and <c>AdamW.ParamGroup</c> are one class in the embedded engine.</summary>
    private static bool IsReal(string line) => new[] { line.Replace("AdamFamily", "Adam"), line.Replace("AdamFamily", "AdamW") }
        .Any(name => Real.Any(real => ApiSignature.Serves(real, name)));

    /// <summary>The engine's members that an assembly's metadata refers to.</summary>
    private static IEnumerable<(Type Type, MemberInfo Member)> UsedMembers(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var metadata = file.GetMetadataReader();
        Type[] anything = [.. Enumerable.Repeat(typeof(float), 4)]; // fits every generic parameter of the engine
        foreach (var handle in metadata.MemberReferences)
            if (IsOfEngine(metadata, metadata.GetMemberReference(handle).Parent))
            {
                var used = assembly.ManifestModule.ResolveMember(MetadataTokens.GetToken(handle), anything, anything)!;
                var member = used.Module.ResolveMember(used.MetadataToken)!; // of the generic type's definition
                var type = member.DeclaringType!;
                yield return (type, type.GetProperties().FirstOrDefault(property => property.GetAccessors().Contains(member)) ?? member);
            }
    }

    private static bool IsOfEngine(MetadataReader metadata, EntityHandle parent) => parent.Kind switch
    {
        HandleKind.TypeReference => IsOfEngine(metadata, metadata.GetTypeReference((TypeReferenceHandle)parent).ResolutionScope),
        HandleKind.AssemblyReference =>
            metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)parent).Name) == Engine.GetName().Name,
        HandleKind.TypeSpecification => IsOfEngine(metadata, Definition(metadata, (TypeSpecificationHandle)parent)),
        _ => false,
    };

    /// <summary>The generic type that a specification instantiates, such as <c>TensorAccessor</c> of <c>TensorAccessor&lt;float&gt;</c>.</summary>
    private static EntityHandle Definition(MetadataReader metadata, TypeSpecificationHandle handle)
    {
        var signature = metadata.GetBlobReader(metadata.GetTypeSpecification(handle).Signature);
        if (signature.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
            return default;
        signature.ReadSignatureTypeCode(); // class or value type
        return signature.ReadTypeHandle();
    }
}
