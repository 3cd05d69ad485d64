using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace FusedNetworks;

/// <summary>
/// The vector operations that kernels are written in, for one register width. <typeparamref name="T"/> is float or double.
/// The members are folded to single instructions when the kernel is compiled.
/// </summary>
internal unsafe interface ISimd<T, TVector> where T : unmanaged where TVector : struct
{
    /// <summary>Lanes of a vector.</summary>
    static abstract int Count { get; }

    /// <summary>Rows of the register tile: tile rows × tile vectors accumulators fit in the register file with their operands.</summary>
    static abstract int TileRows { get; }

    /// <summary>Rows of a register tile that is one vector wide.</summary>
    static virtual int NarrowTileRows => 8;

    /// <summary>Vectors in a row of the register tile.</summary>
    static abstract int TileVectors { get; }

    static abstract TVector Zero { get; }
    static abstract TVector Load(T* source);
    static abstract TVector Broadcast(T* source);
    static abstract TVector Create(T value);
    static abstract void Store(T* destination, TVector value);
    static abstract TVector Add(TVector a, TVector b);
    static abstract TVector Subtract(TVector a, TVector b);
    static abstract TVector Multiply(TVector a, TVector b);
    static abstract TVector Divide(TVector a, TVector b);
    static abstract TVector Sqrt(TVector value);

    /// <summary>a·b + c, rounded once where the hardware can.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>max(value, 0); NaN where value is, which is what x86 gives for its second argument.</summary>
    static abstract TVector PositivePart(TVector value);

    /// <summary><paramref name="value"/> where <paramref name="test"/> is above 0, else 0.</summary>
    static abstract TVector WherePositive(TVector test, TVector value);

    /// <summary>One value where <paramref name="test"/> is above <paramref name="bound"/>, else the other.</summary>
    static abstract TVector WhereAbove(TVector test, TVector bound, TVector above, TVector other);

    /// <summary>The smaller one; of NaN and another, either.</summary>
    static abstract TVector Min(TVector a, TVector b);

    /// <summary>Whether a lane is less than <paramref name="bound"/>.</summary>
    static abstract bool IsAnyBelow(TVector value, TVector bound);

    static abstract T Sum(TVector value);

    /// <summary>Loads the first <paramref name="count"/> lanes, touching no memory beyond them; the others are 0.</summary>
    static abstract TVector LoadFirst(T* source, int count);

    /// <summary>Stores the first <paramref name="count"/> lanes, touching no memory beyond them.</summary>
    static abstract void StoreFirst(T* destination, TVector value, int count);
}

/// <inheritdoc/>
internal readonly unsafe struct Simd512<T> : ISimd<T, Vector512<T>> where T : unmanaged
{
    public static int Count => Vector512<T>.Count;
    public static int TileRows => 8;
    public static int TileVectors => 3;
    public static Vector512<T> Zero => Vector512<T>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Load(T* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Broadcast(T* source) => Vector512.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Create(T value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T* destination, Vector512<T> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Add(Vector512<T> a, Vector512<T> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Subtract(Vector512<T> a, Vector512<T> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Multiply(Vector512<T> a, Vector512<T> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Divide(Vector512<T> a, Vector512<T> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Sqrt(Vector512<T> value) => Vector512.Sqrt(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> MultiplyAdd(Vector512<T> a, Vector512<T> b, Vector512<T> c) =>
        typeof(T) == typeof(float)
            ? Vector512.MultiplyAddEstimate(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
            : Vector512.MultiplyAddEstimate(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> PositivePart(Vector512<T> value) => Vector512.MaxNative(Vector512<T>.Zero, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> WherePositive(Vector512<T> test, Vector512<T> value) =>
        Vector512.GreaterThan(test, Vector512<T>.Zero) & value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> WhereAbove(Vector512<T> test, Vector512<T> bound, Vector512<T> above, Vector512<T> other) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(test, bound), above, other);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Min(Vector512<T> a, Vector512<T> b) => Vector512.MinNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAnyBelow(Vector512<T> value, Vector512<T> bound) => Vector512.LessThanAny(value, bound);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector512<T> value) => Vector512.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> LoadFirst(T* source, int count)
    {
        if (!Avx512F.IsSupported)
            return Vector512.Create(
                Simd256<T>.LoadFirst(source, Math.Min(count, Vector256<T>.Count)),
                Simd256<T>.LoadFirst(source + Vector256<T>.Count, Math.Max(count - Vector256<T>.Count, 0)));
        return typeof(T) == typeof(float)
            ? Avx512F.MaskLoad((float*)source, FirstSingles(count), Vector512<float>.Zero).As<float, T>()
            : Avx512F.MaskLoad((double*)source, FirstDoubles(count), Vector512<double>.Zero).As<double, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(T* destination, Vector512<T> value, int count)
    {
        if (!Avx512F.IsSupported)
        {
            Simd256<T>.StoreFirst(destination, value.GetLower(), Math.Min(count, Vector256<T>.Count));
            Simd256<T>.StoreFirst(destination + Vector256<T>.Count, value.GetUpper(), Math.Max(count - Vector256<T>.Count, 0));
        }
        else if (typeof(T) == typeof(float))
            Avx512F.MaskStore((float*)destination, FirstSingles(count), value.AsSingle());
        else
            Avx512F.MaskStore((double*)destination, FirstDoubles(count), value.AsDouble());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> FirstSingles(int count) =>
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> FirstDoubles(int count) =>
        Vector512.LessThan(Vector512<long>.Indices, Vector512.Create((long)count)).AsDouble();
}

/// <inheritdoc/>
internal readonly unsafe struct Simd256<T> : ISimd<T, Vector256<T>> where T : unmanaged
{
    public static int Count => Vector256<T>.Count;
    public static int TileRows => 6;
    public static int TileVectors => 2;
    public static Vector256<T> Zero => Vector256<T>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Load(T* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Broadcast(T* source) => Vector256.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Create(T value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T* destination, Vector256<T> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Add(Vector256<T> a, Vector256<T> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Subtract(Vector256<T> a, Vector256<T> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Multiply(Vector256<T> a, Vector256<T> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Divide(Vector256<T> a, Vector256<T> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Sqrt(Vector256<T> value) => Vector256.Sqrt(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> MultiplyAdd(Vector256<T> a, Vector256<T> b, Vector256<T> c) =>
        typeof(T) == typeof(float)
            ? Vector256.MultiplyAddEstimate(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
            : Vector256.MultiplyAddEstimate(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> PositivePart(Vector256<T> value) => Vector256.MaxNative(Vector256<T>.Zero, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> WherePositive(Vector256<T> test, Vector256<T> value) =>
        Vector256.GreaterThan(test, Vector256<T>.Zero) & value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> WhereAbove(Vector256<T> test, Vector256<T> bound, Vector256<T> above, Vector256<T> other) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(test, bound), above, other);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Min(Vector256<T> a, Vector256<T> b) => Vector256.MinNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAnyBelow(Vector256<T> value, Vector256<T> bound) => Vector256.LessThanAny(value, bound);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector256<T> value) => Vector256.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> LoadFirst(T* source, int count)
    {
        if (!Avx.IsSupported)
            return Vector256.Create(
                Simd128<T>.LoadFirst(source, Math.Min(count, Vector128<T>.Count)),
                Simd128<T>.LoadFirst(source + Vector128<T>.Count, Math.Max(count - Vector128<T>.Count, 0)));
        return typeof(T) == typeof(float)
            ? Avx.MaskLoad((float*)source, FirstSingles(count)).As<float, T>()
            : Avx.MaskLoad((double*)source, FirstDoubles(count)).As<double, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(T* destination, Vector256<T> value, int count)
    {
        if (!Avx.IsSupported)
        {
            Simd128<T>.StoreFirst(destination, value.GetLower(), Math.Min(count, Vector128<T>.Count));
            Simd128<T>.StoreFirst(destination + Vector128<T>.Count, value.GetUpper(), Math.Max(count - Vector128<T>.Count, 0));
        }
        else if (typeof(T) == typeof(float))
            Avx.MaskStore((float*)destination, FirstSingles(count), value.AsSingle());
        else
            Avx.MaskStore((double*)destination, FirstDoubles(count), value.AsDouble());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> FirstSingles(int count) =>
        Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> FirstDoubles(int count) =>
        Vector256.LessThan(Vector256<long>.Indices, Vector256.Create((long)count)).AsDouble();
}

/// <inheritdoc/>
internal readonly unsafe struct Simd128<T> : ISimd<T, Vector128<T>> where T : unmanaged
{
    public static int Count => Vector128<T>.Count;
    public static int TileRows => AdvSimd.IsSupported ? 8 : 6;
    public static int TileVectors => AdvSimd.IsSupported ? 3 : 2;
    public static Vector128<T> Zero => Vector128<T>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Load(T* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Broadcast(T* source) => Vector128.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Create(T value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T* destination, Vector128<T> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Add(Vector128<T> a, Vector128<T> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Subtract(Vector128<T> a, Vector128<T> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Multiply(Vector128<T> a, Vector128<T> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Divide(Vector128<T> a, Vector128<T> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Sqrt(Vector128<T> value) => Vector128.Sqrt(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> MultiplyAdd(Vector128<T> a, Vector128<T> b, Vector128<T> c) =>
        typeof(T) == typeof(float)
            ? Vector128.MultiplyAddEstimate(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
            : Vector128.MultiplyAddEstimate(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> PositivePart(Vector128<T> value) => Vector128.MaxNative(Vector128<T>.Zero, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> WherePositive(Vector128<T> test, Vector128<T> value) =>
        Vector128.GreaterThan(test, Vector128<T>.Zero) & value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> WhereAbove(Vector128<T> test, Vector128<T> bound, Vector128<T> above, Vector128<T> other) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(test, bound), above, other);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Min(Vector128<T> a, Vector128<T> b) => Vector128.MinNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAnyBelow(Vector128<T> value, Vector128<T> bound) => Vector128.LessThanAny(value, bound);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Vector128<T> value) => Vector128.Sum(value);

    public static Vector128<T> LoadFirst(T* source, int count)
    {
        Vector128<T> value = default;
        for (int i = 0; i < Math.Min(count, Count); i++)
            ((T*)&value)[i] = source[i];
        return value;
    }

    public static void StoreFirst(T* destination, Vector128<T> value, int count)
    {
        for (int i = 0; i < Math.Min(count, Count); i++)
            destination[i] = ((T*)&value)[i];
    }
}
