using System.Globalization;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// Networks of different ages that learn from the distilled set while it is distilled (Zhou et al. 2022, "Dataset distillation
/// using neural feature regression", section 3.2): features that have been trained a little, a lot, and not at all. A network
/// that has reached its age is drawn anew. Parameters, moments and ages are tensors of the <see cref="DistillationState"/>.
/// </summary>
public sealed record FeaturePool
{
    private const string Ages = "ages";

    /// <summary>The number of networks; at least 1.</summary>
    public int Size { get; init; } = 10;

    /// <summary>The most training steps of a visit, of which there are 1 to this many; 0: networks stay as they were drawn.</summary>
    public int TrainingSteps { get; init; } = 4;

    /// <summary>The training steps after which a network is drawn anew; at least 1.</summary>
    public int Lifetime { get; init; } = 200;

    /// <summary>The most distilled images in a training step.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>How a network learns.</summary>
    public OuterAdam Optimizer { get; init; } = new() { LearningRate = 3e-3 };

    /// <summary>The options in a few words.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Size} networks of up to {Lifetime} steps, {TrainingSteps} a visit, batch {BatchSize}, {Optimizer}");

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Size, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(TrainingSteps);
        ArgumentOutOfRangeException.ThrowIfLessThan(Lifetime, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
    }

    /// <summary>Draws the networks, their ages spread evenly so that their ends are as well.</summary>
    /// <param name="state">Where they are kept.</param>
    /// <param name="prefix">What their names begin with there.</param>
    /// <param name="network">Of which kind they are.</param>
    /// <param name="device">Where they lie.</param>
    internal void Initialize(DistillationState state, string prefix, Network network, Device device)
    {
        for (int slot = 0; slot < Size; slot++)
            state[Name(prefix, slot)] = network.Initialize(state.Random, device: device).Flat;
        state[prefix + Ages] = tensor(Enumerable.Range(0, Size).Select(slot => (long)slot * Lifetime / Size).ToArray());
    }

    /// <summary>One of the networks, at random.</summary>
    internal int Choose(DistillationState state)
    {
        using var slot = randint(0, Size, [1], generator: state.Random);
        return (int)slot.data<long>()[0];
    }

    /// <summary>The parameters of a network.</summary>
    internal static Parameters Of(DistillationState state, string prefix, Network network, int slot) =>
        new(network.Layout, state[Name(prefix, slot)]);

    /// <summary>Trains a network on a distilled set with squared error, or draws it anew when it has reached its age.</summary>
    internal void Visit(
        DistillationState state, string prefix, Network network, int slot, Tensor images, Tensor labels, Augmentation? augmentation)
    {
        if (TrainingSteps == 0)
            return;
        using var scope = NewDisposeScope();
        var ages = state[prefix + Ages].data<long>().ToArray();
        long steps = randint(1, TrainingSteps + 1, [1], generator: state.Random).data<long>()[0];
        for (long step = 0; step < steps; step++)
            Train(state, Name(prefix, slot), network, images, labels, augmentation);
        ages[slot] += steps;
        if (ages[slot] >= Lifetime)
        {
            ages[slot] = 0;
            var name = Name(prefix, slot);
            state[name] = network.Initialize(state.Random, device: images.device).Flat;
            OuterAdam.Forget(state, name);
        }
        state[prefix + Ages] = tensor(ages);
    }

    private void Train(DistillationState state, string name, Network network, Tensor images, Tensor labels, Augmentation? augmentation)
    {
        using var scope = NewDisposeScope();
        var (x, y) = (images, labels);
        if (images.shape[0] > BatchSize)
        {
            var chosen = randperm(images.shape[0], generator: state.Random).narrow(0, 0, BatchSize).to(images.device);
            (x, y) = (images.index_select(0, chosen), labels.index_select(0, chosen));
        }
        if (augmentation is not null)
            x = augmentation.Apply(x, state.Random);
        var theta = state[name].detach().requires_grad_();
        var loss = LossFunction.SquaredError.Of(network.Forward(new Parameters(network.Layout, theta), x, training: true, state.Random), y);
        Optimizer.Update(state, name, Gradients.Of(loss, theta));
    }

    private static string Name(string prefix, int slot) => string.Create(CultureInfo.InvariantCulture, $"{prefix}network.{slot}");
}
