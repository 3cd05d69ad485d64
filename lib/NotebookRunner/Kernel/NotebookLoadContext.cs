using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace NotebookRunner.Kernel;

/// <summary>
/// Where a notebook's cells and the libraries they reference are loaded. A library's dependencies, managed and native, are
/// those its <c>.deps.json</c> names or that lie beside it; they never mix with the runner's own, and each is loaded once,
/// so that a type is the same type in every cell.
/// </summary>
internal sealed class NotebookLoadContext() : AssemblyLoadContext("notebook")
{
    private static readonly string s_frameworkFolder = RuntimeEnvironment.GetRuntimeDirectory();
    private readonly Dictionary<string, Assembly> _cells = [];
    private readonly Dictionary<string, string> _paths = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(string Folder, AssemblyDependencyResolver Resolver)> _libraries = [];

    /// <summary>The file of an assembly that belongs to .NET itself, or <see langword="null"/>.</summary>
    public static string? FrameworkAssembly(string name) =>
        Path.Combine(s_frameworkFolder, name + ".dll") is var path && File.Exists(path) ? path : null;

    /// <summary>Makes a library and what lies beside it loadable.</summary>
    public void AddLibrary(string path)
    {
        if (_paths.TryAdd(Path.GetFileNameWithoutExtension(path), path))
            _libraries.Add((Path.GetDirectoryName(path)!, new AssemblyDependencyResolver(path)));
    }

    /// <summary>Loads a compiled cell.</summary>
    public Assembly LoadCell(Stream image, Stream symbols)
    {
        var assembly = LoadFromStream(image, symbols);
        _cells.Add(assembly.GetName().Name!, assembly);
        return assembly;
    }

    /// <summary>The file of an assembly that one of the libraries needs, if it is found.</summary>
    public string? FindAssembly(AssemblyName name)
    {
        if (_paths.TryGetValue(name.Name!, out var path))
            return path;
        foreach (var (folder, resolver) in _libraries)
        {
            var candidate = resolver.ResolveAssemblyToPath(name) ?? Path.Combine(folder, name.Name + ".dll");
            if (File.Exists(candidate))
                return candidate;
        }
        return null;
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var name = assemblyName.Name!;
        if (_cells.TryGetValue(name, out var cell))
            return cell;
        if (name == typeof(NotebookLoadContext).Assembly.GetName().Name || FrameworkAssembly(name) is not null)
            return null;
        return FindAssembly(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        foreach (var (folder, resolver) in _libraries)
        {
            string[] candidates =
            [
                resolver.ResolveUnmanagedDllToPath(unmanagedDllName) ?? "",
                .. NativeNames(unmanagedDllName).Select(name => Path.Combine(folder, name)),
                .. NativeNames(unmanagedDllName).Select(
                    name => Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", name)),
            ];
            if (candidates.FirstOrDefault(File.Exists) is { } path)
                return LoadUnmanagedDllFromPath(path);
        }
        return 0;
    }

    private static string[] NativeNames(string name) =>
        OperatingSystem.IsWindows() ? [name, name + ".dll"]
        : OperatingSystem.IsMacOS() ? [name, $"lib{name}.dylib", name + ".dylib"]
        : [name, $"lib{name}.so", name + ".so"];
}
