using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace ManagedTorch.Tests.Ops;

public sealed class NormalizationTests
{
    private static Tensor Random(params long[] shape) => randn(shape, float64, generator: new Generator(3));

    private static double Error(Tensor a, Tensor b) => (a - b).abs().max().item<double>();

    [Theory]
    [InlineData(2, 3, 5, 4)]
    [InlineData(5, 4, 1, 7)]
    public void NormalisationsAreDifferentiableTwice(long n, long c, long h, long w)
    {
        long[][] shapes = [[n, c, h, w], [c], [c]];
        FiniteDifferences.Check(x => instance_norm(x[0], weight: x[1], bias: x[2]), shapes);
        FiniteDifferences.Check(x => group_norm(x[0], 1, x[1], x[2]), shapes);
        FiniteDifferences.Check(x => group_norm(x[0], c, x[1]), [.. shapes[..2]]);
        FiniteDifferences.Check(x => instance_norm(x[0], bias: x[1]), [.. shapes[..2]]);
        FiniteDifferences.Check(x => batch_norm(x[0], null, null, x[1], x[2], training: true), shapes);
        FiniteDifferences.Check(x => batch_norm(x[0], x[1], x[2].exp(), bias: x[1]), shapes);
        FiniteDifferences.Check(x => batch_norm(x[0], null, null, training: true), [[6, 3]]);
    }

    [Fact]
    public void ThirdDerivativesExist()
    {
        var x = Random(1, 2, 3, 3).requires_grad_();
        var w = Random(1, 2, 3, 3);
        Tensor Derive(Tensor y) => autograd.grad([(y * w).sum()], [x], retain_graph: true, create_graph: true)[0];

        var third = Derive(Derive(Derive(instance_norm(x))));

        const double Step = 1e-4;
        var v = Random(1, 2, 3, 3);
        double Second(double t)
        {
            var z = (x.detach() + v * t).requires_grad_();
            var first = autograd.grad([(instance_norm(z) * w).sum()], [z], retain_graph: true, create_graph: true)[0];
            var second = autograd.grad([(first * w).sum()], [z])[0];
            return (second * w).sum().item<double>();
        }
        var numeric = (8 * (Second(Step) - Second(-Step)) - (Second(2 * Step) - Second(-2 * Step))) / (12 * Step);
        Assert.Equal(numeric, (third * v).sum().item<double>(), 1e-6 * Math.Max(1, Math.Abs(numeric)));
    }

    [Fact]
    public void EachGroupHasMeanZeroAndVarianceOne()
    {
        var x = Random(4, 6, 9, 11) * 3 + 7;

        void Check(Tensor y, long[] view, long[] over)
        {
            var rows = y.reshape(view);
            Assert.InRange(rows.mean(over).abs().max().item<double>(), 0, 1e-12);
            Assert.InRange((rows.var(over, unbiased: false) - 1).abs().max().item<double>(), 0, 1e-4);
        }

        Check(instance_norm(x), [24, 99], [1]);
        Check(group_norm(x, 2), [8, 297], [1]);
        Check(batch_norm(x, null, null, training: true), [4, 6, 99], [0, 2]);
    }

    [Fact]
    public void Float32StaysAccurateFarFromZero()
    {
        var x = (Random(2, 3, 40, 50) + 1000).to(float32);
        Assert.InRange(Error(instance_norm(x).to(float64), instance_norm(x.to(float64))), 0, 2e-4);
        Assert.InRange(Error(batch_norm(x, null, null, training: true).to(float64), batch_norm(x.to(float64), null, null, training: true)), 0, 2e-4);
    }

    [Fact]
    public void TrainingMovesTheRunningStatisticsAndEvaluationUsesThem()
    {
        var x = Random(5, 2, 3) * 2 + 1;
        var (mean, variance) = (zeros([2], float64), ones([2], float64));

        batch_norm(x, mean, variance, training: true, momentum: 0.25);

        Assert.InRange(Error(mean, x.mean([0, 2]) * 0.25), 0, 1e-14);
        Assert.InRange(Error(variance, x.var([0, 2]) * 0.25 + 0.75), 0, 1e-14);
        var expected = (x - mean.reshape(1, 2, 1)) / (variance + 1e-5).sqrt().reshape(1, 2, 1);
        Assert.InRange(Error(batch_norm(x, mean, variance), expected), 0, 1e-14);
    }

    [Fact]
    public void StridedInputsAreReadAsTheyAre()
    {
        var x = Random(3, 5, 4, 2).permute(0, 3, 2, 1);
        Assert.Equal(0, Error(instance_norm(x), instance_norm(x.contiguous())));
        Assert.Equal(0, Error(batch_norm(x, null, null, training: true), batch_norm(x.contiguous(), null, null, training: true)));
    }

    [Fact]
    public void ShapesThatDoNotFitAreNamed()
    {
        static void Fails(Action action, params string[] parts)
        {
            var message = Assert.Throws<ExternalException>(action).Message;
            Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        }

        var x = Random(2, 6, 3, 3);
        Fails(() => group_norm(x, 4), "group_norm", "6 channels", "4 groups");
        Fails(() => instance_norm(x, weight: Random(5)), "instance_norm", "weight", "[6]", "[5]");
        Fails(() => instance_norm(Random(4, 6)), "instance_norm", "[4, 6]");
        Fails(() => batch_norm(x, null, null), "batch_norm", "running");
        Fails(() => batch_norm(Random(1, 6), null, null, training: true), "batch_norm", "[1, 6]");
        Fails(() => batch_norm(x.to(int64), null, null, training: true), "batch_norm", "Int64");
        Fails(() => instance_norm(zeros([0, 3, 2, 2])), "[0, 3, 2, 2]");
    }
}
