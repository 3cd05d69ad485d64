using System.Runtime.CompilerServices;

namespace DatasetDistillation.Kernels;

/// <summary>The arc cosine of a lane of Float32, and how near to 1 a cosine may come.</summary>
internal static class ArcCosine
{
    /// <summary>1 − 10⁻⁷, the largest cosine in Float64.</summary>
    public const double LargestDouble = 1 - 1e-7;

    /// <summary>1 − 2·10⁻⁶, the largest cosine in Float32: beyond it no digit of the sine would be right.</summary>
    public const double LargestSingle = 1 - 2e-6;

    /// <summary>
    /// acos(x) = √(1 − x)·p(x) on [0, 1] with an absolute error below 2·10⁻⁸ before rounding (Abramowitz and Stegun 1964,
    /// 4.4.46), and π − acos(−x) below 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLane Angle<TLane>(ref TLane cosine, out TLane sine) where TLane : unmanaged, IFloatLane<TLane>
    {
        var one = TLane.Splat(1);
        var x = TLane.Min(TLane.Abs(cosine), TLane.Splat(LargestSingle));
        cosine = TLane.CopySign(x, cosine);
        var root = TLane.Sqrt(one - x);
        sine = root * TLane.Sqrt(one + x);
        var p = TLane.MultiplyAdd(TLane.Splat(-0.0012624911), x, TLane.Splat(0.0066700901));
        p = TLane.MultiplyAdd(p, x, TLane.Splat(-0.0170881256));
        p = TLane.MultiplyAdd(p, x, TLane.Splat(0.0308918810));
        p = TLane.MultiplyAdd(p, x, TLane.Splat(-0.0501743046));
        p = TLane.MultiplyAdd(p, x, TLane.Splat(0.0889789874));
        p = TLane.MultiplyAdd(p, x, TLane.Splat(-0.2145988016));
        p = TLane.MultiplyAdd(p, x, TLane.Splat(1.5707963050));
        var angle = root * p;
        return TLane.WhereNegative(cosine, TLane.Splat(Math.PI) - angle, angle);
    }
}
