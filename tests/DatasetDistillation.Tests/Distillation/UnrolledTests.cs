using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>Meta-gradients that go back step by step, against PyTorch's and against differences.</summary>
public sealed class UnrolledTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Meta_gradients_of_LeNet_are_those_of_the_reference(int keptGraphs)
    {
        using var scope = NewDisposeScope();
        var reference = Npz.Load(Path.Combine(AppContext.BaseDirectory, "fixtures", "lenet_unroll.npz"));
        var batch = Npz.Load(Path.Combine(AppContext.BaseDirectory, "fixtures", "lenet_unroll_batch.npz"));
        Tensor Reference(string name) => tensor(reference[name].ToDoubles(), [.. reference[name].Shape]);
        void AssertClose(string name, Tensor actual) =>
            Assert.InRange(((Reference(name) - actual).abs().max() / Reference(name).abs().max()).ToDouble(), 0, 1e-9);

        var network = Networks.LeNet();
        var raw = Reference("raw_lr");
        var variables = new UnrolledVariables(
            Reference("images"), eye(10, dtype: float64), nn.functional.softplus(raw).data<double>().ToArray(), Steps: 1);
        var theta0 = cat([.. Enumerable.Range(0, 10).Select(i => Reference($"theta{i}").flatten())]);
        var real = tensor(batch["pixels"].ToSingles(), [64, 1, 28, 28]).div(255).sub(0.1307).div(0.3081).to(float64);
        var unrolled = new UnrolledGradient(network, InnerOptimizer.GradientDescent, LossFunction.CrossEntropy, LossFunction.CrossEntropy)
        {
            WantTheta = true,
            KeptGraphs = keptGraphs
        };
        var gradient = unrolled.Compute(variables, theta0, real, tensor(batch["labels"].ToInt64s()), 0, 3);

        Assert.Equal(reference["loss"].ToDoubles()[0], gradient.Loss, 1e-9);
        AssertClose("grad_images", gradient.Images);
        AssertClose("grad_raw_lr", gradient.RawRates(raw));
        var parameters = new Parameters(network.Layout, gradient.Theta0!).Split();
        for (var i = 0; i < parameters.Length; i++)
            AssertClose($"grad_theta{i}", parameters[i]);
    }

    [Fact]
    public void The_distiller_steps_along_the_gradients_of_the_reference()
    {
        using var scope = NewDisposeScope();
        var reference = Npz.Load(Path.Combine(AppContext.BaseDirectory, "fixtures", "lenet_unroll.npz"));
        var batch = Npz.Load(Path.Combine(AppContext.BaseDirectory, "fixtures", "lenet_unroll_batch.npz"));
        Tensor Reference(string name) => tensor(reference[name].ToDoubles(), [.. reference[name].Shape]);
        var pixels = tensor(batch["pixels"].ToSingles(), [64, 1, 28, 28]).div(255);
        using var raw = new ImageDataset(pixels, tensor(batch["labels"].ToInt64s()), "64 digits", classCount: 10);
        using var digits = raw.Standardize(new Standardization(0.1307f, 0.3081f));
        var network = Networks.LeNet();
        var theta0 = new Parameters(network.Layout, cat([.. Enumerable.Range(0, 10).Select(i => Reference($"theta{i}").flatten())]));
        var distiller = new UnrolledDistiller
        {
            Network = network,
            Epochs = 3,
            InitialWeights = InitialWeights.Fixed(theta0),
            BatchSize = 64,
            Outer = new OuterAdam { Beta1 = 0 },
            Precision = float64,
        };
        using var state = distiller.Initialize(digits, 0);
        (state["images"], state["rates"]) = (Reference("images"), Reference("raw_lr"));

        Assert.Equal(reference["loss"].ToDoubles()[0], distiller.Step(state, digits), 1e-9);
        // Adam's first moment with a decay of 0 is the gradient.
        foreach (var (moment, name) in new[] { ("images.m", "grad_images"), ("rates.m", "grad_raw_lr") })
            Assert.InRange(((Reference(name) - state[moment]).abs().max() / Reference(name).abs().max()).ToDouble(), 0, 1e-9);
    }

    public static TheoryData<string> Optimizers => ["descent", "momentum", "adam"];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Every_inner_optimizer_agrees_with_finite_differences(string name)
    {
        using var scope = NewDisposeScope();
        var problem = new Small(name);
        var gradient = problem.Gradient(problem.Images, problem.Labels, problem.Rates, 0);
        const double Step = 1e-6;
        var direction = randn(problem.Images.shape, float64, generator: new Generator(5));
        Assert.Equal(
            (problem.Loss(problem.Images + direction * Step, problem.Labels, problem.Rates)
                - problem.Loss(problem.Images - direction * Step, problem.Labels, problem.Rates)) / (2 * Step),
            (gradient.Images * direction).sum().ToDouble(), 1e-7);
        var ofLabels = randn(problem.Labels.shape, float64, generator: new Generator(6));
        Assert.Equal(
            (problem.Loss(problem.Images, problem.Labels + ofLabels * Step, problem.Rates)
                - problem.Loss(problem.Images, problem.Labels - ofLabels * Step, problem.Rates)) / (2 * Step),
            (gradient.Labels * ofLabels).sum().ToDouble(), 1e-7);
        // At raw rates of zero dη/dr is 1/2.
        var ofRates = (gradient.RawRates(zeros([4], float64)) * 2).data<double>().ToArray();
        for (var t = 0; t < problem.Rates.Length; t++)
        {
            double LossAt(double shift) =>
                problem.Loss(problem.Images, problem.Labels, [.. problem.Rates.Select((rate, at) => at == t ? rate + shift : rate)]);
            Assert.Equal((LossAt(Step) - LossAt(-Step)) / (2 * Step), ofRates[t], 1e-7);
        }
    }

    [Fact]
    public void A_window_takes_the_steps_before_it_as_they_come()
    {
        using var scope = NewDisposeScope();
        var problem = new Small("descent");
        var whole = problem.Gradient(problem.Images, problem.Labels, problem.Rates, 0);
        var window = problem.Gradient(problem.Images, problem.Labels, problem.Rates, 2);
        Assert.Equal(whole.Loss, window.Loss, 1e-14);
        var raw = zeros([problem.Rates.Length], float64);
        var (all, last) = (whole.RawRates(raw).data<double>().ToArray(), window.RawRates(raw).data<double>().ToArray());
        Assert.Equal([0, 0], last[..2]);
        Assert.All(last[2..].Zip(all[2..]), static pair => Assert.Equal(pair.Second, pair.First, 1e-14));
    }

    [Theory]
    [InlineData(4, 0)]
    [InlineData(0, 3)]
    [InlineData(4, 4)]
    public void A_window_of_all_steps_and_kept_graphs_change_nothing(int window, int keptGraphs)
    {
        using var data = SyntheticDigits.Create(100, seed: 1).Standardize();
        double[] Images(int window, int keptGraphs)
        {
            var distiller = new UnrolledDistiller
            {
                Network = Networks.Mlp(12),
                Steps = 2,
                Epochs = 2,
                LearnLabels = true,
                Inner = InnerOptimizer.Momentum(),
                BatchSize = 50,
                Window = window,
                KeptGraphs = keptGraphs,
                Precision = float64,
            };
            using var state = distiller.Initialize(data, 3);
            for (var i = 0; i < 3; i++, state.Step++)
                distiller.Step(state, data);
            return state["images"].data<double>().ToArray();
        }

        var plain = Images(0, 0);
        Assert.All(plain.Zip(Images(window, keptGraphs)), static pair => Assert.Equal(pair.First, pair.Second, 1e-10));
    }

    [Fact]
    public void A_gradient_longer_than_usual_is_shortened()
    {
        using var scope = NewDisposeScope();
        using var data = SyntheticDigits.Create(100, seed: 1).Standardize();
        var outer = new OuterAdam { Beta1 = 0 };
        var free = new UnrolledDistiller
        {
            Network = Networks.Mlp(12),
            InitialWeights = InitialWeights.Fixed(0),
            BatchSize = 100,
            Outer = outer
        };
        var clipped = new UnrolledDistiller
        {
            Network = free.Network,
            InitialWeights = free.InitialWeights,
            BatchSize = 100,
            Outer = outer,
            ClipFactor = 2
        };
        double Length(UnrolledDistiller distiller, double mean)
        {
            using var state = distiller.Initialize(data, 3);
            state["images.length"] = tensor(mean);
            distiller.Step(state, data);
            return state["images.m"].norm().ToDouble();
        }

        var length = Length(free, 0);
        Assert.Equal(length / 2, Length(clipped, length / 4), 1e-6 * length);
        Assert.Equal(length, Length(clipped, length), 1e-6 * length);
    }

    [Fact]
    public void A_short_run_lowers_the_outer_loss_and_stores_its_schedule()
    {
        using var data = SyntheticDigits.Create(600, seed: 1).Standardize();
        var distiller = new UnrolledDistiller
        {
            Network = Networks.Mlp(16),
            InitialWeights = InitialWeights.Fixed(0),
            Steps = 2,
            Epochs = 2,
            BatchSize = 600,
            Outer = new OuterAdam { LearningRate = 0.05 }
        };
        using var run = new DistillationDriver { Steps = 30 }.Run(distiller, data);
        Assert.True(run.Losses[^1] < 0.8 * run.Losses[0], $"from {run.Losses[0]} to {run.Losses[^1]}");
        Assert.Equal((20, 2, 2), (run.Set.Count, run.Set.Steps, run.Set.Epochs));
        Assert.All(run.Set.LearningRates, static rate => Assert.True(rate > 0));
    }

    [Fact]
    public void Options_that_cannot_be_are_refused()
    {
        using var data = SyntheticDigits.Create(50, seed: 1);
        Assert.ThrowsAny<ArgumentException>(() => new UnrolledDistiller { Steps = 0 }.Initialize(data, 0));
        Assert.ThrowsAny<ArgumentException>(() => new UnrolledDistiller { Window = 99 }.Initialize(data, 0));
    }

    /// <summary>A tiny network, three classes, four steps over two batches.</summary>
    private sealed class Small
    {
        private readonly Network network = new("tiny", [1, 4, 4], [new Flatten(), new Linear(5), new Linear(3)]);
        private readonly UnrolledGradient unrolled;
        private readonly Tensor theta0;
        private readonly Tensor real = randn([12, 1, 4, 4], float64, generator: new Generator(3));
        private readonly Tensor classes = arange(12).sub(arange(12).div(3).to(int64) * 3);

        public Small(string optimizer)
        {
            var rule = optimizer switch
            {
                "momentum" => InnerOptimizer.Momentum(),
                "adam" => InnerOptimizer.Adam(),
                _ => InnerOptimizer.GradientDescent,
            };
            unrolled = new UnrolledGradient(network, rule, LossFunction.CrossEntropy, LossFunction.CrossEntropy) { LearnLabels = true };
            theta0 = network.Initialize(4, float64).Flat;
        }

        public Tensor Images { get; } = randn([6, 1, 4, 4], float64, generator: new Generator(1));

        public Tensor Labels { get; } = nn.functional.softmax(randn([6, 3], float64, generator: new Generator(2)), 1);

        public double[] Rates { get; } = [0.1, 0.2, 0.15, 0.05];

        public double Loss(Tensor images, Tensor labels, double[] rates) => Gradient(images, labels, rates, 3).Loss;

        public MetaGradient Gradient(Tensor images, Tensor labels, double[] rates, int first) =>
            unrolled.Compute(new UnrolledVariables(images, labels, rates, Steps: 2), theta0, real, classes, first, 4);
    }
}
