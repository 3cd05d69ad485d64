using System.Numerics;
using FusedNetworks;
using static TorchSharp.torch;

namespace DatasetDistillation.Models;

/// <summary>
/// One operation of a network: a description without weights of its own. A layer declares the
/// shape of its output and its parameters, and computes with parameters that it is given.
/// </summary>
/// <remarks>Shapes are those of one example: <c>[channels, height, width]</c> or <c>[features]</c>, without the batch.</remarks>
public abstract record Layer
{
    /// <summary>max(x, 0), element by element.</summary>
    public static Layer ReLU { get; } = new ReLU();

    /// <summary>All features of an example in one row: <c>[c, h, w]</c> to <c>[c·h·w]</c>.</summary>
    public static Layer Flatten { get; } = new Flatten();

    /// <inheritdoc cref="Models.Conv"/>
    /// <param name="channels">The number of output channels.</param>
    /// <param name="kernelSize">The side of the square window in pixels.</param>
    /// <param name="padding">Zeros added on each side, in pixels.</param>
    /// <param name="stride">The step of the window in pixels.</param>
    public static Layer Conv(int channels, int kernelSize, int padding = 0, int stride = 1) =>
        new Conv(channels, kernelSize, padding, stride);

    /// <inheritdoc cref="Models.Linear"/>
    /// <param name="outputs">The number of outputs.</param>
    public static Layer Linear(int outputs) => new Linear(outputs);

    /// <inheritdoc cref="Models.MaxPool"/>
    /// <param name="kernelSize">The side of the square window in pixels, and its step.</param>
    /// <param name="padding">How far windows reach over the edge on each side, in pixels.</param>
    public static Layer MaxPool(int kernelSize, int padding = 0) => new MaxPool(kernelSize, padding);

    /// <inheritdoc cref="Models.AveragePool"/>
    /// <param name="kernelSize">The side of the square window in pixels, and its step.</param>
    public static Layer AveragePool(int kernelSize) => new AveragePool(kernelSize);

    /// <inheritdoc cref="Models.InstanceNorm"/>
    /// <param name="affine">Whether a learned gain and bias for each channel follow.</param>
    public static Layer InstanceNorm(bool affine = true) => new InstanceNorm(affine);

    /// <inheritdoc cref="Models.Dropout"/>
    /// <param name="probability">The share that is dropped, in [0, 1).</param>
    public static Layer Dropout(double probability) => new Dropout(probability);

    /// <summary>What parameters of this layer are called, such as <c>conv</c>; the network adds a number.</summary>
    internal virtual string Prefix => GetType().Name.ToLowerInvariant();

    /// <summary>The shape of an output for an input of the given shape.</summary>
    /// <param name="input">The shape of one input.</param>
    /// <exception cref="ArgumentException">An input of that shape does not fit; the message says why, without naming the layer.</exception>
    internal abstract long[] OutputShape(long[] input);

    /// <summary>The parameters for an input that fits, named within the layer (<c>weight</c>, <c>bias</c>).</summary>
    /// <param name="input">The shape of one input.</param>
    internal virtual IReadOnlyList<ParameterSpec> Parameters(long[] input) => [];

    /// <summary>The output for a batch; differentiable in <paramref name="x"/> and <paramref name="theta"/>.</summary>
    /// <param name="x">The inputs, <c>[n, …]</c>.</param>
    /// <param name="theta">The tensors that <see cref="Parameters"/> describes, in its order.</param>
    /// <param name="mode">How the network is used.</param>
    /// <returns>The outputs, <c>[n, …]</c>; the layer may return <paramref name="x"/> itself.</returns>
    internal abstract Tensor Forward(Tensor x, ReadOnlySpan<Tensor> theta, in ForwardMode mode);

    /// <summary>
    /// The same layer among the fused passes on the processor; null: it has none there, and its network is a plain loop over layers.
    /// </summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="input">The shape of one input.</param>
    internal virtual FusedLayer<T>? Fuse<T>(long[] input) where T : unmanaged, IBinaryFloatingPointIeee754<T> => null;

    /// <summary>The shape as <c>[a, b, c]</c>.</summary>
    internal static string Text(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";

    /// <summary>The number of elements of a shape.</summary>
    internal static long Size(IEnumerable<long> shape) => shape.Aggregate(1L, static (product, side) => product * side);

    /// <summary>The size of an output side: ⌊(size + 2·padding − kernel)/stride⌋ + 1.</summary>
    private protected static long Slide(long size, int kernel, int stride, int padding) =>
        kernel < 1 || stride < 1 || padding < 0
            ? throw new ArgumentException("the window and its step must be at least 1 pixel, and the padding 0")
            : kernel <= size + (2 * padding) ? ((size + (2 * padding) - kernel) / stride) + 1
            : throw new ArgumentException(
                $"the {kernel}×{kernel} window is larger than the input{(padding == 0 ? "" : $" padded by {padding}")}");

    /// <summary>Checks that the input is <c>[channels, height, width]</c>.</summary>
    private protected static void RequireImages(long[] input)
    {
        if (input.Length != 3)
            throw new ArgumentException("wanted [channels, height, width]");
    }
}

/// <summary>How a layer is used.</summary>
/// <param name="Training">Whether the network is being trained: dropout is active.</param>
/// <param name="Generator">Where random numbers are drawn from; null: torch's default generator.</param>
internal readonly record struct ForwardMode(bool Training, Generator? Generator);
