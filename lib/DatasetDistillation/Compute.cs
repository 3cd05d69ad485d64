using System.Reflection;
using DatasetDistillation.Native;
using FusedNetworks;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation;

/// <summary>
/// Where the library computes: the device, chosen here, once (an NVIDIA GPU where libtorch finds one, else the processor), and the
/// number of threads.
/// </summary>
public static class Compute
{
    /// <summary>The environment variable that overrules the choice: <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>.</summary>
    public const string Variable = "DISTILLATION_DEVICE";

    private static readonly Lazy<Choice> Chosen = new(Choose);
    private static bool isFused = Environment.GetEnvironmentVariable("DISTILLATION_FUSED")?.Trim() != "0";

    /// <summary>Where data are put when nothing else is said.</summary>
    /// <exception cref="InvalidOperationException">
    /// libtorch cannot be loaded, or <see cref="Variable"/> names a device that is not there.
    /// </exception>
    public static Device Device => Chosen.Value.Device;

    /// <summary>How many threads share the work on the processor: at first one for each core, or <c>OMP_NUM_THREADS</c>.</summary>
    /// <remarks>
    /// While the networks' fused passes do the work, libtorch itself has one thread, whose results do not depend on this number.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    /// <exception cref="InvalidOperationException">libtorch cannot be loaded.</exception>
    public static int Threads
    {
        get => WorkPool.Threads;
        set
        {
            NativeLibraries.ThrowIfNotLoaded();
            WorkPool.Threads = value;
            set_num_threads(IsFused ? 1 : WorkPool.Threads);
        }
    }

    /// <summary>TorchSharp and libtorch, with their versions.</summary>
    /// <exception cref="InvalidOperationException">libtorch cannot be loaded.</exception>
    public static string Version
    {
        get
        {
            NativeLibraries.ThrowIfNotLoaded();
            var torchSharp = typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
            return $"TorchSharp {torchSharp.Split('+')[0]} with libtorch {__version__}";
        }
    }

    /// <summary>Why the device is no GPU, and what to do about it; null on a GPU.</summary>
    public static string? WhyNotCuda => Chosen.Value.WhyNotCuda;

    /// <summary>
    /// Whether the networks' fused passes are used, and libtorch's operations layer by layer where they are not. At first they are,
    /// unless the environment variable <c>DISTILLATION_FUSED</c> is 0.
    /// </summary>
    internal static bool IsFused
    {
        get => isFused;
        set
        {
            isFused = value;
            Threads = Threads;
        }
    }

    /// <summary>One line: TorchSharp, its version, the device and, where that is no GPU, why.</summary>
    /// <inheritdoc cref="Device" path="/exception"/>
    public static string Describe() => Device.type == DeviceType.CUDA
        ? $"{Version} on {Device}"
        : $"{Version} on {Device}, {NumberOfThreads(Threads)} (no GPU: {WhyNotCuda})";

    private static string NumberOfThreads(int count) => count == 1 ? "1 thread" : $"{count} threads";

    private static Choice Choose() => Choose(Environment.GetEnvironmentVariable(Variable), CudaDevices.WhyNone());

    /// <param name="wish">What <see cref="Variable"/> says.</param>
    /// <param name="whyNotCuda">Null where there is a GPU.</param>
    internal static Choice Choose(string? wish, string? whyNotCuda)
    {
        var name = wish?.Trim().ToLowerInvariant() ?? "";
        var isCuda = name == "cuda" || name.StartsWith("cuda:", StringComparison.Ordinal) && uint.TryParse(name[5..], out _);
        if (name is not ("" or "cpu") && !isCuda)
            throw new InvalidOperationException($"{Variable} is '{wish}'; it must be 'cpu', 'cuda' or 'cuda:' and a number.");
        if (isCuda && whyNotCuda is not null)
            throw new InvalidOperationException($"{Variable} is '{wish}', but there is no GPU: {whyNotCuda}.");
        if (name == "cpu")
            return new Choice(device(DeviceType.CPU), $"{Variable} is '{wish}'");
        return whyNotCuda is null
            ? new Choice(isCuda ? device(name) : device(DeviceType.CUDA), null)
            : new Choice(device(DeviceType.CPU), whyNotCuda);
    }

    internal sealed record Choice(Device Device, string? WhyNotCuda);
}
