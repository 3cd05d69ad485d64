using System.Reflection;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Engine;

/// <summary>TorchSharp, with libtorch for the processor or for CUDA.</summary>
internal static class TensorEngine
{
    public static string Name { get; } =
        $"TorchSharp {typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]} with libtorch {__version__}";

    /// <summary>Null where CUDA can be used.</summary>
    /// <exception cref="InvalidOperationException">libtorch cannot be loaded at all.</exception>
    public static string? WhyNotCuda()
    {
        if (NativeLibraries.Failure is { } failure)
            throw new InvalidOperationException(failure);
        if (NativeLibraries.WhyNotCuda is { } reason)
            return reason;
        if (torch.cuda.is_available())
            return null;
        return NativeLibraries.HasDriver
            ? "libtorch for CUDA is loaded and so is the driver, but no GPU can be used: 'nvidia-smi' must list one, with a driver for CUDA 12.8 or newer"
            : "libtorch for CUDA is loaded, but there is no NVIDIA driver on this machine";
    }
}
