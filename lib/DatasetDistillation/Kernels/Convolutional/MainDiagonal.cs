namespace DatasetDistillation.Kernels;

/// <summary>
/// What the pairs p′ = p add to K(x, x). There θ = 0, so that ReLU halves covariances and the whole is linear in the squares of the
/// pixels: K = constant + Σ_p slope[p] Σ_c x_c[p]².
/// </summary>
internal sealed unsafe class MainDiagonal
{
    private readonly double neighborWeight;
    private readonly int depth, channels, height, width;

    public MainDiagonal(in ConvolutionalNetwork network, int channels, int height, int width)
    {
        (neighborWeight, depth) = (network.NeighborWeight, network.Depth);
        (this.channels, this.height, this.width) = (channels, height, width);
        double weight = network.Diagonals(height, width).Single(static d => d.IsMain).Weight / 2;
        bool isNtk = network.Limit == WideLimit.Ntk;
        var toVariance = Enumerable.Repeat(weight, height * width).ToArray();
        var toTangent = Enumerable.Repeat(isNtk ? weight : 0, height * width).ToArray();
        for (int l = depth - 1; l >= 0; l--)
        {
            for (int p = 0; p < toVariance.Length; p++)
                toVariance[p] += toTangent[p];
            Constant += network.BiasVariance * toVariance.Sum();
            (toVariance, toTangent) = (Below(toVariance, l), Below(toTangent, l));
        }
        Slope = toVariance;
    }

    /// <summary>K of an empty image.</summary>
    public double Constant { get; }

    /// <summary>[height·width].</summary>
    public double[] Slope { get; }

    /// <summary>From dL/dq_l(x, x) of every layer, [depth][height·width], to dL/dΣ_c x_c² of every pixel.</summary>
    public double[] ToSquares(double[][] toVariances)
    {
        var gradient = new double[height * width];
        for (int l = depth - 1; l >= 0; l--)
        {
            for (int p = 0; p < gradient.Length; p++)
                gradient[p] += toVariances[l][p];
            gradient = Below(gradient, l);
        }
        return gradient;
    }

    /// <summary>Back through the convolution of layer l and the ReLU below it.</summary>
    private double[] Below(double[] gradient, int l)
    {
        var below = new double[gradient.Length];
        fixed (double* source = gradient, target = below)
            Box.Sum<DoubleLane, double>((DoubleLane*)source, (DoubleLane*)target, height, width);
        double weight = neighborWeight / (l == 0 ? channels : 2);
        for (int p = 0; p < below.Length; p++)
            below[p] *= weight;
        return below;
    }
}
