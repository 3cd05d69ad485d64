using DatasetDistillation.Distillation;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Distillation;

/// <summary>The inner optimizers' passes over memory against their definitions by TorchSharp's operations.</summary>
public sealed class InnerOptimizerTests
{
    private static readonly Dictionary<string, InnerOptimizer> Rules = new()
    {
        ["descent"] = InnerOptimizer.GradientDescent,
        ["momentum"] = InnerOptimizer.Momentum(0.8),
        ["adam"] = InnerOptimizer.Adam(),
        ["smooth adam"] = InnerOptimizer.Adam(0.8, 0.99, 0.01),
    };

    public static TheoryData<string, long, ScalarType> Cases
    {
        get
        {
            var cases = new TheoryData<string, long, ScalarType>();
            foreach (var name in Rules.Keys)
            {
                foreach (var size in (long[])[1, 15, 16_385])
                {
                    cases.Add(name, size, ScalarType.Float32);
                    cases.Add(name, size, ScalarType.Float64);
                }
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_pass_takes_the_step_that_is_defined(string name, long size, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var rule = Rules[name];
        foreach (var step in (int[])[0, 3])
        {
            var (iterate, gradient) = (Iterate(rule, size, type, step > 0), Random(size, type, 9));
            var before = iterate.Select(static part => part?.clone()).ToArray();
            AssertClose(rule.NextByDefinition(iterate, gradient, 0.02, step), rule.Next(iterate, gradient, 0.02, step));
            AssertClose(before, iterate, exact: true);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_pass_goes_back_as_is_defined(string name, long size, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var rule = Rules[name];
        foreach (var (step, later) in new[] { (0, false), (0, true), (3, false), (3, true) })
        {
            var (iterate, gradient) = (Iterate(rule, size, type, step > 0), Random(size, type, 9));
            Tensor?[] cotangents =
                [Random(size, type, 5), .. Enumerable.Range(0, rule.Moments).Select(i => later ? Random(size, type, 6 + (ulong)i) : null)];
            var (ofIterate, ofGradient, ofRate) = rule.PullByDefinition(cotangents, iterate, gradient, 0.02, step);
            var actual = rule.Pull(cotangents, iterate, gradient, 0.02, step);
            AssertClose(ofIterate, actual.Iterate);
            // Where sums cancel, their error is measured by their terms: at Adam's first step, what comes through m and v.
            var largest = new[] { ofGradient, ofIterate.ElementAtOrDefault(1) }.Max(static part => part?.abs().max().ToDouble() ?? 0);
            Assert.InRange((ofGradient - actual.Gradient).abs().max().ToDouble(), 0, Tolerance(type) * largest);
            var terms = cotangents[0]!.norm().ToDouble() * Math.Sqrt(size);
            Assert.Equal(ofRate.ToDouble(), actual.Rate.ToDouble(), Tolerance(type) * terms);
            Assert.Equal((ofRate.dtype, 0L), (actual.Rate.dtype, actual.Rate.dim()));
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void The_only_step_of_Adam_keeps_its_slope_where_the_gradient_is_tiny_or_zero(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var rule = InnerOptimizer.Adam();
        var gradient = tensor([0, 1e-3, -1e-8, 1e-10, 1e-18, -1e-22, 3e-30, 1], type);
        Tensor?[] iterate = [Random(8, type, 1), null, null], cotangents = [Random(8, type, 2), null, null];
        var expected = rule.PullByDefinition(cotangents, iterate, gradient, 0.02, 0).Gradient;
        var actual = rule.Pull(cotangents, iterate, gradient, 0.02, 0).Gradient;
        Assert.InRange((actual / expected - 1).abs().max().ToDouble(), 0, Tolerance(type));
        AssertClose(rule.NextByDefinition(iterate, gradient, 0.02, 0), rule.Next(iterate, gradient, 0.02, 0));
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        using var scope = NewDisposeScope();
        var rule = InnerOptimizer.Adam();
        var (iterate, gradient) = (Iterate(rule, 100_001, ScalarType.Float32, true), Random(100_001, ScalarType.Float32, 9));
        Tensor?[] cotangents = [Random(100_001, ScalarType.Float32, 5), null, null];
        var threads = Compute.Threads;
        try
        {
            Compute.Threads = 1;
            var alone = rule.Pull(cotangents, iterate, gradient, 0.02, 3);
            Compute.Threads = 3;
            var together = rule.Pull(cotangents, iterate, gradient, 0.02, 3);
            AssertClose(
                [.. alone.Iterate, alone.Gradient, alone.Rate], [.. together.Iterate, together.Gradient, together.Rate], exact: true);
        }
        finally
        {
            Compute.Threads = threads;
        }
    }

    [Fact]
    public void Vectors_with_gaps_are_stepped_as_well()
    {
        using var scope = NewDisposeScope();
        var rule = InnerOptimizer.Adam();
        var gradient = Random(40, ScalarType.Float64, 9).view(20, 2).select(1, 0);
        var iterate = Iterate(rule, 20, ScalarType.Float64, true);
        AssertClose(rule.Next(iterate, gradient.contiguous(), 0.02, 3), rule.Next(iterate, gradient, 0.02, 3));
    }

    private static Tensor?[] Iterate(InnerOptimizer rule, long size, ScalarType type, bool moments) =>
        [Random(size, type, 1), .. Enumerable.Range(0, rule.Moments).Select(i => moments ? Random(size, type, 2 + (ulong)i).abs() : null)];

    private static double Tolerance(ScalarType type) => type == ScalarType.Float32 ? 1e-5 : 1e-12;

    private static void AssertClose(Tensor?[] expected, Tensor?[] actual, bool exact = false)
    {
        Assert.Equal(expected.Select(static part => part is null), actual.Select(static part => part is null));
        foreach (var (e, a) in expected.Zip(actual).Where(static pair => pair.First is not null))
        {
            Assert.Equal(e!.dtype, a!.dtype);
            Assert.InRange((e - a).abs().max().ToDouble(), 0, exact ? 0 : Tolerance(e.dtype) * e.abs().max().ToDouble());
        }
    }

    private static Tensor Random(long size, ScalarType type, ulong seed)
    {
        using var generator = new Generator(seed);
        return randn(size, ScalarType.Float64, generator: generator).to(type);
    }
}
