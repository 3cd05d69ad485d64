namespace DatasetDistillation.Training;

/// <summary>How the learning rate changes over a run.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Factor">The factor on the learning rate at a progress in [0, 1].</param>
public sealed record LearningRateSchedule(string Name, Func<double, double> Factor)
{
    /// <summary>The same rate throughout.</summary>
    public static LearningRateSchedule Constant { get; } = new("constant", static _ => 1);

    /// <summary>A linear rise, then half a cosine down (Loshchilov and Hutter 2017, "SGDR").</summary>
    /// <param name="warmUp">The share of the run that the rise takes, in [0, 1).</param>
    /// <param name="final">The factor at the end, in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">A share is outside its range.</exception>
    public static LearningRateSchedule Cosine(double warmUp = 0.05, double final = 0.01)
    {
        if (warmUp is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(warmUp), warmUp, "The share of the warm-up must be in [0, 1).");
        if (final is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(final), final, "The final factor must be in [0, 1].");
        return new LearningRateSchedule(
            FormattableString.Invariant($"cosine, warm-up {warmUp:P0}"),
            progress => progress < warmUp
                ? progress / warmUp
                : final + ((1 - final) * 0.5 * (1 + Math.Cos(Math.PI * (progress - warmUp) / (1 - warmUp)))));
    }
}
