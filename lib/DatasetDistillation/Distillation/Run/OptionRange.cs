using DatasetDistillation.Data;

namespace DatasetDistillation.Distillation;

/// <summary>Refuses a distiller's options that are out of their range, before its run begins.</summary>
internal static class OptionRange
{
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public static void RequireCounts(params ReadOnlySpan<(string Name, int Value)> counts)
    {
        foreach (var (name, value) in counts)
            if (value < 1)
                throw Error(value, $"{name} is {value}; it must be at least 1.");
    }

    /// <exception cref="ArgumentOutOfRangeException">A learning rate is not positive and finite.</exception>
    public static void RequireRate(string name, double value)
    {
        if (!(value > 0) || !double.IsFinite(value))
            throw Error(value, $"{name} is {value}; it must be positive and finite.");
    }

    /// <exception cref="ArgumentOutOfRangeException">The decay of an average is not in [0, 1).</exception>
    public static void RequireAveraging(double averaging)
    {
        if (averaging is not (>= 0 and < 1))
            throw Error(averaging, $"Averaging is {averaging}; it must be in [0, 1).");
    }

    /// <exception cref="ArgumentOutOfRangeException">A batch is too small for an image of each class.</exception>
    public static void RequireBatch(int batchSize, ImageDataset data)
    {
        if (batchSize < data.ClassCount)
            throw Error(
                batchSize, $"BatchSize is {batchSize}, but a batch needs at least one image of each of {data.ClassCount} classes.");
    }

    /// <exception cref="ArgumentOutOfRangeException">A window is longer than the inner loop, or either number is negative.</exception>
    public static void RequireWindow(int window, int innerSteps, int? keptGraphs)
    {
        if (window < 0 || window > innerSteps)
            throw Error(window, $"Window is {window}; it must be from 1 to the {innerSteps} inner steps, or 0 for all of them.");
        if (keptGraphs < 0)
            throw Error(keptGraphs, "KeptGraphs must not be negative.");
    }

    /// <summary>The parameter is that of <see cref="IDistiller.Initialize"/>, which checks the options.</summary>
    private static ArgumentOutOfRangeException Error(object? value, string message, string parameter = "data") =>
        new(parameter, value, message);
}
