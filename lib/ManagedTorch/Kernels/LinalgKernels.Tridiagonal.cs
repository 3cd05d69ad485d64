using System.Numerics;

namespace TorchSharp.Kernels;

internal static unsafe partial class LinalgKernels
{
    /// <summary>Rotations gathered before they are applied.</summary>
    private const int RotationBatch = 1 << 14;

    /// <summary>Columns to which a batch of rotations is applied at a time, so that they stay in the second-level cache.</summary>
    private const int RotationColumns = 64;

    /// <summary>A plane rotation of the rows <c>Row</c> and <c>Row + 1</c>.</summary>
    private readonly struct Rotation<T>(int row, T cosine, T sine)
    {
        public readonly int Row = row;
        public readonly T Cosine = cosine;
        public readonly T Sine = sine;
    }

    /// <summary>
    /// The eigenvalues of the tridiagonal matrix (diagonal d [n], off-diagonal e [n - 1], both overwritten) replace d, in no order;
    /// Z [n, n], contiguous, is multiplied from the left by the transposed matrix of its eigenvectors.
    /// </summary>
    private static bool DiagonaliseTridiagonal<T>(int n, T* d, T* e, T* z)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        using var batch = Scratch.Rent<Rotation<T>>(RotationBatch + n);
        var count = 0;
        var two = T.CreateChecked(2);
        e[n - 1] = T.Zero;
        for (var l = 0; l < n; l++)
        {
            for (var sweep = 0; ; sweep++)
            {
                var m = l;
                while (m < n - 1 && !Negligible(e[m], d[m], d[m + 1]))
                    m++;
                if (m == l)
                    break;
                if (sweep == MaxSweeps)
                    return false;

                // Wilkinson's shift
                var g = (d[l + 1] - d[l]) / (two * e[l]);
                g = d[m] - d[l] + e[l] / (g + T.CopySign(T.Hypot(g, T.One), g));
                var (sine, cosine, p) = (T.One, T.One, T.Zero);
                var i = m - 1;
                for (; i >= l; i--)
                {
                    var f = sine * e[i];
                    var b = cosine * e[i];
                    var r = T.Sqrt(f * f + g * g);
                    e[i + 1] = r;
                    if (r == T.Zero)
                    {
                        d[i + 1] -= p;
                        e[m] = T.Zero;
                        break;
                    }
                    (sine, cosine) = (f / r, g / r);
                    g = d[i + 1] - p;
                    r = (d[i] - g) * sine + two * cosine * b;
                    p = sine * r;
                    d[i + 1] = g + p;
                    g = cosine * r - b;
                    batch.Pointer[count++] = new Rotation<T>(i, cosine, sine);
                }
                if (i < l)
                {
                    d[l] -= p;
                    e[l] = g;
                    e[m] = T.Zero;
                }
                if (count >= RotationBatch)
                {
                    ApplyRotations(batch.Pointer, count, n, z);
                    count = 0;
                }
            }
        }
        ApplyRotations(batch.Pointer, count, n, z);
        return true;
    }

    private static bool Negligible<T>(T offDiagonal, T left, T right)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var scale = T.Abs(left) + T.Abs(right);
        return scale + T.Abs(offDiagonal) == scale;
    }

    private static void ApplyRotations<T>(Rotation<T>* rotations, int count, int n, T* z)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new RotationJob<T> { Rotations = rotations, Count = count, N = n, Z = z };
        WorkPool.Run((n + RotationColumns - 1) / RotationColumns, ref job);
    }

    private struct RotationJob<T> : IJob
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public Rotation<T>* Rotations;
        public int Count, N;
        public T* Z;

        public readonly void Execute(int index)
        {
            var begin = index * RotationColumns;
            var columns = Math.Min(RotationColumns, N - begin);
            for (var i = 0; i < Count; i++)
            {
                ref readonly var rotation = ref Rotations[i];
                var row = Z + (long)rotation.Row * N + begin;
                Rotate(columns, rotation.Cosine, rotation.Sine, row, row + N);
            }
        }
    }
}
