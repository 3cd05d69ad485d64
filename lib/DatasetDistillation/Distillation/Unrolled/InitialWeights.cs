using System.Globalization;
using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>Where the inner loops of an unrolled distillation start from.</summary>
public abstract class InitialWeights
{
    private protected InitialWeights()
    {
    }

    /// <summary>Weights drawn anew from p(θ₀) for each loop: the images must work for networks that they have not seen.</summary>
    public static InitialWeights Fresh { get; } = new FreshWeights();

    /// <summary>The same weights for all loops, drawn with a seed.</summary>
    public static InitialWeights Fixed(long seed = 0) => new FixedDraw(seed);

    /// <summary>The same weights for all loops. They belong to the caller, who keeps them until the run is over.</summary>
    public static InitialWeights Fixed(Parameters theta) => new WeightPool([theta]);

    /// <summary>
    /// Weights of trained networks, one of them chosen at random for each
    /// loop. They belong to the caller, who keeps them until the run is over.
    /// </summary>
    /// <param name="pool">At least one, all of the distilled network's layout.</param>
    /// <exception cref="ArgumentException">The pool is empty.</exception>
    public static InitialWeights Pool(IReadOnlyList<Parameters> pool) => new WeightPool(pool);

    /// <summary>How many different weights there are; null: as many as one draws.</summary>
    internal abstract int? Count { get; }

    /// <summary>The flat weights of one loop, of the given type, in no need of disposal beyond the current scope.</summary>
    internal abstract Tensor Draw(Network network, Generator random, ScalarType type, Device device);

    private sealed class FreshWeights : InitialWeights
    {
        internal override int? Count => null;

        internal override Tensor Draw(Network network, Generator random, ScalarType type, Device device) =>
            network.Initialize(random, type, device).Flat;

        public override string ToString() => "fresh weights";
    }

    private sealed class FixedDraw(long seed) : InitialWeights
    {
        internal override int? Count => 1;

        internal override Tensor Draw(Network network, Generator random, ScalarType type, Device device) =>
            network.Initialize(seed, type, device).Flat;

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"fixed weights of seed {seed}");
    }

    private sealed class WeightPool : InitialWeights
    {
        private readonly IReadOnlyList<Parameters> pool;
        private readonly Lazy<string> description;

        public WeightPool(IReadOnlyList<Parameters> pool)
        {
            ArgumentNullException.ThrowIfNull(pool);
            if (pool.Count == 0)
                throw new ArgumentException("A pool needs the weights of at least one network.", nameof(pool));
            this.pool = pool;
            description = new Lazy<string>(Describe);
        }

        internal override int? Count => pool.Count;

        internal override Tensor Draw(Network network, Generator random, ScalarType type, Device device)
        {
            var chosen = 0L;
            if (pool.Count > 1)
            {
                using var index = randint(0, pool.Count, [1], generator: random);
                chosen = index.WholeNumber();
            }
            var theta = pool[(int)chosen];
            if (!theta.Layout.Equals(network.Layout))
                throw new ArgumentException(
                    $"Network {chosen} of the pool is no {network.Name}: wanted {network.Layout}; got {theta.Layout}.");
            return theta.Flat.detach().to(type).to(device);
        }

        public override string ToString() => description.Value;

        private string Describe() =>
            string.Create(CultureInfo.InvariantCulture,
            $"{pool.Count} given networks ({Fingerprint.Of(pool.Select(static theta => theta.Flat))})");
    }
}
