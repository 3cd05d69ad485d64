using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using static TorchSharp.torch;

namespace DatasetDistillation.Models;

/// <summary>
/// A network as a pure function f(θ, x) of its parameters and its input, beside the distribution p(θ₀) that its
/// parameters start from. The same definition serves ordinary training, unrolled inner loops, pools of networks and
/// feature extraction.
/// </summary>
public sealed class Network
{
    private readonly long[] input;
    private readonly Step[] steps;
    private readonly int featureSteps;
    private readonly FusedPath? whole, features;
    private readonly ConcurrentDictionary<ScalarType, Initialization.Scaling> scalings = new();

    /// <summary>A network of layers, one after another.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="inputShape">The shape of one input, such as <c>[1, 28, 28]</c>.</param>
    /// <param name="layers">The layers in order; the last one is the head.</param>
    /// <param name="initialization">What the parameters start from; null: Xavier normal with biases of zero.</param>
    /// <exception cref="ArgumentException">A layer does not fit its input; the message names the layer and the shape.</exception>
    public Network(string name, IReadOnlyList<long> inputShape, IReadOnlyList<Layer> layers, Initialization? initialization = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(inputShape);
        ArgumentNullException.ThrowIfNull(layers);
        if (layers.Count == 0)
            throw new ArgumentException("A network needs at least one layer.", nameof(layers));
        if (inputShape.Count == 0 || inputShape.Any(static size => size < 1))
            throw new ArgumentException(
                $"The shape of an input needs positive sizes; got [{string.Join(", ", inputShape)}].", nameof(inputShape));

        input = [.. inputShape];
        (Name, InputShape, Initialization) = (name, input, initialization ?? Initialization.XavierNormal);
        var summaries = new List<LayerSummary>();
        var parameters = new List<ParameterSpec>();
        var plan = new List<Step>();
        var numbers = new Dictionary<string, int>();
        var shape = input;
        foreach (var layer in layers)
        {
            int number = summaries.Count + 1;
            var output = Infer(number, layer, shape);
            var own = layer.Parameters(shape);
            plan.Add(new Step(layer, parameters.Count, own.Count, shape));
            if (own.Count > 0)
            {
                int ordinal = numbers[layer.Prefix] = numbers.GetValueOrDefault(layer.Prefix) + 1;
                parameters.AddRange(own.Select(p => p with { Name = $"{layer.Prefix}{ordinal}.{p.Name}" }));
            }
            summaries.Add(new LayerSummary(number, layer, output, own.Sum(static p => p.Count)));
            shape = output;
        }
        (Layers, OutputShape, Layout) = (summaries, shape, new ParameterLayout(parameters));
        steps = Arrange(plan);
        featureSteps = Array.FindLastIndex(steps, static s => s.Count > 0);
        FeatureShape = featureSteps > 0 ? [.. summaries[featureSteps - 1].OutputShape] : InputShape;
        (whole, features) = (Fuse(steps.Length, OutputShape), Fuse(Math.Max(0, featureSteps), FeatureShape));
    }

    /// <summary>What the network is called.</summary>
    public string Name { get; }

    /// <summary>The shape of one input, <c>[channels, height, width]</c>.</summary>
    public IReadOnlyList<long> InputShape { get; }

    /// <summary>The shape of one output, <c>[classes]</c> for a classifier.</summary>
    public IReadOnlyList<long> OutputShape { get; }

    /// <summary>The shape of what <see cref="Features"/> gives for one input.</summary>
    public IReadOnlyList<long> FeatureShape { get; }

    /// <summary>What the parameters start from.</summary>
    public Initialization Initialization { get; }

    /// <summary>The layers with the shapes that they make.</summary>
    internal IReadOnlyList<LayerSummary> Layers { get; }

    /// <summary>The numbers that all layers make of one input: what a pass has in memory where derivatives need them.</summary>
    internal long Activations => Layers.Sum(static layer => Models.Layer.Size(layer.OutputShape));

    /// <summary>Names, shapes and offsets of the parameters.</summary>
    internal ParameterLayout Layout { get; }

    /// <summary>The number of parameters.</summary>
    public long ParameterCount => Layout.TotalCount;

    /// <summary>The same function with another distribution of its parameters.</summary>
    public Network With(Initialization initialization) => new(Name, InputShape, [.. Layers.Select(static l => l.Layer)], initialization);

    /// <summary>
    /// The same network with softplus in place of every ReLU, for distillation: parameters of the one are parameters of the other.
    /// </summary>
    /// <param name="beta">β of log(1 + e^(βx))/β: the larger, the closer to the ReLU.</param>
    /// <exception cref="ArgumentException">β is not positive and finite.</exception>
    public Network WithSoftplus(double beta = 60) => new(
        string.Create(CultureInfo.InvariantCulture, $"{Name}, softplus {beta}"), InputShape,
        [.. Layers.Select(l => l.Layer is ReLU ? new Softplus(beta) : l.Layer)], Initialization);

    /// <summary>Parameters drawn from p(θ₀); the same seed gives the same parameters.</summary>
    /// <param name="seed">Which draw.</param>
    /// <param name="type">Float32 or Float64.</param>
    /// <param name="device">Where they are to lie; null: on the CPU.</param>
    public Parameters Initialize(long seed, ScalarType type = ScalarType.Float32, Device? device = null)
    {
        using var generator = new Generator((ulong)seed);
        return Initialize(generator, type, device);
    }

    /// <summary>Parameters drawn from p(θ₀) with the next numbers of a generator.</summary>
    /// <param name="generator">Where the random numbers come from.</param>
    /// <param name="type">Float32 or Float64.</param>
    /// <param name="device">Where they are to lie; null: on the CPU.</param>
    public Parameters Initialize(Generator generator, ScalarType type = ScalarType.Float32, Device? device = null)
    {
        var flat = scalings.GetOrAdd(type, t => Initialization.For(Layout, t)).Draw(generator);
        return new Parameters(Layout, device is null ? flat : flat.to(device));
    }

    /// <summary>f(θ, x): for a classifier the logits. Differentiable in both.</summary>
    /// <param name="theta">The parameters, of this network's layout.</param>
    /// <param name="x">The inputs, <c>[n, …InputShape]</c>, of the parameters' type.</param>
    /// <param name="training">Whether dropout is active.</param>
    /// <param name="generator">Where dropout draws from; null: torch's default generator.</param>
    /// <returns>The outputs, <c>[n, …OutputShape]</c>.</returns>
    /// <exception cref="ArgumentException">The parameters or the inputs do not fit.</exception>
    public Tensor Forward(Parameters theta, Tensor x, bool training = false, Generator? generator = null) =>
        Run(steps.Length, whole, theta, x, training, generator);

    /// <summary>The input of the head, which is the last layer with parameters. Differentiable in θ and x.</summary>
    /// <param name="theta">The parameters, of this network's layout.</param>
    /// <param name="x">The inputs, <c>[n, …InputShape]</c>, of the parameters' type.</param>
    /// <returns>The features, <c>[n, …FeatureShape]</c>.</returns>
    /// <exception cref="ArgumentException">The parameters or the inputs do not fit.</exception>
    public Tensor Features(Parameters theta, Tensor x) =>
        Run(Math.Max(0, featureSteps), features, theta, x, training: false, generator: null);

    /// <summary>The network at weights and images, for a loop that differentiates through gradient steps.</summary>
    /// <param name="theta">The parameters, of this network's layout, without history.</param>
    /// <param name="x">The inputs, without history.</param>
    /// <param name="dropout">Where dropout draws from; null: it does not act.</param>
    /// <exception cref="ArgumentException">The parameters or the inputs do not fit.</exception>
    internal Linearization Linearize(Parameters theta, Tensor x, Generator? dropout = null)
    {
        Check(theta, x);
        return Networks.Fused && whole is not null && FusedPath.Takes(theta.Flat, x)
            ? whole.Linearize(theta.Flat, x, dropout)
            : new PlainLinearization(
                (flat, images) => Loop(steps.Length, flat, images, new ForwardMode(dropout is not null, dropout)), theta.Flat, x);
    }

    /// <summary>The layers with their output shapes and numbers of parameters, as lines of text.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{Name}: {string.Join("×", InputShape)} → {string.Join("×", OutputShape)}, {ParameterCount:N0} parameters, {Initialization}");
        int width = Math.Max(5, Layers.Max(static l => l.Layer.ToString()!.Length));
        text.AppendLine(CultureInfo.InvariantCulture, $"  #  {"layer".PadRight(width)}  {"output",-12}  parameters");
        foreach (var (number, layer, output, count) in Layers)
            text.AppendLine(CultureInfo.InvariantCulture, $"{number,3}  {layer.ToString()!.PadRight(width)}  " +
                $"{string.Join("×", output),-12}  {(count == 0 ? "" : count.ToString("N0", CultureInfo.InvariantCulture)),10}");
        return text.ToString();
    }

    /// <inheritdoc cref="Describe"/>
    public override string ToString() => Describe();

    private static long[] Infer(int number, Layer layer, long[] input)
    {
        try
        {
            var output = layer.OutputShape(input);
            return output.All(static size => size > 0) ? output : throw new ArgumentException(
                $"its output {Layer.Text(output)} would be empty");
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"Layer {number} ({layer}) does not fit: {e.Message}; got {Layer.Text(input)}.", e);
        }
    }

    /// <summary>The order of computation.</summary>
    private static Step[] Arrange(List<Step> plan)
    {
        Step[] order = [.. plan];
        // max(relu(a), relu(b)) = relu(max(a, b)), and likewise their derivatives;
        // pooling first leaves fewer elements to clip. So for softplus.
        for (int i = 0; i + 1 < order.Length; i++)
        {
            if (order[i].Layer is ReLU or Softplus && order[i + 1].Layer is MaxPool pool)
                (order[i], order[i + 1]) = (order[i + 1], order[i] with { Input = pool.OutputShape(order[i].Input) });
        }
        return order;
    }

    private Tensor Run(int count, FusedPath? fused, Parameters theta, Tensor x, bool training, Generator? generator)
    {
        Check(theta, x);
        return Networks.Fused && fused is not null && FusedPath.Takes(theta.Flat, x)
            ? fused.Run(theta.Flat, x, training, generator)
            : Loop(count, theta.Flat, x, new ForwardMode(training, generator));
    }

    /// <summary>The first layers, one after another, each by TorchSharp's operations: the definition.</summary>
    private Tensor Loop(int count, Tensor theta, Tensor x, ForwardMode mode)
    {
        var views = new Parameters(Layout, theta).Split();
        var activation = x;
        foreach (var (layer, first, own, _) in steps.AsSpan(0, count))
        {
            var output = layer.Forward(activation, views.AsSpan(first, own), mode);
            // The graph keeps what its derivatives read; the rest is free for the next layer.
            if (!ReferenceEquals(activation, x) && !ReferenceEquals(activation, output))
                activation.Dispose();
            activation = output;
        }
        foreach (var view in views)
            view.Dispose();
        return activation;
    }

    /// <summary>The first layers as fused passes; null where one of them has none.</summary>
    private FusedPath? Fuse(int count, IReadOnlyList<long> output)
    {
        if (count == 0)
            return null;
        long[] outputShape = [.. output];
        return FusedPath.Of(steps.Take(count).Select(step => (step.Layer, step.Input)), outputShape,
            (theta, x) => Loop(count, theta, x, default));
    }

    private void Check(Parameters theta, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(theta);
        ArgumentNullException.ThrowIfNull(x);
        if (!theta.Layout.Equals(Layout))
            throw new ArgumentException(
                $"The parameters are of another network than {Name}: wanted {Layout}; got {theta.Layout}.", nameof(theta));
        if (x.shape.Length != input.Length + 1 || !x.shape.AsSpan(1).SequenceEqual(input))
            throw new ArgumentException($"{Name} takes inputs [n, {string.Join(", ", InputShape)}]; got {Layer.Text(x.shape)}.", nameof(x));
        if (x.dtype != theta.Type)
            throw new ArgumentException(
                $"The inputs are {x.dtype} but the parameters {theta.Type}; convert one of them with To().", nameof(x));
    }

    private readonly record struct Step(Layer Layer, int First, int Count, long[] Input);
}

/// <summary>A layer in its place in a network.</summary>
/// <param name="Number">The place, from 1.</param>
/// <param name="Layer">The layer.</param>
/// <param name="OutputShape">The shape of one output.</param>
/// <param name="ParameterCount">The number of its parameters.</param>
internal sealed record LayerSummary(int Number, Layer Layer, IReadOnlyList<long> OutputShape, long ParameterCount);
