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

    /// <summary>a·b + c, rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Sqrt(TSelf a);

    /// <summary>The angle whose cosine is given and its sine; |cosine| is first clipped to just below 1.</summary>
    static abstract TSelf Angle(ref TSelf cosine, out TSelf sine);
}

/// <summary>A lane of Float32, with what its arc cosine is made of.</summary>
internal interface IFloatLane<TSelf> : ILane<TSelf, float> where TSelf : unmanaged, IFloatLane<TSelf>
{
    static abstract TSelf Abs(TSelf a);

    static abstract TSelf Min(TSelf a, TSelf b);

    static abstract TSelf CopySign(TSelf magnitude, TSelf sign);

    static abstract TSelf WhereNegative(TSelf sign, TSelf negative, TSelf other);
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

    public static DoubleLane MultiplyAdd(DoubleLane a, DoubleLane b, DoubleLane c) => new(Math.FusedMultiplyAdd(a.value, b.value, c.value));

    public static DoubleLane Sqrt(DoubleLane a) => new(Math.Sqrt(a.value));

    public static DoubleLane Angle(ref DoubleLane cosine, out DoubleLane sine)
    {
        double c = Math.Clamp(cosine.value, -ArcCosine.LargestDouble, ArcCosine.LargestDouble);
        cosine = new(c);
        sine = new(Math.Sqrt((1 - c) * (1 + c)));
        return new(Math.Acos(c));
    }

    public static DoubleLane operator +(DoubleLane a, DoubleLane b) => new(a.value + b.value);

    public static DoubleLane operator -(DoubleLane a, DoubleLane b) => new(a.value - b.value);

    public static DoubleLane operator *(DoubleLane a, DoubleLane b) => new(a.value * b.value);

    public static DoubleLane operator /(DoubleLane a, DoubleLane b) => new(a.value / b.value);
}
