namespace DatasetDistillation.Kernels;

/// <summary>Which kernel of an infinitely wide network.</summary>
public enum WideLimit
{
    /// <summary>The neural tangent kernel: the network trained by gradient descent (Jacot et al. 2018).</summary>
    Ntk,

    /// <summary>The covariance of the network's outputs at its random start, a Gaussian process (Lee et al. 2018).</summary>
    Nngp,
}

/// <summary>A fully connected ReLU network of infinite width, as its kernel sees it.</summary>
/// <param name="Limit">Which kernel.</param>
/// <param name="Depth">Hidden layers.</param>
/// <param name="WeightVariance">σ_w².</param>
/// <param name="BiasVariance">σ_b².</param>
internal readonly record struct ArcCosineNetwork(WideLimit Limit, int Depth, double WeightVariance, double BiasVariance)
{
    /// <summary>K(x, x) where q_0(x, x) is given; the kernel is linear in it.</summary>
    public double Diagonal(double variance)
    {
        double tangent = variance;
        for (int l = 0; l < Depth; l++)
        {
            variance = WeightVariance / 2 * variance + BiasVariance;
            tangent = variance + WeightVariance / 2 * tangent;
        }
        return Limit == WideLimit.Ntk ? tangent : variance;
    }

    /// <summary>dK(x, x)/dq_0(x, x).</summary>
    public double DiagonalSlope => Math.Pow(WeightVariance / 2, Depth) * (Limit == WideLimit.Ntk ? Depth + 1 : 1);
}
