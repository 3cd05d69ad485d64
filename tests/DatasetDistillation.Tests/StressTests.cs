using Benchmarks;
using DatasetDistillation.Data;
using Xunit;

namespace DatasetDistillation.Tests;

public class StressTests
{
    public static TheoryData<string> Names => [.. GarbageStress.Loops.Select(static loop => loop.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_loop_beside_a_thread_that_collects_garbage_finds_what_it_finds_alone(string name)
    {
        using var digits = SyntheticDigits.Create(200, seed: 1);
        var losses = GarbageStress.Loops.Single(loop => loop.Name == name).Losses;
        var (runs, failures, first) = GarbageStress.Run(losses, digits, TimeSpan.FromSeconds(1));
        Assert.True(failures == 0, $"{failures} of {runs} runs: {first}");
        Assert.True(runs > 0);
    }
}
