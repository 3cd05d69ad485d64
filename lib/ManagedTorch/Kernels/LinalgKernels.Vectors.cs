using System.Numerics;
using System.Runtime.Intrinsics;

namespace TorchSharp.Kernels;

/// <summary>Loops over vectors whose order of summation depends on the length alone, not on where the data lie.</summary>
internal static unsafe partial class LinalgKernels
{
    private static T Dot<T>(int n, T* x, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (sum, i) = (T.Zero, 0);
        if (n >= Vector512<T>.Count)
        {
            var sums = Vector512<T>.Zero;
            for (; i <= n - Vector512<T>.Count; i += Vector512<T>.Count)
                sums += Vector512.Load(x + i) * Vector512.Load(y + i);
            sum = Vector512.Sum(sums);
        }
        for (; i < n; i++)
            sum += x[i] * y[i];
        return sum;
    }

    /// <summary>y += factor · x.</summary>
    private static void AddScaled<T>(int n, T factor, T* x, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var i = 0;
        for (; i <= n - Vector512<T>.Count; i += Vector512<T>.Count)
            (Vector512.Load(y + i) + Vector512.Load(x + i) * factor).Store(y + i);
        for (; i < n; i++)
            y[i] += x[i] * factor;
    }

    /// <summary>z -= a · x + b · y.</summary>
    private static void SubtractRankTwo<T>(int n, T a, T* x, T b, T* y, T* z)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var i = 0;
        for (; i <= n - Vector512<T>.Count; i += Vector512<T>.Count)
            (Vector512.Load(z + i) - (Vector512.Load(x + i) * a + Vector512.Load(y + i) * b)).Store(z + i);
        for (; i < n; i++)
            z[i] -= x[i] * a + y[i] * b;
    }

    private static void Divide<T>(int n, T* x, T divisor)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var i = 0;
        for (; i <= n - Vector512<T>.Count; i += Vector512<T>.Count)
            (Vector512.Load(x + i) / divisor).Store(x + i);
        for (; i < n; i++)
            x[i] /= divisor;
    }

    private static void Negate<T>(int n, T* x, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var i = 0;
        for (; i <= n - Vector512<T>.Count; i += Vector512<T>.Count)
            (-Vector512.Load(x + i)).Store(y + i);
        for (; i < n; i++)
            y[i] = -x[i];
    }

    /// <summary>(x, y) = (cosine·x - sine·y, sine·x + cosine·y).</summary>
    private static void Rotate<T>(int n, T cosine, T sine, T* x, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var i = 0;
        for (; i <= n - Vector512<T>.Count; i += Vector512<T>.Count)
        {
            var (a, b) = (Vector512.Load(x + i), Vector512.Load(y + i));
            (a * cosine - b * sine).Store(x + i);
            (a * sine + b * cosine).Store(y + i);
        }
        for (; i < n; i++)
            (x[i], y[i]) = (cosine * x[i] - sine * y[i], sine * x[i] + cosine * y[i]);
    }

    private static void Swap<T>(int n, T* x, T* y)
        where T : unmanaged
    {
        for (var i = 0; i < n; i++)
            (x[i], y[i]) = (y[i], x[i]);
    }
}
