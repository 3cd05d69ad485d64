using System.Globalization;
using System.Numerics;
using DatasetDistillation.Models;
using FusedNetworks;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// The rule by which an unrolled inner loop changes the weights, with its derivative. What it changes, its iterate, is the flat
/// weight vector followed by its moments, all of the same shape; a moment is null while it is zero.
/// </summary>
public abstract record InnerOptimizer
{
    private const double UsualEpsilon = 1e-8;

    private protected InnerOptimizer()
    {
    }

    /// <summary>θ ← θ − η·g.</summary>
    public static InnerOptimizer GradientDescent { get; } = new InnerGradientDescent();

    /// <summary>m ← μ·m + g, θ ← θ − η·m, from m = 0.</summary>
    /// <param name="momentum">μ, in [0, 1).</param>
    public static InnerOptimizer Momentum(double momentum = 0.9) => new InnerMomentum(momentum);

    /// <summary>
    /// Adam (Kingma and Ba 2015, algorithm 1) from moments of zero, differentiable:
    /// 10⁻¹⁶ is added under the root, whose slope is infinite at zero.
    /// </summary>
    /// <param name="beta1">The decay of the mean of gradients.</param>
    /// <param name="beta2">The decay of the mean of squared gradients.</param>
    /// <param name="epsilon">
    /// What is added to the root. One as large as a usual component of the gradient makes the meta-gradient much smoother, for
    /// otherwise a component near zero changes the step with its sign.
    /// </param>
    public static InnerOptimizer Adam(double beta1 = 0.9, double beta2 = 0.999, double epsilon = UsualEpsilon) =>
        new InnerAdam(beta1, beta2, epsilon);

    /// <summary>How many vectors there are beside the weights.</summary>
    internal abstract int Moments { get; }

    /// <summary>The iterate after a step, without history; the given one stays as it is.</summary>
    /// <param name="iterate">Weights and moments.</param>
    /// <param name="gradient">g at these weights.</param>
    /// <param name="rate">η.</param>
    /// <param name="step">The number of the step, from 0.</param>
    /// <param name="isLast">Whether no step follows that would read the moments; they may then be null.</param>
    internal Tensor?[] Next(Tensor?[] iterate, Tensor gradient, double rate, int step, bool isLast = false)
    {
        if (!Takes([.. iterate, gradient]))
            return NextByDefinition(iterate, gradient, rate, step);
        return gradient.dtype == ScalarType.Float32
            ? NextByPass<float>(iterate, gradient, rate, step, isLast)
            : NextByPass<double>(iterate, gradient, rate, step, isLast);
    }

    /// <summary>
    /// The transposed Jacobian of <see cref="Next"/> applied to cotangents of its result: the cotangents of the iterate (with
    /// the gradient held fixed), of the gradient, and of the rate.
    /// </summary>
    internal (Tensor?[] Iterate, Tensor Gradient, Tensor Rate) Pull(
        Tensor?[] cotangents, Tensor?[] iterate, Tensor gradient, double rate, int step)
    {
        if (!Takes([.. cotangents, .. iterate, gradient]))
            return PullByDefinition(cotangents, iterate, gradient, rate, step);
        return gradient.dtype == ScalarType.Float32
            ? PullByPass<float>(cotangents, iterate, gradient, rate, step)
            : PullByPass<double>(cotangents, iterate, gradient, rate, step);
    }

    /// <summary><see cref="Next"/> by TorchSharp's operations.</summary>
    internal abstract Tensor?[] NextByDefinition(Tensor?[] iterate, Tensor gradient, double rate, int step);

    /// <summary><see cref="Pull"/> by TorchSharp's operations.</summary>
    internal abstract (Tensor?[] Iterate, Tensor Gradient, Tensor Rate) PullByDefinition(
        Tensor?[] cotangents, Tensor?[] iterate, Tensor gradient, double rate, int step);

    /// <summary><see cref="Next"/> in one pass over memory.</summary>
    private protected abstract Tensor?[] NextByPass<T>(Tensor?[] iterate, Tensor gradient, double rate, int step, bool isLast)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary><see cref="Pull"/> in one pass over memory.</summary>
    private protected abstract (Tensor?[] Iterate, Tensor Gradient, Tensor Rate) PullByPass<T>(
        Tensor?[] cotangents, Tensor?[] iterate, Tensor gradient, double rate, int step)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Whether the passes compute with such tensors.</summary>
    private static bool Takes(ReadOnlySpan<Tensor?> tensors)
    {
        var type = tensors[^1]!.dtype;
        if (!Networks.Fused || type is not (ScalarType.Float32 or ScalarType.Float64))
            return false;
        foreach (var tensor in tensors)
        {
            if (tensor is not null && (tensor.dtype != type || tensor.device_type != DeviceType.CPU || !tensor.is_contiguous()))
                return false;
        }
        return true;
    }

    /// <summary>−⟨a, b⟩.</summary>
    private protected static Tensor MinusDot(Tensor a, Tensor b)
    {
        using var product = a.mul(b);
        return product.sum().neg_();
    }

    private sealed record InnerGradientDescent : InnerOptimizer
    {
        internal override int Moments => 0;

        internal override Tensor?[] NextByDefinition(Tensor?[] iterate, Tensor gradient, double rate, int step) =>
            [iterate[0]!.Plus(gradient, -rate)];

        internal override (Tensor?[] Iterate, Tensor Gradient, Tensor Rate) PullByDefinition(
            Tensor?[] cotangents, Tensor?[] iterate, Tensor gradient, double rate, int step) =>
            ([cotangents[0]], cotangents[0]!.Times(-rate), MinusDot(cotangents[0]!, gradient));

        // Without decay the moment is the gradient.
        private protected override unsafe Tensor?[] NextByPass<T>(Tensor?[] iterate, Tensor gradient, double rate, int step, bool isLast)
        {
            var theta = empty_like(gradient);
            new MomentumPass<T>(rate, 0).Next(
                gradient.numel(), Memory.Of<T>(iterate[0]), Memory.Of<T>(gradient), null, Memory.Of<T>(theta), null);
            return [theta];
        }

        private protected override unsafe (Tensor?[] Iterate, Tensor Gradient, Tensor Rate) PullByPass<T>(
            Tensor?[] cotangents, Tensor?[] iterate, Tensor gradient, double rate, int step)
        {
            var ofGradient = empty_like(gradient);
            var ofRate = new MomentumPass<T>(rate, 0).Pull(
                gradient.numel(), Memory.Of<T>(cotangents[0]), null, Memory.Of<T>(gradient), null, null, Memory.Of<T>(ofGradient));
            return ([cotangents[0]], ofGradient, tensor(ofRate, gradient.dtype));
        }

        public override string ToString() => "gradient descent";
    }

    private sealed record InnerMomentum(double Decay) : InnerOptimizer
    {
        internal override int Moments => 1;

        internal override Tensor?[] NextByDefinition(Tensor?[] iterate, Tensor gradient, double rate, int step)
        {
            var m = Moment(iterate, gradient);
            return [iterate[0]!.Plus(m, -rate), m];
        }

        internal override (Tensor?[] Iterate, Tensor Gradient, Tensor Rate) PullByDefinition(
            Tensor?[] cotangents, Tensor?[] iterate, Tensor gradient, double rate, int step)
        {
            var own = cotangents[0]!.Times(-rate);
            var ofMoment = cotangents[1] is { } later ? later.Plus(own) : own;
            return ([cotangents[0], ofMoment.Times(Decay)], ofMoment, MinusDot(cotangents[0]!, Moment(iterate, gradient)));
        }

        private protected override unsafe Tensor?[] NextByPass<T>(Tensor?[] iterate, Tensor gradient, double rate, int step, bool isLast)
        {
            if (iterate[1] is null)
                return NextByDefinition(iterate, gradient, rate, step);
            var (theta, m) = (empty_like(gradient), isLast ? null : empty_like(gradient));
            new MomentumPass<T>(rate, Decay).Next(
                gradient.numel(), Memory.Of<T>(iterate[0]), Memory.Of<T>(gradient), Memory.Of<T>(iterate[1]),
                Memory.Of<T>(theta), Memory.Of<T>(m));
            return [theta, m];
        }

        private protected override unsafe (Tensor?[] Iterate, Tensor Gradient, Tensor Rate) PullByPass<T>(
            Tensor?[] cotangents, Tensor?[] iterate, Tensor gradient, double rate, int step)
        {
            var (ofM, ofGradient) = (empty_like(gradient), empty_like(gradient));
            var ofRate = new MomentumPass<T>(rate, Decay).Pull(
                gradient.numel(), Memory.Of<T>(cotangents[0]), Memory.Of<T>(cotangents[1]), Memory.Of<T>(gradient),
                Memory.Of<T>(iterate[1]), Memory.Of<T>(ofM), Memory.Of<T>(ofGradient));
            return ([cotangents[0], ofM], ofGradient, tensor(ofRate, gradient.dtype));
        }

        private Tensor Moment(Tensor?[] iterate, Tensor gradient) => iterate[1] is { } m ? gradient.Plus(m, Decay) : gradient;

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"momentum {Decay}");
    }

    private sealed record InnerAdam(double Beta1, double Beta2, double Epsilon) : InnerOptimizer
    {
        private const double UnderRoot = 1e-16;

        internal override int Moments => 2;

        internal override Tensor?[] NextByDefinition(Tensor?[] iterate, Tensor gradient, double rate, int step)
        {
            using var scope = NewDisposeScope();
            var (m, v) = MomentsAfter(iterate, gradient);
            var (mHat, root, denominator) = Parts(m, v, step);
            Tensor[] next = [iterate[0]!.sub(mHat.div(denominator).TimesInPlace(rate)), m, v];
            foreach (var part in next)
                part.MoveToOuterDisposeScope();
            return next;
        }

        // With r = √(v̂ + 10⁻¹⁶) and d = r + ε: θ' = θ − η·m̂/d, ∂(m̂/d)/∂m̂ = 1/d and ∂(m̂/d)/∂v̂ = −m̂/(2·d²·r).
        internal override (Tensor?[] Iterate, Tensor Gradient, Tensor Rate) PullByDefinition(
            Tensor?[] cotangents, Tensor?[] iterate, Tensor gradient, double rate, int step)
        {
            var (m, v) = MomentsAfter(iterate, gradient);
            var (mHat, root, denominator) = Parts(m, v, step);
            var direction = mHat.div(denominator);
            var ofRate = MinusDot(cotangents[0]!, direction);
            var ofDirection = cotangents[0]!.Times(-rate).div_(denominator);
            if (iterate[1] is null && cotangents[1] is null)
            {
                // The first and only step: m̂ = g and v̂ = g², so that the slope (10⁻¹⁶ + r·ε)/(r·d) is exact where 1 − g²/(r·d) cancels.
                var slope = root.Times(Epsilon).PlusInPlace(UnderRoot).div_(root).div_(denominator);
                return ([cotangents[0], null, null], ofDirection.mul_(slope), ofRate);
            }
            var ofM = ofDirection.Over(Correction(Beta1, step));
            if (cotangents[1] is { } laterM)
                ofM.PlusInPlace(laterM);
            var ofV = ofDirection.mul_(direction).div_(root).TimesInPlace(-0.5 / Correction(Beta2, step));
            if (cotangents[2] is { } laterV)
                ofV.PlusInPlace(laterV);
            var ofGradient = ofV.mul(gradient).TimesInPlace(2 * (1 - Beta2)).PlusInPlace(ofM, 1 - Beta1);
            return ([cotangents[0], ofM.TimesInPlace(Beta1), ofV.TimesInPlace(Beta2)], ofGradient, ofRate);
        }

        private protected override unsafe Tensor?[] NextByPass<T>(Tensor?[] iterate, Tensor gradient, double rate, int step, bool isLast)
        {
            var (theta, m, v) = (empty_like(gradient), isLast ? null : empty_like(gradient), isLast ? null : empty_like(gradient));
            Pass<T>(rate, step).Next(
                gradient.numel(), Memory.Of<T>(iterate[0]), Memory.Of<T>(gradient), Memory.Of<T>(iterate[1]), Memory.Of<T>(iterate[2]),
                Memory.Of<T>(theta), Memory.Of<T>(m), Memory.Of<T>(v));
            return [theta, m, v];
        }

        private protected override unsafe (Tensor?[] Iterate, Tensor Gradient, Tensor Rate) PullByPass<T>(
            Tensor?[] cotangents, Tensor?[] iterate, Tensor gradient, double rate, int step)
        {
            var ofGradient = empty_like(gradient);
            if (iterate[1] is null && cotangents[1] is null)
            {
                var ofOnlyRate = Pass<T>(rate, step).PullOnly(
                    gradient.numel(), Memory.Of<T>(cotangents[0]), Memory.Of<T>(gradient), Memory.Of<T>(ofGradient));
                return ([cotangents[0], null, null], ofGradient, tensor(ofOnlyRate, gradient.dtype));
            }
            var (ofM, ofV) = (empty_like(gradient), empty_like(gradient));
            var ofRate = Pass<T>(rate, step).Pull(
                gradient.numel(), Memory.Of<T>(cotangents[0]), Memory.Of<T>(cotangents[1]), Memory.Of<T>(cotangents[2]),
                Memory.Of<T>(gradient), Memory.Of<T>(iterate[1]), Memory.Of<T>(iterate[2]),
                Memory.Of<T>(ofM), Memory.Of<T>(ofV), Memory.Of<T>(ofGradient));
            return ([cotangents[0], ofM, ofV], ofGradient, tensor(ofRate, gradient.dtype));
        }

        private AdamPass<T> Pass<T>(double rate, int step) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            new(rate, Beta1, Beta2, Epsilon, UnderRoot, Correction(Beta1, step), Correction(Beta2, step));

        private (Tensor M, Tensor V) MomentsAfter(Tensor?[] iterate, Tensor gradient)
        {
            var m = gradient.Times(1 - Beta1);
            var v = gradient.Squared().TimesInPlace(1 - Beta2);
            return iterate[1] is null ? (m, v) : (m.PlusInPlace(iterate[1]!, Beta1), v.PlusInPlace(iterate[2]!, Beta2));
        }

        private (Tensor MHat, Tensor Root, Tensor Denominator) Parts(Tensor m, Tensor v, int step)
        {
            var root = v.Over(Correction(Beta2, step)).PlusInPlace(UnderRoot).sqrt();
            return (m.Over(Correction(Beta1, step)), root, root.Plus(Epsilon));
        }

        private static double Correction(double beta, int step) => 1 - Math.Pow(beta, step + 1);

        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture,
                $"Adam ({Beta1}, {Beta2}{(Epsilon == UsualEpsilon ? "" : $", epsilon {Epsilon}")})");
    }
}
