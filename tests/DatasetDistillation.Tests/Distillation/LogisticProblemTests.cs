using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Solvers;
using DatasetDistillation.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>
/// The inner solution and the hypergradient: against PyTorch's in float64 (l2 = 0.1, the first 2,000 training images), and
/// against finite differences where labels, scale and several images of a class come in.
/// </summary>
public sealed class LogisticProblemTests
{
    private readonly Npz reference = Fixture("logistic_bilevel");
    private readonly Npz digits = Fixture("mnist_first2000");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Inner_solution_and_hypergradient_are_those_of_the_reference(bool inAllWeights)
    {
        using var scope = NewDisposeScope();
        LogisticProblem problem = Problem(inAllWeights ? InnerSpace.Full : InnerSpace.Representer);
        Tensor theta = Reference("theta"), labels = eye(10, 10, float64);

        Tensor weights = problem.Fit(theta, labels).Required();
        Assert.InRange(Error(weights, "W"), 0, 1e-8);
        Assert.InRange(problem.Stationarity(weights, [theta, labels]).norm().ToDouble(), 0, 1e-8);

        Hypergradient found = problem.Differentiate(theta, labels);
        Assert.InRange(Math.Abs(found.Loss / reference["outer_loss"].ToDoubles()[0] - 1), 0, 1e-10);
        Assert.InRange(Error(found.Images, "hypergradient"), 0, 1e-6);
    }

    [Fact]
    public void The_pass_in_float32_has_the_accuracy_of_float32()
    {
        using var scope = NewDisposeScope();
        var problem = new LogisticProblem(Images());
        Hypergradient found = problem.Differentiate(Reference("theta"), eye(10, 10, float64));
        Assert.InRange(Error(found.Images, "hypergradient"), 1e-10, 1e-5);
    }

    [Theory]
    [InlineData(0.1, 10)]
    [InlineData(0.001, 10)]
    [InlineData(0.1, 30)]
    public void Derivatives_agree_with_finite_differences(double l2, int count)
    {
        using var scope = NewDisposeScope();
        var problem = new LogisticProblem(Images(300), l2, float64);
        (Tensor theta, Tensor labels) = Variables(count);
        const double logScale = 0.4, h = 1e-4;
        var random = new Generator(3);
        Tensor image = randn([count, 784], float64, generator: random) * 0.05;
        Tensor label = randn([count, 10], float64, generator: random) * 0.05;
        Hypergradient found = problem.Differentiate(theta, labels, logScale);

        double Slope(Func<double, Score> at) => (at(h).Loss - at(-h).Loss) / (2 * h);
        void Agrees(double expected, double actual) => Assert.InRange(Math.Abs(expected - actual) / Math.Abs(expected), 0, 1e-5);

        Agrees(Slope(t => problem.Evaluate(theta + image * t, labels, logScale)), (found.Images * image).sum().ToDouble());
        // Labels move within sum 1, where cross-entropy is what it is everywhere in this problem.
        Tensor balanced = label - label.mean([1], keepdim: true);
        Agrees(Slope(t => problem.Evaluate(theta, labels + balanced * t, logScale)), (found.Labels * balanced).sum().ToDouble());
        Agrees(Slope(t => problem.Evaluate(theta, labels, logScale + t)), found.LogScale);
    }

    [Fact]
    public void All_ways_lead_to_the_same_hypergradient()
    {
        using var scope = NewDisposeScope();
        (Tensor theta, _) = Variables(10);
        var ways = new LogisticHypergradient(new LogisticProblem(Images(200), 0.1, float64), theta, eye(10, 10, float64));
        (int Derivatives, TimeSpan Elapsed, double RelativeError) few = ways.Unrolled(5);
        (int Derivatives, TimeSpan Elapsed, double RelativeError) many = ways.Unrolled(150);
        (int Derivatives, TimeSpan Elapsed, double RelativeError) differences = ways.FiniteDifferences(12);

        Assert.InRange(ways.Implicit().RelativeError, 0, 1e-9);
        Assert.InRange(differences.RelativeError, 0, 1e-5);
        Assert.InRange(many.RelativeError, 0, 1e-4);
        Assert.InRange(few.RelativeError, 1e-3, 10);
        Assert.Equal((7840, 12), (many.Derivatives, differences.Derivatives));
    }

    [Fact]
    public void Both_spaces_give_the_same_model()
    {
        using var scope = NewDisposeScope();
        (Tensor theta, Tensor labels) = Variables(20);
        Hypergradient exact = Problem(InnerSpace.Representer).Differentiate(theta, labels);
        Hypergradient full = Problem(InnerSpace.Full).Differentiate(theta, labels);
        Assert.InRange((exact.Images - full.Images).abs().max().ToDouble() / exact.Images.abs().max().ToDouble(), 0, 1e-6);
        Assert.InRange((exact.Labels - full.Labels).abs().max().ToDouble() / exact.Labels.abs().max().ToDouble(), 0, 1e-6);
    }

    [Fact]
    public void A_solver_in_the_full_space_that_was_stopped_too_early_says_so()
    {
        using var scope = NewDisposeScope();
        (Tensor theta, Tensor labels) = Variables(20);
        var exact = Problem(InnerSpace.Representer).Differentiate(theta, labels);
        var enough = new LogisticProblem(Images(), 0.1, float64) { Space = InnerSpace.Full };
        var tooFew = new LogisticProblem(Images(), 0.1, float64) { Space = InnerSpace.Full, FullSpaceSolver = new() { MaxIterations = 5 } };
        Assert.Equal(SolverStatus.Converged, exact.Inner);
        Assert.True(enough.Fit(theta, labels).Converged);
        Assert.Equal(SolverStatus.Converged, enough.Differentiate(theta, labels).Inner);
        Assert.Equal(SolverStatus.IterationLimit, tooFew.Fit(theta, labels).Status);
        Assert.Equal(SolverStatus.IterationLimit, tooFew.Differentiate(theta, labels).Inner);
        Assert.True(Error(enough) < 0.1 * Error(tooFew));

        double Error(LogisticProblem problem) =>
            (problem.Differentiate(theta, labels).Images - exact.Images).norm().ToDouble() / exact.Images.norm().ToDouble();
    }

    [Fact]
    public void Equal_images_make_no_difference_to_the_solution()
    {
        using var scope = NewDisposeScope();
        (Tensor theta, Tensor labels) = Variables(10);
        LogisticProblem problem = Problem(InnerSpace.Representer);
        Tensor once = problem.Fit(theta, labels).Required(), twice = problem.Fit(cat([theta, theta]), cat([labels, labels])).Required();
        Assert.InRange((once - twice).abs().max().ToDouble(), 0, 1e-9);

        Hypergradient single = problem.Differentiate(theta, labels);
        Hypergradient pair = problem.Differentiate(cat([theta, theta]), cat([labels, labels]));
        Tensor joined = pair.Images.narrow(0, 0, 10) + pair.Images.narrow(0, 10, 10);
        Assert.InRange((joined - single.Images).abs().max().ToDouble() / single.Images.abs().max().ToDouble(), 0, 1e-6);
    }

    [Fact]
    public void A_model_is_judged_as_tensor_operations_judge_it()
    {
        using var scope = NewDisposeScope();
        ImageDataset images = Images(300);
        Tensor weights = randn([784, 10], float64, generator: new Generator(5)) * 0.1;
        Tensor logits = images.Images.flatten(1).to_type(float64).matmul(weights);
        Score found = LogisticRegression.Evaluate(weights, images);

        Assert.Equal(nn.functional.cross_entropy(logits, images.Labels).ToDouble(), found.Loss, 5);
        Assert.Equal(logits.argmax(1).eq(images.Labels).to_type(float64).mean().ToDouble(), found.Accuracy, 12);
    }

    [Fact]
    public void Bad_input_is_refused_with_what_was_wanted()
    {
        using var scope = NewDisposeScope();
        using ImageDataset images = Images(10);
        Assert.Throws<ArgumentException>(() => new LogisticProblem(images, 0));
        Assert.Throws<ArgumentException>(() => new LogisticProblem(images, double.NaN));
        Assert.Throws<ArgumentException>(() => new LogisticProblem(images, precision: int64));
        var problem = new LogisticProblem(images);
        var shape = Assert.Throws<ArgumentException>(() => problem.Fit(zeros([10, 700], float64), eye(10, 10, float64)));
        Assert.Contains("[n, 784]", shape.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => problem.Fit(zeros([10, 784]), eye(10, 10, float64)));
        Assert.Throws<ArgumentException>(() => problem.Differentiate(zeros([10, 784], float64), eye(9, 10, float64)));
    }

    private static (Tensor Theta, Tensor Labels) Variables(int count)
    {
        var random = new Generator(11);
        Tensor labels = cat([.. Enumerable.Repeat(eye(10, 10, float64), count / 10)]);
        Tensor soft = randn([count, 10], float64, generator: random) * 0.05;
        return (randn([count, 784], float64, generator: random) * 0.1, labels + soft - soft.mean([1], keepdim: true));
    }

    private LogisticProblem Problem(InnerSpace space) => new(Images(), 0.1, float64)
    {
        Space = space,
        FullSpaceSolver = new GradientDescent { Tolerance = 1e-10, MaxIterations = 5000, Slack = 1e-15, StepGrowth = 1, Restarts = true },
        Implicit = new ImplicitDifferentiation(),
    };

    private ImageDataset Images(int count = 2000)
    {
        float[] pixels = Array.ConvertAll(digits["images"].AsSpan<byte>()[..(count * 784)].ToArray(), static value => value / 255f);
        return new ImageDataset(tensor(pixels, [count, 1, 28, 28]), tensor(digits["labels"].ToInt64s()[..count]), "digits", classCount: 10);
    }

    private Tensor Reference(string name) => tensor(reference[name].ToDoubles(), [.. reference[name].Shape]);

    /// <summary>The largest difference from the reference, relative to its largest value.</summary>
    private double Error(Tensor actual, string name)
    {
        Tensor expected = Reference(name);
        return (actual - expected).abs().max().ToDouble() / expected.abs().max().ToDouble();
    }

    private static Npz Fixture(string name) => Npz.Load(Path.Combine(AppContext.BaseDirectory, "fixtures", name + ".npz"));
}
