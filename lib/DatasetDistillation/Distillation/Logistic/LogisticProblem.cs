using DatasetDistillation.Data;
using DatasetDistillation.Solvers;
using DatasetDistillation.Training;
using FusedNetworks;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace DatasetDistillation.Distillation;

/// <summary>In which space the inner problem is solved.</summary>
internal enum InnerSpace
{
    /// <summary>The coefficients of the representer theorem, n·classes numbers, exactly by Newton's method.</summary>
    Representer,

    /// <summary>
    /// All weights, features·classes numbers, by accelerated gradient descent and implicit differentiation through autograd.
    /// </summary>
    Full,
}

/// <summary>The outer loss and its derivatives with respect to what is learned.</summary>
/// <param name="Loss">The mean cross-entropy of the fitted model over the real images.</param>
/// <param name="Accuracy">Its accuracy on them.</param>
/// <param name="Images">∂loss/∂θ, Float64 <c>[n, features]</c>.</param>
/// <param name="Labels">∂loss/∂Y, Float64 <c>[n, classes]</c>.</param>
/// <param name="LogScale">∂loss/∂τ, where the outer logits are e^τ·x·W.</param>
/// <param name="Inner">
/// How the inner problem's solver ended. Unless it converged, the derivatives are those at its last iterate, and approximate.
/// </param>
internal sealed record Hypergradient(double Loss, double Accuracy, Tensor Images, Tensor Labels, double LogScale, SolverStatus Inner);

/// <summary>
/// The bilevel problem: W(θ, Y) minimizes mean CE(θ·W, Y) + (l2/2)·‖W‖² over the distilled images; the outer loss is the
/// cross-entropy of e^τ·x·W over all real images x. Its derivative goes through W by the implicit function theorem.
/// </summary>
public sealed class LogisticProblem
{
    private readonly Func<double[], double[]?, Score> pass;

    /// <summary>The problem on the images of <paramref name="data"/>.</summary>
    /// <param name="data">The real images, whose pixels are multiples of 1/255 in [0, 1].</param>
    /// <param name="regularization">The inner penalty's factor, positive.</param>
    /// <param name="precision">Float32 or Float64: in which the pass over the real images computes.</param>
    /// <exception cref="ArgumentException">
    /// A pixel is out of place, the penalty is not positive, or the precision is no floating-point type.
    /// </exception>
    public LogisticProblem(ImageDataset data, double regularization = 0.1, ScalarType precision = ScalarType.Float32)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!(regularization > 0 && double.IsFinite(regularization)))
            throw new ArgumentException(
                "The penalty must be positive: without it the inner problem may have no solution. " +
                $"It is {regularization}.", nameof(regularization));
        if (precision is not (ScalarType.Float32 or ScalarType.Float64))
            throw new ArgumentException($"The precision must be Float32 or Float64; it is {precision}.", nameof(precision));
        (Real, Regularization) = (EightBitImages(data), regularization);
        pass = precision == ScalarType.Float64 ? Pass<double>(Real) : Pass<float>(Real);
    }

    internal SparseImages Real { get; }

    /// <summary>The inner penalty's factor.</summary>
    public double Regularization { get; }

    /// <summary>How often the inner problem has been solved.</summary>
    public int Solves { get; private set; }

    /// <summary>Where the inner problem is solved.</summary>
    internal InnerSpace Space { get; init; }

    /// <summary>What solves the inner problem in the full space; its slack is that of Float64.</summary>
    internal GradientDescent FullSpaceSolver { get; init; } = new() { Tolerance = 1e-3, MaxIterations = 500, Slack = 1e-15 };

    /// <summary>The products with the full-space Hessian's inverse.</summary>
    internal ImplicitDifferentiation Implicit { get; init; } = new() { Linear = new() { Tolerance = 1e-6, MaxIterations = 100 } };

    /// <summary>The gradient of the inner loss with respect to W: the optimality condition, parameters θ and Y.</summary>
    /// <param name="weights">W, <c>[features, classes]</c>.</param>
    /// <param name="parameters">θ <c>[n, features]</c> and Y <c>[n, classes]</c>.</param>
    public Tensor Stationarity(Tensor weights, IReadOnlyList<Tensor> parameters)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(parameters);
        (Tensor theta, Tensor labels) = (parameters[0], parameters[1]);
        Tensor slope = (F.softmax(theta.matmul(weights), 1) - labels).Over(theta.shape[0]);
        return theta.t().matmul(slope).Plus(weights, Regularization);
    }

    /// <summary>The inner loss.</summary>
    /// <param name="weights">W, <c>[features, classes]</c>.</param>
    /// <param name="theta">The distilled images, <c>[n, features]</c>.</param>
    /// <param name="labels">Their labels, <c>[n, classes]</c>.</param>
    public Tensor InnerLoss(Tensor weights, Tensor theta, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(theta);
        return F.cross_entropy(theta.matmul(weights), labels).Plus(weights.Squared().sum(), Regularization / 2);
    }

    /// <summary>The gradient of the outer loss with respect to the model, Float64 <c>[features, classes]</c>.</summary>
    /// <param name="weights">W, Float64 <c>[features, classes]</c>.</param>
    public Tensor OuterSlope(Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var slope = new double[weights.numel()];
        pass(weights.detach().data<double>().ToArray(), slope);
        return tensor(slope, weights.shape);
    }

    /// <summary>
    /// The model that the distilled images train, W, Float64 <c>[features, classes]</c>, and how its solver ended; the residual is the norm
    /// of the inner gradient, or for <see cref="InnerSpace.Full"/> that of <see cref="FullSpaceSolver"/>.
    /// </summary>
    /// <param name="theta">Float64 <c>[n, features]</c>.</param>
    /// <param name="labels">Float64 <c>[n, classes]</c>, rows with sum 1.</param>
    public SolverResult Fit(Tensor theta, Tensor labels)
    {
        using var scope = NewDisposeScope();
        Check(theta, labels);
        var fitted = Space == InnerSpace.Full ? FitFull(theta, labels) : FitRepresenter(theta, labels).Fitted;
        return fitted with { Solution = fitted.Solution.MoveToOuterDisposeScope() };
    }

    /// <summary>
    /// Mean cross-entropy and accuracy on the real images of the model that the distilled images train, wherever its solver ended.
    /// </summary>
    /// <param name="theta">Float64 <c>[n, features]</c>.</param>
    /// <param name="labels">Float64 <c>[n, classes]</c>, rows with sum 1.</param>
    /// <param name="logScale">τ.</param>
    public Score Evaluate(Tensor theta, Tensor labels, double logScale = 0)
    {
        using var scope = NewDisposeScope();
        return pass(Scaled(Fit(theta, labels).Solution, logScale), null);
    }

    /// <summary>The same with the gradient, exact where the inner solution is: implicit differentiation.</summary>
    /// <param name="theta">Float64 <c>[n, features]</c>.</param>
    /// <param name="labels">Float64 <c>[n, classes]</c>, rows with sum 1.</param>
    /// <param name="logScale">τ.</param>
    internal Hypergradient Differentiate(Tensor theta, Tensor labels, double logScale = 0)
    {
        using var scope = NewDisposeScope();
        Check(theta, labels);
        (SolverResult fitted, LogisticRepresenter? representer) = Space == InnerSpace.Full
            ? (FitFull(theta, labels), null)
            : FitRepresenter(theta, labels);
        Tensor weights = fitted.Solution;
        var slope = new double[weights.numel()];
        double[] scaled = Scaled(weights, logScale);
        Score outer = pass(scaled, slope);
        double scaleSlope = slope.Zip(scaled, static (g, w) => g * w).Sum();
        Tensor g = tensor(slope, weights.shape).Times(Math.Exp(logScale));

        (Tensor images, Tensor labelSlope) = representer is null
            ? FullProducts(theta, labels, weights, g)
            : RepresenterProducts(theta, representer, g);
        return new Hypergradient(outer.Loss, outer.Accuracy, images.MoveToOuterDisposeScope(), labelSlope.MoveToOuterDisposeScope(),
            scaleSlope, fitted.Status);
    }

    /// <summary>
    /// ∂/∂θ = a·gᵀ − (a·yᵀ + y·aᵀ)θ and ∂/∂Y = v/n, with the adjoint y, v of c = θ·g (see <see cref="LogisticRepresenter"/>).
    /// </summary>
    private static (Tensor Images, Tensor Labels) RepresenterProducts(Tensor theta, LogisticRepresenter representer, Tensor g)
    {
        long n = theta.shape[0];
        (double[] adjoint, double[] v) = representer.Adjoint(theta.matmul(g).data<double>().ToArray());
        Tensor a = tensor(representer.Coefficients, [n, g.shape[1]]), y = tensor(adjoint, [n, g.shape[1]]);
        Tensor cross = a.matmul(y.t());
        return (a.matmul(g.t()) - cross.Plus(cross.t()).matmul(theta), tensor(v, [n, g.shape[1]]).Over(n));
    }

    private (Tensor Images, Tensor Labels) FullProducts(Tensor theta, Tensor labels, Tensor weights, Tensor g)
    {
        ImplicitDerivative derivative = Implicit.VectorProduct(Stationarity, weights, [theta, labels], g);
        return derivative.Status is SolverStatus.Converged or SolverStatus.IterationLimit
            ? (derivative.Products[0], derivative.Products[1])
            : throw new ArithmeticException(
                $"The linear system of the hypergradient stopped with {derivative.Status}; its residual is {derivative.Residual:G3}.");
    }

    private (SolverResult Fitted, LogisticRepresenter Representer) FitRepresenter(Tensor theta, Tensor labels)
    {
        Solves++;
        double[] kernel = theta.matmul(theta.t()).data<double>().ToArray();
        var representer = new LogisticRepresenter(kernel, labels.data<double>().ToArray(), Real.Classes, Regularization);
        Tensor weights = theta.t().matmul(tensor(representer.Coefficients, labels.shape));
        return (
            new SolverResult(weights, representer.Status, representer.Iterations, representer.Loss, representer.GradientNorm),
            representer);
    }

    private SolverResult FitFull(Tensor theta, Tensor labels)
    {
        Solves++;
        var inner = new Objective(
            w => InnerLoss(w, theta, labels).Number(),
            w => (InnerLoss(w, theta, labels).Number(), Stationarity(w, [theta, labels])));
        return FullSpaceSolver.Run(inner, ones([Real.Features, Real.Classes], float64));
    }

    private static double[] Scaled(Tensor weights, double logScale)
    {
        double[] w = weights.data<double>().ToArray();
        if (logScale != 0)
        {
            double scale = Math.Exp(logScale);
            for (int i = 0; i < w.Length; i++)
                w[i] *= scale;
        }
        return w;
    }

    private void Check(Tensor theta, Tensor labels)
    {
        if (theta.dtype != float64 || theta.dim() != 2 || theta.shape[1] != Real.Features)
            throw new ArgumentException(
                $"Distilled images must be Float64 [n, {Real.Features}]; " +
                $"they are {theta.dtype} [{string.Join(", ", theta.shape)}].", nameof(theta));
        if (labels.dtype != float64 || labels.dim() != 2 || labels.shape[0] != theta.shape[0] || labels.shape[1] != Real.Classes)
            throw new ArgumentException(
                $"Labels must be Float64 [{theta.shape[0]}, {Real.Classes}]; " +
                $"they are {labels.dtype} [{string.Join(", ", labels.shape)}].", nameof(labels));
    }

    /// <summary>The images as the pass takes them.</summary>
    /// <exception cref="ArgumentException">A pixel is no multiple of 1/255 in [0, 1].</exception>
    internal static unsafe SparseImages EightBitImages(ImageDataset data)
    {
        using var scope = NewDisposeScope();
        var pixels = data.Images.cpu().contiguous();
        return new SparseImages(
            new ReadOnlySpan<float>(Memory.Of<float>(pixels), checked((int)pixels.numel())), data.LabelValues(),
            (int)(pixels.numel() / data.Count), data.ClassCount);
    }

    private static Func<double[], double[]?, Score> Pass<T>(SparseImages images)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        var pass = new LogisticPass<T>(images);
        return (weights, gradient) =>
        {
            var (loss, accuracy) = pass.Evaluate(weights, gradient);
            return new Score(loss, accuracy);
        };
    }
}
