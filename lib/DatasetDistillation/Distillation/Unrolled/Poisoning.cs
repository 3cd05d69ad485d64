using System.Globalization;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>An attack (Wang et al. 2018, section 3.6): networks trained on the distilled images shall take one class for another.</summary>
internal static class Poisoning
{
    /// <summary>The labels that an attack wants: From becomes To.</summary>
    /// <param name="attack">The class that is to be misjudged, and what it is to be taken for.</param>
    /// <param name="labels">Int64 [n].</param>
    public static Tensor Apply((int From, int To) attack, Tensor labels)
    {
        using var from = tensor((long)attack.From, device: labels.device);
        using var to = tensor((long)attack.To, device: labels.device);
        using var attacked = labels.eq(from);
        return where(attacked, to, labels);
    }

    /// <summary>From → To.</summary>
    public static string Text((int From, int To) attack) => string.Create(CultureInfo.InvariantCulture, $"{attack.From} → {attack.To}");

    /// <summary>Whether both are classes.</summary>
    public static bool IsWithin((int From, int To) attack, int classes) =>
        attack.From >= 0 && attack.To >= 0 && attack.From < classes && attack.To < classes;
}
