using System.Reflection;
using TorchSharp;

namespace DatasetDistillation.Engine;

/// <summary>The embedded engine: C# alone, nothing to load.</summary>
internal static class TensorEngine
{
    public static string Name { get; } = $"ManagedTorch {typeof(torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]}";

    public static string WhyNotCuda() => "the embedded engine computes on the processor; build with -p:Stack=cuda for an NVIDIA GPU";
}
