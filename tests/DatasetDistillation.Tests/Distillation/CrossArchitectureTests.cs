using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Reporting;
using DatasetDistillation.Tests.Reporting;
using Xunit;

namespace DatasetDistillation.Tests.Distillation;

public sealed class CrossArchitectureTests
{
    [Fact]
    public void Every_network_is_trained_on_every_set_in_the_space_of_the_set()
    {
        using var digits = SyntheticDigits.Create(100, seed: 1);
        using var standardized = digits.Standardize();
        using var plain = Baselines.RandomReal(digits, 1);
        using var scaled = Baselines.RandomReal(standardized, 2);
        NetworkReadOut[] readOuts = [new(Networks.Mlp(8)) { Steps = 20 }, new(Networks.SoftmaxRegression()) { Steps = 20 }];
        var shares = new List<double>();
        var matrix = CrossArchitecture.Measure([("raw", plain), ("standardized", scaled)], readOuts, digits, 2, new Told(shares.Add));

        Assert.Equal<string>(["raw", "standardized"], matrix.Sets);
        Assert.Equal<string>(["MLP", "Softmax regression"], matrix.Networks);
        Assert.Equal(readOuts[1].Accuracy(plain, digits, 2).Values, matrix[0, 1]!.Values);
        Assert.Equal(readOuts[0].Accuracy(scaled, standardized, 2).Values, matrix[1, 0]!.Values);
        Assert.Equal(1, shares[^1]);
        Assert.Equal(shares.Order(), shares);

        var row = matrix.Table().Rows[1].Cells;
        Assert.Equal((20, matrix[1, 0]!.Mean, matrix[1, 0]!.StandardDeviation), (row[0].Value, row[1].Value, row[1].Deviation));
        var shown = new ChartReading(matrix.HeatMap()).Trace(0)["z"]![0]![1]!;
        Assert.Equal(100 * matrix[0, 1]!.Mean, (double)shown, 1e-3);
    }

    [Fact]
    public void A_best_set_is_named_among_sets_of_equal_size_alone()
    {
        using var digits = SyntheticDigits.Create(50, seed: 1);
        using var one = Baselines.RandomReal(digits, 1);
        using var other = Baselines.ClassMeans(digits);
        using var more = Baselines.RandomReal(digits, 2);
        CrossArchitecture Of(params (string, DistilledSet)[] sets) =>
            CrossArchitecture.Measure(sets, [new(Networks.Mlp(4)) { Steps = 20 }], digits, 1);
        Assert.Contains('*', Of(("one", one), ("other", other)).Table().ToString());
        Assert.DoesNotContain('*', Of(("one", one), ("other", other), ("more", more)).Table().ToString());
    }

    [Fact]
    public void What_was_not_measured_is_left_open()
    {
        using var digits = SyntheticDigits.Create(50, seed: 1);
        using var set = Baselines.RandomReal(digits, 1);
        using var stop = new CancellationTokenSource();
        var told = new Told(share =>
        {
            if (share == 0.5)
                stop.Cancel();
        });
        NetworkReadOut[] readOuts = [new(Networks.Mlp(4)) { Steps = 5 }, new(Networks.Mlp(8)) { Steps = 5 }];
        var matrix = CrossArchitecture.Measure([("real", set)], readOuts, digits, 2, told, stop.Token);
        Assert.NotNull(matrix[0, 0]);
        Assert.Null(matrix[0, 1]);
        Assert.Contains("–", matrix.Table().ToString(), StringComparison.Ordinal);
        Assert.Equal(1, new ChartReading(matrix.HeatMap()).PictureCount);
    }

    [Fact]
    public void A_network_that_does_not_fit_is_refused_before_anything_is_trained()
    {
        using var digits = SyntheticDigits.Create(50, seed: 1);
        using var set = Baselines.RandomReal(digits, 1);
        NetworkReadOut[] readOuts = [new(Networks.Mlp(4)), new(new Network("small", [1, 8, 8], [new Flatten(), new Linear(10)]))];
        var never = new Told(static share => Assert.Fail($"told {share}"));
        Assert.Contains(
            "[1, 8, 8]",
            Assert.Throws<ArgumentException>(() => CrossArchitecture.Measure([("real", set)], readOuts, digits, progress: never)).Message,
            StringComparison.Ordinal);
    }

    private sealed class Told(Action<double> tell) : IProgress<double>
    {
        public void Report(double value) => tell(value);
    }
}
