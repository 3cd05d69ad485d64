using DatasetDistillation.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation;

/// <summary>
/// The tensor engine that the library was built with and the device it computes on. The device is chosen here, once:
/// an NVIDIA GPU where the engine finds one, else the processor.
/// </summary>
public static class Compute
{
    /// <summary>The environment variable that overrules the choice: <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>.</summary>
    public const string Variable = "DISTILLATION_DEVICE";

    private static readonly Lazy<Choice> Chosen = new(Choose);

    /// <summary>Where data are put when nothing else is said.</summary>
    /// <exception cref="InvalidOperationException">
    /// The native library of the engine cannot be loaded, or <see cref="Variable"/> names a device that is not there.
    /// </exception>
    public static Device Device => Chosen.Value.Device;

    /// <summary>The engine and its version.</summary>
    public static string Engine => TensorEngine.Name;

    /// <summary>Why the device is no GPU, and what to do about it; null on a GPU.</summary>
    public static string? WhyNotCuda => Chosen.Value.WhyNotCuda;

    /// <summary>One line: the engine, its version, the device and, where that is no GPU, why.</summary>
    /// <inheritdoc cref="Device" path="/exception"/>
    public static string Describe() => Device.type == DeviceType.CUDA
        ? $"{Engine} on {Device}"
        : $"{Engine} on {Device}, {NumberOfThreads(get_num_threads())} (no GPU: {WhyNotCuda})";

    /// <summary>The number of threads that the library's own passes share their work among.</summary>
    public static int Threads
    {
        get => FusedNetworks.WorkPool.Threads;
        set
        {
            FusedNetworks.WorkPool.Threads = value;
            set_num_threads(Models.Networks.Fused ? 1 : value);
        }
    }

    private static string NumberOfThreads(int count) => count == 1 ? "1 thread" : $"{count} threads";

    private static Choice Choose() => Choose(Environment.GetEnvironmentVariable(Variable), TensorEngine.WhyNotCuda());

    /// <param name="wish">What <see cref="Variable"/> says.</param>
    /// <param name="whyNotCuda">Null where the engine has a GPU.</param>
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
