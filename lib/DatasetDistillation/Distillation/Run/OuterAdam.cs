using System.Globalization;
using FusedNetworks;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// Adam (Kingma and Ba 2015, algorithm 1) on tensors of a <see cref="DistillationState"/>, its moments kept in the state so
/// that a resumed run continues to the bit.
/// </summary>
public sealed record OuterAdam
{
    private const double UsualEpsilon = 1e-8;

    /// <summary>The learning rate.</summary>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>The decay of the mean of gradients.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay of the mean of squared gradients.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>What is added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = UsualEpsilon;

    /// <summary>
    /// Whether the second moment is that of the gradient's deviation from its mean, so that
    /// the rate grows where gradients agree: AdaBelief (Zhuang et al. 2020, algorithm 2).
    /// </summary>
    public bool Belief { get; init; }

    /// <summary>
    /// Outer steps over which the rate falls along half a cosine to <see cref="CosineFinal"/> of itself (Loshchilov and Hutter 2017),
    /// usually the length of the run; 0: it stays.
    /// </summary>
    public long CosineSteps { get; init; }

    /// <summary>The share of the rate that is left at the end of the cosine, in [0, 1].</summary>
    public double CosineFinal { get; init; } = 0.01;

    /// <summary>All options in a few words; ε where it is not 1e-8.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Belief ? "AdaBelief" : "Adam")} {LearningRate} ({Beta1}, {Beta2}){(Epsilon == UsualEpsilon ? "" : $", epsilon {Epsilon}")}" +
        $"{(CosineSteps == 0 ? "" : $", cosine over {CosineSteps} steps to {CosineFinal}")}");

    /// <summary>Replaces <c>state[name]</c> by its update along <paramref name="gradient"/>, which has the same shape.</summary>
    /// <param name="state">Holds the variable and, under <c>name.m</c>, <c>name.v</c> and <c>name.t</c>, its moments and count.</param>
    /// <param name="name">The variable.</param>
    /// <param name="gradient">The gradient of the outer loss.</param>
    /// <param name="schedule">A factor of the learning rate, such as a decay's; 1 by default.</param>
    /// <exception cref="InvalidDataException">The moments do not fit the variable, as in a damaged checkpoint.</exception>
    public void Update(DistillationState state, string name, Tensor gradient, double schedule = 1)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(gradient);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (mName, vName, tName) = (name + ".m", name + ".v", name + ".t");
        var first = !state.Contains(mName);
        if (!first)
            RequireMoments(state, name, [mName, vName], tName);
        var t = 1 + (first ? 0 : state[tName].WholeNumber());
        var rate = LearningRate * schedule * Cosine(state.Step) * state.LearningRateScale;
        var (correction1, correction2) = (1 - Math.Pow(Beta1, t), 1 - Math.Pow(Beta2, t));
        if (!Belief && Memory.AreFlat(state[name], gradient) && (first || Memory.AreFlat(state[mName], state[vName])))
        {
            var pass = new AdamPass<float>(rate, Beta1, Beta2, Epsilon, underRoot: 0, correction1, correction2);
            state[tName] = tensor(t);
            Update(state, [name, mName, vName], gradient, pass, first);
            return;
        }
        var m = first ? gradient.Times(1 - Beta1) : state[mName].Times(Beta1).PlusInPlace(gradient, 1 - Beta1);
        var deviation = Belief ? gradient - m : gradient;
        var v = deviation.Squared().TimesInPlace(1 - Beta2);
        if (!first)
            v.PlusInPlace(state[vName], Beta2);
        var root = v.sqrt().TimesInPlace(1 / Math.Sqrt(correction2)).PlusInPlace(Epsilon);
        state[name] = state[name].Plus(m / root, -rate / correction1);
        (state[mName], state[vName], state[tName]) = (m, v, tensor(t));
    }

    /// <summary>The update of a variable and its moments in one pass over memory.</summary>
    private static unsafe void Update(DistillationState state, string[] names, Tensor gradient, AdamPass<float> pass, bool first)
    {
        var next = Array.ConvertAll(names, _ => empty_like(gradient));
        pass.Next(
            gradient.numel(), Memory.Of<float>(state[names[0]]), Memory.Of<float>(gradient),
            first ? null : Memory.Of<float>(state[names[1]]), first ? null : Memory.Of<float>(state[names[2]]),
            Memory.Of<float>(next[0]), Memory.Of<float>(next[1]), Memory.Of<float>(next[2]));
        foreach (var (name, value) in names.Zip(next))
            state[name] = value;
    }

    /// <summary>Checks moments that were read from a file.</summary>
    private static void RequireMoments(DistillationState state, string name, string[] moments, string count)
    {
        var variable = state[name];
        bool fits = moments.All(Fits) && state.Contains(count) && state[count].dtype == ScalarType.Int64
            && state[count].numel() == 1 && state[count].WholeNumber() >= 0;
        if (!fits)
            throw new InvalidDataException(
                $"The state's moments of '{name}' ({string.Join(", ", moments)}, {count}) do not fit it: its checkpoint is damaged. " +
                "Delete that to begin again.");

        bool Fits(string moment) => state.Contains(moment) && state[moment].dtype == variable.dtype
            && state[moment].shape.SequenceEqual(variable.shape);
    }

    /// <summary>Begins anew with a variable: its moments become zero.</summary>
    internal static void Forget(DistillationState state, string name)
    {
        if (!state.Contains(name + ".m"))
            return;
        (state[name + ".m"], state[name + ".v"], state[name + ".t"]) = (zeros_like(state[name]), zeros_like(state[name]), tensor(0L));
    }

    private double Cosine(long step) => CosineSteps == 0
        ? 1
        : CosineFinal + ((1 - CosineFinal) * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, (double)step / CosineSteps))));
}
