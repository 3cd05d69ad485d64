using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Kernels;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>Which labels a network learns from.</summary>
public enum LabelUse
{
    /// <summary>The set's labels, each less its mean over the classes, with the squared error: for learned labels.</summary>
    Soft,

    /// <summary>The class with the largest label, with cross-entropy.</summary>
    Hard,
}

/// <summary>
/// Trains an ordinary network on a distilled set, from scratch with an ordinary optimizer, and judges it on real images
/// after the last step. Kernel ridge regression on the same images and the replay of a learned schedule are other read-outs.
/// </summary>
/// <param name="Network">The network that is trained.</param>
public sealed record NetworkReadOut(Network Network)
{
    /// <summary>Which labels are learned from.</summary>
    public LabelUse Labels { get; init; }

    /// <summary>Optimizer steps; rounded up to whole passes over the set.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>Images in a step; all of them where there are fewer.</summary>
    public int BatchSize { get; init; } = 500;

    /// <summary>The optimizer.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Adam;

    /// <summary>The learning rate at its highest.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>How the rate rises and falls; by default a tenth of the steps up, then half a cosine down to a hundredth.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Cosine(warmUp: 0.1, final: 0.01);

    /// <summary>The momentum of <see cref="OptimizerKind.Sgd"/>, in [0, 1).</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>The weight decay, 0 for none.</summary>
    public double WeightDecay { get; init; }

    /// <summary>The decay, in [0, 1), of a running mean of the weights, which is judged in their place; 0: none.</summary>
    public double Averaging { get; init; }

    /// <summary>Changes each batch at random, such as <see cref="Augmentation.Shift(int)"/>; null: batches are taken as they are.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>The network, its labels and its optimizer, in a line.</summary>
    public override string ToString()
    {
        var loss = Labels == LabelUse.Soft ? "soft labels with squared error" : "hard labels with cross-entropy";
        var decay = WeightDecay == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", weight decay {WeightDecay}");
        var steps = string.Create(CultureInfo.InvariantCulture, $"{Steps} steps of {Optimizer} {LearningRate}");
        return $"{Network.Name}, {loss}, {steps}{decay}{(Augmentation is null ? "" : ", augmented")}";
    }

    /// <summary>Trains the network on a set; the same seed gives bit-identical weights.</summary>
    /// <param name="set">The distilled set.</param>
    /// <param name="seed">Of the first weights, the order of the images, dropout and augmentation.</param>
    /// <param name="watched">
    /// Real images, standardized as the set's are, to evaluate after each pass over the set, for learning curves; null: none.
    /// </param>
    /// <param name="cancellation">Stops between two steps; the result then says so.</param>
    /// <exception cref="ArgumentException">
    /// The network takes other images, has another number of classes, or the set lacks a class.
    /// </exception>
    /// <exception cref="TrainingDivergedException">The loss became infinite or NaN.</exception>
    public TrainingResult Train(DistilledSet set, long seed = 0, ImageDataset? watched = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentOutOfRangeException.ThrowIfLessThan(Steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        set.RequireFit(Network);
        if (watched is not null)
            set.RequireSpace(watched);
        using var labels = Targets(set.Labels);
        using var classes = watched is null ? null : Targets(KernelRidge.CenteredLabels(watched.Labels, set.ClassCount));
        var batch = Math.Min(BatchSize, set.Count);
        var stepsPerEpoch = (set.Count + batch - 1) / batch;
        var trainer = new Trainer
        {
            Epochs = (Steps + stepsPerEpoch - 1) / stepsPerEpoch,
            BatchSize = batch,
            Optimizer = Optimizer,
            LearningRate = LearningRate,
            Schedule = Schedule,
            Momentum = Momentum,
            WeightDecay = WeightDecay,
            Averaging = Averaging,
            Loss = Labels == LabelUse.Soft ? LossFunction.SquaredError : LossFunction.CrossEntropy,
            Augmentation = Augmentation,
            Seed = seed,
        };
        return trainer.Fit(Network, set.Images, labels, watched is null ? null : (watched.Images, classes!), cancellation);
    }

    /// <summary>The accuracy on real images, in [0, 1], of networks trained with several seeds.</summary>
    /// <param name="set">The distilled set.</param>
    /// <param name="test">Test images, standardized as the training images were.</param>
    /// <param name="seeds">One network each.</param>
    /// <param name="progress">Receives the share done, in [0, 1].</param>
    /// <param name="cancellation">Stops a training; the spread is then that of the networks done.</param>
    /// <inheritdoc cref="Train" path="/exception"/>
    /// <exception cref="OperationCanceledException">It was canceled before the first network was done.</exception>
    public Spread Accuracy(
        DistilledSet set, ImageDataset test, IEnumerable<long> seeds, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(seeds);
        set.RequireSpace(test);
        long[] all = [.. seeds];
        var accuracies = new List<double>();
        foreach (var seed in all)
        {
            using var result = Train(set, seed, cancellation: cancellation);
            if (result.IsCanceled)
                break;
            accuracies.Add(Evaluation.Evaluate(Network, result.Parameters, test).Accuracy);
            progress?.Report((double)accuracies.Count / all.Length);
        }
        if (accuracies.Count == 0)
            cancellation.ThrowIfCancellationRequested();
        return new Spread(accuracies);
    }

    /// <summary>The accuracy on real images of a number of networks, trained with the seeds 0, 1, …</summary>
    /// <inheritdoc cref="Accuracy(DistilledSet, ImageDataset, IEnumerable{long}, IProgress{double}?, CancellationToken)"/>
    public Spread Accuracy(DistilledSet set, ImageDataset test, int networks = 5, IProgress<double>? progress = null,
        CancellationToken cancellation = default) =>
        Accuracy(set, test, Enumerable.Range(0, networks).Select(static i => (long)i), progress, cancellation);

    /// <summary>What is learned from labels [n, classes]: themselves, centered, as Float32; or the class of each.</summary>
    private Tensor Targets(Tensor labels)
    {
        using var scope = NewDisposeScope();
        var targets = Labels == LabelUse.Soft ? (labels - labels.mean([1], keepdim: true)).to(ScalarType.Float32) : labels.argmax(1);
        return targets.MoveToOuterDisposeScope();
    }
}
