using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DistillationProcess;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>What the tests of the driver share.</summary>
internal static class DriverRuns
{
    public static DistillationRun Toy(
        long steps, string? checkpoint = null, Action<DistillationProgress>? progress = null, CancellationToken cancellation = default) =>
        Run(ToyDistiller.Driver(steps, checkpoint), new ToyDistiller(), progress, cancellation);

    public static DistillationRun Run(
        DistillationDriver driver,
        IDistiller distiller,
        Action<DistillationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using var data = ToyDistiller.Data();
        return driver.Run(distiller, data, progress, cancellation);
    }

    public static float[] Pixels(this DistilledSet set) => set.Images.data<float>().ToArray();

    /// <summary>Everything but the time must be equal to the bit.</summary>
    public static void AssertSame(DistillationRun expected, DistillationRun actual)
    {
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(expected.Evaluations, actual.Evaluations);
        Assert.Equal(expected.BestEvaluation, actual.BestEvaluation);
        Assert.Equal(expected.Divergences, actual.Divergences);
        Assert.Equal(expected.Set.Pixels(), actual.Set.Pixels());
        Assert.Equal(expected.Best.Pixels(), actual.Best.Pixels());
    }

    /// <summary>Both checkpoints must hold the same arrays, but for the time spent.</summary>
    public static void AssertSameCheckpoint(string expected, string actual)
    {
        var (wanted, found) = (Npz.Load(expected), Npz.Load(actual));
        Assert.Equal(wanted.Names, found.Names);
        foreach (var (name, array) in wanted.Where(static a => a.Key != "seconds"))
        {
            using var scope = NewDisposeScope();
            using var left = new MemoryStream();
            using var right = new MemoryStream();
            array.Write(left);
            found[name].Write(right);
            Assert.Equal(left.ToArray(), right.ToArray());
        }
    }
}

/// <summary>The toy method, with a fault wherever a test wants one.</summary>
/// <param name="fault">Given the number of calls so far and the state after the step: what is reported as the loss.</param>
internal sealed class FaultyDistiller(Func<int, DistillationState, double, double> fault) : IDistiller
{
    private readonly ToyDistiller toy = new();
    private int calls;

    public string Name => toy.Name;

    public string Settings => toy.Settings;

    public long Memory { get; init; }

    public DistillationState Initialize(ImageDataset data, long seed) => toy.Initialize(data, seed);

    public double Step(DistillationState state, ImageDataset data) =>
        fault(++calls, state, toy.Step(state, data));

    public DistilledSet Result(DistillationState state, ImageDataset data) => toy.Result(state, data);

    public long EstimateMemory(ImageDataset data) => Memory;
}
