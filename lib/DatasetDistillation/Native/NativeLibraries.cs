using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace DatasetDistillation.Native;

/// <summary>
/// Loads libtorch before anything touches a tensor, and from the library's own output folder also where this assembly is a copy
/// beside some program, so that half a gigabyte lies in one place alone.
/// </summary>
internal static class NativeLibraries
{
    /// <summary>
    /// In the order of their dependencies: what is loaded already is not looked for, and no other libtorch of the system's or on
    /// LD_LIBRARY_PATH can come in its place.
    /// </summary>
    private static readonly string[] InOrder = ["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch", "LibTorchSharp"];

    private static readonly string[] Needed = ["torch_cpu", "LibTorchSharp"];

    private static Outcome outcome = new(null, null);

    /// <summary>What was in the way of loading libtorch, with what to do; null if nothing was.</summary>
    public static string? Failure => outcome.Failure;

    /// <summary>Why CUDA's part of libtorch is not loaded; null if it is.</summary>
    public static string? WhyNotCuda => outcome.WhyNotCuda;

    /// <summary>Whether NVIDIA's driver is installed.</summary>
    public static bool HasDriver =>
        NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out _);

    /// <exception cref="InvalidOperationException">libtorch is not loaded, with what to do.</exception>
    public static void ThrowIfNotLoaded()
    {
        if (Failure is not null)
            throw new InvalidOperationException(Failure);
    }

#pragma warning disable CA2255 // A library that notebooks load has no Main in which to do this.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Load()
    {
        ProcessSettings.Apply(Compute.IsFused, isTorchLoaded: LoadedFiles().Any(file => Path.GetFileName(file) == FileName("torch_cpu")));
        var assembly = typeof(NativeLibraries).Assembly;
        var data = assembly.GetCustomAttributes<AssemblyMetadataAttribute>().ToLookup(entry => entry.Key, entry => entry.Value ?? "");
        var folders = Folders(Path.GetDirectoryName(assembly.Location) ?? "", data["NativeFolder"].First(), data["NativeFolderInRepository"].First());
        outcome = LoadFrom(folders);
        if (Failure is not null)
            return;
        // Where the system does not find by its name what is loaded already, TorchSharp asks here.
        AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly)!.ResolvingUnmanagedDll += (caller, name) =>
            caller == typeof(torch).Assembly && Find(name, folders) is { } file && NativeLibrary.TryLoad(file, out var handle) ? handle : 0;
        try
        {
            Compute.Threads = ProcessSettings.Threads(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"));
        }
        catch (Exception exception) when (exception is TypeInitializationException or TypeLoadException or SEHException)
        {
            var reason = exception.InnerException ?? exception;
            outcome = outcome with { Failure = $"TorchSharp does not start: {reason.Message}" };
        }
    }

    /// <summary>Where the native files may be, the likeliest place first.</summary>
    /// <param name="own">The folder of this assembly.</param>
    /// <param name="built">The library's output folder.</param>
    /// <param name="inRepository">The same from the repository's root, which a copy of the repository has elsewhere.</param>
    internal static IReadOnlyList<string> Folders(string own, string built, string inRepository)
    {
        var folders = new List<string>();
        for (var parent = own; !string.IsNullOrEmpty(parent); parent = Path.GetDirectoryName(parent))
            folders.Add(Path.Combine(parent, inRepository));
        return [.. folders, built, own, Path.Combine(own, "runtimes", RuntimeInformation.RuntimeIdentifier, "native")];
    }

    /// <summary>Loads what there is in the first of the folders that has TorchSharp's library.</summary>
    internal static Outcome LoadFrom(IReadOnlyList<string> folders)
    {
        if (Find("LibTorchSharp", folders) is not { } bridge)
            return new Outcome(
                $"There is no '{FileName("LibTorchSharp")}' in {string.Join(" or ", folders.Where(Directory.Exists).Distinct().Select(folder => $"'{folder}'"))}. "
                + "Build the library: dotnet build -c Release. libtorch is made for Linux and Windows x64 and for macOS on Arm; "
                + $"this is {RuntimeInformation.RuntimeIdentifier}.", null);

        var folder = Path.GetDirectoryName(bridge)!;
        string? failure = null, whyNotCuda = null;
        foreach (var name in InOrder)
        {
            var reason = TryLoad(Path.Combine(folder, FileName(name)));
            if (name == "torch_cuda")
                whyNotCuda = reason switch
                {
                    null => "this build has libtorch for the processor; build with -p:Torch=cuda for an NVIDIA GPU",
                    "" => null,
                    _ => $"libtorch for CUDA does not load: {reason}",
                };
            else if (Needed.Contains(name) && reason is null)
                failure ??= $"There is no '{FileName(name)}' in '{folder}'. Delete the folder and build again: dotnet build -c Release.";
            else if (Needed.Contains(name) && reason is not "")
                failure ??= $"'{FileName(name)}' in '{folder}' does not load: {reason}. "
                    + $"{(OperatingSystem.IsLinux() ? "'ldd' with the file's name lists all that it lacks. " : "")}"
                    + "If nothing is, TorchSharp and libtorch do not belong together: delete the folder and build again.";
        }
        return new Outcome(failure ?? OtherTorch(LoadedFiles()), whyNotCuda);
    }

    /// <summary>Says so where one library of libtorch is loaded from two files, which would call each other's code.</summary>
    internal static string? OtherTorch(IEnumerable<string> loaded)
    {
        var twice = loaded.GroupBy(file => Path.GetFileName(file)!).FirstOrDefault(
            files => InOrder.Any(name => FileName(name) == files.Key) && files.Count() > 1);
        return twice is null ? null
            : $"Two libtorch are loaded: {string.Join(" and ", twice)}. Take the one that is not this library's off LD_PRELOAD, or out of this process.";
    }

    /// <summary>Null where there is no such file, "" where it is loaded, else what is in the way.</summary>
    private static string? TryLoad(string file)
    {
        if (!File.Exists(file))
            return null;
        try
        {
            NativeLibrary.Load(file);
            return "";
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            // The first line is about tools in general, the last one what the system's loader says.
            return exception.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^1].TrimEnd('.');
        }
    }

    private static string? Find(string name, IEnumerable<string> folders) =>
        folders.Select(folder => Path.Combine(folder, FileName(name))).FirstOrDefault(File.Exists);

    /// <summary>The files that are mapped into this process; none where the system does not tell.</summary>
    private static IEnumerable<string> LoadedFiles() => !OperatingSystem.IsLinux() ? [] : File.ReadLines("/proc/self/maps")
        .Select(line => line.IndexOf('/', StringComparison.Ordinal) is var start and >= 0 ? line[start..] : "").Where(file => file != "").Distinct();

    private static string FileName(string name) =>
        OperatingSystem.IsWindows() ? name + ".dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    internal sealed record Outcome(string? Failure, string? WhyNotCuda);
}
