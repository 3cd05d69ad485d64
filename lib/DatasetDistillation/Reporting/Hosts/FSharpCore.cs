using System.Reflection;
using System.Runtime.Loader;

namespace DatasetDistillation.Reporting;

/// <summary>
/// Lets Plotly.NET run where a notebook host carries an older FSharp.Core: Plotly.NET 6 asks for version 10.1, dotnet-repl 0.3.259 and
/// dotnet-interactive 1.0.712001 have loaded 10.0, and a process can use only one. A request that fails is answered with the one that is
/// loaded. This can go when the hosts carry the version that Plotly.NET asks for.
/// </summary>
internal static class FSharpCore
{
    private const string Name = "FSharp.Core";

    public static void AnswerRequests() => AppDomain.CurrentDomain.AssemblyResolve += static (_, request) =>
        new AssemblyName(request.Name).Name == Name ? Loaded() ?? FromFile() : null;

    private static Assembly? Loaded() =>
        AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(static assembly => assembly.GetName().Name == Name);

    /// <summary>The host's, in whatever version, where nothing has asked for it yet; else the one that came with the library.</summary>
    private static Assembly? FromFile()
    {
        var hosts = (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(Path.PathSeparator);
        var own = Path.Combine(Path.GetDirectoryName(typeof(FSharpCore).Assembly.Location) ?? "", "fsharp", Name + ".dll");
        var files = hosts.Append(own).Where(static file => Path.GetFileNameWithoutExtension(file) == Name && File.Exists(file));
        return files.FirstOrDefault() is { } found
            ? AssemblyLoadContext.Default.LoadFromAssemblyPath(found)
            : null;
    }
}
