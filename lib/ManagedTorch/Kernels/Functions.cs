using System.Numerics;
using System.Numerics.Tensors;

namespace TorchSharp.Kernels;

internal readonly struct Add : IBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a + b;
    public static Vector<T> Apply<T>(Vector<T> a, Vector<T> b) where T : unmanaged, INumber<T> => a + b;
}

internal readonly struct Subtract : IBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a - b;
    public static Vector<T> Apply<T>(Vector<T> a, Vector<T> b) where T : unmanaged, INumber<T> => a - b;
}

internal readonly struct Multiply : IBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a * b;
    public static Vector<T> Apply<T>(Vector<T> a, Vector<T> b) where T : unmanaged, INumber<T> => a * b;
}

internal readonly struct Divide : IBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a / b;
    public static Vector<T> Apply<T>(Vector<T> a, Vector<T> b) where T : unmanaged, INumber<T> => a / b;
}

internal readonly struct Maximum : IBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => T.Max(a, b);
    public static Vector<T> Apply<T>(Vector<T> a, Vector<T> b) where T : unmanaged, INumber<T> => Vector.Max(a, b);
}

internal readonly struct Minimum : IBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => T.Min(a, b);
    public static Vector<T> Apply<T>(Vector<T> a, Vector<T> b) where T : unmanaged, INumber<T> => Vector.Min(a, b);
}

/// <summary>0 where b is at most 0, else (also where b is NaN) a: the derivative of relu, given its cotangent and its result.</summary>
internal readonly struct WherePositive : IBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => b <= T.Zero ? T.Zero : a;
    public static Vector<T> Apply<T>(Vector<T> a, Vector<T> b) where T : unmanaged, INumber<T> =>
        Vector.ConditionalSelect(Vector.LessThanOrEqual(b, Vector<T>.Zero), Vector<T>.Zero, a);
}

/// <summary>a·(1 − b²): the derivative of tanh, given its cotangent and its result.</summary>
internal readonly struct TimesOneMinusSquare : IBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a * (T.One - b * b);
    public static Vector<T> Apply<T>(Vector<T> a, Vector<T> b) where T : unmanaged, INumber<T> => a * (Vector<T>.One - b * b);
}

/// <summary>a·b·(1 − b): the derivative of the logistic function, given its cotangent and its result.</summary>
internal readonly struct TimesLogisticSlope : IBinary
{
    public static T Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a * (b - b * b);
    public static Vector<T> Apply<T>(Vector<T> a, Vector<T> b) where T : unmanaged, INumber<T> => a * (b - b * b);
}

internal readonly struct Greater : IComparison
{
    public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a > b;
}

internal readonly struct GreaterOrEqual : IComparison
{
    public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a >= b;
}

internal readonly struct Equal : IComparison
{
    public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a == b;
}

internal readonly struct NotEqual : IComparison
{
    public static bool Apply<T>(T a, T b) where T : unmanaged, INumber<T> => a != b;
}

internal readonly struct Exp : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T> => TensorPrimitives.Exp(x, y);
}

internal readonly struct Log : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T> => TensorPrimitives.Log(x, y);
}

internal readonly struct Sqrt : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T> => TensorPrimitives.Sqrt(x, y);
}

internal readonly struct ReciprocalSqrt : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        TensorPrimitives.Sqrt(x, y);
        TensorPrimitives.Divide(T.One, y, y);
    }
}

internal readonly struct Abs : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T> => TensorPrimitives.Abs(x, y);
}

internal readonly struct Negate : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T> => TensorPrimitives.Negate(x, y);
}

/// <summary>In double number by number: the vector form computes by vectors, so that an element's bits would hang on the memory's alignment.</summary>
internal readonly struct Sin : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float))
        {
            TensorPrimitives.Sin(x, y);
            return;
        }
        for (var i = 0; i < x.Length; i++)
            y[i] = T.Sin(x[i]);
    }
}

/// <inheritdoc cref="Sin"/>
internal readonly struct Cos : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float))
        {
            TensorPrimitives.Cos(x, y);
            return;
        }
        for (var i = 0; i < x.Length; i++)
            y[i] = T.Cos(x[i]);
    }
}

internal readonly struct Acos : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T> => TensorPrimitives.Acos(x, y);
}

internal readonly struct Tanh : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T> => TensorPrimitives.Tanh(x, y);
}

internal readonly struct Sigmoid : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T> => TensorPrimitives.Sigmoid(x, y);
}

internal readonly struct Sign : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (var i = 0; i < x.Length; i++)
            y[i] = x[i] > T.Zero ? T.One : x[i] < T.Zero ? -T.One : T.Zero;
    }
}

internal readonly struct Relu : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T> => TensorPrimitives.Max(x, T.Zero, y);
}

/// <summary>log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|), which neither overflows nor loses small values.</summary>
internal readonly struct Softplus : IUnary
{
    public static void Apply<T>(ReadOnlySpan<T> x, Span<T> y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (var i = 0; i < x.Length; i++)
            y[i] = T.Max(x[i], T.Zero) + T.LogP1(T.Exp(-T.Abs(x[i])));
    }
}
