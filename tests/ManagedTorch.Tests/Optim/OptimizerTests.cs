using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests.Optim;

/// <summary>Optimisers against their recurrences, written out element by element in float64.</summary>
public sealed class OptimizerTests
{
    private const int Steps = 6;

    /// <summary>The recurrence of one element: parameter, gradient and step number in, parameter out; it keeps its own memory.</summary>
    private delegate double Recurrence(double p, double g, int step);

    private static Recurrence Sgd(double lr, double momentum, double dampening, double decay, bool nesterov, bool maximize)
    {
        double? buffer = null;
        return (p, g, _) =>
        {
            g += decay * p;
            if (momentum != 0)
            {
                buffer = buffer is null ? g : momentum * buffer + (1 - dampening) * g;
                g = nesterov ? g + momentum * buffer.Value : buffer.Value;
            }
            return maximize ? p + lr * g : p - lr * g;
        };
    }

    private static Recurrence Adam(double lr, double beta1, double beta2, double eps, double decay, bool decoupled, bool amsgrad, bool maximize)
    {
        double m = 0, v = 0, greatest = 0;
        return (p, g, t) =>
        {
            g = maximize ? -g : g;
            if (decoupled)
                p -= lr * decay * p;
            else
                g += decay * p;
            m = beta1 * m + (1 - beta1) * g;
            v = beta2 * v + (1 - beta2) * g * g;
            greatest = Math.Max(greatest, v);
            var second = (amsgrad ? greatest : v) / (1 - Math.Pow(beta2, t));
            return p - lr * m / (1 - Math.Pow(beta1, t)) / (Math.Sqrt(second) + eps);
        };
    }

    private static Parameter Draw(long length, ScalarType type, int seed) => new(randn(length, type, generator: new Generator((ulong)seed)));

    private static void Check(Func<Parameter, OptimizerHelper> create, Func<Recurrence> recurrence)
    {
        foreach (var (type, tolerance) in new[] { (float64, 1e-13), (float32, 2e-6) })
        {
            foreach (var length in new[] { 1, 7, 20_011 })
            {
                using var scope = NewDisposeScope();
                var p = Draw(length, type, 1);
                var optimizer = create(p);
                var expected = p.to(float64).data<double>().ToArray();
                var elements = expected.Select(_ => recurrence()).ToArray();
                for (var step = 1; step <= Steps; step++)
                {
                    p.grad = randn(length, type, generator: new Generator((ulong)step + 10)) * step;
                    var g = p.grad.to(float64).data<double>().ToArray();
                    optimizer.step();
                    for (var i = 0; i < length; i++)
                        expected[i] = elements[i](expected[i], g[i], step);
                }
                var actual = p.detach().to(float64).data<double>().ToArray();
                Assert.InRange(expected.Zip(actual, (a, b) => Math.Abs(a - b) / Math.Max(1, Math.Abs(a))).Max(), 0, tolerance);
            }
        }
    }

    [Theory]
    [InlineData(0, 0, 0, false, false)]
    [InlineData(0, 0, 0.1, false, true)]
    [InlineData(0.9, 0, 0, false, false)]
    [InlineData(0.9, 0.3, 0.05, false, false)]
    [InlineData(0.8, 0, 0.05, true, false)]
    [InlineData(0.8, 0, 0, true, true)]
    public void SgdFollowsItsRecurrence(double momentum, double dampening, double decay, bool nesterov, bool maximize) => Check(
        p => optim.SGD([p], 0.1, momentum, dampening, decay, nesterov, maximize),
        () => Sgd(0.1, momentum, dampening, decay, nesterov, maximize));

    [Theory]
    [InlineData(0, false, false, false)]
    [InlineData(0.1, false, false, true)]
    [InlineData(0.1, true, false, false)]
    [InlineData(0.1, true, true, true)]
    [InlineData(0, false, true, false)]
    public void AdamFollowsItsRecurrence(double decay, bool decoupled, bool amsgrad, bool maximize) => Check(
        p => decoupled
            ? optim.AdamW([p], 0.05, 0.8, 0.95, 0.01, decay, amsgrad, maximize)
            : optim.Adam([p], 0.05, 0.8, 0.95, 0.01, decay, amsgrad, maximize),
        () => Adam(0.05, 0.8, 0.95, 0.01, decay, decoupled, amsgrad, maximize));

    [Fact]
    public void GroupsHaveTheirOwnOptionsAndDefaultToTheOptimisers()
    {
        var (a, b) = (new Parameter(ones(1, float64)), new Parameter(ones(1, float64)));
        using var optimizer = optim.SGD([new SGD.ParamGroup([a], lr: 0.5), new SGD.ParamGroup { Parameters = [b] }], 0.1);
        Assert.Equal([a, b], optimizer.parameters());
        (a.grad, b.grad) = (ones(1, float64), ones(1, float64));

        optimizer.step();
        Assert.Equal((0.5, 0.9), (a.item<double>(), b.item<double>()));

        var groups = optimizer.ParamGroups.ToArray();
        groups[1].LearningRate = 0.4;
        optimizer.step();
        Assert.Equal((0.0, 0.5), (a.item<double>(), b.item<double>()));
        Assert.Equal(0.1, groups[1].InitialLearningRate);
    }

    [Fact]
    public void StepEvaluatesTheClosureAndSkipsParametersWithoutGradient()
    {
        var (used, unused) = (new Parameter(ones(3)), new Parameter(ones(3)));
        using var optimizer = optim.Adam([used, unused], 0.1);
        using var off = no_grad();

        var loss = optimizer.step(() =>
        {
            optimizer.zero_grad();
            var value = used.square().sum();
            value.backward();
            return value;
        });

        Assert.Equal(3, loss!.item<float>());
        Assert.All(used.data<float>(), v => Assert.Equal(0.9f, v, 1e-6));
        Assert.All(unused.data<float>(), v => Assert.Equal(1, v));
        Assert.Null(unused.grad);

        optimizer.zero_grad();
        Assert.All(used.grad!.data<float>(), v => Assert.Equal(0, v));
    }

    [Fact]
    public void MinimisesAQuadratic()
    {
        foreach (var create in new Func<Parameter, optim.Optimizer>[] { p => optim.SGD([p], 0.05, 0.9), p => optim.Adam([p], 0.05), p => optim.AdamW([p], 0.05) })
        {
            using var scope = NewDisposeScope();
            var p = new Parameter(tensor([3f, -2f]));
            using var optimizer = create(p);
            for (var i = 0; i < 400; i++)
            {
                optimizer.zero_grad();
                (p - tensor([1f, 2f])).square().sum().backward();
                optimizer.step();
            }
            Assert.Equal([1f, 2f], p.data<float>(), (a, b) => Math.Abs(a - b) < 1e-2);
        }
    }

    [Fact]
    public void ASavedValueThatAStepChangesIsNoticed()
    {
        var p = new Parameter(ones(2));
        using var optimizer = optim.SGD([p], 0.1);
        var loss = p.square().sum();
        p.grad = ones(2);
        optimizer.step();
        Assert.Contains("modified in place", Assert.Throws<InvalidOperationException>(() => loss.backward()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BuffersOutliveTheScopeOfTheFirstStep()
    {
        var p = new Parameter(ones(5000));
        using var optimizer = optim.Adam([p], 0.1);
        for (var i = 0; i < 3; i++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            p.square().sum().backward();
            optimizer.step();
        }
        Assert.All(p.data<float>(), v => Assert.InRange(v, 0.69f, 0.71f));
    }

    [Fact]
    public void AParameterTakesOverItsTensor()
    {
        using var scope = NewDisposeScope();
        var t = ones(3);
        var p = nn.Parameter(t);
        Assert.True(t.IsInvalid);
        Assert.True(p.requires_grad);
        Assert.Equal([3], p.shape);
        Assert.False(new Parameter(ones(3), requires_grad: false).requires_grad);
        Assert.Throws<InvalidOperationException>(() => new Parameter(p * 2));
    }

    [Fact]
    public void BadHyperparametersAreRefused()
    {
        var p = new Parameter(ones(1));
        Assert.Contains("-1", Assert.Throws<ArgumentException>(() => optim.SGD([p], -1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => optim.SGD([p], double.NaN));
        Assert.Throws<ArgumentException>(() => optim.SGD([p], 0.1, nesterov: true));
        Assert.Throws<ArgumentException>(() => optim.SGD([p], 0.1, momentum: 0.9, dampening: 0.1, nesterov: true));
        Assert.Throws<ArgumentException>(() => optim.Adam([p], beta2: 1));
        Assert.Throws<ArgumentException>(() => optim.AdamW([p], eps: -1e-8));
        Assert.Throws<ArgumentException>(() => optim.Adam([p, p]));
        Assert.Throws<ArgumentException>(() => optim.Adam([new Parameter(ones([2, 3]).mT)]));
        Assert.Throws<InvalidOperationException>(() => new SGD.ParamGroup().LearningRate);
    }

    [Fact]
    public void AGradientThatDoesNotFitIsRefused()
    {
        var p = new Parameter(ones(3));
        p.grad = ones(2);
        using var optimizer = optim.SGD([p], 0.1);
        Assert.Contains("[2]", Assert.Throws<InvalidOperationException>(() => optimizer.step()).Message, StringComparison.Ordinal);
    }
}
