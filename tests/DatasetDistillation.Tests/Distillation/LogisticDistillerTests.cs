using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Solvers;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

public sealed class LogisticDistillerTests
{
    public static TheoryData<LogisticDistiller> Distillers =>
    [
        new LogisticDistiller(),
        new LogisticDistiller { Method = OuterMethod.LBfgs, LearnLabels = true },
        new LogisticDistiller { Method = OuterMethod.Adam, LearnScale = true, ImagesPerClass = 2 },
    ];

    [Theory]
    [MemberData(nameof(Distillers))]
    public void The_outer_loss_falls_and_the_set_is_what_was_asked_for(LogisticDistiller distiller)
    {
        using var data = SyntheticDigits.Create(400);
        using DistillationRun run = new DistillationDriver { Steps = 15 }.Run(distiller, data);

        Assert.InRange(run.Losses[^1], 0, 0.7 * Math.Log(10));
        Assert.Equal([10L * distiller.ImagesPerClass, 1, 28, 28], run.Set.Images.shape);
        Assert.Equal(Enumerable.Range(0, 10 * distiller.ImagesPerClass).Select(i => i % 10L), run.Set.Classes());
        Assert.All(run.Set.Labels.sum(1).data<float>(), sum => Assert.Equal(1, sum, 5));
        Assert.InRange(distiller.Evaluate(run.Set, data).Accuracy, 0.6, 1);
        if (!distiller.LearnLabels)
            Assert.Equal(1, run.Set.Labels.max().ToSingle());
    }

    [Theory]
    [MemberData(nameof(Distillers))]
    public void A_resumed_run_goes_on_to_the_bit(LogisticDistiller distiller)
    {
        using var data = SyntheticDigits.Create(200);
        using DistillationState straight = distiller.Initialize(data, 3);
        DistillationState stored = distiller.Initialize(data, 3);
        for (int i = 0; i < 6; i++)
        {
            double loss = distiller.Step(straight, data);
            stored = stored.Clone();
            Assert.Equal(loss, distiller.Step(stored, data));
        }
        using DistilledSet first = distiller.Result(straight, data), second = distiller.Result(stored, data);
        Assert.Equal(first.Images.data<float>().ToArray(), second.Images.data<float>().ToArray());
        Assert.Equal(first.Labels.data<float>().ToArray(), second.Labels.data<float>().ToArray());
    }

    [Fact]
    public void Another_seed_begins_with_other_images()
    {
        using var data = SyntheticDigits.Create(50);
        var distiller = new LogisticDistiller();
        float[] Images(long seed) => distiller.Result(distiller.Initialize(data, seed), data).Images.data<float>().ToArray();
        Assert.Equal(Images(1), Images(1));
        Assert.NotEqual(Images(1), Images(2));
    }

    [Fact]
    public void Once_the_outer_method_has_stopped_steps_change_nothing_and_say_why()
    {
        using var data = SyntheticDigits.Create(100);
        var distiller = new LogisticDistiller { Method = OuterMethod.LBfgs, Tolerance = 0.2 };
        using DistillationState state = distiller.Initialize(data, 0);
        for (int i = 0; i < 30; i++)
            distiller.Step(state, data);

        Assert.Equal(SolverStatus.Converged, state.As<LogisticState>().Status);
        double[] stopped = state["variables"].data<double>().ToArray();
        double loss = distiller.Step(state, data);
        Assert.Equal(loss, distiller.Step(state, data));
        Assert.Equal(stopped, state["variables"].data<double>().ToArray());
    }

    [Fact]
    public void A_learned_scale_lowers_the_outer_loss_and_is_named_in_the_result()
    {
        using var data = SyntheticDigits.Create(400);
        double Loss(bool learned) => new DistillationDriver { Steps = 40 }
            .Run(new LogisticDistiller { Method = OuterMethod.LBfgs, LearnScale = learned }, data).Losses[^1];
        Assert.InRange(Loss(true), 0, 0.9 * Loss(false));

        var distiller = new LogisticDistiller { LearnScale = true };
        using DistillationRun run = new DistillationDriver { Steps = 2 }.Run(distiller, data);
        Assert.Contains("output scale", run.Set.Method, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_of_all_images_is_where_the_penalized_gradient_vanishes()
    {
        using var data = SyntheticDigits.Create(300);
        var regression = new LogisticRegression { Regularization = 0.05, Solver = new() { Tolerance = 1e-4, MaxIterations = 500 } };
        SolverResult result = regression.Fit(data);

        // The inner problem on real images is the same regression.
        using var theta = data.Images.flatten(1).to_type(float64);
        using var labels = nn.functional.one_hot(data.Labels, 10).to_type(float64);
        using var exact = new LogisticProblem(data, 0.05).Fit(theta, labels).Required();
        Assert.True(result.Converged, $"{result}");
        Assert.InRange((result.Solution - exact).norm().ToDouble(), 0, 1e-4 / 0.05);
        Assert.Equal(LogisticRegression.Evaluate(exact, data).Loss, LogisticRegression.Evaluate(result.Solution, data).Loss, 3);
    }

    [Fact]
    public void Standardized_images_are_refused_with_what_to_do()
    {
        using var data = SyntheticDigits.Create(20).Standardize();
        var error = Assert.Throws<ArgumentException>(() => new LogisticDistiller().Initialize(data, 0));
        Assert.Contains("not standardized", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void On_MNIST_the_published_example_is_reproduced_and_surpassed()
    {
        (ImageDataset train, ImageDataset test) = Mnist();
        var example = new LogisticDistiller();
        using DistillationRun published = new DistillationDriver { Steps = 50 }.Run(example, train);
        Assert.InRange(published.Losses[^1], 0.629, 0.630);
        Assert.InRange(example.Evaluate(published.Set, test).Accuracy, 0.88, 0.89);

        var better = new LogisticDistiller { Regularization = 1e-3, Method = OuterMethod.LBfgs };
        using DistillationRun run = new DistillationDriver { Steps = 100 }.Run(better, train);
        Assert.InRange(better.Evaluate(run.Set, test).Accuracy, 0.92, 0.93);
    }

    private static (ImageDataset Train, ImageDataset Test) Mnist()
    {
        string? folder = Environment.GetEnvironmentVariable("DISTILLATION_DATA");
        Skip.If(string.IsNullOrEmpty(folder) || !Directory.Exists(folder), "DISTILLATION_DATA does not lead to MNIST.");
        var options = new DataOptions { Folders = [folder], AllowDownload = false, Notice = static _ => { } };
        ImageDataset train = Digits.Load(options);
        Skip.If(!train.Name.StartsWith("MNIST", StringComparison.Ordinal), "DISTILLATION_DATA does not lead to MNIST.");
        return (train, Digits.LoadTest(options));
    }
}
