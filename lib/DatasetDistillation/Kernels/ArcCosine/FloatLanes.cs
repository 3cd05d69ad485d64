using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DatasetDistillation.Kernels;

/// <summary>Sixteen Float32.</summary>
internal readonly unsafe struct Lane512(Vector512<float> value) : IFloatLane<Lane512>
{
    private readonly Vector512<float> value = value;

    public static int Width => Vector512<float>.Count;

    public static Lane512 Load(float* source) => new(Vector512.Load(source));

    public static Lane512 Splat(double value) => new(Vector512.Create((float)value));

    public static Lane512 Broadcast(float value) => new(Vector512.Create(value));

    public void Store(float* target) => value.Store(target);

    public float Sum() => Vector512.Sum(value);

    public static Lane512 MultiplyAdd(Lane512 a, Lane512 b, Lane512 c) => new(Vector512.FusedMultiplyAdd(a.value, b.value, c.value));

    public bool IsAnyBelow(double bound) => Vector512.LessThanAny(value, Vector512.Create((float)bound));

    public static Lane512 Sqrt(Lane512 a) => new(Vector512.Sqrt(a.value));

    public static Lane512 Min(Lane512 a, Lane512 b) => new(Vector512.MinNative(a.value, b.value));

    // The second argument is the result on x86 where one is NaN.
    public static Lane512 PositivePart(Lane512 a) => new(Vector512.MaxNative(Vector512<float>.Zero, a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane512 Opening(Lane512 u, out Lane512 growth) => ArcCosine.Opening(u, out growth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane512 Opening(Lane512 u, out Lane512 growth, out Lane512 slope) => ArcCosine.Opening(u, out growth, out slope);

    public static Lane512 WhereAboveOne(Lane512 test, Lane512 above, Lane512 other) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(test.value, Vector512<float>.One), above.value, other.value));

    public static Lane512 WhereAbove(Lane512 test, double bound, Lane512 value) =>
        new(Vector512.GreaterThan(test.value, Vector512.Create((float)bound)) & value.value);

    public static Lane512 operator +(Lane512 a, Lane512 b) => new(a.value + b.value);

    public static Lane512 operator -(Lane512 a, Lane512 b) => new(a.value - b.value);

    public static Lane512 operator *(Lane512 a, Lane512 b) => new(a.value * b.value);

    public static Lane512 operator /(Lane512 a, Lane512 b) => new(a.value / b.value);
}

/// <summary>Eight Float32.</summary>
internal readonly unsafe struct Lane256(Vector256<float> value) : IFloatLane<Lane256>
{
    private readonly Vector256<float> value = value;

    public static int Width => Vector256<float>.Count;

    public static Lane256 Load(float* source) => new(Vector256.Load(source));

    public static Lane256 Splat(double value) => new(Vector256.Create((float)value));

    public static Lane256 Broadcast(float value) => new(Vector256.Create(value));

    public void Store(float* target) => value.Store(target);

    public float Sum() => Vector256.Sum(value);

    public static Lane256 MultiplyAdd(Lane256 a, Lane256 b, Lane256 c) => new(Vector256.FusedMultiplyAdd(a.value, b.value, c.value));

    public bool IsAnyBelow(double bound) => Vector256.LessThanAny(value, Vector256.Create((float)bound));

    public static Lane256 Sqrt(Lane256 a) => new(Vector256.Sqrt(a.value));

    public static Lane256 Min(Lane256 a, Lane256 b) => new(Vector256.MinNative(a.value, b.value));

    // The second argument is the result on x86 where one is NaN.
    public static Lane256 PositivePart(Lane256 a) => new(Vector256.MaxNative(Vector256<float>.Zero, a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 Opening(Lane256 u, out Lane256 growth) => ArcCosine.Opening(u, out growth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 Opening(Lane256 u, out Lane256 growth, out Lane256 slope) => ArcCosine.Opening(u, out growth, out slope);

    public static Lane256 WhereAboveOne(Lane256 test, Lane256 above, Lane256 other) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(test.value, Vector256<float>.One), above.value, other.value));

    public static Lane256 WhereAbove(Lane256 test, double bound, Lane256 value) =>
        new(Vector256.GreaterThan(test.value, Vector256.Create((float)bound)) & value.value);

    public static Lane256 operator +(Lane256 a, Lane256 b) => new(a.value + b.value);

    public static Lane256 operator -(Lane256 a, Lane256 b) => new(a.value - b.value);

    public static Lane256 operator *(Lane256 a, Lane256 b) => new(a.value * b.value);

    public static Lane256 operator /(Lane256 a, Lane256 b) => new(a.value / b.value);
}
