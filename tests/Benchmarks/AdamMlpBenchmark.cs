using System.CommandLine;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;

namespace Benchmarks;

/// <summary>
/// One differentiable Adam step of a freshly drawn MLP on 100 distilled images, the loss on 256 real ones and its gradient with
/// respect to images and learning rate, for a number of networks in each outer step.
/// </summary>
internal sealed class AdamMlpBenchmark : Benchmark
{
    private readonly Option<int> networks, iterations;

    public AdamMlpBenchmark()
        : base("adam_mlp", "Distillation through one differentiable Adam step of an MLP.", "ms/network")
    {
        networks = Add("--nets", "Networks in an outer step.", 16);
        iterations = Add("--iters", "Outer steps.", 20);
    }

    protected override Figure Measure(ParseResult parsed, Inputs inputs, Side side)
    {
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
        using var digits = inputs.Train();
        using var state = distiller.Initialize(digits, seed: 1);
        var time = Timing.MedianMilliseconds(parsed.GetValue(iterations), () => distiller.Step(state, digits));
        return new Figure(time / distiller.NetworksPerStep, $"{distiller.NetworksPerStep} networks");
    }
}
