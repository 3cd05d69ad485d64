using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests.Optim;

public sealed class SchedulerTests
{
    private static double[] Rates(Func<optim.Optimizer, optim.lr_scheduler.LRScheduler> create, int epochs)
    {
        using var optimizer = optim.SGD([new Parameter(ones(1))], 0.8);
        var scheduler = create(optimizer);
        return [.. Enumerable.Range(0, epochs).Select(_ =>
        {
            var rate = optimizer.ParamGroups.Single().LearningRate;
            Assert.Equal([rate], scheduler.get_last_lr());
            scheduler.step();
            return rate;
        })];
    }

    private static bool Close(double a, double b) => Math.Abs(a - b) < 1e-15;

    [Fact]
    public void StepLRMultipliesEverySoManyEpochs() =>
        Assert.Equal([0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.1], Rates(o => optim.lr_scheduler.StepLR(o, 2, 0.5), 7), Close);

    [Fact]
    public void CosineAnnealingDescendsToTheMinimumAndComesBack() =>
        Assert.Equal(
            [0.8, 0.45 + 0.35 / Math.Sqrt(2), 0.45, 0.45 - 0.35 / Math.Sqrt(2), 0.1, 0.45 - 0.35 / Math.Sqrt(2), 0.45],
            Rates(o => optim.lr_scheduler.CosineAnnealingLR(o, 4, 0.1), 7), Close);

    [Fact]
    public void LambdaLRMultipliesTheInitialRate() =>
        Assert.Equal([0.8, 0.4, 0.8 / 3], Rates(o => optim.lr_scheduler.LambdaLR(o, epoch => 1.0 / (epoch + 1)), 3), Close);

    [Fact]
    public void EachGroupStartsFromItsOwnRate()
    {
        using var optimizer = optim.Adam([new Adam.ParamGroup([new Parameter(ones(1))], lr: 1), new Adam.ParamGroup([new Parameter(ones(1))], lr: 10)]);
        var scheduler = optim.lr_scheduler.StepLR(optimizer, 1, 0.1);
        scheduler.step();
        Assert.Equal([0.1, 1], optimizer.ParamGroups.Select(g => g.LearningRate), Close);
    }

    [Fact]
    public void PeriodsMustBePositive()
    {
        using var optimizer = optim.SGD([new Parameter(ones(1))], 0.8);
        Assert.Throws<ArgumentOutOfRangeException>(() => optim.lr_scheduler.StepLR(optimizer, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => optim.lr_scheduler.CosineAnnealingLR(optimizer, 0));
    }
}
