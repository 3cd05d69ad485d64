using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>What the inputs of kernels must be.</summary>
internal static class KernelInputs
{
    public static void Require(Tensor x, Tensor xPrime)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(xPrime);
        if (x.dtype is not (ScalarType.Float32 or ScalarType.Float64) || x.dtype != xPrime.dtype)
            throw new ArgumentException(
                $"A kernel takes two sets of images of one floating-point type; got {Describe(x)} and {Describe(xPrime)}.");
        if (x.dim() < 2 || xPrime.dim() < 2 || !x.shape.AsSpan(1).SequenceEqual(xPrime.shape.AsSpan(1)))
            throw new ArgumentException(
                $"A kernel takes two sets [n, …] and [m, …] of images of one size; got {Describe(x)} and {Describe(xPrime)}.");
    }

    /// <summary>Refuses images that are not finite.</summary>
    public static void RequireFinite(Tensor images, string what)
    {
        using var total = images.sum(float64);
        if (!double.IsFinite(total.Number()))
            throw new ArgumentException(
                $"The {what} hold a NaN or an infinity. Remove or repair those images; "
                + "after a distillation, take an earlier checkpoint or a lower rate.");
    }

    /// <summary>Refuses variances that no network has.</summary>
    public static void RequireVariances(double weightVariance, double biasVariance)
    {
        if (!(weightVariance > 0 && double.IsFinite(weightVariance)))
            throw new ArgumentOutOfRangeException(nameof(weightVariance), weightVariance,
                "The variance of the weights must be above 0; 2 is usual.");
        if (!(biasVariance >= 0 && double.IsFinite(biasVariance)))
            throw new ArgumentOutOfRangeException(nameof(biasVariance), biasVariance,
                "The variance of the biases must be 0 or more; 0.01 is usual.");
    }

    public static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]";
}
