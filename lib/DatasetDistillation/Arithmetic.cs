using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation;

/// <summary>
/// Arithmetic of tensors and numbers that a collection of garbage cannot disturb. TorchSharp makes a native scalar of each number,
/// also of the 1 before b in a + b and of what ToDouble() reads; nothing holds it while libtorch reads it, so that a collection at
/// that moment frees it. Here it is held until the call is over. Products, differences and quotients of two tensors need no scalar.
/// </summary>
internal static class Arithmetic
{
    private static readonly Scalar Zero = 0L.ToScalar(), One = 1L.ToScalar();

    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary>a + factor·b.</summary>
    public static Tensor Plus(this Tensor a, Tensor b, double factor)
    {
        using var scalar = factor.ToScalar();
        return a.add(b, scalar);
    }

    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.add(scalar, One);
    }

    /// <summary>a − b.</summary>
    public static Tensor Minus(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.sub(scalar);
    }

    /// <summary>b − a.</summary>
    public static Tensor MinusFrom(this Tensor a, double b)
    {
        using var negative = a.neg();
        return negative.Plus(b);
    }

    /// <summary>a·b.</summary>
    public static Tensor Times(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.mul(scalar);
    }

    /// <summary>a·b; a tensor of whole numbers stays one.</summary>
    public static Tensor Times(this Tensor a, long b)
    {
        using var scalar = b.ToScalar();
        return a.mul(scalar);
    }

    /// <summary>a / b.</summary>
    public static Tensor Over(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.div(scalar);
    }

    /// <summary>a².</summary>
    public static Tensor Squared(this Tensor a) => a.mul(a);

    /// <summary>a ← a + b.</summary>
    public static Tensor PlusInPlace(this Tensor a, Tensor b) => a.add_(b, One);

    /// <summary>a ← a + factor·b.</summary>
    public static Tensor PlusInPlace(this Tensor a, Tensor b, double factor)
    {
        using var scalar = factor.ToScalar();
        return a.add_(b, scalar);
    }

    /// <summary>a ← a + b.</summary>
    public static Tensor PlusInPlace(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.add_(scalar, One);
    }

    /// <summary>a ← a·b.</summary>
    public static Tensor TimesInPlace(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.mul_(scalar);
    }

    /// <summary>a ← a / b.</summary>
    public static Tensor OverInPlace(this Tensor a, double b)
    {
        using var scalar = b.ToScalar();
        return a.div_(scalar);
    }

    /// <summary>The elements, none below or above a limit.</summary>
    public static Tensor Within(this Tensor a, double least, double greatest)
    {
        using Scalar low = least.ToScalar(), high = greatest.ToScalar();
        return a.clamp(low, high);
    }

    /// <summary>The elements of a tensor of whole numbers, none below or above a limit.</summary>
    public static Tensor Within(this Tensor a, long least, long greatest)
    {
        using Scalar low = least.ToScalar(), high = greatest.ToScalar();
        return a.clamp(low, high);
    }

    /// <summary>0, 1, … up to, but without, <paramref name="count"/>.</summary>
    public static Tensor Range(long count, ScalarType type = ScalarType.Int64, Device? device = null)
    {
        using var stop = count.ToScalar();
        return arange(Zero, stop, One, type, device);
    }

    /// <summary>The one number in a tensor, as <see cref="double"/>.</summary>
    public static double Number(this Tensor a) => a.dtype switch
    {
        ScalarType.Float32 => a.item<float>(),
        ScalarType.Float64 => a.item<double>(),
        _ => a.WholeNumber(),
    };

    /// <summary>The one number in a tensor of whole numbers.</summary>
    public static long WholeNumber(this Tensor a)
    {
        using var number = a.to_type(ScalarType.Int64);
        return number.item<long>();
    }
}
