using System.Runtime.CompilerServices;

namespace FusedNetworks;

/// <summary>
/// A linear map of a few vectors, one dimension of a Winograd transform; the strides are between the vectors. The maps are those
/// of F(4, 3): y = Aᵀ[(G g) ⊙ (Bᵀ d)] for four outputs y of a filter g of three taps over six inputs d (Lavin and Gray 2016,
/// arXiv:1509.09308, section 4), for the interpolation points 0, ±√½, ±√2, ∞, whose rounding errors are smaller than
/// those of the customary 0, ±1, ±2, ∞.
/// </summary>
internal unsafe interface IWinogradMap<TSimd, TVector>
    where TSimd : struct, ISimd<float, TVector>
    where TVector : struct
{
    static abstract int Inputs { get; }
    static abstract int Outputs { get; }
    static abstract void Apply(float* source, nint sourceStride, float* destination, nint destinationStride);
}

internal static unsafe class Winograd<TSimd, TVector>
    where TSimd : struct, ISimd<float, TVector>
    where TVector : struct
{
    private const float RootHalf = 0.70710678118654752f, RootTwo = 1.41421356237309505f;

    /// <summary>
    /// The map applied to the columns and then to the rows of a square of
    /// vectors. <paramref name="work"/> holds Inputs × Outputs vectors.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transform<TMap>(
        float* source, nint sourceRow, nint sourceColumn, float* destination, nint destinationRow, nint destinationColumn, float* work)
        where TMap : struct, IWinogradMap<TSimd, TVector>
    {
        nint row = (nint)TMap.Inputs * TSimd.Count;
        for (int j = 0; j < TMap.Inputs; j++)
            TMap.Apply(source + j * sourceColumn, sourceRow, work + j * TSimd.Count, row);
        for (int i = 0; i < TMap.Outputs; i++)
            TMap.Apply(work + i * row, TSimd.Count, destination + i * destinationRow, destinationColumn);
    }

    /// <summary>a + factor · b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Sum(TVector a, float factor, TVector b) => TSimd.MultiplyAdd(TSimd.Create(factor), b, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Scaled(float factor, TVector a) => TSimd.Multiply(TSimd.Create(factor), a);

    /// <summary>Bᵀ.</summary>
    internal readonly struct Input : IWinogradMap<TSimd, TVector>
    {
        public static int Inputs => 6;
        public static int Outputs => 6;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(float* source, nint s, float* destination, nint d)
        {
            TVector d0 = TSimd.Load(source), d1 = TSimd.Load(source + s), d2 = TSimd.Load(source + 2 * s);
            TVector d3 = TSimd.Load(source + 3 * s), d4 = TSimd.Load(source + 4 * s), d5 = TSimd.Load(source + 5 * s);
            TVector even1 = Sum(d4, -2f, d2), odd1 = Sum(Scaled(RootHalf, d3), -RootTwo, d1);
            TVector even2 = Sum(d4, -0.5f, d2), odd2 = Sum(Scaled(RootTwo, d3), -RootHalf, d1);
            TSimd.Store(destination, Sum(TSimd.Add(d0, d4), -2.5f, d2));
            TSimd.Store(destination + d, TSimd.Add(even1, odd1));
            TSimd.Store(destination + 2 * d, TSimd.Subtract(even1, odd1));
            TSimd.Store(destination + 3 * d, TSimd.Add(even2, odd2));
            TSimd.Store(destination + 4 * d, TSimd.Subtract(even2, odd2));
            TSimd.Store(destination + 5 * d, Sum(TSimd.Add(d1, d5), -2.5f, d3));
        }
    }

    /// <summary>G.</summary>
    internal readonly struct Filter : IWinogradMap<TSimd, TVector>
    {
        public static int Inputs => 3;
        public static int Outputs => 6;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(float* source, nint s, float* destination, nint d)
        {
            TVector g0 = TSimd.Load(source), g1 = TSimd.Load(source + s), g2 = TSimd.Load(source + 2 * s);
            TVector even1 = Scaled(-2f / 3, Sum(g0, 0.5f, g2)), odd1 = Scaled(-2f / 3 * RootHalf, g1);
            TVector even2 = Scaled(1f / 6, Sum(g0, 2f, g2)), odd2 = Scaled(RootTwo / 6, g1);
            TSimd.Store(destination, g0);
            TSimd.Store(destination + d, TSimd.Add(even1, odd1));
            TSimd.Store(destination + 2 * d, TSimd.Subtract(even1, odd1));
            TSimd.Store(destination + 3 * d, TSimd.Add(even2, odd2));
            TSimd.Store(destination + 4 * d, TSimd.Subtract(even2, odd2));
            TSimd.Store(destination + 5 * d, g2);
        }
    }

    /// <summary>Aᵀ.</summary>
    internal readonly struct Output : IWinogradMap<TSimd, TVector>
    {
        public static int Inputs => 6;
        public static int Outputs => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(float* source, nint s, float* destination, nint d)
        {
            TVector m0 = TSimd.Load(source), m1 = TSimd.Load(source + s), m2 = TSimd.Load(source + 2 * s);
            TVector m3 = TSimd.Load(source + 3 * s), m4 = TSimd.Load(source + 4 * s), m5 = TSimd.Load(source + 5 * s);
            TVector even1 = TSimd.Add(m1, m2), odd1 = TSimd.Subtract(m1, m2);
            TVector even2 = TSimd.Add(m3, m4), odd2 = TSimd.Subtract(m3, m4);
            TSimd.Store(destination, TSimd.Add(m0, TSimd.Add(even1, even2)));
            TSimd.Store(destination + d, Sum(Scaled(RootHalf, odd1), RootTwo, odd2));
            TSimd.Store(destination + 2 * d, Sum(Scaled(0.5f, even1), 2f, even2));
            TSimd.Store(destination + 3 * d, Sum(Sum(m5, RootHalf / 2, odd1), 2 * RootTwo, odd2));
        }
    }

    /// <summary>A, the adjoint of <see cref="Output"/>.</summary>
    internal readonly struct OutputAdjoint : IWinogradMap<TSimd, TVector>
    {
        public static int Inputs => 4;
        public static int Outputs => 6;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(float* source, nint s, float* destination, nint d)
        {
            TVector y0 = TSimd.Load(source), y1 = TSimd.Load(source + s);
            TVector y2 = TSimd.Load(source + 2 * s), y3 = TSimd.Load(source + 3 * s);
            TVector even1 = Sum(y0, 0.5f, y2), odd1 = Scaled(RootHalf, Sum(y1, 0.5f, y3));
            TVector even2 = Sum(y0, 2f, y2), odd2 = Scaled(RootTwo, Sum(y1, 2f, y3));
            TSimd.Store(destination, y0);
            TSimd.Store(destination + d, TSimd.Add(even1, odd1));
            TSimd.Store(destination + 2 * d, TSimd.Subtract(even1, odd1));
            TSimd.Store(destination + 3 * d, TSimd.Add(even2, odd2));
            TSimd.Store(destination + 4 * d, TSimd.Subtract(even2, odd2));
            TSimd.Store(destination + 5 * d, y3);
        }
    }

    /// <summary>Gᵀ, the adjoint of <see cref="Filter"/>.</summary>
    internal readonly struct FilterAdjoint : IWinogradMap<TSimd, TVector>
    {
        public static int Inputs => 6;
        public static int Outputs => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(float* source, nint s, float* destination, nint d)
        {
            TVector r0 = TSimd.Load(source), r1 = TSimd.Load(source + s), r2 = TSimd.Load(source + 2 * s);
            TVector r3 = TSimd.Load(source + 3 * s), r4 = TSimd.Load(source + 4 * s), r5 = TSimd.Load(source + 5 * s);
            TVector even1 = Scaled(-2f / 3, TSimd.Add(r1, r2)), odd1 = TSimd.Subtract(r1, r2);
            TVector even2 = Scaled(1f / 6, TSimd.Add(r3, r4)), odd2 = TSimd.Subtract(r3, r4);
            TSimd.Store(destination, TSimd.Add(r0, TSimd.Add(even1, even2)));
            TSimd.Store(destination + d, Sum(Scaled(-2f / 3 * RootHalf, odd1), RootTwo / 6, odd2));
            TSimd.Store(destination + 2 * d, Sum(Sum(r5, 0.5f, even1), 2f, even2));
        }
    }
}
