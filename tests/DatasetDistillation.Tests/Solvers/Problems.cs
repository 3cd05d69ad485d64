using DatasetDistillation.Solvers;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace DatasetDistillation.Tests.Solvers;

/// <summary>Minimization problems whose solutions are known.</summary>
internal static class Problems
{
    public static Tensor Values(params double[] values) => tensor(values);

    /// <summary>½(x − 1)ᵀ·diag(d)·(x − 1) with curvatures d from 1 to <paramref name="condition"/>; the solution is 1.</summary>
    public static Objective Quadratic(double condition, int size = 20)
    {
        Tensor d = Curvatures(condition, size);
        return Objective.Of(x => ((x - 1) * (x - 1) * d).sum() * 0.5);
    }

    public static Tensor Curvatures(double condition, int size = 20) =>
        Values([.. Enumerable.Range(0, size).Select(i => Math.Pow(condition, (double)i / (size - 1)))]).DetachFromDisposeScope();

    /// <summary>Rosenbrock's function; the solution is (1, 1).</summary>
    public static Objective Rosenbrock() => Objective.Of(x =>
    {
        Tensor u = x[1] - x[0] * x[0], v = 1 - x[0];
        return u * u * 100 + v * v;
    });

    /// <summary>Multiclass logistic regression on 30 points in 5 dimensions with 3 classes.</summary>
    public static Objective Logistic(double l2 = 0.01)
    {
        Tensor points = randn([30, 5], float64, generator: new Generator(7)).DetachFromDisposeScope();
        Tensor labels = arange(30).to_type(float64).mul(0.1).to_type(int64).DetachFromDisposeScope();
        return Objective.Of(w => F.cross_entropy(points.matmul(w), labels) + w.square().sum() * (l2 / 2));
    }

    public static double Distance(Tensor x, Tensor y) => (x - y).abs().max().ToDouble();
}
