using DatasetDistillation.Data;

namespace DatasetDistillation.Models;

/// <summary>
/// Classifiers, ready-made. Each takes the shape of its images and the number of its classes from data, from a shape and a
/// number, or is for gray digits of 28×28 pixels. Images that are too small are refused with an error that names the layer.
/// </summary>
public static class Networks
{
    private const int Digits = 10;
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

    /// <summary>Multinomial logistic regression: one linear layer on the pixels, 7,850 parameters for digits.</summary>
    /// <param name="data">The images.</param>
    public static Network SoftmaxRegression(ImageDataset data) => SoftmaxRegression(Shape(data), data.ClassCount);

    /// <inheritdoc cref="SoftmaxRegression(ImageDataset)"/>
    /// <param name="shape">The shape of an image, [channels, height, width]; null: that of digits.</param>
    /// <param name="classes">The number of classes.</param>
    public static Network SoftmaxRegression(IReadOnlyList<long>? shape = null, int classes = Digits) =>
        Of("Softmax regression", shape, classes, [new Flatten()]);

    /// <summary>A multi-layer perceptron.</summary>
    /// <param name="data">The images.</param>
    /// <param name="hidden">The sizes of its hidden layers; none given: 256 and 128.</param>
    public static Network Mlp(ImageDataset data, params int[] hidden) => Mlp(Shape(data), data.ClassCount, hidden);

    /// <summary>A multi-layer perceptron for digits.</summary>
    /// <param name="hidden">The sizes of its hidden layers; none given: 256 and 128.</param>
    public static Network Mlp(params int[] hidden) => Mlp(null, Digits, hidden);

    /// <summary>A multi-layer perceptron.</summary>
    /// <param name="shape">The shape of an image, [channels, height, width]; null: that of digits.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="hidden">The sizes of its hidden layers; none given: 256 and 128.</param>
    public static Network Mlp(IReadOnlyList<long>? shape, int classes, params int[] hidden)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        var layers = new List<Layer> { new Flatten() };
        foreach (int size in hidden.Length == 0 ? [256, 128] : hidden)
            layers.AddRange([new Linear(size), new ReLU()]);
        return Of("MLP", shape, classes, layers);
    }

    /// <summary>
    /// LeNet with ReLUs and max-pooling, 61,706 parameters for digits, from Xavier normal: the network of Wang et al. 2018,
    /// "Dataset distillation". Images have 12×12 pixels or more.
    /// </summary>
    /// <param name="data">The images.</param>
    public static Network LeNet(ImageDataset data) => LeNet(Shape(data), data.ClassCount);

    /// <inheritdoc cref="LeNet(ImageDataset)"/>
    /// <param name="shape">The shape of an image, [channels, height, width]; null: that of digits.</param>
    /// <param name="classes">The number of classes.</param>
    public static Network LeNet(IReadOnlyList<long>? shape = null, int classes = Digits) => Of("LeNet", shape, classes,
    [
        Conv.Same(6, kernelSize: 5), new ReLU(), new MaxPool(2),
        new Conv(16, Kernel: 5), new ReLU(), new MaxPool(2),
        new Flatten(),
        new Linear(120), new ReLU(),
        new Linear(84), new ReLU(),
    ]);

    /// <summary>
    /// A convolutional network with dropout, made for digits and 602,634 parameters for these, from Xavier uniform as in Keras. Its second
    /// pooling is Keras' <c>same</c>: from 14×14 to 4×4, one pixel over the edge on each side.
    /// </summary>
    /// <param name="data">The images.</param>
    public static Network DigitCnn(ImageDataset data) => DigitCnn(Shape(data), data.ClassCount);

    /// <inheritdoc cref="DigitCnn(ImageDataset)"/>
    /// <param name="shape">The shape of an image, [channels, height, width]; null: that of digits.</param>
    /// <param name="classes">The number of classes.</param>
    public static Network DigitCnn(IReadOnlyList<long>? shape = null, int classes = Digits) => Of("Digit CNN", shape, classes,
    [
        Conv.Same(64, kernelSize: 5), new ReLU(), new MaxPool(2), new Dropout(0.4),
        Conv.Same(128, kernelSize: 3), new ReLU(), new MaxPool(4, Padding: 1), new Dropout(0.4),
        new Flatten(),
        new Linear(256), new ReLU(), new Dropout(0.4),
    ], Initialization.XavierUniform);

    /// <summary>
    /// The convolutional network that distillation is usually judged with (Zhao et al. 2021, "Dataset condensation with
    /// gradient matching"): blocks of a 3×3 convolution, a normalization, ReLU and 2×2 average pooling, then a linear head.
    /// </summary>
    /// <param name="data">The images.</param>
    /// <param name="depth">
    /// The number of blocks, each of which halves the sides of the images: at most 4 for 28×28 pixels, 5 for 32×32, 6 for 64×64.
    /// </param>
    /// <param name="width">The number of channels, of the first block where they double.</param>
    /// <param name="normalization">What follows each convolution.</param>
    /// <param name="doubling">
    /// Whether each block has twice the channels of the one before, as in Zhou et al. 2022, "Dataset distillation using neural feature
    /// regression"; theirs are 128-256-512.
    /// </param>
    /// <exception cref="ArgumentException">The images are too small for so many blocks.</exception>
    public static Network ConvNet(ImageDataset data, int depth = 3, int width = 128, Normalization normalization = Normalization.Instance,
        bool doubling = false) =>
        ConvNet(Shape(data), data.ClassCount, depth, width, normalization, doubling);

    /// <summary>The convolutional network that distillation is usually judged with, for digits.</summary>
    /// <inheritdoc cref="ConvNet(ImageDataset, int, int, Normalization, bool)"/>
    public static Network ConvNet(int depth = 3, int width = 128, Normalization normalization = Normalization.Instance,
        bool doubling = false) =>
        ConvNet(null, Digits, depth, width, normalization, doubling);

    /// <summary>
    /// The convolutional network that distillation is usually judged with, see
    /// <see cref="ConvNet(ImageDataset, int, int, Normalization, bool)"/>.
    /// </summary>
    /// <param name="shape">The shape of an image, [channels, height, width]; null: that of digits.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="depth">The number of blocks.</param>
    /// <param name="width">The number of channels, of the first block where they double.</param>
    /// <param name="normalization">What follows each convolution.</param>
    /// <param name="doubling">Whether each block has twice the channels of the one before.</param>
    /// <exception cref="ArgumentException">The images are too small for so many blocks.</exception>
    public static Network ConvNet(
        IReadOnlyList<long>? shape, int classes, int depth = 3, int width = 128, Normalization normalization = Normalization.Instance,
        bool doubling = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        var layers = new List<Layer>();
        int[] channels = [.. Enumerable.Range(0, depth).Select(block => doubling ? width << block : width)];
        foreach (int count in channels)
        {
            layers.Add(Conv.Same(count, kernelSize: 3));
            if (normalization == Normalization.Instance)
                layers.Add(new InstanceNorm());
            layers.AddRange([new ReLU(), new AveragePool(2)]);
        }
        layers.Add(new Flatten());
        return Of(doubling ? $"ConvNet {string.Join('-', channels)}" : $"ConvNet {depth}×{width}", shape, classes, layers,
            Initialization.HeNormal);
    }

    private static long[] Shape(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return [data.Channels, data.Height, data.Width];
    }

    /// <summary>A classifier: the layers, and a linear one for the classes.</summary>
    private static Network Of(string name, IReadOnlyList<long>? shape, int classes, IReadOnlyList<Layer> layers,
        Initialization? initialization = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        shape ??= Digit;
        try
        {
            return new Network(name, shape, [.. layers, new Linear(classes)], initialization);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException(
                $"A {name} is not for images [{string.Join(", ", shape)}]: " +
                $"{exception.Message} Take larger images or a smaller network.", exception);
        }
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
