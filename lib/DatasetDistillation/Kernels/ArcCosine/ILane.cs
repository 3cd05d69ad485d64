using System.Numerics;

namespace DatasetDistillation.Kernels;

/// <summary>A few numbers that are computed with at once.</summary>
internal unsafe interface ILane<TSelf, T> :
    IAdditionOperators<TSelf, TSelf, TSelf>, ISubtractionOperators<TSelf, TSelf, TSelf>,
    IMultiplyOperators<TSelf, TSelf, TSelf>, IDivisionOperators<TSelf, TSelf, TSelf>
    where TSelf : unmanaged, ILane<TSelf, T>
    where T : unmanaged
{
    /// <summary>How many numbers.</summary>
    static abstract int Width { get; }

    static abstract TSelf Load(T* source);

    static abstract TSelf Splat(double value);

    /// <summary>The same as <see cref="Splat"/>, of a number that needs no conversion.</summary>
    static abstract TSelf Broadcast(T value);

    void Store(T* target);

    /// <summary>The sum of the numbers.</summary>
    T Sum();

    /// <summary>Whether one of the numbers is less than another.</summary>
    bool IsAnyBelow(double bound);

    /// <summary>a·b + c, rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Sqrt(TSelf a);

    /// <summary>The smaller one; of NaN and another, either.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>The larger one of 0 and a; NaN where a is.</summary>
    static abstract TSelf PositivePart(TSelf a);

    /// <inheritdoc cref="ArcCosine.Opening{TLane}(TLane, out TLane)"/>
    static abstract TSelf Opening(TSelf u, out TSelf growth);

    /// <inheritdoc cref="ArcCosine.Opening{TLane}(TLane, out TLane, out TLane)"/>
    static abstract TSelf Opening(TSelf u, out TSelf growth, out TSelf slope);
}

/// <summary>A lane of Float32, with what its arc cosine is made of.</summary>
internal interface IFloatLane<TSelf> : ILane<TSelf, float> where TSelf : unmanaged, IFloatLane<TSelf>
{
    /// <summary>One number where <paramref name="test"/> is above 1, else the other.</summary>
    static abstract TSelf WhereAboveOne(TSelf test, TSelf above, TSelf other);

    /// <summary>A number where <paramref name="test"/> is above a bound, else 0.</summary>
    static abstract TSelf WhereAbove(TSelf test, double bound, TSelf value);
}

/// <summary>One Float64, by the exact functions.</summary>
internal readonly unsafe struct DoubleLane(double value) : ILane<DoubleLane, double>
{
    private readonly double value = value;

    public static int Width => 1;

    public static DoubleLane Load(double* source) => new(*source);

    public static DoubleLane Splat(double value) => new(value);

    public static DoubleLane Broadcast(double value) => new(value);

    public void Store(double* target) => *target = value;

    public double Sum() => value;

    public bool IsAnyBelow(double bound) => value < bound;

    public static DoubleLane MultiplyAdd(DoubleLane a, DoubleLane b, DoubleLane c) => new(Math.FusedMultiplyAdd(a.value, b.value, c.value));

    public static DoubleLane Sqrt(DoubleLane a) => new(Math.Sqrt(a.value));

    public static DoubleLane Min(DoubleLane a, DoubleLane b) => new(Math.Min(a.value, b.value));

    public static DoubleLane PositivePart(DoubleLane a) => new(a.value < 0 ? 0 : a.value);

    public static DoubleLane Opening(DoubleLane u, out DoubleLane growth) => Opening(u, out growth, out _);

    public static DoubleLane Opening(DoubleLane u, out DoubleLane growth, out DoubleLane slope)
    {
        var (opening, w, s) = ArcCosine.Of(u.value);
        (growth, slope) = (new(w), new(s));
        return new(opening);
    }

    public static DoubleLane operator +(DoubleLane a, DoubleLane b) => new(a.value + b.value);

    public static DoubleLane operator -(DoubleLane a, DoubleLane b) => new(a.value - b.value);

    public static DoubleLane operator *(DoubleLane a, DoubleLane b) => new(a.value * b.value);

    public static DoubleLane operator /(DoubleLane a, DoubleLane b) => new(a.value / b.value);
}
