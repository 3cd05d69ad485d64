using System.Numerics;

namespace DatasetDistillation.Kernels;

/// <summary>
/// What each layer does to the lengths of a set of images. With the variances q_l = q_l(x, x),
/// a layer takes the share σ_w² q_l/2 of q_{l+1} from below and σ_b² from its biases; the roots
/// of both shares are a point (A, B) on the circle. Layer by layer, each padded to whole lanes.
/// </summary>
internal sealed class LayerScales<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int LargestLane = 16;

    /// <summary>Added to variances, so that an empty image without biases has an inverse deviation as well.</summary>
    public const double SmallestVariance = 1e-36;

    private readonly double[] variances;

    /// <param name="squares">‖x‖², image by image.</param>
    /// <param name="network">The network.</param>
    /// <param name="pixels">The size of an image.</param>
    public LayerScales(double[] squares, ArcCosineNetwork network, long pixels)
    {
        Count = squares.Length;
        Stride = (Count + LargestLane - 1) / LargestLane * LargestLane;
        (FromBelow, FromBiases) = (new T[network.Depth * Stride], new T[network.Depth * Stride]);
        (Inverses, Deviations) = (new T[Stride], new T[Stride]);
        variances = new double[Count * (network.Depth + 1)];
        for (int i = 0; i < Count; i++)
        {
            double variance = network.WeightVariance * squares[i] / pixels + network.BiasVariance + SmallestVariance;
            Inverses[i] = T.CreateTruncating(1 / Math.Sqrt(variance));
            for (int l = 0; l < network.Depth; l++)
            {
                variances[i * (network.Depth + 1) + l] = variance;
                double below = network.WeightVariance / 2 * variance;
                variance = below + network.BiasVariance;
                FromBelow[l * Stride + i] = T.CreateTruncating(Math.Sqrt(below / variance));
                FromBiases[l * Stride + i] = T.CreateTruncating(Math.Sqrt(network.BiasVariance / variance));
            }
            variances[i * (network.Depth + 1) + network.Depth] = variance;
            Deviations[i] = T.CreateTruncating(Math.Sqrt(variance));
        }
    }

    /// <summary>The number of images.</summary>
    public int Count { get; }

    /// <summary>How far one layer is from the next.</summary>
    public int Stride { get; }

    /// <summary>A, the root of the share of each layer's variance that comes from below.</summary>
    public T[] FromBelow { get; }

    /// <summary>B, the root of the share that comes from the biases; A² + B² = 1.</summary>
    public T[] FromBiases { get; }

    /// <summary>1/√q_0.</summary>
    public T[] Inverses { get; }

    /// <summary>√q_L of the last layer.</summary>
    public T[] Deviations { get; }

    /// <summary>q_l of an image, from 0 to the depth.</summary>
    public double Variance(int image, int layer) => variances[image * (variances.Length / Count) + layer];
}
