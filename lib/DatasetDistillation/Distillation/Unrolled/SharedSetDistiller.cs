using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// Unrolled distillation of one set that networks are then trained on in the usual way, batch by batch in any order (Feng et al. 2023,
/// "Embarrassingly simple dataset distillation", RaT-BPTT): every inner step takes a random, class-balanced batch of the set, changed at
/// random where an augmentation is given, at one rate for all steps. A window of the inner loop, which ends at a random step, is
/// differentiated. <see cref="UnrolledDistiller"/> learns a batch and a rate for each step instead.
/// </summary>
public sealed partial record SharedSetDistiller : IDistiller
{
    /// <summary>The network that is trained on the distilled images.</summary>
    public Network Network { get; init; } = Networks.ConvNet(3, 32);

    /// <summary>Distilled images per class.</summary>
    public int ImagesPerClass { get; init; } = 1;

    /// <summary>What the images start from where there is no <see cref="InitialSet"/>.</summary>
    public ImageStart Start { get; init; } = ImageStart.Real;

    /// <summary>
    /// A set to start from, class by class, with its images and labels, on the scale of the data; null: see <see cref="Start"/>.
    /// </summary>
    public DistilledSet? InitialSet { get; init; }

    /// <summary>Whether the labels are learned, each a vector that begins as its class; else they stay as they are.</summary>
    public bool LearnLabels { get; init; }

    /// <summary>The inner steps of the longest loop.</summary>
    public int InnerSteps { get; init; } = 50;

    /// <summary>
    /// How many inner steps are differentiated: the last ones of a loop that ends at a random step, from this many to
    /// <see cref="InnerSteps"/>; the steps before run without gradients. 0: all of them, and the loop has its full length.
    /// </summary>
    public int Window { get; init; }

    /// <summary>Distilled images of each class in an inner step, drawn at random; 0: all of them.</summary>
    public int InnerImagesPerClass { get; init; }

    /// <summary>The rule of the inner steps.</summary>
    public InnerOptimizer Inner { get; init; } = InnerOptimizer.Adam();

    /// <summary>The rate of all inner steps, or what it begins with.</summary>
    public double InnerLearningRate { get; init; } = 1e-3;

    /// <summary>The outer rate at which the logarithm of the inner rate is learned; 0: the inner rate stays.</summary>
    public double RateLearningRate { get; init; }

    /// <summary>
    /// The loss of the inner steps. Squared error goes with learned labels, which are then those that a <see cref="NetworkReadOut"/> takes.
    /// </summary>
    public LossFunction InnerLoss { get; init; } = LossFunction.CrossEntropy;

    /// <summary>The loss on real images that is minimized.</summary>
    public LossFunction OuterLoss { get; init; } = LossFunction.CrossEntropy;

    /// <summary>Whether the network's dropout acts in the inner steps.</summary>
    public bool Dropout { get; init; } = true;

    /// <summary>A random, differentiable change of the distilled images in every inner step; null: none.</summary>
    public Augmentation? SupportAugmentation { get; init; }

    /// <summary>A random change of each real batch; null: none.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>Where the inner loops start from.</summary>
    public InitialWeights InitialWeights { get; init; } = InitialWeights.Fresh;

    /// <summary>How many inner loops, each from its own weights, an outer step averages over.</summary>
    public int NetworksPerStep { get; init; } = 1;

    /// <summary>Real images per outer step, shared out equally over the classes; a class with fewer gives all it has.</summary>
    public int BatchSize { get; init; } = 500;

    /// <summary>
    /// Gradients longer than this many times the running mean of their length (decay 0.9) are shortened to it; 0: none are.
    /// </summary>
    public double ClipFactor { get; init; } = 2;

    /// <summary>The outer optimizer of images and labels.</summary>
    public OuterAdam Outer { get; init; } = new() { LearningRate = 0.01 };

    /// <summary>The result is the moving average of images and labels with this decay, in [0, 1); 0: the last ones.</summary>
    public double Averaging { get; init; } = 0.9;

    /// <summary>Of how many last inner steps the graphs are kept; null: of as many as take 100 MiB. The results are the same.</summary>
    public int? KeptGraphs { get; init; }

    /// <inheritdoc/>
    public string Name => "Unrolled distillation of a shared set";

    /// <inheritdoc/>
    public string Settings => string.Create(CultureInfo.InvariantCulture,
        $"{Network.Name} from {Network.Initialization}, {ImagesPerClass} per class, {(LearnLabels ? "learned" : "fixed")} labels, start " +
        $"{Support}, {(Window == 0 ? $"{InnerSteps}" : $"a window of {Window} of up to {InnerSteps}")} steps on " +
        $"{(InnerImagesPerClass == 0 ? "all" : $"{InnerImagesPerClass} per class")}, " +
        $"inner {Inner} {(RateLearningRate > 0 ? "from " : "")}rate {InnerLearningRate} on " +
        $"{InnerLoss}{(RateLearningRate > 0 ? $", rate of the rate {RateLearningRate}" : "")}{(Dropout ? ", dropout" : "")}" +
        $"{Augmentation.InSettings(SupportAugmentation, "support augmented")}, {InitialWeights}, {NetworksPerStep} networks a step, " +
        $"outer {OuterLoss} on {BatchSize}{Augmentation.InSettings(Augmentation)}, clip {ClipFactor}, average {Averaging}, {Outer}");

    /// <inheritdoc/>
    public string Identity => $"{Settings}; {Description.Of(Network)}{Support.Identity}";

    private SupportStart Support => new(ImagesPerClass, Start, InitialSet);

    private int Differentiated => Window == 0 ? InnerSteps : Window;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">
    /// A class is missing or has too few images, the network or the initial set does not fit, or an image holds a NaN.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public DistillationState Initialize(ImageDataset data, long seed)
    {
        ArgumentNullException.ThrowIfNull(data);
        Check(data);
        using var scope = NewDisposeScope();
        var state = new SharedSetState(seed);
        Support.Begin(state, data, classes => InnerLoss.SoftLabels(classes, data.ClassCount, float32));
        state.LogRate = tensor(Math.Log(InnerLearningRate));
        state.BeginAverage(Averaging);
        return state;
    }

    /// <inheritdoc/>
    public double Step(DistillationState state, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(data);
        return Step(state.As<SharedSetState>(), data);
    }

    private double Step(SharedSetState state, ImageDataset data)
    {
        using var scope = NewDisposeScope();
        var batch = state.Derived(data, ClassBalance.Of).Draw(BatchSize / data.ClassCount, state.Random);
        var (real, classes) = (data.Images.index_select(0, batch), data.Labels.index_select(0, batch));
        if (Augmentation is not null)
            real = Augmentation.Apply(real, state.Random);
        var (images, labels) = (state.Images.detach().requires_grad_(), state.Labels.detach().requires_grad_(LearnLabels));
        var rate = Math.Exp(state.LogRate.Number());
        Tensor? toImages = null, toLabels = null;
        double loss = 0, toLogRate = 0;
        for (var n = 0; n < NetworksPerStep; n++)
        {
            var theta0 = InitialWeights.Draw(Network, state.Random, float32, data.Device);
            var loop = Draw(state, data.ClassCount);
            var gradient = loop.Differentiate(Unrolled(data, loop), images, labels, rate, theta0, real, classes);
            loss += gradient.Loss / NetworksPerStep;
            toLogRate += gradient.ToRate * rate / NetworksPerStep;
            MetaGradient.AddShare(ref toImages, gradient.ToImages, NetworksPerStep);
            if (gradient.ToLabels is not null)
                MetaGradient.AddShare(ref toLabels, gradient.ToLabels, NetworksPerStep);
        }
        Outer.Update(state, SetState.ImagesName, state.Clip(SetState.ImagesName, toImages!, ClipFactor));
        if (LearnLabels)
            Outer.Update(state, SetState.LabelsName, state.Clip(SetState.LabelsName, toLabels!, ClipFactor));
        if (RateLearningRate > 0)
            (Outer with { LearningRate = RateLearningRate }).Update(state, SharedSetState.LogRateName, tensor(toLogRate));
        state.Average(Averaging);
        return loss;
    }

    /// <inheritdoc/>
    public DistilledSet Result(DistillationState state, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(data);
        var set = state.As<SharedSetState>();
        var (images, labels) = set.Learned(Averaging);
        var rate = RateLearningRate > 0
            ? string.Create(CultureInfo.InvariantCulture, $", inner rate {Math.Exp(set.LogRate.Number()):G4}")
            : "";
        return new DistilledSet(
            images.clone(),
            labels.clone(),
            $"{Name}: {Settings}, {state.Step} steps{rate}",
            data.Standardization,
            classNames: data.ClassNames);
    }

    /// <summary>The method and its options.</summary>
    public override string ToString() => $"{Name}: {Settings}";

    private SharedSetLoop Draw(SharedSetState state, int classCount)
    {
        var plain = Window == 0 || Window == InnerSteps ? 0 : Number(InnerSteps - Window + 1);
        var steps = plain + Differentiated;
        var places = SharedSetLoop.DrawBatches(steps, classCount, ImagesPerClass, InnerImagesPerClass, state.Random);
        var seeds = Dropout ? Enumerable.Range(0, steps).Select(_ => (long)Number(int.MaxValue)).ToArray() : null;
        return new SharedSetLoop(plain, steps, places, SupportAugmentation, state.Random, seeds);

        int Number(int end)
        {
            using var drawn = randint(0, end, [1], generator: state.Random);
            return (int)drawn.WholeNumber();
        }
    }

    private UnrolledGradient Unrolled(ImageDataset data, SharedSetLoop loop) =>
        new(Network, Inner, InnerLoss, OuterLoss) { KeptGraphs = Kept(data), LearnLabels = LearnLabels, DropoutSeeds = loop.DropoutSeeds };
}
