using System.Globalization;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;
using Lane256 = DatasetDistillation.Kernels.FloatLane<FusedNetworks.Simd256<float>, System.Runtime.Intrinsics.Vector256<float>>;
using Lane512 = DatasetDistillation.Kernels.FloatLane<FusedNetworks.Simd512<float>, System.Runtime.Intrinsics.Vector512<float>>;

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
        var (row, column) = (Variances(left).unsqueeze(1), Variances(right).unsqueeze(0));
        var u = Angles(left, right, row.sqrt(), column.sqrt());
        var (tangent, own) = (1 - u, row);
        for (int l = 0; l < Depth; l++)
        {
            var (opening, growth) = ArcCosine.Of(u);
            var (below, columnBelow) = (row * (WeightVariance / 2), column * (WeightVariance / 2));
            (row, column) = (below + BiasVariance, columnBelow + BiasVariance);
            // The points (A, B) of both images, as in the fused recursion.
            var (a, columnA) = ((below / row).sqrt(), (columnBelow / column).sqrt());
            var (b, columnB) = (Math.Sqrt(BiasVariance) / row.sqrt(), Math.Sqrt(BiasVariance) / column.sqrt());
            var share = a * columnA;
            u = share * growth + ((a - columnA).square() + (b - columnB).square()) / 2;
            tangent = 1 - u + share * opening * tangent;
            own = row + own * (WeightVariance / 2);
        }
        bool isNtk = Limit == WideLimit.Ntk;
        var values = (row * column).sqrt() * (isNtk ? tangent : 1 - u);
        if (ReferenceEquals(x, xPrime))
            values = where(eye(x.shape[0], device: x.device) > 0, isNtk ? own : row, values);
        return values.MoveToOuterDisposeScope();
    }

    KernelMatrix IKernel.Gram(Tensor support) => Gram(support);

    KernelMatrix IKernel.Cross(Tensor targets, Tensor support) => Cross(targets, support);

    /// <inheritdoc cref="IKernel.Gram"/>
    internal KernelMatrix Gram(Tensor support)
    {
        KernelInputs.Require(support, support);
        return support.device.type == DeviceType.CPU ? Fused(null, support) : KernelMatrix.ByAutograd(this, null, support);
    }

    /// <inheritdoc cref="IKernel.Cross"/>
    internal KernelMatrix Cross(Tensor targets, Tensor support)
    {
        KernelInputs.Require(targets, support);
        return support.device.type == DeviceType.CPU ? Fused(targets, support) : KernelMatrix.ByAutograd(this, targets, support);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>q_0(x, x), [n].</summary>
    private Tensor Variances(Tensor x) => x.square().mean([1]) * WeightVariance + (BiasVariance + LayerScales<float>.SmallestVariance);

    /// <summary>u_0 of all pairs, [n, m], from inner products; where it is small, from differences.</summary>
    private Tensor Angles(Tensor left, Tensor right, Tensor row, Tensor column)
    {
        double scale = WeightVariance / left.shape[1];
        var u = (1 - (left.matmul(right.t()) * scale + BiasVariance) / (row * column)).clamp_min(0);
        var isNear = u.detach().lt(ArcCosine.Small(u.dtype));
        var places = isNear.nonzero();
        if (places.shape[0] == 0)
            return u;
        var (i, j) = (places.select(1, 0), places.select(1, 1));
        var (root, columnRoot) = (row.flatten().index_select(0, i), column.flatten().index_select(0, j));
        var difference = (left.index_select(0, i) - right.index_select(0, j)).square().sum(1) * scale;
        var apart = (difference - (root - columnRoot).square()).clamp_min(0);
        return u.masked_scatter(isNear, apart / (2 * root * columnRoot));
    }

    private KernelMatrix Fused(Tensor? targets, Tensor support) =>
        support.dtype == float64 ? new ArcCosineMatrix<DoubleLane, double>(network, targets, support)
        : Vector512.IsHardwareAccelerated ? new ArcCosineMatrix<Lane512, float>(network, targets, support)
        : new ArcCosineMatrix<Lane256, float>(network, targets, support);
}
