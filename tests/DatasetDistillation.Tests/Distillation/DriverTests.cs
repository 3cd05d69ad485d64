using System.Globalization;
using DatasetDistillation.Distillation;
using DatasetDistillation.Training;
using DistillationProcess;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

public sealed class DriverTests
{
    [Fact]
    public void Progress_counts_steps_and_tells_loss_time_and_evaluations()
    {
        var told = new List<DistillationProgress>();
        using var run = DriverRuns.Toy(10, progress: told.Add);

        Assert.Equal(Enumerable.Range(1, 10).Select(static i => (long)i), told.Select(static p => p.Step));
        Assert.All(told, static p => Assert.Equal(10, p.Steps));
        Assert.Equal(run.Losses, told.Select(static p => p.Loss));
        Assert.Equal(run.Evaluations, told.Where(static p => p.Evaluation is not null).Select(static p => p.Evaluation!.Value));
        Assert.Equal([3, 6, 9, 10], run.Evaluations.Select(static e => e.Step));
        Assert.Equal(told.Select(static p => p.Elapsed).Order(), told.Select(static p => p.Elapsed));
        Assert.All(told.SkipLast(1), static p => Assert.True(p.Remaining > TimeSpan.Zero));
        Assert.Equal(TimeSpan.Zero, told[^1].Remaining);
        Assert.True(run.Elapsed >= told[^1].Elapsed);
        Assert.False(run.IsCanceled);
        Assert.All(told, static p => Assert.Null(p.Message));
    }

    [Fact]
    public void The_best_set_is_the_one_that_scored_highest()
    {
        using var run = DriverRuns.Toy(40);
        var highest = run.Evaluations.MaxBy(static e => e.Score);
        Assert.NotEqual(40, highest.Step);
        Assert.Equal(highest, run.BestEvaluation);
        Assert.Equal(highest.Score, ToyDistiller.Score(run.Best));
        Assert.Equal(run.Evaluations[^1].Score, ToyDistiller.Score(run.Set));
    }

    [Fact]
    public void A_score_that_is_no_number_is_never_the_best()
    {
        var scores = new Queue<double>([double.NaN, 0.25, double.NaN, 0.125]);
        var driver = new DistillationDriver { Steps = 4, EvaluateEvery = 1, Evaluate = _ => scores.Dequeue() };
        using var run = DriverRuns.Run(driver, new ToyDistiller());
        Assert.Equal((2, 0.25), run.BestEvaluation);
    }

    [Fact]
    public void Without_evaluation_the_best_set_is_the_last_one()
    {
        using var run = DriverRuns.Run(new DistillationDriver { Steps = 3 }, new ToyDistiller());
        Assert.Same(run.Set, run.Best);
        Assert.Null(run.BestEvaluation);
        Assert.Empty(run.Evaluations);
    }

    [Fact]
    public void Other_seeds_give_other_sets()
    {
        using var one = DriverRuns.Run(new DistillationDriver { Steps = 3, Seed = 1 }, new ToyDistiller());
        using var again = DriverRuns.Run(new DistillationDriver { Steps = 3, Seed = 1 }, new ToyDistiller());
        using var other = DriverRuns.Run(new DistillationDriver { Steps = 3, Seed = 2 }, new ToyDistiller());
        Assert.Equal(one.Set.Pixels(), again.Set.Pixels());
        Assert.NotEqual(one.Set.Pixels(), other.Set.Pixels());
    }

    public static TheoryData<string, DistillationDriver> BadDrivers => new()
    {
        { "Steps", new DistillationDriver { Steps = -1 } },
        { "EvaluateEvery", new DistillationDriver { EvaluateEvery = 0 } },
        { "GuardEvery", new DistillationDriver { GuardEvery = 0 } },
        { "CheckpointEvery", new DistillationDriver { CheckpointEvery = -2 } },
        { "MaximumDivergences", new DistillationDriver { MaximumDivergences = -1 } },
        { "LearningRateDecay", new DistillationDriver { LearningRateDecay = 0 } },
        { "LearningRateDecay", new DistillationDriver { LearningRateDecay = double.NaN } },
    };

    [Theory]
    [MemberData(nameof(BadDrivers))]
    public void An_option_out_of_its_range_is_named_before_the_run_starts(string option, DistillationDriver driver)
    {
        var untouched = new FaultyDistiller(static (_, _, _) => throw new InvalidOperationException("It has started."));
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => DriverRuns.Run(driver, untouched));
        Assert.Contains(option, error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<IDistiller, IDistiller> OtherOptions => new()
    {
        { new LogisticDistiller(), new LogisticDistiller { Restarts = true } },
        { Logistic(new() { LearningRate = 0.02 }), Logistic(new() { LearningRate = 0.02, Beta1 = 0.5 }) },
        { Logistic(new() { LearningRate = 0.02 }), Logistic(new() { LearningRate = 0.02, CosineSteps = 100 }) },
        { new KernelInducingPoints(), new KernelInducingPoints { Outer = new() { LearningRate = 0.04, Epsilon = 1e-4 } } },
        { new FeatureRegression(), new FeatureRegression { TemperatureLearningRate = 0 } },
        { Augmented(Augmentation.Shift(1)), Augmented(Augmentation.Shift(2)) },
        { Augmented(Augmentation.Deform()), Augmented(Augmentation.Deform(bend: 0.5)) },
        { Augmented(Augmentation.Cutout()), Augmented(Augmentation.Cutout(value: 1)) },
        { Augmented(Augmentation.OneOf(Augmentation.Rotate())), Augmented(Augmentation.OneOf(Augmentation.Zoom())) },
        { Augmented(Augmentation.Chain(Augmentation.Rotate())), Augmented(Augmentation.Chain(Augmentation.Rotate(), Augmentation.Zoom())) },
        { Augmented(new Augmentation("noise 0.1", static (x, _) => x)), Augmented(new Augmentation("noise 0.2", static (x, _) => x)) },
        { Augmented(null), Augmented(new Augmentation("nothing", static (x, _) => x)) },
        {
            new KernelInducingPoints { Augmentation = Augmentation.Shift(1) },
            new KernelInducingPoints { Augmentation = Augmentation.Shift(2) }
        },
        {
            new FeatureRegression { SupportAugmentation = Augmentation.Rotate(1) },
            new FeatureRegression { SupportAugmentation = Augmentation.Rotate(2) }
        },
    };

    [Theory]
    [MemberData(nameof(OtherOptions))]
    public void Settings_differ_where_a_checkpoint_must_not_be_resumed(IDistiller one, IDistiller other) =>
        Assert.NotEqual(one.Settings, other.Settings);

    [Fact]
    public void A_run_that_cannot_fit_is_refused_before_it_starts()
    {
        var started = false;
        var absurd = new FaultyDistiller((_, _, loss) => { started = true; return loss; }) { Memory = 1L << 60 };
        var error = Assert.Throws<InsufficientMemoryException>(() => DriverRuns.Run(new DistillationDriver(), absurd));
        Assert.Contains($"{1L << 40} MiB", error.Message, StringComparison.Ordinal);
        Assert.Contains("smaller", error.Message, StringComparison.Ordinal);
        Assert.False(started);
    }

    [Fact]
    public void A_loss_that_is_no_number_rolls_back_and_lowers_the_rates()
    {
        var told = new List<DistillationProgress>();
        var scales = new List<double>();
        var faulty = new FaultyDistiller((call, state, loss) =>
        {
            scales.Add(state.LearningRateScale);
            return call == 11 ? double.NaN : loss;
        });
        using var run = DriverRuns.Run(ToyDistiller.Driver(12), faulty, told.Add);

        var report = Assert.Single(told, static p => p.Message is not null);
        Assert.Equal(8, report.Step);
        Assert.Contains("step 11", report.Message, StringComparison.Ordinal);
        Assert.Contains("0.5", report.Message, StringComparison.Ordinal);
        Assert.Equal([.. Enumerable.Repeat(1.0, 11), .. Enumerable.Repeat(0.5, 4)], scales);
        Assert.Equal(1, run.Divergences);
        Assert.Equal(12, run.Losses.Count);
        Assert.All(run.Losses, static loss => Assert.True(double.IsFinite(loss)));
        Assert.Equal([3, 6, 9, 12], run.Evaluations.Select(static e => e.Step));
    }

    [Fact]
    public void A_rolled_back_run_goes_on_from_the_good_state()
    {
        using var sound = DriverRuns.Run(ToyDistiller.Driver(8), new ToyDistiller());
        var faulty = new FaultyDistiller(static (call, state, loss) =>
        {
            if (call == 6)
                state["images"] = full([10, 1, 4, 4], float.NaN);
            return loss;
        });
        using var run = DriverRuns.Run(ToyDistiller.Driver(8), faulty);

        Assert.Equal(1, run.Divergences);
        Assert.Equal(sound.Losses.Take(5), run.Losses.Take(5));
        Assert.NotEqual(sound.Losses[6], run.Losses[6]);
        Assert.All(run.Set.Pixels(), static x => Assert.True(float.IsFinite(x)));
    }

    [Fact]
    public void The_best_set_stays_the_best_when_a_rollback_leads_to_its_step_again()
    {
        var (scores, sets) = (new Queue<double>([0.9, 0.1]), new List<float[]>());
        using var stop = new CancellationTokenSource();
        var driver = new DistillationDriver
        {
            Steps = 40,
            EvaluateEvery = 6,
            GuardEvery = 4,
            Evaluate = set =>
            {
                sets.Add(set.Pixels());
                if (scores.Count == 1)
                    stop.Cancel();
                return scores.Dequeue();
            },
        };
        using var run = DriverRuns.Run(
            driver, new FaultyDistiller(static (call, _, loss) => call == 7 ? double.NaN : loss), null, stop.Token);
        Assert.Equal((6, 0.9), run.BestEvaluation);
        Assert.NotEqual(sets[0], sets[1]);
        Assert.Equal(sets[0], run.Best.Pixels());
        Assert.Equal(sets[1], run.Set.Pixels());
    }

    [Fact]
    public void A_run_that_diverges_again_and_again_says_what_to_do()
    {
        var messages = new List<string?>();
        var hopeless = new FaultyDistiller(static (call, _, loss) => call > 5 ? double.PositiveInfinity : loss);
        var error = Assert.Throws<DistillationDivergedException>(
            () => DriverRuns.Run(ToyDistiller.Driver(20), hopeless, p => messages.Add(p.Message)));
        Assert.Equal(3, messages.Count(static m => m is not null));
        Assert.Contains("lower outer rate", error.Message, StringComparison.Ordinal);
        Assert.Contains("0.125", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_augmentation_says_what_it_is_whatever_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = comma;
            Assert.Contains(
                ", augmented by Chain(Deform(15, 1.25, 0.125, 0), Cutout(0.25, 0)),",
                Augmented(Augmentation.Chain(Augmentation.Deform(), Augmentation.Cutout())).Settings,
                StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static FeatureRegression Augmented(Augmentation? augmentation) => new() { Augmentation = augmentation };

    private static LogisticDistiller Logistic(OuterAdam adam) => new() { Method = OuterMethod.Adam, Outer = adam };
}
