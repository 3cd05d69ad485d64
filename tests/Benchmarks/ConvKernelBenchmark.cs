using System.CommandLine;
using System.Diagnostics;
using DatasetDistillation;
using DatasetDistillation.Kernels;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>
/// The NTK of a convolutional network with one average pooling, of a support set with itself and with targets: values, gradient with
/// respect to the support images, and the most memory that the process has had.
/// </summary>
internal static class ConvKernelBenchmark
{
    public static Command Command()
    {
        var m = new Option<int>("--m") { Description = "Support images.", DefaultValueFactory = _ => 500 };
        var batch = new Option<int>("--batch") { Description = "Targets.", DefaultValueFactory = _ => 1000 };
        var depth = new Option<int>("--depth") { Description = "Convolutions.", DefaultValueFactory = _ => 2 };
        var radius = new Option<int>("--radius") { Description = "The pool radius; 0: no pooling.", DefaultValueFactory = _ => 2 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("convkernel", "Time and peak memory of a convolutional kernel.") { m, batch, depth, radius, threads };
        command.SetAction(parsed =>
        {
            Compute.Threads = parsed.GetValue(threads);
            Run(parsed.GetValue(m), parsed.GetValue(batch), new ConvolutionalKernel(parsed.GetValue(depth), poolRadius: parsed.GetValue(radius)));
        });
        return command;
    }

    private static void Run(int m, int batch, ConvolutionalKernel kernel)
    {
        using var scope = NewDisposeScope();
        var (support, targets) = (randn([m, 1, 28, 28]), randn([batch, 1, 28, 28]));
        KernelMatrix? kss = null, kts = null;
        double forward = Timing.Milliseconds(() => (kss, kts) = (kernel.Gram(support), kernel.Cross(targets, support)));
        long afterForward = PeakMemory();
        using (kss)
        using (kts)
        {
            double backward = Timing.Milliseconds(() => (kss!.Backward(kss.Value) + kts!.Backward(kts.Value)).Dispose());
            Console.WriteLine(
                $"convkernel: values {forward / 1000:F1} s, gradient {backward / 1000:F1} s, peak memory {afterForward >> 20} MiB, with gradient {PeakMemory() >> 20} MiB ({m}×{m} and {batch}×{m}, {kernel.Name})");
        }
    }

    private static long PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
