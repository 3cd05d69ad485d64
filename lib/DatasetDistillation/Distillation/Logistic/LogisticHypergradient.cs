using System.Diagnostics;
using DatasetDistillation.Models;
using DatasetDistillation.Solvers;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// The derivative of the outer loss with respect to the distilled images, computed in several ways. Each reports the number of
/// derivatives, the time, and the error: the norm of the difference from the closed form in the representer space, relative to
/// the closed form's norm. Only the problem's own <see cref="LogisticProblem.Differentiate"/> uses the structure of the problem.
/// </summary>
public sealed class LogisticHypergradient
{
    private readonly LogisticProblem problem;
    private readonly Tensor theta, labels;
    private readonly double[] exact;

    /// <summary>Compares the ways at given images. The problem should compute in Float64; otherwise its rounding is measured.</summary>
    /// <param name="problem">The problem, in the representer space.</param>
    /// <param name="theta">The distilled images, Float64 <c>[n, features]</c>.</param>
    /// <param name="labels">Their labels, Float64 <c>[n, classes]</c>.</param>
    public LogisticHypergradient(LogisticProblem problem, Tensor theta, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(problem);
        (this.problem, this.theta, this.labels) = (problem, theta, labels);
        using var scope = NewDisposeScope();
        problem.Differentiate(theta, labels); // compiles what is timed below
        long start = Stopwatch.GetTimestamp();
        exact = problem.Differentiate(theta, labels).Images.data<double>().ToArray();
        ClosedForm = (exact.Length, Stopwatch.GetElapsedTime(start), 0);
    }

    /// <summary>Implicit differentiation in the representer space, the reference for the others.</summary>
    public (int Derivatives, TimeSpan Elapsed, double RelativeError) ClosedForm { get; }

    /// <summary>(f(θ + h·e) − f(θ − h·e)) / 2h for pixels e drawn at random: two inner and outer evaluations for each.</summary>
    /// <param name="pixels">How many pixels.</param>
    /// <param name="step">h.</param>
    /// <param name="seed">Which pixels.</param>
    public (int Derivatives, TimeSpan Elapsed, double RelativeError) FiniteDifferences(int pixels = 100, double step = 1e-4, int seed = 0)
    {
        using var scope = NewDisposeScope();
        int[] chosen = Enumerable.Range(0, exact.Length).ToArray();
        new Random(seed).Shuffle(chosen);
        double[] values = theta.data<double>().ToArray();
        double At(int pixel, double change)
        {
            using var inner = NewDisposeScope();
            double[] moved = [.. values];
            moved[pixel] += change;
            return problem.Evaluate(tensor(moved, theta.shape), labels).Loss;
        }

        long start = Stopwatch.GetTimestamp();
        double[] found = [.. chosen.Take(pixels).Select(pixel => (At(pixel, step) - At(pixel, -step)) / (2 * step))];
        return Measured(found, [.. chosen.Take(pixels).Select(pixel => exact[pixel])], start);
    }

    /// <summary>Backpropagation through gradient descent on the inner loss, begun at zero.</summary>
    /// <param name="steps">The number of inner steps, all of which are kept for the way back.</param>
    public (int Derivatives, TimeSpan Elapsed, double RelativeError) Unrolled(int steps = 100)
    {
        using var scope = NewDisposeScope();
        Tensor images = theta.detach().requires_grad_();
        double curvature = problem.Regularization + theta.Squared().sum().Number() / (2 * theta.shape[0]);
        var descent = new UnrolledDescent { Steps = steps, StepSize = 1 / curvature, Momentum = 0.5 };

        long start = Stopwatch.GetTimestamp();
        Tensor weights = descent.Run(w => problem.InnerLoss(w, images, labels),
            zeros([problem.Real.Features, problem.Real.Classes], float64));
        Tensor outer = problem.OuterSlope(weights);
        Tensor found = Gradients.Of(weights, images, outer);
        return Measured(found.data<double>().ToArray(), exact, start);
    }

    /// <summary>
    /// Implicit differentiation as for any problem: an optimality condition, conjugate gradients, products
    /// by automatic differentiation. The time includes the inner solution, which is the representer's.
    /// </summary>
    public (int Derivatives, TimeSpan Elapsed, double RelativeError) Implicit()
    {
        using var scope = NewDisposeScope();
        long start = Stopwatch.GetTimestamp();
        Tensor weights = problem.Fit(theta, labels).Solution;
        Tensor outer = problem.OuterSlope(weights);
        Tensor found = new ImplicitDifferentiation().VectorProduct(problem.Stationarity, weights, [theta, labels], outer).Products[0];
        return Measured(found.data<double>().ToArray(), exact, start);
    }

    private static (int Derivatives, TimeSpan Elapsed, double RelativeError) Measured(double[] found, double[] expected, long start)
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        double difference = Math.Sqrt(found.Zip(expected, static (a, b) => (a - b) * (a - b)).Sum());
        return (found.Length, elapsed, difference / Math.Sqrt(expected.Sum(static e => e * e)));
    }
}
