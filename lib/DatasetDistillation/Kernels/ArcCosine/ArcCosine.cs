using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace DatasetDistillation.Kernels;

/// <summary>
/// The two arc-cosine kernels (Cho and Saul 2009) of the angle θ between two images, in terms of u = 1 − cos θ, which stays exact where
/// the cosine comes near to 1: the opening 1 − θ/π, of which half is κ₀, and the growth w = u − (sin θ − θ cos θ)/π, for κ₁ = (1 − w)/2.
/// They are each other's derivatives: dw/du = 1 − θ/π, and d(1 − θ/π)/du = −1/(π sin θ).
/// </summary>
internal static class ArcCosine
{
    /// <summary>
    /// u of the smallest angle whose sine is divided by, in Float32. At smaller ones a kernel has a kink, and its derivative there is taken
    /// as the mean of both sides.
    /// </summary>
    public const double SmallestSingle = 1e-12;

    /// <inheritdoc cref="SmallestSingle"/>
    public const double SmallestDouble = 1e-24;

    // Below these, u is not left to inner products but computed from the images' difference.
    private const double SmallSingle = 1e-3, SmallDouble = 1e-6;

    // Up to this angle, sin θ − θ cos θ is a series in θ²: (θ³/3)(1 − θ²/10 (1 − θ²/28 (1 − …))), elsewhere what it says.
    private const double SeriesAngle = 0.5;
    private static readonly double[] SeriesRatios = [10, 28, 54, 88, 130, 180, 238];

    /// <summary>Below which u is computed from differences, for inner products have lost too many of its digits.</summary>
    public static double Small(ScalarType type) => type == ScalarType.Float32 ? SmallSingle : SmallDouble;

    /// <summary>The opening and the growth of lanes of Float32.</summary>
    /// <param name="u">1 − cos θ, from 0 to 2.</param>
    /// <param name="growth">w, with an error below 10⁻⁷.</param>
    /// <returns>1 − θ/π, with an error below 10⁻⁷.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLane Opening<TLane>(TLane u, out TLane growth) where TLane : unmanaged, IFloatLane<TLane>
    {
        var one = TLane.Splat(1);
        var (angle, difference) = Parts(u, out var nearer);
        growth = TLane.WhereAboveOne(u, one, nearer) - difference;
        return TLane.WhereAboveOne(u, angle, one - angle);
    }

    /// <summary>The same with the slope 1/(π sin θ) of the opening, which is 0 where there is a kink.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLane Opening<TLane>(TLane u, out TLane growth, out TLane slope) where TLane : unmanaged, IFloatLane<TLane>
    {
        var one = TLane.Splat(1);
        var (angle, difference) = Parts(u, out var nearer);
        growth = TLane.WhereAboveOne(u, one, nearer) - difference;
        // sin φ = (sin φ − φ cos φ) + φ cos φ, all of it over π.
        var sine = TLane.MultiplyAdd(angle, one - nearer, difference) * TLane.Splat(Math.PI * Math.PI);
        slope = TLane.WhereAbove(nearer, SmallestSingle, one / sine);
        return TLane.WhereAboveOne(u, angle, one - angle);
    }

    /// <summary>The opening and the growth of one Float64.</summary>
    public static (double Opening, double Growth, double Slope) Of(double u)
    {
        bool isObtuse = u > 1;
        double nearer = Math.Max(isObtuse ? 2 - u : u, 0);
        double angle = 2 * Math.Asin(Math.Sqrt(nearer / 2));
        double sine = Math.Sqrt(nearer * (2 - nearer));
        double difference = angle < SeriesAngle ? Series(angle) : sine - angle * (1 - nearer);
        double opening = isObtuse ? angle / Math.PI : 1 - angle / Math.PI;
        return (opening, (isObtuse ? 1 : nearer) - difference / Math.PI, nearer > SmallestDouble ? 1 / (Math.PI * sine) : 0);
    }

    /// <summary>The opening and the growth as tensor operations, differentiable to any order.</summary>
    /// <param name="u">1 − cos θ, of any shape, from 0 to 2.</param>
    public static (Tensor Opening, Tensor Growth) Of(Tensor u)
    {
        double smallest = u.dtype == float32 ? SmallestSingle : SmallestDouble;
        var far = 2 - u;
        var isAngle = u.gt(smallest).logical_and(far.gt(smallest));
        // Elsewhere a right angle stands in, so that no derivative is infinite.
        var (inside, outside) = (where(isAngle, u, ones_like(u)), where(isAngle, far, ones_like(u)));
        var angle = 2 * inside.sqrt().atan2(outside.sqrt());
        var square = angle.square();
        var series = square * angle / 3 * SeriesRatios.Reverse().Aggregate(ones_like(u), (sum, ratio) => 1 - square / ratio * sum);
        var difference = where(angle.lt(SeriesAngle), series, (inside * outside).sqrt() - angle * (1 - inside));
        var isOpposite = u.gt(1);
        var opening = where(isAngle, 1 - angle / Math.PI, where(isOpposite, zeros_like(u), ones_like(u)));
        return (opening, where(isAngle, inside - difference / Math.PI, where(isOpposite, ones_like(u), u)));
    }

    /// <summary>
    /// Of the acute angle φ between the lines: φ/π and (sin φ − φ cos φ)/π; <paramref name="nearer"/> is v = 1 − cos φ. The polynomials are
    /// Chebyshev approximations on [0, 1] of both, divided by √v and √v³.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (TLane Angle, TLane Difference) Parts<TLane>(TLane u, out TLane nearer) where TLane : unmanaged, IFloatLane<TLane>
    {
        var v = nearer = TLane.PositivePart(TLane.WhereAboveOne(u, TLane.Splat(2) - u, u));
        var p = TLane.MultiplyAdd(TLane.Splat(0.0003857081116), v, TLane.Splat(-0.0006336413341));
        var h = TLane.MultiplyAdd(TLane.Splat(0.0001655855023), v, TLane.Splat(-0.00001011249199));
        p = TLane.MultiplyAdd(p, v, TLane.Splat(0.001062651139));
        h = TLane.MultiplyAdd(h, v, TLane.Splat(0.0006537140815));
        p = TLane.MultiplyAdd(p, v, TLane.Splat(0.000470735702));
        h = TLane.MultiplyAdd(h, v, TLane.Splat(0.002387884822));
        p = TLane.MultiplyAdd(p, v, TLane.Splat(0.002615466698));
        h = TLane.MultiplyAdd(h, v, TLane.Splat(0.01500735753));
        p = TLane.MultiplyAdd(p, v, TLane.Splat(0.008427089512));
        h = TLane.MultiplyAdd(h, v, TLane.Splat(0.3001054096));
        p = TLane.MultiplyAdd(p, v, TLane.Splat(0.03751382808));
        p = TLane.MultiplyAdd(p, v, TLane.Splat(0.450158153));
        var root = TLane.Sqrt(v);
        return (root * p, root * v * h);
    }

    /// <summary>sin θ − θ cos θ.</summary>
    private static double Series(double angle)
    {
        double square = angle * angle, sum = 1;
        for (int i = SeriesRatios.Length - 1; i >= 0; i--)
            sum = 1 - square / SeriesRatios[i] * sum;
        return square * angle / 3 * sum;
    }
}
