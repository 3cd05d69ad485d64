using System.Runtime.CompilerServices;

namespace FusedNetworks;

/// <summary>Arithmetic of kernels' element types, float and double.</summary>
internal static class Scalar
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add<T>(T a, T b) where T : unmanaged =>
        typeof(T) == typeof(float)
            ? (T)(object)((float)(object)a + (float)(object)b)
            : (T)(object)((double)(object)a + (double)(object)b);

    /// <summary>Throws if <typeparamref name="T"/> is neither float nor double.</summary>
    public static void Require<T>() where T : unmanaged
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double))
            throw new NotSupportedException($"The kernels compute in float and double, not in {typeof(T).Name}.");
    }
}
