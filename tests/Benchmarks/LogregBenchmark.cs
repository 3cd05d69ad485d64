using System.CommandLine;
using DatasetDistillation;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Solvers;
using FusedNetworks;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>
/// Bilevel logistic regression on the whole training set: ten distilled images, inner l2 logistic regression, implicit
/// differentiation, accelerated outer gradient descent. The time is that of the outer iterations, after the data is read.
/// </summary>
internal static class LogregBenchmark
{
    public static Command Command()
    {
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
    }

    private static void Run(LogisticDistiller distiller, ImageDataset train, ImageDataset test, int iterations, long seed)
    {
        using var scope = NewDisposeScope();
        var problem = distiller.Problem(train);
        var state = distiller.Initialize(train, seed);
        var (taken, loss) = (0, double.NaN);
        var ms = Timing.Milliseconds(() =>
        {
            for (; taken < iterations && LogisticDistiller.OuterStatus(state) == SolverStatus.Running; taken++)
                loss = distiller.Step(state, train).Loss;
        });
        var solves = problem.Solves;
        var set = distiller.Result(state);
        Console.WriteLine(
            $"logreg: {ms:F0} ms for {taken} outer iterations ({solves} inner solves); train loss {loss:F4}, " +
            $"test accuracy {100 * distiller.Evaluate(set, test).Accuracy:F2}%");
    }
}
