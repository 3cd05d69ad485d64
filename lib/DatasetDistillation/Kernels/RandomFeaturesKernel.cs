using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>
/// A kernel of random features, other ones for each outer step, so that distilled images suit networks of any start (Loo et al. 2022,
/// "Efficient Dataset Distillation using Random Feature Approximation", section 3): each step draws N networks anew and takes their
/// <see cref="NetworkFeaturesKernel"/>. As a kernel itself, to read out with, it is that of networks drawn once from a seed.
/// </summary>
public sealed class RandomFeaturesKernel : IKernel
{
    private const double BiasStandardDeviation = 0.1;

    private readonly Network network;
    private readonly int networks;
    private readonly double weightVariance, biasVariance;
    private readonly ScalarType type;
    private readonly Device? device;
    private readonly NetworkFeaturesKernel readOut;

    /// <summary>The kernel of random draws of a network.</summary>
    /// <param name="network">
    /// The network with its distribution p(θ₀); null: a ConvNet of three blocks of 32 channels without normalization, from He normal with
    /// biases of standard deviation 0.1.
    /// </param>
    /// <param name="networks">N, how many are drawn for each step; 1 or more.</param>
    /// <param name="readOutNetworks">How many are drawn for the read-out; 1 or more.</param>
    /// <param name="seed">What those of the read-out are drawn from.</param>
    /// <param name="weightVariance">σ_w² above 0.</param>
    /// <param name="biasVariance">σ_b², 0 or more.</param>
    /// <param name="type">The type of the images, Float32 or Float64.</param>
    /// <param name="device">Where the images are; null: on the CPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public RandomFeaturesKernel(
        Network? network = null, int networks = 8, int readOutNetworks = 16, long seed = 0,
        double weightVariance = 2, double biasVariance = 0.01, ScalarType type = ScalarType.Float32, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(networks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(readOutNetworks, 1);
        this.network = network ?? Networks.ConvNet(3, 32, Normalization.None).With(Initialization.HeNormal with { BiasStandardDeviation = BiasStandardDeviation });
        (this.networks, this.weightVariance, this.biasVariance, this.type, this.device) = (networks, weightVariance, biasVariance, type, device);
        using var random = new Generator((ulong)seed);
        readOut = Features(readOutNetworks, random, keep: true);
    }

    /// <inheritdoc/>
    public string Name => $"{networks} random networks per step from {network.Initialization}, read out by {readOut.Name}";

    /// <inheritdoc/>
    public Tensor Evaluate(Tensor x, Tensor xPrime) => readOut.Evaluate(x, xPrime);

    /// <inheritdoc/>
    public KernelMatrix Gram(Tensor support) => readOut.Gram(support);

    /// <inheritdoc/>
    public KernelMatrix Cross(Tensor targets, Tensor support) => readOut.Cross(targets, support);

    /// <inheritdoc/>
    public long EstimateMemory(long support, long targets, IReadOnlyList<long> image) =>
        NetworkFeaturesKernel.EstimateMemory(network, networks, support, targets) + sizeof(float) * networks * network.ParameterCount;

    /// <summary>The kernel of N networks drawn anew; its parameters belong to the current dispose scope.</summary>
    public IKernel Draw(Generator random) => Features(networks, random, keep: false);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private NetworkFeaturesKernel Features(int count, Generator random, bool keep)
    {
        var draws = new Parameters[count];
        for (int i = 0; i < count; i++)
        {
            draws[i] = network.Initialize(random, type, device);
            if (keep)
                draws[i].Flat.DetachFromDisposeScope();
        }
        return new NetworkFeaturesKernel(network, draws, weightVariance, biasVariance);
    }
}
