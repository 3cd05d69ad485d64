using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Kernels;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// Kernel inducing points (Nguyen et al. 2021, "Dataset Meta-Learning from Kernel Ridge-Regression", algorithm 1): the images, and
/// with them the labels, whose kernel ridge regression predicts real images best. Standardize the data first. <see cref="Accuracy"/>
/// reads the result out by ridge regression with the same kernel; how well networks train on the images is another question.
/// </summary>
public sealed record KernelInducingPoints : IDistiller
{
    private readonly KernelRidge ridge = new();

    /// <summary>The kernel; by default the NTK of a network with two hidden layers.</summary>
    public IKernel Kernel { get; init; } = new FullyConnectedKernel(2);

    /// <summary>Distilled images per class.</summary>
    public int ImagesPerClass { get; init; } = 1;

    /// <summary>Whether labels are learned; else they stay one-hot minus 1/C.</summary>
    public bool LearnLabels { get; init; } = true;

    /// <summary>What the images start from.</summary>
    public ImageStart Start { get; init; } = ImageStart.Real;

    /// <summary>λ relative to the mean diagonal of K_ss; above 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">λ is not above 0.</exception>
    public double Regularization
    {
        get => ridge.Regularization;
        init => ridge = new KernelRidge(value);
    }

    /// <summary>Real images per step, shared out equally over the classes; a class with fewer gives all it has.</summary>
    public int BatchSize { get; init; } = 5000;

    /// <summary>A random change of each real batch, such as <see cref="Augmentation.Shift(int)"/>; null: none.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>The outer optimizer of images and labels.</summary>
    public OuterAdam Outer { get; init; } = new() { LearningRate = 0.04 };

    /// <inheritdoc/>
    public string Name => "Kernel inducing points";

    /// <inheritdoc/>
    public string Settings => string.Create(
        CultureInfo.InvariantCulture,
        $"{Kernel.Name}, {ImagesPerClass} per class, {(LearnLabels ? "learned" : "fixed")} labels, start {Start}, λ {Regularization}, " +
        $"batch {BatchSize}{Augmentation.InSettings(Augmentation)}, {Outer}");

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A class is missing, or has too few images to start from; or an image holds a NaN.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public DistillationState Initialize(ImageDataset data, long seed)
    {
        ArgumentNullException.ThrowIfNull(data);
        OptionRange.RequireBatch(BatchSize, data);
        var support = new SupportStart(ImagesPerClass, Start, null);
        support.RequireFit(data);
        KernelInputs.RequireFinite(data.Images, "real images");

        using var scope = NewDisposeScope();
        var state = new SetState(seed);
        support.Begin(state, data, classes => KernelRidge.CenteredLabels(classes, data.ClassCount));
        return state;
    }

    /// <inheritdoc/>
    public double Step(DistillationState state, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(data);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var set = state.As<SetState>();
        var batch = state.Derived(data, ClassBalance.Of).Draw(BatchSize / data.ClassCount, state.Random);
        var targets = data.Images.Rows(batch);
        if (Augmentation is not null)
            targets = Augmentation.Apply(targets, state.Random);
        var yt = KernelRidge.CenteredLabels(data.Labels.index_select(0, batch), data.ClassCount);
        using var kss = Kernel.Gram(set.Images);
        using var kts = Kernel.Cross(targets, set.Images);
        var loss = ridge.Loss(kss.Value, kts.Value, set.Labels, yt);
        Outer.Update(state, SetState.ImagesName, kss.Backward(loss.ToKss).PlusInPlace(kts.Backward(loss.ToKts)));
        if (LearnLabels)
            Outer.Update(state, SetState.LabelsName, loss.ToLabels.to_type(float32));
        return loss.Loss;
    }

    /// <inheritdoc/>
    public DistilledSet Result(DistillationState state, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(data);
        var set = state.As<SetState>();
        return new DistilledSet(set.Images.clone(), set.Labels.clone(), $"{Name}: {Settings}, {state.Step} steps", data.Standardization,
            classNames: data.ClassNames);
    }

    /// <summary>The method and its options.</summary>
    public override string ToString() => $"{Name}: {Settings}";

    /// <summary>The accuracy of kernel ridge regression from a distilled set, in [0, 1].</summary>
    /// <param name="set">A set whose images live in the space of the test images.</param>
    /// <param name="test">Test images, standardized as the training images were.</param>
    /// <inheritdoc cref="KernelRidge.Accuracy" path="/exception"/>
    public double Accuracy(DistilledSet set, ImageDataset test)
    {
        ArgumentNullException.ThrowIfNull(set);
        return ridge.Accuracy(Kernel, set.Images, set.Labels, test);
    }

    /// <summary>
    /// Label Solve: the same images with those labels that predict a whole training set best (<see cref="KernelRidge.SolveLabels"/>).
    /// On real images it shows what labels alone can do; on distilled ones it replaces the labels learned from batches.
    /// </summary>
    /// <param name="set">A set whose images live in the space of the training images; it stays as it is.</param>
    /// <param name="train">Training images, standardized as those of the set.</param>
    /// <inheritdoc cref="KernelRidge.SolveLabels" path="/exception"/>
    public DistilledSet SolveLabels(DistilledSet set, ImageDataset train)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(train);
        using var scope = NewDisposeScope();
        var labels = ridge.SolveLabels(Kernel, set.Images, train).to_type(float32);
        return new DistilledSet(set.Images.clone(), labels, $"{set.Method}; labels solved on {train.Name}", set.Preprocessing,
            classNames: set.ClassNames);
    }

    /// <inheritdoc/>
    public long EstimateMemory(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        long support = (long)ImagesPerClass * data.ClassCount, targets = Math.Min(BatchSize, data.Count);
        long pixels = data.Images.numel() / data.Count;
        // A batch and its augmentation; per pair, products and values as
        // Float32, and values, gradients and products of the ridge as Float64.
        return 2 * sizeof(float) * targets * pixels + 12 * sizeof(float) * support * pixels
            + 5 * (sizeof(float) + sizeof(double)) * support * (support + targets)
            + Kernel.EstimateMemory(support, targets, [data.Channels, data.Height, data.Width]);
    }
}
