using static TorchSharp.torch;

namespace DatasetDistillation.Native;

/// <summary>Whether libtorch can compute on an NVIDIA GPU.</summary>
internal static class CudaDevices
{
    /// <summary>Null where it can, else what is in the way.</summary>
    /// <exception cref="InvalidOperationException">libtorch cannot be loaded at all.</exception>
    public static string? WhyNone()
    {
        NativeLibraries.ThrowIfNotLoaded();
        if (NativeLibraries.WhyNotCuda is { } reason)
            return reason;
        if (cuda.is_available())
            return null;
        return NativeLibraries.HasDriver
            ? "libtorch for CUDA is loaded and so is the driver, but no GPU can be used: "
                + "'nvidia-smi' must list one, with a driver for CUDA 12.8 or newer"
            : "libtorch for CUDA is loaded, but there is no NVIDIA driver on this machine";
    }
}
