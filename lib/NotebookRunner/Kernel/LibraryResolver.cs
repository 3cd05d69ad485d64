using System.Collections.Immutable;
using System.Reflection;
using Microsoft.CodeAnalysis;

namespace NotebookRunner.Kernel;

/// <summary>Finds what <c>#r</c> names, relative to the current directory, and the libraries that those need.</summary>
internal sealed class LibraryResolver(NotebookLoadContext context) : MetadataReferenceResolver
{
    private readonly Dictionary<string, PortableExecutableReference> _references = [];

    public override bool ResolveMissingAssemblies => true;

    /// <exception cref="CellException">The reference names a package, or a file that is not there.</exception>
    public override ImmutableArray<PortableExecutableReference> ResolveReference(
        string reference, string? baseFilePath, MetadataReferenceProperties properties)
    {
        if (reference.StartsWith("nuget:", StringComparison.OrdinalIgnoreCase))
            throw new CellException("ReferenceError",
                $"#r \"{reference}\": this runner restores no packages. Reference the package from a project, build that, and #r the DLL in its output folder.");

        if (NotebookLoadContext.FrameworkAssembly(reference) is { } framework)
            return [Reference(framework)];
        var path = Path.GetFullPath(reference);
        if (!File.Exists(path))
            throw new CellException("ReferenceError",
                $"#r \"{reference}\": there is no file {path}. Build first with: dotnet build -c Release");
        if (!IsAssembly(path))
            throw new CellException("ReferenceError", $"#r \"{reference}\": {path} is not a .NET assembly.");
        context.AddLibrary(path);
        return [Reference(path)];
    }

    public override PortableExecutableReference? ResolveMissingAssembly(MetadataReference definition, AssemblyIdentity referenceIdentity) =>
        context.FindAssembly(new AssemblyName(referenceIdentity.Name)) is { } path ? Reference(path) : null;

    public override bool Equals(object? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    private static bool IsAssembly(string path)
    {
        try
        {
            AssemblyName.GetAssemblyName(path);
            return true;
        }
        catch (BadImageFormatException)
        {
            return false;
        }
    }

    private PortableExecutableReference Reference(string path)
    {
        if (!_references.TryGetValue(path, out var reference))
            _references.Add(path, reference = MetadataReference.CreateFromFile(path));
        return reference;
    }
}
