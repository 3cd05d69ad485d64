using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using TorchSharp;
using static TorchSharp.torch;

namespace DistillationProcess;

/// <summary>Pulls ten images of 4×4 pixels towards random real ones: every part of a state in use, and microseconds a step.</summary>
public sealed class ToyDistiller : IDistiller
{
    private static readonly OuterAdam Adam = new() { LearningRate = 0.05 };

    /// <summary>How many more numbers the state holds, so that a checkpoint takes time to write.</summary>
    public long Ballast { get; init; }

    /// <inheritdoc/>
    public string Name => "toy";

    /// <inheritdoc/>
    public string Settings => $"ballast {Ballast}";

    /// <summary>Forty images of 4×4 pixels in ten classes, always the same.</summary>
    public static ImageDataset Data()
    {
        using var generator = new Generator(7);
        return new ImageDataset(
            rand([40, 1, 4, 4], generator: generator), tensor(Enumerable.Range(0, 40).Select(static i => i % 10L).ToArray()), "toy digits");
    }

    /// <summary>A driver that evaluates every third step and, given a path, stores every second one.</summary>
    public static DistillationDriver Driver(long steps, string? checkpoint = null) => new()
    {
        Steps = steps,
        Seed = 3,
        Evaluate = Score,
        EvaluateEvery = 3,
        GuardEvery = 4,
        Checkpoint = checkpoint,
        CheckpointEvery = 2,
        CheckpointInterval = TimeSpan.MaxValue,
    };

    /// <summary>Rises and falls with the images, so that the best set is seldom the last one.</summary>
    public static double Score(DistilledSet set)
    {
        using var scope = NewDisposeScope();
        return set.Images.mul(40).sin().mean().ToDouble();
    }

    /// <inheritdoc/>
    public DistillationState Initialize(ImageDataset data, long seed)
    {
        var state = new DistillationState(seed);
        state["images"] = randn([10, 1, 4, 4], generator: state.Random);
        state["ballast"] = zeros([Ballast]);
        return state;
    }

    /// <inheritdoc/>
    public double Step(DistillationState state, ImageDataset data)
    {
        using var scope = NewDisposeScope();
        var real = data.Images.index_select(0, randint(0, data.Count, [10], generator: state.Random));
        var difference = state["images"] - real;
        Adam.Update(state, "images", difference);
        return difference.square().mean().ToDouble();
    }

    /// <inheritdoc/>
    public DistilledSet Result(DistillationState state, ImageDataset data) =>
        new(state["images"].clone(), eye(10), "toy", learningRates: [0.1, 0.2]);

    /// <inheritdoc/>
    public long EstimateMemory(ImageDataset data) => 4 * Ballast;
}
