namespace DatasetDistillation.Models;

/// <summary>Classifiers of gray 28×28 images in ten classes, ready-made.</summary>
public static class Networks
{
    private static readonly long[] Digit = [1, 28, 28];

    /// <summary>
    /// Whether networks on the processor run as fused passes, one autograd function each, and not as a loop over TorchSharp's
    /// operations, which computes the same more slowly. The environment variable <c>DISTILLATION_FUSED=0</c> switches it off.
    /// </summary>
    public static bool Fused
    {
        get => Compute.IsFused;
        set => Compute.IsFused = value;
    }

    /// <summary>Multinomial logistic regression: one linear layer on the pixels, 7,850 parameters.</summary>
    public static Network SoftmaxRegression() => new("Softmax regression", Digit, [new Flatten(), new Linear(10)]);

    /// <summary>A multi-layer perceptron.</summary>
    /// <param name="hidden">The sizes of its hidden layers; none given: 256 and 128.</param>
    public static Network Mlp(params int[] hidden)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        var layers = new List<Layer> { new Flatten() };
        foreach (int size in hidden.Length == 0 ? [256, 128] : hidden)
            layers.AddRange([new Linear(size), new ReLU()]);
        layers.Add(new Linear(10));
        return new Network("MLP", Digit, layers);
    }

    /// <summary>
    /// LeNet with ReLUs and max-pooling, 61,706 parameters, from Xavier normal: the network of Wang et al. 2018,
    /// "Dataset distillation".
    /// </summary>
    public static Network LeNet() => new("LeNet", Digit,
    [
        Conv.Same(6, kernel: 5), new ReLU(), new MaxPool(2),
        new Conv(16, Kernel: 5), new ReLU(), new MaxPool(2),
        new Flatten(),
        new Linear(120), new ReLU(),
        new Linear(84), new ReLU(),
        new Linear(10),
    ]);

    /// <summary>
    /// A convolutional network with dropout for digits, 602,634 parameters, from Xavier uniform as in Keras. Its second
    /// pooling is Keras' <c>same</c>: from 14×14 to 4×4, one pixel over the edge on each side.
    /// </summary>
    public static Network DigitCnn() => new("Digit CNN", Digit,
    [
        Conv.Same(64, kernel: 5), new ReLU(), new MaxPool(2), new Dropout(0.4),
        Conv.Same(128, kernel: 3), new ReLU(), new MaxPool(4, Padding: 1), new Dropout(0.4),
        new Flatten(),
        new Linear(256), new ReLU(), new Dropout(0.4),
        new Linear(10),
    ], Initialization.XavierUniform);

    /// <summary>
    /// The convolutional network that distillation is usually judged with (Zhao et al. 2021, "Dataset condensation with
    /// gradient matching"): blocks of a 3×3 convolution, a normalization, ReLU and 2×2 average pooling, then a linear head.
    /// </summary>
    /// <param name="depth">The number of blocks, at most 4.</param>
    /// <param name="width">The number of channels, of the first block where they double.</param>
    /// <param name="normalization">What follows each convolution.</param>
    /// <param name="doubling">
    /// Whether each block has twice the channels of the one before, as in Zhou et al. 2022, "Dataset distillation using neural feature
    /// regression"; theirs are 128-256-512.
    /// </param>
    public static Network ConvNet(int depth = 3, int width = 128, Normalization normalization = Normalization.Instance, bool doubling = false)
    {
        var layers = new List<Layer>();
        int[] channels = [.. Enumerable.Range(0, depth).Select(block => doubling ? width << block : width)];
        foreach (int count in channels)
        {
            layers.Add(Conv.Same(count, kernel: 3));
            if (normalization == Normalization.Instance)
                layers.Add(new InstanceNorm());
            layers.AddRange([new ReLU(), new AveragePool(2)]);
        }
        layers.AddRange([new Flatten(), new Linear(10)]);
        return new Network(doubling ? $"ConvNet {string.Join('-', channels)}" : $"ConvNet {depth}×{width}", Digit, layers, Initialization.HeNormal);
    }
}

/// <summary>What follows a convolution.</summary>
public enum Normalization
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Instance normalization with a learned gain and bias.</summary>
    Instance,
}
