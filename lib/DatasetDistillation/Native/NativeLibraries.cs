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
        var loaded = LoadedFiles().ToList();
        ProcessSettings.Apply(Compute.IsFused, isTorchLoaded: loaded.Any(file => Path.GetFileName(file) == FileName("torch_cpu")));
        var assembly = typeof(NativeLibraries).Assembly;
        var data = assembly.GetCustomAttributes<AssemblyMetadataAttribute>().ToLookup(entry => entry.Key, entry => entry.Value ?? "");
        var own = Path.GetDirectoryName(assembly.Location) ?? "";
        var folders = Folders(own, data["NativeFolder"].First(), data["NativeFolderInRepository"].First());
        outcome = LoadFrom(folders, loaded);

        // TorchSharp asks here where the system does not find by its name what is loaded already, or where nothing is.
        AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly)!.ResolvingUnmanagedDll +=
            (caller, name) => caller == typeof(torch).Assembly ? Resolve(name, folders) : 0;
        if (Failure is not null)
            return;
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
            folders.Add(Path.TrimEndingDirectorySeparator(Path.Combine(parent, inRepository)));
        var ofPlatform = Path.Combine(own, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        return [.. folders, Path.TrimEndingDirectorySeparator(built), own, ofPlatform];
    }

    /// <summary>Loads what there is in the first of the folders that has TorchSharp's library.</summary>
    /// <param name="folders">Where to look.</param>
    /// <param name="loaded">The files that are loaded already.</param>
    internal static Outcome LoadFrom(IReadOnlyList<string> folders, IEnumerable<string> loaded)
    {
        if (Find("LibTorchSharp", folders) is not { } bridge)
        {
            var places = folders.Where(Directory.Exists).Distinct().Select(place => $"'{place}'");
            return new Outcome(
                $"There is no '{FileName("LibTorchSharp")}' in {string.Join(" or ", places)}. "
                + "Build the library: dotnet build -c Release. libtorch is made for Linux and Windows x64 and for macOS on Arm; "
                + $"this is {RuntimeInformation.RuntimeIdentifier}.", null);
        }

        var folder = Path.GetDirectoryName(bridge)!;
        if (OtherTorch(loaded, Real(bridge)) is { } other)
            return new Outcome(other, null);
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
                    + "Delete the folder and build again, on this machine: dotnet build -c Release.";
        }
        return new Outcome(failure, whyNotCuda);
    }

    /// <summary>Says so where another libtorch is loaded: two would call each other's code, and end the process.</summary>
    /// <param name="loaded">The files that are loaded.</param>
    /// <param name="bridge">TorchSharp's library, beside which this library's libtorch lies.</param>
    internal static string? OtherTorch(IEnumerable<string> loaded, string bridge)
    {
        var other = loaded.FirstOrDefault(file => InOrder.Any(name => FileName(name) == Path.GetFileName(file))
            && Path.GetDirectoryName(file) != Path.GetDirectoryName(bridge));
        return other is null ? null
            : $"Another libtorch is loaded in this process already: '{other}'. "
                + "Load this library before it or in another process, and take it off LD_PRELOAD.";
    }

    /// <summary>The path without links, as the system tells it of loaded files.</summary>
    private static string Real(string file)
    {
        if (!OperatingSystem.IsLinux())
            return file;
        using var handle = File.OpenHandle(file);
        return File.ResolveLinkTarget($"/proc/self/fd/{handle.DangerousGetHandle()}", returnFinalTarget: false)!.FullName;
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

    private static nint Resolve(string name, IEnumerable<string> folders) => Failure is not null
        ? name == "LibTorchSharp" ? throw new DllNotFoundException(Failure) : 0
        : Find(name, folders) is { } file && NativeLibrary.TryLoad(file, out var handle) ? handle : 0;

    private static string? Find(string name, IEnumerable<string> folders) =>
        folders.Select(folder => Path.Combine(folder, FileName(name))).FirstOrDefault(File.Exists);

    /// <summary>The files that are mapped into this process; none where the system does not tell.</summary>
    private static IEnumerable<string> LoadedFiles() => !OperatingSystem.IsLinux() ? [] : File.ReadLines("/proc/self/maps")
        .Where(line => line.Contains('/', StringComparison.Ordinal))
        .Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..]).Distinct();

    private static string FileName(string name) =>
        OperatingSystem.IsWindows() ? name + ".dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    internal sealed record Outcome(string? Failure, string? WhyNotCuda);
}
