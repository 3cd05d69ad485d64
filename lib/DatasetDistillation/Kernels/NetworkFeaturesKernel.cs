using System.Globalization;
using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The kernel of the features φ of given networks of N parameter draws, trained or not: K = σ_w² φφ′ᵀ/F + σ_b², averaged over the draws,
/// where F is the number of features. For random networks it estimates their NNGP (Loo et al. 2022, "Efficient Dataset Distillation using
/// Random Feature Approximation"); for trained ones it is the predictor of Zhou et al. 2022, "Dataset Distillation using Neural Feature
/// Regression", with σ_b² = 0.
/// </summary>
public sealed class NetworkFeaturesKernel : IKernel
{
    private const long ImagesPerBlock = 256;

    private readonly Network network;
    private readonly Parameters[] draws;

    /// <summary>The kernel of the features of networks.</summary>
    /// <param name="network">The network; its head is not used.</param>
    /// <param name="draws">Its parameters, one or more draws of one type; shared, not copied.</param>
    /// <param name="weightVariance">σ_w² above 0.</param>
    /// <param name="biasVariance">σ_b², 0 or more.</param>
    /// <exception cref="ArgumentException">There is no draw.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A variance is out of its range.</exception>
    public NetworkFeaturesKernel(Network network, IReadOnlyList<Parameters> draws, double weightVariance = 2, double biasVariance = 0.01)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(draws);
        if (draws.Count == 0)
            throw new ArgumentException("A kernel of features needs the parameters of at least one network.", nameof(draws));
        KernelInputs.RequireVariances(weightVariance, biasVariance);
        (this.network, this.draws, WeightVariance, BiasVariance) = (network, [.. draws], weightVariance, biasVariance);
    }

    /// <summary>σ_w².</summary>
    public double WeightVariance { get; }

    /// <summary>σ_b².</summary>
    public double BiasVariance { get; }

    /// <inheritdoc/>
    public string Name => string.Create(
        CultureInfo.InvariantCulture, $"features of {draws.Length} × {network.Name} (σw² {WeightVariance}, σb² {BiasVariance}, parameters {draws.Sum(Sum):R})");

    /// <summary>
    /// φ of every draw, one after another, scaled so that K = φφ′ᵀ + σ_b². Differentiable in x.
    /// </summary>
    /// <param name="x">Images [n, …] of the parameters' type and the network's input size.</param>
    /// <returns>[n, N·F].</returns>
    public Tensor Features(Tensor x)
    {
        using var scope = NewDisposeScope();
        var features = cat([.. draws.Select(theta => network.Features(theta, x).flatten(1))], 1);
        return features.Times(Math.Sqrt(WeightVariance / features.shape[1])).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Evaluate(Tensor x, Tensor xPrime)
    {
        KernelInputs.Require(x, xPrime);
        using var scope = NewDisposeScope();
        var features = Features(x);
        var others = ReferenceEquals(x, xPrime) ? features : Features(xPrime);
        return features.matmul(others.t()).Plus(BiasVariance).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public KernelMatrix Gram(Tensor support)
    {
        KernelInputs.Require(support, support);
        return new Products(this, null, support);
    }

    /// <inheritdoc/>
    public KernelMatrix Cross(Tensor targets, Tensor support)
    {
        KernelInputs.Require(targets, support);
        return new Products(this, targets, support);
    }

    /// <inheritdoc/>
    public long EstimateMemory(long support, long targets, IReadOnlyList<long> image) => EstimateMemory(network, draws.Length, support, targets);

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Of either matrix the graphs of the support, and the way back of one network; a block of targets; the features of all.</summary>
    internal static long EstimateMemory(Network network, int draws, long support, long targets)
    {
        long activations = network.Layers.Sum(static l => l.OutputShape.Aggregate(1L, static (a, b) => a * b));
        long features = network.FeatureShape.Aggregate(1L, static (a, b) => a * b);
        long images = (2L * draws + 1) * support + Math.Min(targets, ImagesPerBlock);
        return sizeof(float) * (images * activations + 2L * draws * (2 * support + targets) * features);
    }

    /// <summary>What tells parameters from others.</summary>
    private static double Sum(Parameters theta)
    {
        using var total = theta.Flat.detach().sum(float64);
        return total.Number();
    }

    /// <summary>Never more than one block's activations in memory.</summary>
    private Tensor FeaturesInBlocks(Tensor x)
    {
        using var scope = NewDisposeScope();
        return cat([.. x.split(ImagesPerBlock).Select(Features)]).MoveToOuterDisposeScope();
    }

    /// <summary>Keeps the graph of the support's features; those of targets are constants.</summary>
    private sealed class Products : KernelMatrix
    {
        private readonly Tensor leaf;
        private readonly Tensor features;
        private readonly Tensor? constants;

        public Products(NetworkFeaturesKernel kernel, Tensor? targets, Tensor support)
        {
            using (set_grad_enabled(true))
            {
                leaf = support.detach().requires_grad_();
                features = kernel.Features(leaf);
            }
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            constants = targets is null ? null : kernel.FeaturesInBlocks(targets).MoveToOuterDisposeScope();
            Value = (constants ?? features).matmul(features.t()).Plus(kernel.BiasVariance).MoveToOuterDisposeScope();
        }

        public override Tensor Value { get; }

        public override Tensor Backward(Tensor gradient)
        {
            RequireFit(gradient);
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var byColumns = gradient.to_type(features.dtype).t();
            var toFeatures = constants is null ? byColumns.Plus(byColumns.t()).matmul(features.detach()) : byColumns.matmul(constants);
            return Gradients.Of(features, leaf, toFeatures, keepGraph: true).MoveToOuterDisposeScope();
        }

        protected override void Dispose(bool disposing)
        {
            Value.Dispose();
            constants?.Dispose();
            features.Dispose();
            leaf.Dispose();
        }
    }
}
