using System.CommandLine;
using DatasetDistillation;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;

namespace Benchmarks;

/// <summary>
/// One differentiable Adam step of a freshly drawn MLP on 100 distilled images, the loss on 256 real ones and its gradient with
/// respect to images and learning rate, for a number of networks in each outer step.
/// </summary>
internal static class AdamMlpBenchmark
{
    public static Command Command()
    {
        var data = new Option<string>("--data") { Description = "The folder with MNIST in IDX form.", Required = true };
        var networks = new Option<int>("--nets") { Description = "Networks in an outer step.", DefaultValueFactory = _ => 16 };
        var iterations = new Option<int>("--iters") { Description = "Outer steps.", DefaultValueFactory = _ => 20 };
        var threads = new Option<int>("--threads") { Description = "Threads.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("adam_mlp", "Distillation through one differentiable Adam step of an MLP.") { data, networks, iterations, threads };
        command.SetAction(parsed =>
        {
            Compute.Threads = parsed.GetValue(threads);
            var distiller = new UnrolledDistiller
            {
                Network = Networks.Mlp(),
                Inner = InnerOptimizer.Adam(),
                Epochs = 1,
                ImagesPerClass = 10,
                InitialLearningRate = 0.01,
                NetworksPerStep = parsed.GetValue(networks),
                BatchSize = 256,
                Outer = new OuterAdam { LearningRate = 1e-3 },
            };
            using var digits = Digits.Load(new DigitsOptions { Folders = [parsed.GetRequiredValue(data)], AllowDownload = false });
            Run(distiller, digits, parsed.GetValue(iterations));
        });
        return command;
    }

    private static void Run(UnrolledDistiller distiller, ImageDataset digits, int iterations)
    {
        using var state = distiller.Initialize(digits, seed: 1);
        Timing.WarmUp(() => distiller.Step(state, digits));
        var times = Enumerable.Range(0, iterations).Select(_ => Timing.Milliseconds(() => distiller.Step(state, digits)) / distiller.NetworksPerStep);
        Console.WriteLine($"adam_mlp: {Timing.Median(times):F2} ms per sampled network");
    }
}
