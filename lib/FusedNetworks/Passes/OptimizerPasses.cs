using System.Numerics;
using System.Runtime.CompilerServices;

namespace FusedNetworks;

/// <summary>
/// Gradient descent with momentum, m' = μ·m + g and θ' = θ − η·m', and its transposed Jacobian, each in one pass over flat arrays of n
/// elements. m is null while it is zero.
/// </summary>
/// <param name="rate">η.</param>
/// <param name="decay">μ.</param>
internal readonly unsafe struct MomentumPass<T>(double rate, double decay) where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T minusRate = T.CreateTruncating(-rate), decay = T.CreateTruncating(decay);

    /// <summary>Writes θ' and m' (unless null).</summary>
    public void Next(long n, T* theta, T* gradient, T* m, T* nextTheta, T* nextM) =>
        Sweep.Over<T, Forward>(
            new Forward { Pass = this, Theta = theta, Gradient = gradient, M = m, NextTheta = nextTheta, NextM = nextM }, n);

    /// <summary>Writes the cotangents of m (unless null) and g, and returns that of η.</summary>
    /// <param name="n">The number of elements.</param>
    /// <param name="theta">The cotangent of θ', which is that of θ as well.</param>
    /// <param name="laterM">The cotangent of m'; null: zero.</param>
    /// <param name="gradient">g.</param>
    /// <param name="m">m.</param>
    /// <param name="ofM">Receives the cotangent of m.</param>
    /// <param name="ofGradient">Receives the cotangent of g.</param>
    public double Pull(long n, T* theta, T* laterM, T* gradient, T* m, T* ofM, T* ofGradient) =>
        -Sweep.Over<T, Backward>(
            new Backward
            {
                Pass = this,
                Theta = theta,
                LaterM = laterM,
                Gradient = gradient,
                M = m,
                OfM = ofM,
                OfGradient = ofGradient,
            }, n);

    private struct Forward : ISweep<T>
    {
        public MomentumPass<T> Pass;
        public T* Theta, Gradient, M, NextTheta, NextM;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVector Apply<TSimd, TVector>(long at, int lanes) where TSimd : struct, ISimd<T, TVector> where TVector : struct
        {
            TVector m = Pass.Moment<TSimd, TVector>(Sweep.Load<TSimd, TVector, T>(Gradient, at, lanes), M, at, lanes);
            TVector theta = TSimd.MultiplyAdd(m, TSimd.Create(Pass.minusRate), Sweep.Load<TSimd, TVector, T>(Theta, at, lanes));
            Sweep.Store<TSimd, TVector, T>(NextTheta, theta, at, lanes);
            Sweep.Store<TSimd, TVector, T>(NextM, m, at, lanes);
            return TSimd.Zero;
        }
    }

    private struct Backward : ISweep<T>
    {
        public MomentumPass<T> Pass;
        public T* Theta, LaterM, Gradient, M, OfM, OfGradient;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVector Apply<TSimd, TVector>(long at, int lanes) where TSimd : struct, ISimd<T, TVector> where TVector : struct
        {
            TVector theta = Sweep.Load<TSimd, TVector, T>(Theta, at, lanes);
            TVector m = Pass.Moment<TSimd, TVector>(Sweep.Load<TSimd, TVector, T>(Gradient, at, lanes), M, at, lanes);
            TVector ofMoment = TSimd.MultiplyAdd(theta, TSimd.Create(Pass.minusRate), Sweep.Load<TSimd, TVector, T>(LaterM, at, lanes));
            Sweep.Store<TSimd, TVector, T>(OfGradient, ofMoment, at, lanes);
            Sweep.Store<TSimd, TVector, T>(OfM, TSimd.Multiply(ofMoment, TSimd.Create(Pass.decay)), at, lanes);
            return TSimd.Multiply(theta, m);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TVector Moment<TSimd, TVector>(TVector gradient, T* m, long at, int lanes)
        where TSimd : struct, ISimd<T, TVector> where TVector : struct =>
        m == null ? gradient : TSimd.MultiplyAdd(Sweep.Load<TSimd, TVector, T>(m, at, lanes), TSimd.Create(decay), gradient);
}

/// <summary>
/// A step of Adam (Kingma and Ba 2015, algorithm 1), with r = √(v̂ + <paramref name="underRoot"/>): m' = β₁·m + (1 − β₁)·g,
/// v' = β₂·v + (1 − β₂)·g² and θ' = θ − η·m̂/(r + ε), and its transposed Jacobian, each in one pass over flat arrays of n elements.
/// m and v are null while they are zero.
/// </summary>
/// <param name="rate">η.</param>
/// <param name="beta1">β₁.</param>
/// <param name="beta2">β₂.</param>
/// <param name="epsilon">ε.</param>
/// <param name="underRoot">What is added under the root.</param>
/// <param name="correction1">m'/m̂.</param>
/// <param name="correction2">v'/v̂.</param>
internal readonly unsafe struct AdamPass<T>(
    double rate, double beta1, double beta2, double epsilon, double underRoot, double correction1, double correction2)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly T minusRate = T.CreateTruncating(-rate);
    private readonly T epsilon = T.CreateTruncating(epsilon), underRoot = T.CreateTruncating(underRoot);
    private readonly T beta1 = T.CreateTruncating(beta1), rest1 = T.CreateTruncating(1 - beta1);
    private readonly T factor1 = T.CreateTruncating(1 / correction1), factor2 = T.CreateTruncating(1 / correction2);
    private readonly T beta2 = T.CreateTruncating(beta2), rest2 = T.CreateTruncating(1 - beta2);
    private readonly T slope2 = T.CreateTruncating(-0.5 / correction2), chain2 = T.CreateTruncating(2 * (1 - beta2));

    /// <summary>Writes θ', m' and v' (unless null).</summary>
    public void Next(long n, T* theta, T* gradient, T* m, T* v, T* nextTheta, T* nextM, T* nextV) => Sweep.Over<T, Forward>(
        new Forward
        {
            Pass = this,
            Theta = theta,
            Gradient = gradient,
            M = m,
            V = v,
            NextTheta = nextTheta,
            NextM = nextM,
            NextV = nextV,
        }, n);

    /// <summary>Writes the cotangents of m, v and g, and returns that of η.</summary>
    /// <param name="n">The number of elements.</param>
    /// <param name="theta">The cotangent of θ', which is that of θ as well.</param>
    /// <param name="laterM">The cotangent of m'; null: zero.</param>
    /// <param name="laterV">The cotangent of v'; null: zero.</param>
    /// <param name="gradient">g.</param>
    /// <param name="m">m.</param>
    /// <param name="v">v.</param>
    /// <param name="ofM">Receives the cotangent of m.</param>
    /// <param name="ofV">Receives the cotangent of v.</param>
    /// <param name="ofGradient">Receives the cotangent of g.</param>
    public double Pull(
        long n, T* theta, T* laterM, T* laterV, T* gradient, T* m, T* v, T* ofM, T* ofV, T* ofGradient) => -Sweep.Over<T, Backward>(
        new Backward
        {
            Pass = this,
            Theta = theta,
            LaterM = laterM,
            LaterV = laterV,
            Gradient = gradient,
            M = m,
            V = v,
            OfM = ofM,
            OfV = ofV,
            OfGradient = ofGradient,
        }, n);

    /// <summary>
    /// The same for a step that is both the first and the last: no moments before it and no cotangents of those after it.
    /// </summary>
    public double PullOnly(long n, T* theta, T* gradient, T* ofGradient) =>
        -Sweep.Over<T, OnlyBackward>(new OnlyBackward { Pass = this, Theta = theta, Gradient = gradient, OfGradient = ofGradient }, n);

    private struct Forward : ISweep<T>
    {
        public AdamPass<T> Pass;
        public T* Theta, Gradient, M, V, NextTheta, NextM, NextV;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVector Apply<TSimd, TVector>(long at, int lanes) where TSimd : struct, ISimd<T, TVector> where TVector : struct
        {
            TVector gradient = Sweep.Load<TSimd, TVector, T>(Gradient, at, lanes);
            var (m, v) = Pass.Moments<TSimd, TVector>(gradient, M, V, at, lanes);
            var (_, _, direction) = Pass.Direction<TSimd, TVector>(m, v);
            TVector theta = TSimd.MultiplyAdd(direction, TSimd.Create(Pass.minusRate), Sweep.Load<TSimd, TVector, T>(Theta, at, lanes));
            Sweep.Store<TSimd, TVector, T>(NextTheta, theta, at, lanes);
            Sweep.Store<TSimd, TVector, T>(NextM, m, at, lanes);
            Sweep.Store<TSimd, TVector, T>(NextV, v, at, lanes);
            return TSimd.Zero;
        }
    }

    // With d = r + ε: ∂(m̂/d)/∂m̂ = 1/d and ∂(m̂/d)/∂v̂ = −m̂/(2·d²·r).
    private struct Backward : ISweep<T>
    {
        public AdamPass<T> Pass;
        public T* Theta, LaterM, LaterV, Gradient, M, V, OfM, OfV, OfGradient;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVector Apply<TSimd, TVector>(long at, int lanes) where TSimd : struct, ISimd<T, TVector> where TVector : struct
        {
            TVector theta = Sweep.Load<TSimd, TVector, T>(Theta, at, lanes), gradient = Sweep.Load<TSimd, TVector, T>(Gradient, at, lanes);
            var (m, v) = Pass.Moments<TSimd, TVector>(gradient, M, V, at, lanes);
            var (root, denominator, direction) = Pass.Direction<TSimd, TVector>(m, v);
            TVector ofDirection = TSimd.Divide(TSimd.Multiply(theta, TSimd.Create(Pass.minusRate)), denominator);
            TVector ofM = TSimd.MultiplyAdd(ofDirection, TSimd.Create(Pass.factor1), Sweep.Load<TSimd, TVector, T>(LaterM, at, lanes));
            TVector ofV = TSimd.MultiplyAdd(
                TSimd.Divide(TSimd.Multiply(ofDirection, direction), root), TSimd.Create(Pass.slope2),
                Sweep.Load<TSimd, TVector, T>(LaterV, at, lanes));
            TVector throughV = TSimd.Multiply(TSimd.Multiply(ofV, gradient), TSimd.Create(Pass.chain2));
            Sweep.Store<TSimd, TVector, T>(OfGradient, TSimd.MultiplyAdd(ofM, TSimd.Create(Pass.rest1), throughV), at, lanes);
            Sweep.Store<TSimd, TVector, T>(OfM, TSimd.Multiply(ofM, TSimd.Create(Pass.beta1)), at, lanes);
            Sweep.Store<TSimd, TVector, T>(OfV, TSimd.Multiply(ofV, TSimd.Create(Pass.beta2)), at, lanes);
            return TSimd.Multiply(theta, direction);
        }
    }

    // Here m̂ = g and v̂ = g², so that the slope (10⁻¹⁶ + r·ε)/(r·d) is exact where 1 − g²/(r·d) cancels.
    private struct OnlyBackward : ISweep<T>
    {
        public AdamPass<T> Pass;
        public T* Theta, Gradient, OfGradient;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVector Apply<TSimd, TVector>(long at, int lanes) where TSimd : struct, ISimd<T, TVector> where TVector : struct
        {
            TVector theta = Sweep.Load<TSimd, TVector, T>(Theta, at, lanes);
            var (m, v) = Pass.Moments<TSimd, TVector>(Sweep.Load<TSimd, TVector, T>(Gradient, at, lanes), null, null, at, lanes);
            var (root, denominator, direction) = Pass.Direction<TSimd, TVector>(m, v);
            TVector ofDirection = TSimd.Divide(TSimd.Multiply(theta, TSimd.Create(Pass.minusRate)), denominator);
            TVector slope = TSimd.Divide(
                TSimd.Divide(TSimd.MultiplyAdd(root, TSimd.Create(Pass.epsilon), TSimd.Create(Pass.underRoot)), root), denominator);
            Sweep.Store<TSimd, TVector, T>(OfGradient, TSimd.Multiply(ofDirection, slope), at, lanes);
            return TSimd.Multiply(theta, direction);
        }
    }

    /// <summary>m' and v'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (TVector M, TVector V) Moments<TSimd, TVector>(TVector gradient, T* m, T* v, long at, int lanes)
        where TSimd : struct, ISimd<T, TVector> where TVector : struct
    {
        TVector nextM = TSimd.Multiply(gradient, TSimd.Create(rest1));
        TVector nextV = TSimd.Multiply(TSimd.Multiply(gradient, gradient), TSimd.Create(rest2));
        return m == null
            ? (nextM, nextV)
            : (TSimd.MultiplyAdd(Sweep.Load<TSimd, TVector, T>(m, at, lanes), TSimd.Create(beta1), nextM),
                TSimd.MultiplyAdd(Sweep.Load<TSimd, TVector, T>(v, at, lanes), TSimd.Create(beta2), nextV));
    }

    /// <summary>r, d = r + ε and m̂/d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (TVector Root, TVector Denominator, TVector Direction) Direction<TSimd, TVector>(TVector m, TVector v)
        where TSimd : struct, ISimd<T, TVector> where TVector : struct
    {
        TVector root = TSimd.Sqrt(TSimd.MultiplyAdd(v, TSimd.Create(factor2), TSimd.Create(underRoot)));
        TVector denominator = TSimd.Add(root, TSimd.Create(epsilon));
        return (root, denominator, TSimd.Divide(TSimd.Multiply(m, TSimd.Create(factor1)), denominator));
    }
}
