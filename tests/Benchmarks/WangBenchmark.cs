using System.CommandLine;
<<<<<<< HEAD
using DatasetDistillation;
using DatasetDistillation.Data;
=======
>>>>>>> bench
using DatasetDistillation.Distillation;

namespace Benchmarks;

/// <summary>
/// One outer step of Wang et al. 2018: inner gradient descent on distilled batches of 10, unrolled; the loss on a real batch;
/// its gradient with respect to images and learning rates; one step of Adam.
/// </summary>
internal sealed class WangBenchmark : Benchmark
{
    private readonly Option<int> steps, epochs, batch, iterations;
    private readonly Option<bool> isFixed;

    public WangBenchmark()
        : base("wang", "One outer step of unrolled distillation of LeNet.", "ms/outer step")
    {
<<<<<<< HEAD
        var data = new Option<string>("--data") { Description = "The folder with MNIST in IDX form.", Required = true };
        var steps = new Option<int>("--steps") { Description = "Steps with images of their own.", DefaultValueFactory = _ => 1 };
        var epochs = new Option<int>("--epochs") { Description = "How often the steps are gone through.", DefaultValueFactory = _ => 3 };
        var batch = new Option<int>("--batch") { Description = "Real images in an outer step.", DefaultValueFactory = _ => 1024 };
        var iterations = new Option<int>("--iters") { Description = "Outer steps.", DefaultValueFactory = _ => 20 };
        var isFixed = new Option<bool>("--fixed") { Description = "Always start from the same weights." };
        var threads = new Option<int>("--threads") { Description = "Threads.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("wang", "One outer step of unrolled distillation.") { data, steps, epochs, batch, iterations, isFixed, threads };
        command.SetAction(parsed =>
        {
            Compute.Threads = parsed.GetValue(threads);
            var distiller = new UnrolledDistiller
            {
                Steps = parsed.GetValue(steps),
                Epochs = parsed.GetValue(epochs),
                BatchSize = parsed.GetValue(batch),
                InitialWeights = parsed.GetValue(isFixed) ? InitialWeights.Fixed() : InitialWeights.Fresh,
            };
            using var digits = Digits.Load(new DigitsOptions { Folders = [parsed.GetRequiredValue(data)], AllowDownload = false });
            using var standardised = digits.Standardise();
            Run(distiller, standardised, parsed.GetValue(iterations));
        });
        return command;
=======
        steps = Add("--steps", "Steps with images of their own.", 1);
        epochs = Add("--epochs", "How often the steps are gone through.", 3);
        batch = Add("--batch", "Real images in an outer step.", 1024);
        iterations = Add("--iters", "Outer steps.", 20);
        isFixed = Add("--fixed", "Always start from the same weights.", false);
>>>>>>> bench
    }

    protected override Figure Measure(ParseResult parsed, Inputs inputs, Side side)
    {
        var distiller = new UnrolledDistiller
        {
            Steps = parsed.GetValue(steps),
            Epochs = parsed.GetValue(epochs),
            BatchSize = parsed.GetValue(batch),
            InitialWeights = parsed.GetValue(isFixed) ? InitialWeights.Fixed() : InitialWeights.Fresh,
        };
        using var digits = inputs.Standardised();
        using var state = distiller.Initialize(digits, seed: 1);
        var losses = new List<double>();
<<<<<<< HEAD
        Timing.WarmUp(() => distiller.Step(state, digits));
        var times = Enumerable.Range(0, iterations).Select(_ => Timing.Milliseconds(() => losses.Add(distiller.Step(state, digits).Loss))).ToArray();
        Console.WriteLine(
            $"wang: {Timing.Median(times):F1} ms/outer step (steps={distiller.Steps} epochs={distiller.Epochs} batch={distiller.BatchSize}); " +
            $"last loss {losses.TakeLast(20).Average():F3}");
=======
        var time = Timing.MedianMilliseconds(parsed.GetValue(iterations), () => losses.Add(distiller.Step(state, digits).Loss));
        return new Figure(time, FormattableString.Invariant(
            $"steps={distiller.Steps} epochs={distiller.Epochs} batch={distiller.BatchSize}, last loss {losses.TakeLast(20).Average():F3}"));
>>>>>>> bench
    }
}
