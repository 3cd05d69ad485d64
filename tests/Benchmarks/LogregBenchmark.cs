using System.CommandLine;
<<<<<<< HEAD
using DatasetDistillation;
using DatasetDistillation.Data;
=======
using Benchmarks.Peers;
>>>>>>> bench
using DatasetDistillation.Distillation;
using DatasetDistillation.Solvers;
using FusedNetworks;
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
<<<<<<< HEAD
        var data = new Option<string>("--data") { Description = "The folder with MNIST in IDX form.", Required = true };
        var iterations = new Option<int>("--iters") { Description = "Outer iterations.", DefaultValueFactory = _ => 50 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var seed = new Option<long>("--seed");
        var l2 = new Option<double>("--l2") { Description = "The inner penalty.", DefaultValueFactory = _ => 0.1 };
        var ipc = new Option<int>("--ipc") { Description = "Images per class.", DefaultValueFactory = _ => 1 };
        var outer = new Option<OuterMethod>("--outer") { Description = "The outer method." };
        var space = new Option<InnerSpace>("--inner") { Description = "The space of the inner solution." };
        var labels = new Option<bool>("--labels") { Description = "Learn the labels." };
        var scale = new Option<bool>("--scale") { Description = "Learn the output's scale." };
        var command = new Command("logreg", "Bilevel logistic regression.") { data, iterations, threads, seed, l2, ipc, outer, space, labels, scale };
        command.SetAction(parsed =>
        {
            Compute.Threads = parsed.GetValue(threads);
            var distiller = new LogisticDistiller
            {
                Regularization = parsed.GetValue(l2),
                ImagesPerClass = parsed.GetValue(ipc),
                Method = parsed.GetValue(outer),
                Space = parsed.GetValue(space),
                LearnLabels = parsed.GetValue(labels),
                LearnScale = parsed.GetValue(scale),
            };
            var options = new DigitsOptions { Folders = [parsed.GetRequiredValue(data)], AllowDownload = false };
            using var train = Digits.Load(options);
            using var test = Digits.LoadTest(options);
            Run(distiller, train, test, parsed.GetValue(iterations), parsed.GetValue(seed));
        });
        return command;
=======
        iterations = Add("--iters", "Outer iterations.", 50);
        ipc = Add("--ipc", "Images per class.", 1);
        l2 = Add("--l2", "The inner penalty.", 0.1);
        seed = Add("--seed", "Of the first images.", 0L);
>>>>>>> bench
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
                for (; taken < limit && LogisticDistiller.OuterStatus(state) == SolverStatus.Running; taken++)
                    loss = distiller.Step(state, train).Loss;
            });
        }
        else
        {
            using var peer = new LogisticByAutograd(train, distiller.L2, distiller.ImagesPerClass);
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
