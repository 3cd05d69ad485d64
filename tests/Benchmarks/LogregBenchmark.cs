using System.CommandLine;
using Benchmarks.Peers;
using DatasetDistillation.Distillation;
using DatasetDistillation.Solvers;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>
/// Bilevel logistic regression on the whole training set: inner l2 logistic regression on the distilled images, implicit
/// differentiation, accelerated outer gradient descent. The time is that of the outer iterations, after the data is read.
/// </summary>
internal sealed class LogregBenchmark : Benchmark
{
    private readonly Option<int> iterations, ipc;
    private readonly Option<double> l2;
    private readonly Option<long> seed;

    public LogregBenchmark()
        : base("logreg", "Bilevel logistic regression.", "s")
    {
        iterations = Add("--iters", "Outer iterations.", 50);
        ipc = Add("--ipc", "Images per class.", 1);
        l2 = Add("--l2", "The inner penalty.", 0.1);
        seed = Add("--seed", "Of the first images.", 0L);
    }

    protected override Figure Measure(ParseResult parsed, Inputs inputs, Side side)
    {
        using var scope = NewDisposeScope();
        using var train = inputs.Train();
        var distiller = new LogisticDistiller { Regularization = parsed.GetValue(l2), ImagesPerClass = parsed.GetValue(ipc) };
        using var state = distiller.Initialize(train, parsed.GetValue(seed));
        var (limit, taken, loss) = (parsed.GetValue(iterations), 0, double.NaN);
        double time;
        if (side == Side.Ours)
        {
            distiller.Problem(train);
            time = Timing.Milliseconds(() =>
            {
                for (; taken < limit && state.As<LogisticState>().Status == SolverStatus.Running; taken++)
                    loss = distiller.Step(state, train);
            });
        }
        else
        {
            using var peer = new LogisticByAutograd(train, distiller.Regularization, distiller.ImagesPerClass);
            var solver = new GradientDescent { Tolerance = distiller.Tolerance, MaxIterations = limit };
            var start = state["variables"];
            time = Timing.Milliseconds(() =>
            {
                var result = solver.Run(peer.Objective, start);
                (taken, loss) = (result.Iterations, result.Value);
            });
        }
        return new Figure(time / 1000, FormattableString.Invariant($"{taken} outer iterations, train loss {loss:F4}"));
    }
}
