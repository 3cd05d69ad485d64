using FusedNetworks;
using static TorchSharp.torch;

namespace DatasetDistillation.Models;

/// <summary>Convolution with a bias: <c>[c, h, w]</c> to <c>[Channels, h′, w′]</c>.</summary>
/// <param name="Channels">The number of output channels.</param>
/// <param name="Kernel">The side of the square window in pixels, by its name in files (<see cref="Description"/>).</param>
/// <param name="Padding">Zeros added on each side, in pixels.</param>
/// <param name="Stride">The step of the window in pixels.</param>
internal sealed record Conv(int Channels, int Kernel, int Padding = 0, int Stride = 1) : Layer
{
    /// <summary>A convolution whose output is as large as its input.</summary>
    /// <param name="channels">The number of output channels.</param>
    /// <param name="kernelSize">The side of the square window in pixels, odd.</param>
    /// <exception cref="ArgumentException">The side is even.</exception>
    public static Conv Same(int channels, int kernelSize) => kernelSize % 2 == 1
        ? new(channels, kernelSize, kernelSize / 2)
        : throw new ArgumentException(
            $"Only an odd window has an output as large as its input; {kernelSize} is even.", nameof(kernelSize));

    /// <inheritdoc/>
    internal override long[] OutputShape(long[] input)
    {
        RequireImages(input);
        return [Channels, Slide(input[1], Kernel, Stride, Padding), Slide(input[2], Kernel, Stride, Padding)];
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<ParameterSpec> Parameters(long[] input)
    {
        long area = Kernel * Kernel;
        var (fanIn, fanOut) = (input[0] * area, Channels * area);
        return
        [
            new("weight", [Channels, input[0], Kernel, Kernel], ParameterRole.Weight, fanIn, fanOut),
            new("bias", [Channels], ParameterRole.Bias, fanIn, fanOut),
        ];
    }

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode) =>
        nn.functional.conv2d(x, theta[0], theta[1], strides: [Stride, Stride], padding: [Padding, Padding]);

    internal override FusedLayer<T> Fuse<T>(long[] input) =>
        new ConvolutionLayer<T>((int)input[0], (int)input[1], (int)input[2], Channels, Kernel, Padding, Stride);

    /// <summary>The layer in words.</summary>
    public override string ToString() =>
        $"Conv {Kernel}×{Kernel}, {Channels}{(Padding == 0 ? "" : $", padding {Padding}")}{(Stride == 1 ? "" : $", stride {Stride}")}";
}

/// <summary>A dense layer, W·x + b: <c>[features]</c> to <c>[Outputs]</c>.</summary>
/// <param name="Outputs">The number of outputs.</param>
internal sealed record Linear(int Outputs) : Layer
{
    /// <inheritdoc/>
    internal override long[] OutputShape(long[] input) =>
        input.Length == 1 ? [Outputs] : throw new ArgumentException("wanted [features]; put a Flatten before it");

    /// <inheritdoc/>
    internal override IReadOnlyList<ParameterSpec> Parameters(long[] input) =>
    [
        new("weight", [Outputs, input[0]], ParameterRole.Weight, input[0], Outputs),
        new("bias", [Outputs], ParameterRole.Bias, input[0], Outputs),
    ];

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode) =>
        nn.functional.linear(x, theta[0], theta[1]);

    internal override FusedLayer<T> Fuse<T>(long[] input) =>
        new LinearLayer<T>((int)input[0], Outputs);

    /// <summary>The layer in words.</summary>
    public override string ToString() => $"Linear {Outputs}";
}

/// <summary>max(x, 0), element by element.</summary>
internal sealed record ReLU : Layer
{
    /// <inheritdoc/>
    internal override long[] OutputShape(long[] input) => input;

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode) => nn.functional.relu(x);

    internal override FusedLayer<T> Fuse<T>(long[] input) =>
        new ReluLayer<T>(Size(input));

    /// <summary>The layer in words.</summary>
    public override string ToString() => "ReLU";
}

/// <summary>
/// log(1 + e^(βx))/β, element by element: a ReLU without its corner, which it is off by log 2/β at most. Loo et al. 2023, "Dataset
/// distillation with convexified implicit gradients", take β = 60 while distilling, and ReLU to train on the result.
/// </summary>
/// <param name="Beta">β, above 0.</param>
internal sealed record Softplus(double Beta = 60) : Layer
{
    // Beyond it e^(−βx) is nothing in Float64 either, and e^(βx) no infinity in Float32.
    private const double LinearFrom = 50;

    /// <inheritdoc/>
    internal override long[] OutputShape(long[] input) => Beta > 0 && double.IsFinite(Beta)
        ? input
        : throw new ArgumentException(FormattableString.Invariant($"β is {Beta}; it must be positive and finite"));

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode) =>
        nn.functional.softplus(x, Beta, LinearFrom);

    internal override FusedLayer<T> Fuse<T>(long[] input) =>
        new SoftplusLayer<T>(Size(input), Beta);

    /// <summary>The layer in words.</summary>
    public override string ToString() => FormattableString.Invariant($"Softplus {Beta}");
}

/// <summary>The largest value of each window; padding is never the largest.</summary>
/// <param name="Kernel">The side of the square window in pixels, and its step.</param>
/// <param name="Padding">How far windows reach over the edge on each side, in pixels.</param>
internal sealed record MaxPool(int Kernel, int Padding = 0) : Layer
{
    /// <inheritdoc/>
    internal override long[] OutputShape(long[] input)
    {
        RequireImages(input);
        return [input[0], Slide(input[1], Kernel, Kernel, Padding), Slide(input[2], Kernel, Kernel, Padding)];
    }

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode) =>
        nn.functional.max_pool2d(x, Kernel, stride: Kernel, padding: Padding);

    internal override FusedLayer<T> Fuse<T>(long[] input) =>
        new MaxPoolLayer<T>((int)input[0], (int)input[1], (int)input[2], Kernel, Padding);

    /// <summary>The layer in words.</summary>
    public override string ToString() => $"MaxPool {Kernel}×{Kernel}{(Padding == 0 ? "" : $", padding {Padding}")}";
}

/// <summary>The mean of each window.</summary>
/// <param name="Kernel">The side of the square window in pixels, and its step.</param>
internal sealed record AveragePool(int Kernel) : Layer
{
    /// <inheritdoc/>
    internal override long[] OutputShape(long[] input)
    {
        RequireImages(input);
        return [input[0], Slide(input[1], Kernel, Kernel, 0), Slide(input[2], Kernel, Kernel, 0)];
    }

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode) =>
        nn.functional.avg_pool2d(x, Kernel, stride: Kernel);

    internal override FusedLayer<T> Fuse<T>(long[] input) =>
        new AveragePoolLayer<T>((int)input[0], (int)input[1], (int)input[2], Kernel);

    /// <summary>The layer in words.</summary>
    public override string ToString() => $"AveragePool {Kernel}×{Kernel}";
}

/// <summary>
/// Normalizes each channel of each image to mean 0 and variance 1 over its pixels (Ulyanov et al. 2016), the same in
/// training and after.
/// </summary>
/// <param name="Affine">Whether a learned gain and bias for each channel follow.</param>
internal sealed record InstanceNorm(bool Affine = true) : Layer
{
    /// <inheritdoc/>
    internal override string Prefix => "norm";

    /// <inheritdoc/>
    internal override long[] OutputShape(long[] input)
    {
        RequireImages(input);
        return input[1] * input[2] > 1 ? input
            : throw new ArgumentException("one pixel for each channel has no variance");
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<ParameterSpec> Parameters(long[] input) => !Affine ? [] :
    [
        new("gain", [input[0]], ParameterRole.Gain, 1, 1),
        new("bias", [input[0]], ParameterRole.Bias, 1, 1),
    ];

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode) =>
        Affine ? nn.functional.instance_norm(x, weight: theta[0], bias: theta[1]) : nn.functional.instance_norm(x);

    internal override FusedLayer<T> Fuse<T>(long[] input) =>
        new InstanceNormLayer<T>((int)input[0], (int)(input[1] * input[2]), Affine);

    /// <summary>The layer in words.</summary>
    public override string ToString() => Affine ? "InstanceNorm" : "InstanceNorm, not affine";
}

/// <summary>
/// In training, sets each element to zero with a probability and scales the others by 1/(1 − probability)
/// (Srivastava et al. 2014); otherwise does nothing.
/// </summary>
/// <param name="Probability">The share that is dropped, in [0, 1).</param>
internal sealed record Dropout(double Probability) : Layer
{
    /// <inheritdoc/>
    internal override long[] OutputShape(long[] input) => Probability is >= 0 and < 1
        ? input
        : throw new ArgumentException($"the probability {Probability} is not in [0, 1)");

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode)
    {
        if (!mode.Training || Probability == 0)
            return x;
        using var scale = empty(x.shape, x.dtype);
        Draw(scale, Probability, mode.Generator);
        using var mask = scale.to(x.device);
        return x.mul(mask);
    }

    /// <summary>
    /// Fills a contiguous tensor on the processor with 0, and 1/(1 − probability) elsewhere; one number of the generator says which.
    /// </summary>
    internal static unsafe void Draw(Tensor factors, double probability, Generator? generator)
    {
        using var number = randint(long.MaxValue, [1], ScalarType.Int64, generator: generator);
        long seed = number.item<long>();
        if (factors.dtype == ScalarType.Float32)
            DropoutFactors.Fill(Memory.Of<float>(factors), factors.numel(), probability, seed);
        else
            DropoutFactors.Fill(Memory.Of<double>(factors), factors.numel(), probability, seed);
    }

    internal override FusedLayer<T> Fuse<T>(long[] input) =>
        new DropoutLayer<T>(Size(input), Probability);

    /// <summary>The layer in words.</summary>
    public override string ToString() => FormattableString.Invariant($"Dropout {Probability:G3}");
}

/// <summary>All features of an example in one row: <c>[c, h, w]</c> to <c>[c·h·w]</c>.</summary>
internal sealed record Flatten : Layer
{
    /// <inheritdoc/>
    internal override long[] OutputShape(long[] input) => [Size(input)];

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode) => x.flatten(1);

    /// <summary>The layer in words.</summary>
    public override string ToString() => "Flatten";
}
