using System.Globalization;
using DatasetDistillation.Kernels;
using DatasetDistillation.Models;

namespace DatasetDistillation.Distillation;

/// <summary>One kind of network of several that a <see cref="FeatureRegression"/> makes images for.</summary>
/// <param name="Network">
/// The network on whose features the labels are regressed. Its dropout acts while it learns, not in its features.
/// </param>
public sealed record PooledNetwork(Network Network)
{
    /// <summary>λ relative to the mean diagonal of K_ss; above 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">λ is not above 0.</exception>
    public double Regularization
    {
        get => Ridge.Regularization;
        init => Ridge = new KernelRidge(value);
    }

    internal KernelRidge Ridge { get; private init; } = new(1e-3);

    /// <summary>How often a step takes a network of this kind, in proportion to the other kinds' shares; above 0.</summary>
    public double Share { get; init; } = 1;

    /// <summary>The networks of this kind and how they learn; null: as <see cref="FeatureRegression.Pool"/> says.</summary>
    public FeaturePool? Pool { get; init; }

    /// <summary>The network and the options in a few words.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Network.Name} from {Network.Initialization} (λ {Regularization}, share {Share}{(Pool is null ? "" : $", {Pool}")})");
}
