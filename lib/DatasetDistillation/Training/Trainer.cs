using DatasetDistillation.Data;
using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>The rule by which a gradient changes the parameters.</summary>
public enum OptimizerKind
{
    /// <summary>Adam (Kingma and Ba 2015) with β = (0.9, 0.999).</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019).</summary>
    AdamW,

    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,
}

/// <summary>
/// Trains classifiers on minibatches. The same data, options and seed give bit-identical parameters.
/// </summary>
public sealed class Trainer
{
    /// <summary>The number of passes over the training set.</summary>
    public int Epochs { get; init; } = 50;

    /// <summary>The number of images in a step; the last step of an epoch takes what is left.</summary>
    public int BatchSize { get; init; } = 250;

    /// <summary>The rule by which a gradient changes the parameters.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Adam;

    /// <summary>The learning rate, before the schedule's factor.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>How the learning rate changes over the run.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>The momentum of <see cref="OptimizerKind.Sgd"/>, in [0, 1).</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>The weight decay, 0 for none.</summary>
    public double WeightDecay { get; init; }

    /// <summary>
    /// The decay, in [0, 1), of a running mean of the parameters over the steps (Polyak
    /// and Juditsky 1992); the mean is evaluated and returned in their place. 0: none.
    /// </summary>
    public double Averaging { get; init; }

    /// <summary>What is minimized.</summary>
    public LossFunction Loss { get; init; } = LossFunction.CrossEntropy;

    /// <summary>The seed of the order of the images, of dropout and of augmentation.</summary>
    public long Seed { get; init; }

    /// <summary>
    /// Changes each training batch <c>[n, channels, height, width]</c> at random before the network sees it, drawing from
    /// the generator that it is given; null: batches are taken as they are.
    /// </summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>Receives every epoch.</summary>
    public IProgress<EpochReport>? Progress { get; init; }

    /// <summary>Receives every step.</summary>
    public IProgress<(long Step, long Steps, int Epoch, double Loss)>? StepProgress { get; init; }

    /// <summary>Trains a network from given parameters, which stay as they are.</summary>
    /// <param name="network">The network.</param>
    /// <param name="theta">The parameters to start from.</param>
    /// <param name="images">The training images, <c>[n, …network.InputShape]</c>, of the parameters' type.</param>
    /// <param name="labels">Int64 <c>[n]</c>, or soft labels <c>[n, classes]</c> of the images' type.</param>
    /// <param name="validation">Images and labels to evaluate after each epoch.</param>
    /// <param name="cancellation">Stops the run between two steps; the result then says so and holds what was learned.</param>
    /// <returns>The parameters and the history.</returns>
    /// <exception cref="ArgumentException">Images, labels or parameters do not fit.</exception>
    /// <exception cref="TrainingDivergedException">The loss became infinite or NaN.</exception>
    public TrainingResult Fit(
        Network network, Parameters theta, Tensor images, Tensor labels, (Tensor Images, Tensor Labels)? validation = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(theta);
        CheckOptions();
        Batches.Check(network, images, labels);
        if (validation is { } held)
            Batches.Check(network, held.Images, held.Labels);

        using var run = new TrainingRun(this, network, theta, images, labels);
        return run.Execute(validation, cancellation);
    }

    /// <summary>Trains a network from parameters drawn with <see cref="Seed"/>.</summary>
    /// <inheritdoc cref="Fit(Network, Parameters, Tensor, Tensor, ValueTuple{Tensor, Tensor}?, CancellationToken)"/>
    public TrainingResult Fit(
        Network network, Tensor images, Tensor labels, (Tensor Images, Tensor Labels)? validation = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        using var theta = network.Initialize(Seed, images.dtype, images.device);
        return Fit(network, theta, images, labels, validation, cancellation);
    }

    /// <summary>Trains a network on a data set, from parameters drawn with <see cref="Seed"/>.</summary>
    /// <param name="network">The network.</param>
    /// <param name="training">The images to learn from.</param>
    /// <param name="validation">Images to evaluate after each epoch.</param>
    /// <param name="cancellation">Stops the run between two steps; the result then says so and holds what was learned.</param>
    /// <returns>The parameters and the history.</returns>
    /// <exception cref="ArgumentException">The images do not fit the network.</exception>
    /// <exception cref="TrainingDivergedException">The loss became infinite or NaN.</exception>
    public TrainingResult Fit(
        Network network, ImageDataset training, ImageDataset? validation = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(training);
        return Fit(network, training.Images, training.Labels,
            validation is null ? null : (validation.Images, validation.Labels), cancellation);
    }

    private void CheckOptions()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Epochs);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(WeightDecay);
        if (LearningRate is not (> 0 and < double.PositiveInfinity))
            throw new ArgumentOutOfRangeException(nameof(LearningRate), LearningRate, "The learning rate must be positive.");
        if (Momentum is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(Momentum), Momentum, "The momentum must be in [0, 1).");
        if (Averaging is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(Averaging), Averaging, "The decay of the running mean must be in [0, 1).");
    }
}
