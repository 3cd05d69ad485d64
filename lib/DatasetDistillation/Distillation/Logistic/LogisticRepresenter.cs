using DatasetDistillation.Solvers;

namespace DatasetDistillation.Distillation;

/// <summary>
/// Multiclass logistic regression on n images with an l2 penalty, solved exactly by Newton's method in the n·C coefficients of
/// the representer theorem: W = θᵀa, so that only the inner products K = θθᵀ matter. With P = softmax(K·a) row by row, the
/// optimum is a = (Y − P)/(n·l2).
/// </summary>
/// <remarks>
/// Newton's system (l2·I + S·K)Δ = −R, where S is the curvature of the mean cross-entropy at the logits, is self-adjoint and
/// positive definite in the inner product ⟨u, v⟩ = uᵀK·v, which is that of the weights; conjugate gradients run in it.
/// </remarks>
internal sealed class LogisticRepresenter
{
    private const int MaxIterations = 100;
    private const int MaxHalvings = 40;

    private readonly int count;
    private readonly int classes;
    private readonly double l2;
    private readonly double[] kernel;
    private readonly double[] labels;
    private readonly double[] probabilities;

    /// <summary>Solves the problem.</summary>
    /// <param name="kernel">K, row-major <c>[n, n]</c>.</param>
    /// <param name="labels">Y, row-major <c>[n, classes]</c>, rows with sum 1.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="l2">The factor of ‖W‖²/2, positive.</param>
    /// <param name="tolerance">The norm of the gradient with respect to W at which the problem is solved.</param>
    public LogisticRepresenter(double[] kernel, double[] labels, int classes, double l2, double tolerance = 1e-11)
    {
        (this.kernel, this.labels, this.classes, this.l2) = (kernel, labels, classes, l2);
        count = labels.Length / classes;
        probabilities = new double[labels.Length];
        Coefficients = new double[labels.Length];
        Status = Minimize(tolerance);
        // The fixed point itself: for a singular K, Newton's steps leave out what K does not see.
        for (int i = 0; i < labels.Length; i++)
            Coefficients[i] = (labels[i] - probabilities[i]) / (count * l2);
    }

    /// <summary>a, row-major <c>[n, classes]</c>.</summary>
    public double[] Coefficients { get; private set; }

    /// <summary>Whether the solution is one, and if not, why.</summary>
    public SolverStatus Status { get; }

    /// <summary>Newton's steps.</summary>
    public int Iterations { get; private set; }

    /// <summary>The inner loss.</summary>
    public double Loss { get; private set; }

    /// <summary>The norm of the gradient of the inner loss with respect to W.</summary>
    public double GradientNorm { get; private set; }

    /// <summary>
    /// The adjoint solution y = S·v, where (l2·I + K·S)v = c: with c = θ·g, the weights' adjoint is u = (g − θᵀy)/l2, the
    /// solution of H·u = g for the Hessian H of the inner loss.
    /// </summary>
    /// <param name="c">Row-major <c>[n, classes]</c>.</param>
    /// <returns>y and v, both row-major <c>[n, classes]</c>.</returns>
    public (double[] Y, double[] V) Adjoint(double[] c)
    {
        var right = new double[c.Length];
        ApplyCurvature(c, right);
        double[] y = SolveSystem(right);
        double[] v = KernelTimes(y);
        for (int i = 0; i < v.Length; i++)
            v[i] = (c[i] - v[i]) / l2;
        ApplyCurvature(v, y);
        return (y, v);
    }

    private SolverStatus Minimize(double tolerance)
    {
        double[] logits = new double[labels.Length];
        Loss = Value(Coefficients, logits);
        for (Iterations = 0; ; Iterations++)
        {
            double[] residual = Residual();
            GradientNorm = Math.Sqrt(Math.Max(0, Dot(residual, KernelTimes(residual))));
            if (!double.IsFinite(GradientNorm) || !double.IsFinite(Loss))
                return SolverStatus.NotFinite;
            if (GradientNorm <= tolerance)
                return SolverStatus.Converged;
            if (Iterations == MaxIterations)
                return SolverStatus.IterationLimit;

            double[] direction = SolveSystem(residual);
            double[] along = KernelTimes(direction);
            double slope = -Dot(residual, along);
            double next = Search(direction, along, logits, Loss, slope);
            if (double.IsNaN(next))
                return SolverStatus.NoDescent;
            Loss = next;
        }
    }

    /// <summary>Moves the coefficients and the logits by the first of −Δ, −Δ/2, … that lowers the loss; NaN if none does.</summary>
    private double Search(double[] direction, double[] along, double[] logits, double value, double slope)
    {
        double rounding = Math.ScaleB(Math.Abs(value), -50);
        double step = 1;
        for (int halvings = 0; halvings <= MaxHalvings; halvings++, step *= 0.5)
        {
            double[] moved = Moved(Coefficients, direction, -step), movedLogits = Moved(logits, along, -step);
            double next = Value(moved, movedLogits);
            if (next <= value + 1e-4 * step * slope + rounding)
            {
                movedLogits.CopyTo(logits, 0);
                Coefficients = moved;
                return next;
            }
        }
        return double.NaN;
    }

    /// <summary>
    /// The inner loss, mean cross-entropy + (l2/2)·⟨a, K·a⟩, at coefficients and their logits; leaves their softmax behind.
    /// </summary>
    private double Value(double[] a, double[] logits)
    {
        double loss = 0;
        for (int row = 0; row < logits.Length; row += classes)
        {
            ReadOnlySpan<double> z = logits.AsSpan(row, classes);
            double largest = double.NegativeInfinity, sum = 0, chosen = 0;
            foreach (double logit in z)
                largest = Math.Max(largest, logit);
            for (int k = 0; k < classes; k++)
            {
                sum += probabilities[row + k] = Math.Exp(z[k] - largest);
                chosen += labels[row + k] * z[k];
            }
            for (int k = 0; k < classes; k++)
                probabilities[row + k] /= sum;
            loss += largest + Math.Log(sum) - chosen;
        }
        return loss / count + 0.5 * l2 * Dot(a, logits);
    }

    /// <summary>R = l2·a + (P − Y)/n; the gradient with respect to W is θᵀR.</summary>
    private double[] Residual()
    {
        var r = new double[labels.Length];
        for (int i = 0; i < r.Length; i++)
            r[i] = l2 * Coefficients[i] + (probabilities[i] - labels[i]) / count;
        return r;
    }

    /// <summary>x with (l2·I + S·K)x = b.</summary>
    private double[] SolveSystem(double[] b)
    {
        const double relativeTolerance = 1e-14;
        var x = new double[b.Length];
        double[] r = [.. b], kr = KernelTimes(r), p = [.. r], kp = [.. kr];
        var q = new double[b.Length];
        double square = Dot(r, kr), target = square * relativeTolerance * relativeTolerance;
        for (int i = 0; i < 4 * b.Length && square > target; i++)
        {
            ApplyCurvature(kp, q);
            Add(q, p, l2);
            double step = square / Dot(kp, q);
            Add(x, p, step);
            Add(r, q, -step);
            kr = KernelTimes(r);
            double next = Dot(r, kr);
            for (int j = 0; j < p.Length; j++)
            {
                p[j] = r[j] + next / square * p[j];
                kp[j] = kr[j] + next / square * kp[j];
            }
            square = next;
        }
        return x;
    }

    /// <summary>S·v: for each image (diag p − p·pᵀ)v / n.</summary>
    private void ApplyCurvature(double[] v, double[] result)
    {
        for (int row = 0; row < v.Length; row += classes)
        {
            double mean = 0;
            for (int k = row; k < row + classes; k++)
                mean += probabilities[k] * v[k];
            for (int k = row; k < row + classes; k++)
                result[k] = probabilities[k] * (v[k] - mean) / count;
        }
    }

    private double[] KernelTimes(double[] v)
    {
        var result = new double[v.Length];
        for (int i = 0; i < count; i++)
            for (int j = 0; j < count; j++)
                Add(result.AsSpan(i * classes, classes), v.AsSpan(j * classes, classes), kernel[i * count + j]);
        return result;
    }

    private static double[] Moved(double[] x, double[] direction, double step)
    {
        double[] moved = [.. x];
        Add(moved, direction, step);
        return moved;
    }

    private static void Add(Span<double> sum, ReadOnlySpan<double> x, double factor)
    {
        for (int i = 0; i < sum.Length; i++)
            sum[i] += factor * x[i];
    }

    private static double Dot(double[] x, double[] y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
            sum += x[i] * y[i];
        return sum;
    }
}
