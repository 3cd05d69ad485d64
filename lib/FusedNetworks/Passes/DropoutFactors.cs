using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FusedNetworks;

/// <summary>
/// The factors of dropout, each a function of a seed and its place alone (a counter-based generator: two rounds of a 32-bit mixing
/// function), so that threads may share the work.
/// </summary>
internal static unsafe class DropoutFactors
{
    private const int Block = 1 << 14;

    /// <summary>to[i] = 0 with the probability given, else 1/(1 − probability).</summary>
    /// <param name="to">The result.</param>
    /// <param name="n">The number of factors.</param>
    /// <param name="probability">In [0, 1).</param>
    /// <param name="seed">Which factors.</param>
    public static void Fill<T>(T* to, long n, double probability, long seed) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new Job<T>
        {
            To = to,
            Count = n,
            Scale = T.CreateTruncating(1 / (1 - probability)),
            Threshold = (uint)Math.Min(uint.MaxValue, Math.Round(probability * 4294967296.0)),
            Low = (uint)seed,
            High = (uint)(seed >> 32),
        };
        WorkPool.Run(checked((int)((n + Block - 1) / Block)), ref job);
    }

    private struct Job<T> : IJob where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public T* To;
        public long Count;
        public T Scale;
        public uint Threshold, Low, High;

        public readonly void Execute(int index)
        {
            long begin = (long)index * Block;
            long end = Math.Min(Count, begin + Block);
            // A block has a stream of its own, so that places beyond 2³² do not come round again.
            uint stream = Mix(High ^ Mix((uint)index));
            int lanes = Vector512<uint>.Count;
            for (long i = begin; i < end; i += lanes)
            {
                var place = Vector512<uint>.Indices + Vector512.Create((uint)(i - begin));
                var number = Mix(Mix(place ^ Vector512.Create(Low)) + Vector512.Create(stream));
                var drops = Vector512.LessThan(number, Vector512.Create(Threshold));
                int count = (int)Math.Min(lanes, end - i);
                if (typeof(T) == typeof(float))
                    Simd512<float>.StoreFirst(
                        (float*)To + i, Vector512.AndNot(Vector512.Create((float)(object)Scale), drops.AsSingle()), count);
                else
                    for (int lane = 0; lane < count; lane++)
                        To[i + lane] = drops[lane] != 0 ? T.Zero : Scale;
            }
        }

        private static Vector512<uint> Mix(Vector512<uint> x)
        {
            x = (x ^ (x >>> 16)) * Vector512.Create(0x7feb352du);
            x = (x ^ (x >>> 15)) * Vector512.Create(0x846ca68bu);
            return x ^ (x >>> 16);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static uint Mix(uint x)
        {
            x = (x ^ (x >>> 16)) * 0x7feb352du;
            x = (x ^ (x >>> 15)) * 0x846ca68bu;
            return x ^ (x >>> 16);
        }
    }
}
