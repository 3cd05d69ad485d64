using System.CommandLine;
using DatasetDistillation;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Kernels;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>
/// One outer step of kernel inducing points: the NTK of a network with three hidden layers, the ridge regression of a real batch, the
/// gradient with respect to images and labels, one step of Adam.
/// </summary>
internal static class KipBenchmark
{
    private const int Classes = 10, RealImages = 10_000;

    public static Command Command()
    {
        var data = new Option<string>("--data") { Description = "The folder with MNIST in IDX form; without it, random images of its size." };
        var m = new Option<int>("--m") { Description = "Distilled images, a multiple of ten.", DefaultValueFactory = _ => 10 };
        var batch = new Option<int>("--batch") { Description = "Real images per step.", DefaultValueFactory = _ => 1024 };
        var iterations = new Option<int>("--iters") { DefaultValueFactory = _ => 20 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("kip", "One outer step of kernel inducing points.") { data, m, batch, iterations, threads };
        command.SetAction(parsed =>
        {
            Compute.Threads = parsed.GetValue(threads);
            using var images = Load(parsed.GetValue(data));
            Run(images, parsed.GetValue(m), parsed.GetValue(batch), parsed.GetValue(iterations));
        });
        return command;
    }

    private static void Run(ImageDataset images, int m, int batch, int iterations)
    {
        var kip = new KernelInducingPoints
        {
            Kernel = new FullyConnectedKernel(3),
            ImagesPerClass = m / Classes,
            BatchSize = batch,
            Outer = new OuterAdam { LearningRate = 1e-3 },
        };
        using var state = kip.Initialize(images, seed: 0);
        Timing.WarmUp(() => kip.Step(state, images));
        var times = Enumerable.Range(0, iterations).Select(_ => Timing.Milliseconds(() => kip.Step(state, images)));
        Console.WriteLine($"kip: {Timing.Median(times):F1} ms/outer step (m={m} batch={batch})");
    }

    private static ImageDataset Load(string? folder)
    {
        if (folder is not null)
        {
            using var real = Digits.Load(new DigitsOptions { Folders = [folder], AllowDownload = false });
            return real.Standardise();
        }
        using var scope = NewDisposeScope();
        var classes = tensor(Enumerable.Range(0, RealImages).Select(static i => (long)(i % Classes)).ToArray());
        return new ImageDataset(rand([RealImages, 1, 28, 28]), classes, "noise").Standardise();
    }
}
