using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Kernels;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// Neural feature regression (Zhou et al. 2022, "Dataset distillation using neural feature regression", algorithm 1): the
/// images and labels from which ridge regression on the features of a network predicts real images best, whatever the network.
/// The networks come from a <see cref="FeaturePool"/> that learns from the distilled set during the run. Only first derivatives
/// are needed. Standardize the data first; train networks on the result with squared error, as its labels are centered.
/// </summary>
public sealed record FeatureRegression : IDistiller
{
    private const double StartTemperature = 2;
    private const double UsualTemperatureRate = 0.03;

    private readonly KernelRidge ridge = new(1e-3);

    /// <summary>
    /// The network on whose features the labels are regressed. A wider one takes longer and makes a set from which
    /// other networks, too, learn more. Networks trained on the set should start from the same distribution.
    /// </summary>
    public Network Network { get; init; } = Networks.ConvNet(3, 32, Normalization.None, doubling: true).With(Initialization.SmallNormal);

    /// <summary>
    /// Networks of several kinds, in place of <see cref="Network"/> and <see cref="Regularization"/>: each step takes one kind, at random
    /// by their shares, so that the images serve all of them. Empty: <see cref="Network"/> alone.
    /// </summary>
    public IReadOnlyList<PooledNetwork> Mixture { get; init; } = [];

    /// <summary>Distilled images per class.</summary>
    public int ImagesPerClass { get; init; } = 1;

    /// <summary>What the images start from where there is no <see cref="InitialSet"/>.</summary>
    public ImageStart Start { get; init; } = ImageStart.Real;

    /// <summary>A set to start from, with its images and labels, on the scale of the data; null: see <see cref="Start"/>.</summary>
    public DistilledSet? InitialSet { get; init; }

    /// <summary>Whether labels are learned; else they stay as they started, one-hot minus 1/C.</summary>
    public bool LearnLabels { get; init; } = true;

    /// <summary>λ relative to the mean diagonal of K_ss; above 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">λ is not above 0.</exception>
    public double Regularization
    {
        get => ridge.Regularization;
        init => ridge = new KernelRidge(value);
    }

    /// <summary>
    /// The loss of the predictions for real images: <see cref="LossFunction.SquaredError"/> from the centered labels (Zhou et al. 2022, eq.
    /// 4), or <see cref="LossFunction.CrossEntropy"/> of e^τ times the prediction, with a learned τ (Loo et al. 2022, "Efficient dataset
    /// distillation using random feature approximation", section 3.2).
    /// </summary>
    public LossFunction OuterLoss { get; init; } = LossFunction.CrossEntropy;

    /// <summary>
    /// The weight of −mean(min(y₍₁₎ − y₍₂₎, 1/C)), which keeps the two largest elements of each label apart (Zhou et al. 2022, as in
    /// their program); 0: none.
    /// </summary>
    public double Margin { get; init; } = 1;

    /// <summary>Real images per step, shared out equally over the classes; a class with fewer gives all it has.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>Distilled images that get a gradient in a step, drawn at random; the others take part as they are. 0: all.</summary>
    public int ActiveImages { get; init; }

    /// <summary>A random change of each real batch; null: none.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>
    /// A random, differentiable change of the distilled images, in the regression and where the pool learns; use the same when networks
    /// are trained on the result. Null: none.
    /// </summary>
    public Augmentation? SupportAugmentation { get; init; }

    /// <summary>The networks.</summary>
    public FeaturePool Pool { get; init; } = new();

    /// <summary>The outer optimizer of images and labels.</summary>
    public OuterAdam Outer { get; init; } = new() { LearningRate = 0.03 };

    /// <summary>The rate of τ, the logarithm of the predictions' scale under <see cref="LossFunction.CrossEntropy"/>.</summary>
    public double TemperatureLearningRate { get; init; } = UsualTemperatureRate;

    /// <summary>The result is the moving average of images and labels with this decay, in [0, 1); 0: the last ones.</summary>
    public double Averaging { get; init; } = 0.99;

    /// <inheritdoc/>
    public string Name => "Feature regression";

    /// <inheritdoc/>
    public string Settings => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Mixture.Count == 0 ? $"{Network.Name} from {Network.Initialization}" : string.Join(" + ", Mixture))}, {ImagesPerClass} per " +
        $"class, {(LearnLabels ? "learned" : "fixed")} labels, start {Support}, " +
        $"{(Mixture.Count == 0 ? $"λ {Regularization}, " : "")}{OuterLoss}, margin {Margin}, batch " +
        $"{BatchSize}{Augmentation.InSettings(Augmentation)}" +
        $"{(ActiveImages == 0 ? "" : $", {ActiveImages} active")}{Augmentation.InSettings(SupportAugmentation, "support augmented")}, " +
        $"{(TemperatureLearningRate == UsualTemperatureRate ? "" : $"temperature rate {TemperatureLearningRate}, ")}" +
        $"average {Averaging}, {Outer}; {Pool}");

    /// <inheritdoc/>
    public string Identity =>
        $"{Settings}; {string.Join("; ", Kinds.Select(static kind => Description.Of(kind.Network)))}{Support.Identity}";

    private SupportStart Support => new(ImagesPerClass, Start, InitialSet);

    private PooledNetwork[] Kinds => Mixture.Count == 0 ? [new PooledNetwork(Network) { Regularization = Regularization }] : [.. Mixture];

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">
    /// A class is missing or has too few images, the network or the initial set does not fit, or an image holds a NaN.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public DistillationState Initialize(ImageDataset data, long seed)
    {
        ArgumentNullException.ThrowIfNull(data);
        RequireFit(data);
        using var scope = NewDisposeScope();
        var state = new FeatureRegressionState(seed);
        Support.Begin(state, data, classes => KernelRidge.CenteredLabels(classes, data.ClassCount));
        state.Temperature = tensor(StartTemperature);
        state.BeginAverage(Averaging);
        foreach (var (place, kind) in Kinds.Index())
            (kind.Pool ?? Pool).Initialize(state, Prefix(place), kind.Network, data.Device);
        return state;
    }

    /// <inheritdoc/>
    public double Step(DistillationState state, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(data);
        return Step(state.As<FeatureRegressionState>(), data);
    }

    private double Step(FeatureRegressionState state, ImageDataset data)
    {
        using var scope = NewDisposeScope();
        var (prefix, kind) = ChooseKind(state);
        var pool = kind.Pool ?? Pool;
        var slot = pool.Choose(state);
        var batch = state.Derived(data, ClassBalance.Of).Draw(BatchSize / data.ClassCount, state.Random);
        var (real, classes) = (data.Images.Rows(batch), data.Labels.index_select(0, batch));
        if (Augmentation is not null)
            real = Augmentation.Apply(real, state.Random);

        var leaf = state.Images.detach().requires_grad_();
        var gradient = Differentiate(state, kind, FeaturePool.Of(state, prefix, kind.Network, slot), leaf, real, classes);
        Outer.Update(state, FeatureRegressionState.ImagesName, gradient.ToImages);
        if (LearnLabels)
            UpdateLabels(state, gradient.ToLabels);
        if (OuterLoss == LossFunction.CrossEntropy)
            (Outer with { LearningRate = TemperatureLearningRate })
                .Update(state, FeatureRegressionState.TemperatureName, tensor(gradient.ToTemperature));
        state.Average(Averaging);
        pool.Visit(state, prefix, kind.Network, slot, state.Images, state.Labels, SupportAugmentation);
        return gradient.Loss;
    }

    /// <inheritdoc/>
    public DistilledSet Result(DistillationState state, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(data);
        var set = state.As<FeatureRegressionState>();
        var (images, labels) = set.Learned(Averaging);
        return new DistilledSet(
            images.clone(), labels.clone(), $"{Name}: {Settings}, {state.Step} steps", data.Standardization, classNames: data.ClassNames);
    }

    /// <inheritdoc/>
    public long EstimateMemory(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        long support = (long)ImagesPerClass * data.ClassCount;
        long active = ActiveImages == 0 ? support : Math.Min(support, ActiveImages), targets = Math.Min(BatchSize, data.Count);
        long activations = Kinds.Max(static kind => kind.Network.Activations);
        long features = Kinds.Max(static kind => Layer.Size(kind.Network.FeatureShape));
        long pixels = Layer.Size(Kinds[0].Network.InputShape);
        long parameters = Kinds.Sum(kind => (kind.Pool ?? Pool).Size * kind.Network.ParameterCount);
        // Two graphs of active images (regression, training), one block without a graph, features, images with moments, the pool with
        // moments and its copies.
        long floats = (3 * active * activations) + (Blocks.Features * activations) + (2 * (support + targets) * features)
            + ((targets + (12 * support)) * pixels) + (9 * parameters);
        return (sizeof(float) * floats) + (5 * sizeof(double) * support * (support + targets));
    }

    /// <summary>The method and its options.</summary>
    public override string ToString() => $"{Name}: {Settings}";

    /// <summary>What the tensors of a kind's networks are called by.</summary>
    private static string Prefix(int kind) => kind == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"kind.{kind}.");

    private (string Prefix, PooledNetwork Kind) ChooseKind(DistillationState state)
    {
        var kinds = Kinds;
        var place = 0;
        if (kinds.Length > 1)
        {
            using var draw = rand([1], float64, generator: state.Random);
            var left = draw.Number() * kinds.Sum(static kind => kind.Share);
            for (; place < kinds.Length - 1 && left >= kinds[place].Share; place++)
                left -= kinds[place].Share;
        }
        return (Prefix(place), kinds[place]);
    }

    private RegressionGradient Differentiate(
        FeatureRegressionState state, PooledNetwork kind, Parameters theta, Tensor leaf, Tensor real, Tensor classes)
    {
        var support = SupportAugmentation is null ? leaf : SupportAugmentation.Apply(leaf, state.Random);
        long[]? active = null;
        if (ActiveImages > 0 && ActiveImages < leaf.shape[0])
            active = randperm(leaf.shape[0], generator: state.Random).narrow(0, 0, ActiveImages).data<long>().ToArray();
        return new RegressionLoss(kind.Network, kind.Ridge, OuterLoss).Differentiate(
            theta, leaf, support, state.Labels, real, classes, state.Temperature.Number(), active);
    }

    private void UpdateLabels(FeatureRegressionState state, Tensor gradient)
    {
        if (Margin > 0)
            gradient = gradient.Plus(MarginGradient(state.Labels));
        Outer.Update(state, FeatureRegressionState.LabelsName, gradient.to_type(float32));
    }

    /// <summary>The gradient of −w·mean(min(y₍₁₎ − y₍₂₎, 1/C)): of each label whose gap is small, on its two largest elements.</summary>
    private Tensor MarginGradient(Tensor labels)
    {
        var (count, classes) = ((int)labels.shape[0], (int)labels.shape[1]);
        var values = labels.cpu().data<float>().ToArray();
        var gradient = new double[values.Length];
        for (int i = 0; i < count; i++)
        {
            var row = values.AsSpan(i * classes, classes);
            var (first, second) = (-1, -1);
            for (int c = 0; c < classes; c++)
            {
                if (first < 0 || row[c] > row[first])
                    (first, second) = (c, first);
                else if (second < 0 || row[c] > row[second])
                    second = c;
            }
            if (second < 0 || row[first] - row[second] >= 1.0 / classes)
                continue;
            gradient[i * classes + first] = -Margin / count;
            gradient[i * classes + second] = Margin / count;
        }
        return tensor(gradient, [count, classes], device: labels.device);
    }

    private void RequireFit(ImageDataset data)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ActiveImages);
        ArgumentOutOfRangeException.ThrowIfNegative(Margin);
        foreach (var kind in Kinds)
        {
            if (!(kind.Share > 0) || !double.IsFinite(kind.Share))
                throw new ArgumentOutOfRangeException(
                    nameof(data), kind.Share, $"{kind.Network.Name}'s share of the steps is {kind.Share}; it must be above 0.");
            (kind.Pool ?? Pool).Check();
        }
        if (OuterLoss != LossFunction.CrossEntropy && OuterLoss != LossFunction.SquaredError)
            throw new ArgumentException(
                $"{nameof(OuterLoss)} is {OuterLoss}; feature regression has closed forms for {LossFunction.CrossEntropy} " +
                $"and {LossFunction.SquaredError} alone.", nameof(data));
        OptionRange.RequireAveraging(Averaging);
        OptionRange.RequireBatch(BatchSize, data);
        Support.RequireFit(data, Kinds.Select(static kind => kind.Network));
        KernelInputs.RequireFinite(data.Images, "real images");
    }
}
