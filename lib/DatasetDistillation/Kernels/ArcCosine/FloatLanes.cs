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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane512 Angle(ref Lane512 cosine, out Lane512 sine) => ArcCosine.Angle(ref cosine, out sine);

    public static Lane512 Sqrt(Lane512 a) => new(Vector512.Sqrt(a.value));

    public static Lane512 Abs(Lane512 a) => new(Vector512.Abs(a.value));

    public static Lane512 Min(Lane512 a, Lane512 b) => new(Vector512.MinNative(a.value, b.value));

    public static Lane512 CopySign(Lane512 magnitude, Lane512 sign) => new(Vector512.CopySign(magnitude.value, sign.value));

    public static Lane512 WhereNegative(Lane512 sign, Lane512 negative, Lane512 other) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(sign.value, Vector512<float>.Zero), negative.value, other.value));

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane256 Angle(ref Lane256 cosine, out Lane256 sine) => ArcCosine.Angle(ref cosine, out sine);

    public static Lane256 Sqrt(Lane256 a) => new(Vector256.Sqrt(a.value));

    public static Lane256 Abs(Lane256 a) => new(Vector256.Abs(a.value));

    public static Lane256 Min(Lane256 a, Lane256 b) => new(Vector256.MinNative(a.value, b.value));

    public static Lane256 CopySign(Lane256 magnitude, Lane256 sign) => new(Vector256.CopySign(magnitude.value, sign.value));

    public static Lane256 WhereNegative(Lane256 sign, Lane256 negative, Lane256 other) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(sign.value, Vector256<float>.Zero), negative.value, other.value));

    public static Lane256 operator +(Lane256 a, Lane256 b) => new(a.value + b.value);

    public static Lane256 operator -(Lane256 a, Lane256 b) => new(a.value - b.value);

    public static Lane256 operator *(Lane256 a, Lane256 b) => new(a.value * b.value);

    public static Lane256 operator /(Lane256 a, Lane256 b) => new(a.value / b.value);
}
