using System.Globalization;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The NTK or NNGP of a fully connected ReLU network of infinite width in the NTK parameterization (Jacot et al. 2018; Lee et al.
/// 2018). Images are flattened; standardize them first. On the CPU, matrices are computed by a fused pass with closed-form
/// derivatives; on other devices by tensor operations.
/// </summary>
public sealed class FullyConnectedKernel : IKernel
{
    private const int LargestDepth = 1000;

    private readonly ArcCosineNetwork network;

    /// <summary>The kernel of a network.</summary>
    /// <param name="depth">Hidden layers, from 1 to 1,000.</param>
    /// <param name="limit">NTK or NNGP.</param>
    /// <param name="weightVariance">σ_w² above 0; 2 keeps the variance through ReLUs.</param>
    /// <param name="biasVariance">σ_b², 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public FullyConnectedKernel(int depth, WideLimit limit = WideLimit.Ntk, double weightVariance = 2, double biasVariance = 0.01)
    {
        if (depth is < 1 or > LargestDepth)
            throw new ArgumentOutOfRangeException(nameof(depth), depth, $"A fully connected kernel has 1 to {LargestDepth} hidden layers.");
        KernelInputs.RequireVariances(weightVariance, biasVariance);
        network = new ArcCosineNetwork(limit, depth, weightVariance, biasVariance);
    }

    /// <summary>Hidden layers.</summary>
    public int Depth => network.Depth;

    /// <summary>NTK or NNGP.</summary>
    public WideLimit Limit => network.Limit;

    /// <summary>σ_w².</summary>
    public double WeightVariance => network.WeightVariance;

    /// <summary>σ_b².</summary>
    public double BiasVariance => network.BiasVariance;

    /// <inheritdoc/>
    public string Name => string.Create(
        CultureInfo.InvariantCulture, $"{(Limit == WideLimit.Ntk ? "NTK" : "NNGP")} FC{Depth} (σw² {WeightVariance}, σb² {BiasVariance})");

    /// <inheritdoc/>
    public Tensor Evaluate(Tensor x, Tensor xPrime)
    {
        KernelInputs.Require(x, xPrime);
        using var scope = NewDisposeScope();
        var (left, right) = (x.flatten(1), xPrime.flatten(1));
        double scale = WeightVariance / left.shape[1];
        var largest = x.dtype == float32 ? ArcCosine.LargestSingle : ArcCosine.LargestDouble;
        var q = left.matmul(right.t()).Times(scale).Plus(BiasVariance);
        var rowVariance = left.Squared().sum(1, keepdim: true).Times(scale).Plus(BiasVariance);
        var columnVariance = right.Squared().sum(1).unsqueeze(0).Times(scale).Plus(BiasVariance);
        var (tangent, diagonal, diagonalTangent) = (q, rowVariance, rowVariance);
        for (int l = 0; l < Depth; l++)
        {
            var s = (rowVariance * columnVariance).sqrt();
            var cosine = (q / s).Within(-largest, largest);
            var opening = cosine.acos().MinusFrom(Math.PI);
            q = (s * cosine.Squared().MinusFrom(1).sqrt()).Plus(opening * q).Times(WeightVariance / (2 * Math.PI)).Plus(BiasVariance);
            tangent = q.Plus(opening * tangent, WeightVariance / (2 * Math.PI));
            rowVariance = rowVariance.Times(WeightVariance / 2).Plus(BiasVariance);
            columnVariance = columnVariance.Times(WeightVariance / 2).Plus(BiasVariance);
            diagonal = rowVariance;
            diagonalTangent = diagonal.Plus(diagonalTangent, WeightVariance / 2);
        }
        var (values, own) = Limit == WideLimit.Ntk ? (tangent, diagonalTangent) : (q, diagonal);
        if (ReferenceEquals(x, xPrime))
            values = where(eye(x.shape[0], dtype: ScalarType.Bool, device: x.device), own, values);
        return values.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public KernelMatrix Gram(Tensor support)
    {
        KernelInputs.Require(support, support);
        return support.device.type == DeviceType.CPU ? Fused(null, support) : KernelMatrix.ByAutograd(this, null, support);
    }

    /// <inheritdoc/>
    public KernelMatrix Cross(Tensor targets, Tensor support)
    {
        KernelInputs.Require(targets, support);
        return support.device.type == DeviceType.CPU ? Fused(targets, support) : KernelMatrix.ByAutograd(this, targets, support);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private KernelMatrix Fused(Tensor? targets, Tensor support) =>
        support.dtype == float64 ? new ArcCosineMatrix<DoubleLane, double>(network, targets, support)
        : Vector512.IsHardwareAccelerated ? new ArcCosineMatrix<Lane512, float>(network, targets, support)
        : new ArcCosineMatrix<Lane256, float>(network, targets, support);
}
