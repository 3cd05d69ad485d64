using System.Numerics;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The standard deviations √q_l(x, x) of a set of images in every layer, and their inverses: what turns a covariance into a
/// cosine. Layer by layer, each padded with ones to whole lanes.
/// </summary>
internal sealed class LayerScales<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int LargestLane = 16;

    /// <param name="squares">‖x‖², image by image.</param>
    /// <param name="network">The network.</param>
    /// <param name="pixels">The size of an image.</param>
    public LayerScales(double[] squares, ArcCosineNetwork network, long pixels)
    {
        Count = squares.Length;
        Stride = (Count + LargestLane - 1) / LargestLane * LargestLane;
        Deviations = new T[network.Depth * Stride];
        Inverses = new T[network.Depth * Stride];
        Array.Fill(Deviations, T.One);
        Array.Fill(Inverses, T.One);
        for (int i = 0; i < Count; i++)
        {
            double variance = network.WeightVariance * squares[i] / pixels + network.BiasVariance;
            for (int l = 0; l < network.Depth; l++)
            {
                double deviation = Math.Sqrt(variance);
                Deviations[l * Stride + i] = T.CreateTruncating(deviation);
                Inverses[l * Stride + i] = T.CreateTruncating(1 / deviation);
                variance = network.WeightVariance / 2 * variance + network.BiasVariance;
            }
        }
    }

    /// <summary>The number of images.</summary>
    public int Count { get; }

    /// <summary>How far one layer is from the next.</summary>
    public int Stride { get; }

    public T[] Deviations { get; }

    public T[] Inverses { get; }
}
