using DatasetDistillation.Training;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Training;

public class DescentTests
{
    [Theory]
    [InlineData(OptimizerKind.Adam, 0)]
    [InlineData(OptimizerKind.Adam, 0.1)]
    [InlineData(OptimizerKind.AdamW, 0.1)]
    [InlineData(OptimizerKind.Sgd, 0)]
    [InlineData(OptimizerKind.Sgd, 0.1)]
    public void Steps_are_those_of_torch_optim(OptimizerKind kind, double decay)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var start = randn([50], float64, generator: generator);
        var trainer = new Trainer { Optimizer = kind, WeightDecay = decay };
        using var theirs = new Parameter(start.clone());
        using optim.Optimizer reference = kind switch
        {
            OptimizerKind.Adam => optim.Adam([theirs], weight_decay: decay),
            OptimizerKind.AdamW => optim.AdamW([theirs], weight_decay: decay),
            _ => optim.SGD([theirs], 0.1, trainer.Momentum, weight_decay: decay),
        };
        var ours = start.clone();
        using var descent = new Descent(trainer, ours);
        for (var step = 1; step <= 5; step++)
        {
            var (gradient, rate) = (randn([50], float64, generator: generator), 0.1 / step);
            theirs.grad = gradient.clone();
            foreach (var group in reference.ParamGroups)
                group.LearningRate = rate;
            reference.step();
            descent.Step(gradient, rate);
        }
        Assert.True(ours.allclose(theirs, 1e-10, 1e-12), $"{ours.sub(theirs).abs().max().item<double>()}");
    }
}
