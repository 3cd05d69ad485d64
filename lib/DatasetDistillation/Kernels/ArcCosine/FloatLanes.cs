using System.Runtime.CompilerServices;
using FusedNetworks;

namespace DatasetDistillation.Kernels;

/// <summary>A vector of Float32, of any width.</summary>
internal readonly unsafe struct FloatLane<TSimd, TVector>(TVector value) : IFloatLane<FloatLane<TSimd, TVector>>
    where TSimd : struct, ISimd<float, TVector>
    where TVector : unmanaged
{
    private readonly TVector value = value;

    public static int Width => TSimd.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> Load(float* source) => new(TSimd.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> Splat(double value) => new(TSimd.Create((float)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> Broadcast(float value) => new(TSimd.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target) => TSimd.Store(target, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => TSimd.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsAnyBelow(double bound) => TSimd.IsAnyBelow(value, TSimd.Create((float)bound));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> MultiplyAdd(
        FloatLane<TSimd, TVector> a, FloatLane<TSimd, TVector> b, FloatLane<TSimd, TVector> c) =>
        new(TSimd.MultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> Sqrt(FloatLane<TSimd, TVector> a) => new(TSimd.Sqrt(a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> Min(FloatLane<TSimd, TVector> a, FloatLane<TSimd, TVector> b) =>
        new(TSimd.Min(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> PositivePart(FloatLane<TSimd, TVector> a) => new(TSimd.PositivePart(a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> Opening(FloatLane<TSimd, TVector> u, out FloatLane<TSimd, TVector> growth) =>
        ArcCosine.Opening(u, out growth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> Opening(
        FloatLane<TSimd, TVector> u, out FloatLane<TSimd, TVector> growth, out FloatLane<TSimd, TVector> slope) =>
        ArcCosine.Opening(u, out growth, out slope);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> WhereAboveOne(
        FloatLane<TSimd, TVector> test, FloatLane<TSimd, TVector> above, FloatLane<TSimd, TVector> other) =>
        new(TSimd.WhereAbove(test.value, TSimd.Create(1), above.value, other.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> WhereAbove(FloatLane<TSimd, TVector> test, double bound, FloatLane<TSimd, TVector> value) =>
        new(TSimd.WhereAbove(test.value, TSimd.Create((float)bound), value.value, TSimd.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> operator +(FloatLane<TSimd, TVector> a, FloatLane<TSimd, TVector> b) =>
        new(TSimd.Add(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> operator -(FloatLane<TSimd, TVector> a, FloatLane<TSimd, TVector> b) =>
        new(TSimd.Subtract(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> operator *(FloatLane<TSimd, TVector> a, FloatLane<TSimd, TVector> b) =>
        new(TSimd.Multiply(a.value, b.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLane<TSimd, TVector> operator /(FloatLane<TSimd, TVector> a, FloatLane<TSimd, TVector> b) =>
        new(TSimd.Divide(a.value, b.value));
}
