using System.Numerics;

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

    /// <summary>u_0 = 1 − cos θ of two images from their difference: (σ_w² ‖x − x′‖²/d − (√q_0(x, x) − √q_0(x′, x′))²)/2s_0.</summary>
    public unsafe double Angle<T>(T* x, T* y, int pixels) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double square = 0, other = 0, difference = 0;
        for (int p = 0; p < pixels; p++)
        {
            double a = double.CreateTruncating(x[p]), b = double.CreateTruncating(y[p]);
            square += a * a;
            other += b * b;
            difference += (a - b) * (a - b);
        }
        double scale = WeightVariance / pixels;
        double root = Math.Sqrt(scale * square + BiasVariance);
        double otherRoot = Math.Sqrt(scale * other + BiasVariance);
        double apart = scale * difference - (root - otherRoot) * (root - otherRoot);
        return apart > 0 ? apart / (2 * root * otherRoot) : 0;
    }

    /// <summary>dK(x, x)/dq_0(x, x).</summary>
    public double DiagonalSlope => Math.Pow(WeightVariance / 2, Depth) * (Limit == WideLimit.Ntk ? Depth + 1 : 1);
}
