using System.Globalization;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;
using Lane256 = DatasetDistillation.Kernels.FloatLane<FusedNetworks.Simd256<float>, System.Runtime.Intrinsics.Vector256<float>>;
using Lane512 = DatasetDistillation.Kernels.FloatLane<FusedNetworks.Simd512<float>, System.Runtime.Intrinsics.Vector512<float>>;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The NTK or NNGP of a convolutional ReLU network of infinite width in the NTK parameterization (Novak et
/// al. 2019; Arora et al. 2019): 3×3 convolutions that keep the size (zeros around the image), each followed
/// by ReLU; then, with a pool radius r above 0, the averages of all (r + 1)×(r + 1) windows that touch the
/// image, moved pixel by pixel; then all pixels and channels into a dense layer. Standardize images first.
/// </summary>
/// <remarks>
/// Without pooling a kernel needs only the covariances of equal positions; with pooling those of positions at most r apart, so it takes
/// about (2r + 1)² times as long, and no more memory. On the CPU, matrices are computed by a fused pass with closed-form derivatives that
/// recomputes on the way back; on other devices by tensor operations, block by block.
/// </remarks>
public sealed class ConvolutionalKernel : IKernel
{
    private const int LargestDepth = 1000;
    private const int LargestRadius = 1000;

    private readonly ConvolutionalNetwork network;

    /// <summary>The kernel of a network.</summary>
    /// <param name="depth">Convolutions, from 1 to 1,000.</param>
    /// <param name="limit">NTK or NNGP.</param>
    /// <param name="poolRadius">r, from 0, no pooling, to 1,000.</param>
    /// <param name="weightVariance">σ_w² above 0; 2 keeps the variance through ReLUs.</param>
    /// <param name="biasVariance">σ_b², 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public ConvolutionalKernel(int depth, WideLimit limit = WideLimit.Ntk, int poolRadius = 0, double weightVariance = 2,
        double biasVariance = 0.01)
    {
        if (depth is < 1 or > LargestDepth)
            throw new ArgumentOutOfRangeException(nameof(depth), depth, $"A convolutional kernel has 1 to {LargestDepth} convolutions.");
        if (poolRadius is < 0 or > LargestRadius)
            throw new ArgumentOutOfRangeException(nameof(poolRadius), poolRadius,
                $"The pool radius is 0, without pooling, to {LargestRadius}.");
        KernelInputs.RequireVariances(weightVariance, biasVariance);
        network = new ConvolutionalNetwork(limit, depth, poolRadius, weightVariance, biasVariance);
    }

    /// <summary>Convolutions.</summary>
    public int Depth => network.Depth;

    /// <summary>NTK or NNGP.</summary>
    public WideLimit Limit => network.Limit;

    /// <summary>r; 0: no pooling.</summary>
    public int PoolRadius => network.PoolRadius;

    /// <summary>σ_w².</summary>
    public double WeightVariance => network.WeightVariance;

    /// <summary>σ_b².</summary>
    public double BiasVariance => network.BiasVariance;

    /// <inheritdoc/>
    public string Name => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Limit == WideLimit.Ntk ? "NTK" : "NNGP")} Conv{Depth}{(PoolRadius == 0 ? "" : $" pool {PoolRadius + 1}×{PoolRadius + 1}")} " +
        $"(σw² {WeightVariance}, σb² {BiasVariance})");

    /// <inheritdoc/>
    public Tensor Evaluate(Tensor x, Tensor xPrime)
    {
        Require(x, xPrime);
        using var scope = NewDisposeScope();
        var (rowVariances, columnVariances) = (Variances(x), Variances(xPrime));
        Tensor? total = null;
        foreach (var diagonal in network.Diagonals((int)x.shape[2], (int)x.shape[3]))
        {
            var part = Along(diagonal, x, xPrime, rowVariances, columnVariances);
            if (diagonal.IsMain && ReferenceEquals(x, xPrime))
            {
                var isDiagonal = eye(x.shape[0], dtype: ScalarType.Bool, device: x.device);
                part = where(isDiagonal, OnMainDiagonal(diagonal, rowVariances).unsqueeze(1), part);
            }
            total = total is null ? part : total.Plus(part);
        }
        return total!.Plus(BiasVariance).MoveToOuterDisposeScope();
    }

    KernelMatrix IKernel.Gram(Tensor support) => Gram(support);

    KernelMatrix IKernel.Cross(Tensor targets, Tensor support) => Cross(targets, support);

    /// <inheritdoc cref="IKernel.Gram"/>
    internal KernelMatrix Gram(Tensor support)
    {
        Require(support, support);
        return support.device.type == DeviceType.CPU ? Fused(null, support) : KernelMatrix.ByRecomputation(this, null, support);
    }

    /// <inheritdoc cref="IKernel.Cross"/>
    internal KernelMatrix Cross(Tensor targets, Tensor support)
    {
        Require(targets, support);
        return support.device.type == DeviceType.CPU ? Fused(targets, support) : KernelMatrix.ByRecomputation(this, targets, support);
    }

    /// <inheritdoc/>
    public long EstimateMemory(long support, long targets, IReadOnlyList<long> image)
    {
        ArgumentNullException.ThrowIfNull(image);
        long channels = image[0], pixels = image[1] * image[2];
        // Images with deviations and inverses, of the support for either matrix; and what each task of the larger way back gathers.
        long lanes = (channels + 2L * Depth) * pixels * (2 * support + targets);
        long tasks = support * ((Math.Max(support, targets) + Blocks.KernelTargets - 1) / Blocks.KernelTargets);
        return sizeof(float) * (lanes + tasks * (channels + Depth) * pixels);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private KernelMatrix Fused(Tensor? targets, Tensor support) =>
        support.dtype == float64 ? new ConvolutionalMatrix<DoubleLane, double>(network, targets, support)
        : Vector512.IsHardwareAccelerated ? new ConvolutionalMatrix<Lane512, float>(network, targets, support)
        : new ConvolutionalMatrix<Lane256, float>(network, targets, support);

    private static void Require(Tensor x, Tensor xPrime)
    {
        KernelInputs.Require(x, xPrime);
        if (x.dim() != 4)
            throw new ArgumentException(
                $"A convolutional kernel takes images [n, channels, height, width]; got {KernelInputs.Describe(x)}.");
    }

    /// <summary>q_l(x, x) of every pixel before every ReLU, [n, 1, height, width] each.</summary>
    private Tensor[] Variances(Tensor x)
    {
        var variances = new Tensor[Depth];
        var below = x.Squared().mean([1], keepdim: true);
        for (int l = 0; l < Depth; l++)
        {
            variances[l] = Convolution(below).Plus(BiasVariance + ConvolutionalNetwork.SmallestVariance);
            below = variances[l].Over(2);
        }
        return variances;
    }

    /// <summary>What the pairs of a diagonal add to K, [n, m].</summary>
    private Tensor Along(Diagonal diagonal, Tensor x, Tensor xPrime, Tensor[] rowVariances, Tensor[] columnVariances)
    {
        Tensor From(Tensor image) => image.narrow(2, diagonal.Top, diagonal.Rows).narrow(3, diagonal.Left, diagonal.Columns);
        Tensor To(Tensor image) =>
            image.narrow(2, diagonal.Top + diagonal.Down, diagonal.Rows).narrow(3, diagonal.Left + diagonal.Right, diagonal.Columns);
        Tensor Products(Tensor left, Tensor right) =>
            (From(left).unsqueeze(1) * To(right).unsqueeze(0)).mean([2]).flatten(0, 1).unsqueeze(1);
        Tensor Distances(Tensor left, Tensor right) =>
            (From(left).unsqueeze(1) - To(right).unsqueeze(0)).square().mean([2]).flatten(0, 1).unsqueeze(1);

        // As in the fused recursion, of which this is the definition.
        var distance = Distances(x, xPrime);
        var (below, columnsBelow) = (x.square().mean([1], keepdim: true), xPrime.square().mean([1], keepdim: true));
        Tensor? value = null, tangent = null;
        for (int l = 0; l < Depth; l++)
        {
            var (root, columnRoot) = (rowVariances[l].sqrt(), columnVariances[l].sqrt());
            var (s, apart) = (Products(root, columnRoot), Distances(root, columnRoot));
            var u = (Convolution(distance, diagonal, below, columnsBelow) - apart).clamp_min(0) / (2 * s);
            var q = s * (1 - u);
            var (opening, growth) = ArcCosine.Of(u);
            tangent = opening * (tangent is null ? q : q + Convolution(tangent)) / 2;
            value = s * (1 - growth) / 2;
            distance = apart / 2 + s * growth;
            (below, columnsBelow) = (rowVariances[l] / 2, columnVariances[l] / 2);
        }
        var last = Limit == WideLimit.Ntk ? value! + tangent! : value!;
        return last.sum([1, 2, 3]).reshape(x.shape[0], xPrime.shape[0]) * diagonal.Weight;
    }

    /// <summary>What the pairs p′ = p add to K(x, x), [n].</summary>
    private Tensor OnMainDiagonal(Diagonal diagonal, Tensor[] variances)
    {
        var tangent = variances[0];
        for (int l = 1; l < Depth; l++)
            tangent = variances[l].Plus(Convolution(tangent), 0.5);
        var last = Limit == WideLimit.Ntk ? variances[^1].Plus(tangent) : variances[^1];
        return last.sum([1, 2, 3]).Times(diagonal.Weight / 2);
    }

    /// <summary>A convolution of distances [n·m, 1, …] along a diagonal, beside which one of both images has its variances.</summary>
    private Tensor Convolution(Tensor distance, Diagonal diagonal, Tensor left, Tensor right)
    {
        Tensor From(Tensor image) => nn.functional.pad(image, [1, 1, 1, 1]).narrow(2, diagonal.Top, diagonal.Rows + 2).narrow(3,
            diagonal.Left, diagonal.Columns + 2);
        Tensor To(Tensor image) => nn.functional.pad(image, [1, 1, 1, 1])
            .narrow(2, diagonal.Top + diagonal.Down, diagonal.Rows + 2).narrow(3, diagonal.Left + diagonal.Right, diagonal.Columns + 2);

        var inside = ones_like(left.narrow(0, 0, 1));
        var beside = (From(left) * (1 - To(inside))).unsqueeze(1) + (To(right) * (1 - From(inside))).unsqueeze(0);
        var whole = nn.functional.pad(distance, [1, 1, 1, 1]) + beside.flatten(0, 1);
        return nn.functional.avg_pool2d(whole, 3, stride: 1) * WeightVariance;
    }

    private Tensor Convolution(Tensor covariance) => nn.functional.avg_pool2d(covariance, 3, stride: 1, padding: 1) * WeightVariance;
}
