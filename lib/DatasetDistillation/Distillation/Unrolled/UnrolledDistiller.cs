using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using FusedNetworks;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// Dataset distillation by unrolled optimization (Wang et al. 2018): images, and a learning rate for each step, such that a few
/// gradient steps on them take a network from its initial weights to good ones. The outer gradient goes through the whole inner
/// loop; soft labels (Sucholutsky and Schonlau 2019), other inner optimizers, and truncated windows with clipping for long loops
/// (Feng et al. 2023, "Embarrassingly simple dataset distillation") are options.
/// </summary>
public sealed partial record UnrolledDistiller : IDistiller
{
    /// <summary>The network that is trained on the distilled images.</summary>
    public Network Network { get; init; } = Networks.LeNet();

    /// <summary>P: how many steps have images of their own.</summary>
    public int Steps { get; init; } = 1;

    /// <summary>E: how often the P steps are gone through. There are T = P·E steps in all, each with its own learned rate.</summary>
    public int Epochs { get; init; } = 3;

    /// <summary>m: images of each class in a step.</summary>
    public int ImagesPerClass { get; init; } = 1;

    /// <summary>The learning rate that every step begins with; kept positive as softplus of a learned number.</summary>
    public double InitialLearningRate { get; init; } = 0.02;

    /// <summary>Whether the labels are learned, each a vector that begins as its class; else they stay as they are.</summary>
    public bool LearnLabels { get; init; }

    /// <summary>What the images start from.</summary>
    public ImageStart Start { get; init; } = ImageStart.Noise;

    /// <summary>The rule of the inner steps.</summary>
    public InnerOptimizer Inner { get; init; } = InnerOptimizer.GradientDescent;

    /// <summary>The loss of the inner steps.</summary>
    public LossFunction InnerLoss { get; init; } = LossFunction.CrossEntropy;

    /// <summary>The loss on real images that is minimized.</summary>
    public LossFunction OuterLoss { get; init; } = LossFunction.CrossEntropy;

    /// <summary>Where the inner loops start from. Networks trained on another data set make it an adaptation to this one.</summary>
    public InitialWeights InitialWeights { get; init; } = InitialWeights.Fresh;

    /// <summary>How many inner loops, each from its own weights, an outer step averages over.</summary>
    public int NetworksPerStep { get; init; } = 1;

    /// <summary>Real images in an outer step.</summary>
    public int BatchSize { get; init; } = 1024;

    /// <summary>
    /// An attack instead of the task (Wang et al. 2018, section 3.6): networks
    /// trained on the images take class From for class To; null: none.
    /// </summary>
    public (int From, int To)? Poisoning { get; init; }

    /// <summary>
    /// How many inner steps are differentiated: a window that ends at a random step, before which the loop runs without
    /// gradients and where the outer loss is taken. 0: all of them.
    /// </summary>
    public int Window { get; init; }

    /// <summary>
    /// Gradients longer than this many times the running mean of their length (decay 0.9) are shortened to it; 0: none are.
    /// </summary>
    public double ClipFactor { get; init; }

    /// <summary>The optimizer of images, labels and rates.</summary>
    public OuterAdam Outer { get; init; } = new() { LearningRate = 0.01, Beta1 = 0.5, Beta2 = 0.999 };

    /// <summary>
    /// Of how many last inner steps the graphs are kept from the way forward instead of being built again on the way back:
    /// about a fifth faster for the memory of as many graphs. Null: of as many as take 100 MiB. The results are the same.
    /// </summary>
    public int? KeptGraphs { get; init; }

    /// <summary>The type in which everything is computed: Float32, or Float64 to check gradients.</summary>
    public ScalarType Precision { get; init; } = ScalarType.Float32;

    /// <summary>T = P·E.</summary>
    public int InnerSteps => Steps * Epochs;

    /// <inheritdoc/>
    public string Name => "unrolled distillation";

    /// <inheritdoc/>
    public string Settings => string.Create(CultureInfo.InvariantCulture,
        $"{Network.Name} ({Network.ParameterCount} parameters, {Network.Initialization}), " +
        $"{Steps} steps × {Epochs} epochs, {ImagesPerClass} per class from {(Start == ImageStart.Real ? "real images" : "noise")}, " +
        $"{(LearnLabels ? "learned" : "fixed")} labels, " +
        $"{InitialWeights}, {NetworksPerStep} networks a step, inner {Inner} from rate {InitialLearningRate} on {InnerLoss}, " +
        $"outer {OuterLoss} on {BatchSize}{(Poisoning is { } attack ? $", poisoning {Distillation.Poisoning.Text(attack)}" : "")}, " +
        $"window {(Window == 0 ? InnerSteps : Window)}, clip {ClipFactor}, {Outer}, {Precision}");

    /// <inheritdoc/>
    public string Identity => $"{Settings}; {Description.Of(Network)}";

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The data do not fit the network, or an option is out of its range.</exception>
    public DistillationState Initialize(ImageDataset data, long seed)
    {
        ArgumentNullException.ThrowIfNull(data);
        Check(data);
        using var scope = NewDisposeScope();
        var state = new UnrolledState(seed);
        var classes = data.ClassCount;
        var count = Steps * classes * ImagesPerClass;
        // Within a step the images go class by class, m of each.
        var labels = Enumerable.Range(0, count).Select(i => i / ImagesPerClass % classes).ToArray();
        state.Images = Start == ImageStart.Real
            ? RealImages(data, labels, state.Random)
            : randn([count, .. data.Images.shape[1..]], Precision, generator: state.Random).to(data.Device);
        state.Labels = InnerLoss.SoftLabels(tensor(Array.ConvertAll(labels, static l => (long)l)), classes, Precision).to(data.Device);
        state.Rates = ones([InnerSteps], Precision, data.Device).TimesInPlace(Math.Log(Math.Exp(InitialLearningRate) - 1));
        return state;
    }

    /// <inheritdoc/>
    public double Step(DistillationState state, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(data);
        return Step(state.As<UnrolledState>(), data);
    }

    private double Step(UnrolledState state, ImageDataset data)
    {
        using var scope = NewDisposeScope();
        var (realImages, realLabels) = Sample(state, data);
        var variables = new UnrolledVariables(state.Images, state.Labels, state.LearningRates(), Steps);
        var unrolled = new UnrolledGradient(Network, Inner, InnerLoss, OuterLoss) { KeptGraphs = Kept(data), LearnLabels = LearnLabels };
        Tensor? images = null, labels = null, rates = null;
        double loss = 0;
        foreach (var gradient in OverNetworks(
            state, data, (theta0, window) => unrolled.Compute(variables, theta0, realImages, realLabels, window.First, window.Last)))
        {
            gradient.AttachTo(scope);
            loss += gradient.Loss / NetworksPerStep;
            MetaGradient.AddShare(ref images, gradient.Images, NetworksPerStep);
            MetaGradient.AddShare(ref rates, gradient.RawRates(state.Rates), NetworksPerStep);
            if (LearnLabels)
                MetaGradient.AddShare(ref labels, gradient.Labels, NetworksPerStep);
        }
        Update(state, UnrolledState.ImagesName, images!);
        Update(state, UnrolledState.RatesName, rates!);
        if (labels is not null)
            Update(state, UnrolledState.LabelsName, labels);
        return loss;
    }

    /// <summary>
    /// What is computed from each of the step's networks, in the order in which they are drawn. Where there are enough of them, each
    /// thread takes a network of its own.
    /// </summary>
    private MetaGradient[] OverNetworks(UnrolledState state, ImageDataset data, Func<Tensor, (int First, int Last), MetaGradient> compute)
    {
        var gradients = new MetaGradient[NetworksPerStep];
        var (drawing, drawn) = (new Lock(), 0);
        if (NetworksAtOnce(data) > 1)
            WorkPool.Run(NetworksPerStep, _ => One());
        else
            for (var n = 0; n < NetworksPerStep; n++)
                One();
        return gradients;

        void One()
        {
            using var scope = NewDisposeScope();
            int n;
            Tensor theta0;
            (int First, int Last) window;
            lock (drawing)
            {
                n = drawn++;
                theta0 = InitialWeights.Draw(Network, state.Random, Precision, data.Device);
                window = DrawWindow(state.Random);
            }
            gradients[n] = compute(theta0, window);
            gradients[n].Detach();
        }
    }

    /// <inheritdoc/>
    public DistilledSet Result(DistillationState state, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(data);
        using var scope = NewDisposeScope();
        var learned = state.As<UnrolledState>();
        return new DistilledSet(
            learned.Images.to_type(ScalarType.Float32, copy: true),
            learned.Labels.to_type(ScalarType.Float32, copy: true),
            string.Create(CultureInfo.InvariantCulture, $"{Name}: {Settings}; {state.Step} outer steps"),
            data.Standardization,
            learned.LearningRates(),
            Steps,
            data.ClassNames);
    }

    /// <summary>The method and its options.</summary>
    public override string ToString() => $"{Name}: {Settings}";

    private (Tensor Images, Tensor Labels) Sample(DistillationState state, ImageDataset data)
    {
        var (images, labels) = (data.Images, data.Labels);
        if (BatchSize < data.Count)
        {
            var chosen = randint(0, data.Count, [BatchSize], generator: state.Random).to(data.Device);
            (images, labels) = (images.Rows(chosen), labels.index_select(0, chosen));
        }
        return (images.to(Precision), Poisoning is { } attack ? Distillation.Poisoning.Apply(attack, labels) : labels);
    }

    private (int First, int Last) DrawWindow(Generator random)
    {
        if (Window == 0 || Window == InnerSteps)
            return (0, InnerSteps);
        using var start = randint(0, InnerSteps - Window + 1, [1], generator: random);
        var first = (int)start.WholeNumber();
        return (first, first + Window);
    }

    private void Update(UnrolledState state, string name, Tensor gradient) =>
        Outer.Update(state, name, state.Clip(name, gradient, ClipFactor));

    private Tensor RealImages(ImageDataset data, int[] labels, Generator random)
    {
        var members = data.LabelValues().Select(static (label, index) => (label, index)).ToLookup(static p => (int)p.label,
            static p => (long)p.index);
        var order = labels.Select(label =>
        {
            long[] own = [.. members[label]];
            using var draw = randint(0, own.Length, [1], generator: random);
            return own[draw.WholeNumber()];
        });
        return data.Images.index_select(0, tensor(order.ToArray()).to(data.Device)).to(Precision);
    }
}
