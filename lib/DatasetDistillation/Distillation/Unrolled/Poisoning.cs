using System.Globalization;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>An attack (Wang et al. 2018, section 3.6): networks trained on the distilled images shall take one class for another.</summary>
/// <param name="From">The class that is to be misjudged.</param>
/// <param name="To">What it is to be taken for.</param>
public readonly record struct Poisoning(int From, int To)
{
    /// <summary>The labels that the attack wants: From becomes To.</summary>
    /// <param name="labels">Int64 [n].</param>
    public Tensor Apply(Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        using var from = tensor((long)From, device: labels.device);
        using var to = tensor((long)To, device: labels.device);
        using var attacked = labels.eq(from);
        return where(attacked, to, labels);
    }

    /// <summary>From → To.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{From} → {To}");
}
