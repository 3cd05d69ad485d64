using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DatasetDistillation.Engine;

/// <summary>
/// Loads libtorch from the folder of this library, before anything touches a tensor. A notebook host looks for native files in
/// places of its own and would report CUDA as missing where a console program finds it.
/// </summary>
internal static class NativeLibraries
{
    /// <summary>What was in the way of loading libtorch, with what to do; null if nothing was.</summary>
    public static string? Failure { get; private set; }

    /// <summary>Why CUDA's part of libtorch is not loaded; null if it is.</summary>
    public static string? WhyNotCuda { get; private set; }

    /// <summary>Whether NVIDIA's driver is installed.</summary>
    public static bool HasDriver =>
        NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out _);

#pragma warning disable CA2255 // A library that notebooks load has no Main in which to do this.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Load()
    {
        var folder = Path.GetDirectoryName(typeof(NativeLibraries).Assembly.Location) ?? "";
        var folders = new[] { folder, Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native") };

        WhyNotCuda = TryLoad("torch_cuda", folders) switch
        {
            null => "this build has libtorch for the processor; build with -p:Stack=cuda for an NVIDIA GPU",
            "" => null,
            var reason => $"libtorch for CUDA does not load ({reason})",
        };
        foreach (var name in new[] { "torch_cpu", "LibTorchSharp" })
            Failure ??= TryLoad(name, folders) switch
            {
                null => $"There is no '{FileName(name)}' in '{folder}'. Build the library anew (dotnet build -c Release -p:Stack=cpu); "
                    + "on a platform that libtorch is not made for, build without -p:Stack for the embedded engine.",
                "" => null,
                var reason => $"'{FileName(name)}' in '{folder}' does not load ({reason}). "
                    + "The packages of TorchSharp and libtorch must belong together: delete the folder and build again.",
            };
    }

    /// <summary>Null where there is no such file, "" where it is loaded, else what is in the way.</summary>
    private static string? TryLoad(string name, IEnumerable<string> folders)
    {
        var file = folders.Select(folder => Path.Combine(folder, FileName(name))).FirstOrDefault(File.Exists);
        if (file is null)
            return null;
        try
        {
            NativeLibrary.Load(file);
            return "";
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            return exception.Message.Split('\n')[0].Trim();
        }
    }

    private static string FileName(string name) =>
        OperatingSystem.IsWindows() ? name + ".dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";
}
