using System.Globalization;
using DatasetDistillation.Data;
using DatasetDistillation.Solvers;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>What minimizes the outer loss.</summary>
public enum OuterMethod
{
    /// <summary>Accelerated gradient descent with a backtracking line search.</summary>
    GradientDescent,

    /// <summary>Limited-memory BFGS.</summary>
    LBfgs,

    /// <summary>Adam on the whole training set.</summary>
    Adam,
}

/// <summary>
/// Distils a data set into a few images that a linear classifier is trained on: bilevel multiclass logistic regression by
/// implicit differentiation (Blondel et al. 2022, §4.2, "dataset distillation"). The outer loss is taken over all real images
/// at every step. With the defaults it is that example: ten images, fixed labels, l2 = 0.1, accelerated gradient descent.
/// </summary>
/// <remarks>
/// A step reports the outer loss after it (Adam: before it). Once the outer method has stopped, further steps change nothing.
/// </remarks>
public sealed record LogisticDistiller : IDistiller
{
    /// <summary>Distilled images of each class.</summary>
    public int ImagesPerClass { get; init; } = 1;

    /// <summary>The factor of ‖W‖²/2 in the inner loss: 0.1 in the code of the example (an older text of its page says 0.001).</summary>
    public double Regularization { get; init; } = 0.1;

    /// <summary>Whether labels are learned too: any numbers with sum 1 for each image, at first one-hot.</summary>
    public bool LearnLabels { get; init; }

    /// <summary>Whether a factor of the outer logits is learned, which undoes the shrinking of the inner penalty.</summary>
    public bool LearnScale { get; init; }

    /// <summary>What minimizes the outer loss.</summary>
    public OuterMethod Method { get; init; } = OuterMethod.GradientDescent;

    /// <summary>Whether accelerated gradient descent restarts its extrapolation when it overshoots; the example does not.</summary>
    public bool Restarts { get; init; }

    /// <summary>Adam's options, where it is the method.</summary>
    public OuterAdam Outer { get; init; } = new() { LearningRate = 0.02 };

    /// <summary>The residual at which gradient descent or L-BFGS stops.</summary>
    public double Tolerance { get; init; } = 1e-3;

    /// <summary>The standard deviation of the first images' pixels; null: 1 / pixels.</summary>
    public double? InitialDeviation { get; init; }

    /// <summary>Where the inner problem is solved.</summary>
    internal InnerSpace Space { get; init; }

    /// <summary>Float32 or Float64: in which the pass over the real images computes. All else is Float64.</summary>
    public ScalarType Precision { get; init; } = ScalarType.Float32;

    /// <inheritdoc/>
    public string Name => "logistic bilevel";

    /// <inheritdoc/>
    public string Settings => string.Create(
        CultureInfo.InvariantCulture,
        $"ipc={ImagesPerClass} λ={Regularization} outer={Method} labels={(LearnLabels ? "learned" : "fixed")} " +
        $"scale={(LearnScale ? "learned" : "1")} space={Space} tolerance={Tolerance} deviation={InitialDeviation} " +
        $"rate={Outer.LearningRate} precision={Precision}{(Restarts ? " restarts" : "")}" +
        $"{(Method == OuterMethod.Adam && Outer != new OuterAdam { LearningRate = Outer.LearningRate } ? $" {Outer}" : "")}");

    /// <summary>The bilevel problem that this distiller solves for <paramref name="data"/>, whose images it goes through once.</summary>
    /// <exception cref="ArgumentException">The pixels are not multiples of 1/255 in [0, 1].</exception>
    public LogisticProblem Problem(ImageDataset data) => new(data, Regularization, Precision) { Space = Space };

    /// <inheritdoc/>
    public DistillationState Initialize(ImageDataset data, long seed)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentOutOfRangeException.ThrowIfLessThan(ImagesPerClass, 1);
        ClassBalance.Require(data);
        using var scope = NewDisposeScope();
        var state = new LogisticState(seed);
        LogisticProblem problem = state.Derived(data, Problem);
        long features = problem.Real.Features, n = (long)ImagesPerClass * problem.Real.Classes;
        Tensor images = randn([n * features], float64, generator: state.Random).Times(InitialDeviation ?? 1.0 / features);
        state.Variables = cat([images, zeros([(LearnLabels ? n * problem.Real.Classes : 0) + (LearnScale ? 1 : 0)], float64)]);
        return state;
    }

    /// <inheritdoc/>
    public double Step(DistillationState state, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(data);
        return Step(state.As<LogisticState>(), data);
    }

    private double Step(LogisticState state, ImageDataset data)
    {
        using var scope = NewDisposeScope();
        Objective objective = OuterObjective(state.Derived(data, Problem));
        if (Method == OuterMethod.Adam)
        {
            (double loss, Tensor gradient) = objective.ValueAndGradient(state.Variables);
            Outer.Update(state, LogisticState.VariablesName, gradient);
            return loss;
        }

        Solver<Objective> solver = Method == OuterMethod.LBfgs
            ? new LBfgs { Tolerance = Tolerance }
            : new GradientDescent { Tolerance = Tolerance, StepSize = state.LearningRateScale, Restarts = Restarts };
        using SolverState inner = state.Solver() ?? solver.Initialize(objective, state.Variables);
        if (inner.Status != SolverStatus.Running)
            return inner.Value;
        solver.Update(objective, inner);
        state.Keep(inner);
        return inner.Status == SolverStatus.NotFinite ? double.NaN : inner.Value;
    }

    /// <inheritdoc/>
    public DistilledSet Result(DistillationState state, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(data);
        using var scope = NewDisposeScope();
        (Tensor theta, Tensor labels, double logScale) = Unpack(state.As<LogisticState>().Variables,
            data.Channels * data.Height * data.Width, data.ClassCount);
        string scale = LearnScale ? string.Create(CultureInfo.InvariantCulture, $", output scale {Math.Exp(logScale):G4}") : "";
        return new DistilledSet(
            theta.reshape(theta.shape[0], data.Channels, data.Height, data.Width).to_type(float32),
            labels.to_type(float32),
            $"{Name} ({Settings}), {state.Step} steps{scale}", classNames: data.ClassNames);
    }

    /// <inheritdoc/>
    public long EstimateMemory(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        long pixels = data.Images.numel(), weights = data.Images.numel() / data.Count * Math.Max(16, data.ClassCount);
        return 8 * pixels + 32 * weights * (Precision == ScalarType.Float64 ? 8 : 4);
    }

    /// <summary>
    /// Mean cross-entropy (without a learned scale) and accuracy on <paramref name="data"/> of the model that a distilled set trains.
    /// </summary>
    public Score Evaluate(DistilledSet set, ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(set);
        using var scope = NewDisposeScope();
        // The inner problem is solved on the CPU.
        return Problem(data).Evaluate(set.Images.cpu().flatten(1).to_type(float64), set.Labels.cpu().to_type(float64));
    }

    /// <summary>The method and its options.</summary>
    public override string ToString() => $"{Name}: {Settings}";

    private Objective OuterObjective(LogisticProblem problem) => new(
        x =>
        {
            using var scope = NewDisposeScope();
            (Tensor theta, Tensor labels, double logScale) = Unpack(x, problem.Real.Features, problem.Real.Classes);
            return problem.Evaluate(theta, labels, logScale).Loss;
        },
        x =>
        {
            using var scope = NewDisposeScope();
            (Tensor theta, Tensor labels, double logScale) = Unpack(x, problem.Real.Features, problem.Real.Classes);
            Hypergradient h = problem.Differentiate(theta, labels, logScale);
            List<Tensor> parts = [h.Images.flatten()];
            if (LearnLabels)
                parts.Add((h.Labels - h.Labels.mean([1], keepdim: true)).flatten());
            if (LearnScale)
                parts.Add(tensor([h.LogScale]));
            return (h.Loss, cat(parts).MoveToOuterDisposeScope());
        });

    /// <summary>The images [n, features], the labels [n, classes] and the log of the scale that the vector of variables holds.</summary>
    private (Tensor Theta, Tensor Labels, double LogScale) Unpack(Tensor x, long features, long classes)
    {
        long n = ImagesPerClass * classes;
        Tensor labels = eye(classes, classes, float64);
        if (ImagesPerClass > 1)
            labels = cat([.. Enumerable.Repeat(labels, ImagesPerClass)]);
        if (LearnLabels)
            labels = labels.Plus(x.narrow(0, n * features, n * classes).reshape(n, classes));
        double logScale = LearnScale ? x.narrow(0, x.shape[0] - 1, 1).Number() : 0;
        return (x.narrow(0, 0, n * features).reshape(n, features), labels, logScale);
    }
}
