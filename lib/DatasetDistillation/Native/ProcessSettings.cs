using System.Globalization;
using System.Runtime.InteropServices;

namespace DatasetDistillation.Native;

/// <summary>
/// How the process waits, allocates and shares its cores, so that nobody has to set an environment variable for speed. Whatever the
/// user has set stays.
/// </summary>
internal static partial class ProcessSettings
{
    private const int TrimThreshold = -1, MapThreshold = -3;
    private const int Never = 1_000_000_000, MostOfOlderVersions = 32 << 20;

    /// <param name="isFused">Whether our own threads do the work of networks.</param>
    /// <param name="isTorchLoaded">Whether OpenMP has read its settings already.</param>
    public static void Apply(bool isFused, bool isTorchLoaded)
    {
        // Threads of OpenMP that spin while they wait take the cores from ours. Where they alone do the work, spinning is faster.
        if (isFused && !isTorchLoaded)
            Default("OMP_WAIT_POLICY", "PASSIVE");
        if (OperatingSystem.IsLinux())
            KeepMemory();
    }

    /// <summary>The number that the user wants of OpenMP, else one for each core.</summary>
    public static int Threads(string? wish) =>
        int.TryParse(wish, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
            ? count : Environment.ProcessorCount;

    /// <summary>Sets a variable for native code, which .NET's own call does not reach except on Windows.</summary>
    private static void Default(string name, string value)
    {
        if (Environment.GetEnvironmentVariable(name) is not null)
            return;
        if (OperatingSystem.IsWindows())
            Environment.SetEnvironmentVariable(name, value);
        else
            _ = SetVariable(name, value, overwrite: 0);
    }

    /// <summary>
    /// Large blocks stay with the process when they are freed: to give them back and have them mapped and cleared again takes a third
    /// of the time of training a convolutional network.
    /// </summary>
    private static void KeepMemory()
    {
        try
        {
            if (IsUnset("MALLOC_TRIM_THRESHOLD_"))
                _ = SetAllocator(TrimThreshold, Never);
            if (IsUnset("MALLOC_MMAP_THRESHOLD_") && SetAllocator(MapThreshold, Never) == 0)
                _ = SetAllocator(MapThreshold, MostOfOlderVersions);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library than GNU's, with other settings.
        }
    }

    private static bool IsUnset(string name) => Environment.GetEnvironmentVariable(name) is null
        && Environment.GetEnvironmentVariable("GLIBC_TUNABLES")?.Contains("malloc", StringComparison.Ordinal) is not true;

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetAllocator(int parameter, int value);
}
