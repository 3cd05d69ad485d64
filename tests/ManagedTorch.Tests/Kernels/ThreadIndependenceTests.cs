using Xunit;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace ManagedTorch.Tests.Kernels;

/// <summary>Results are the same bits for any number of threads.</summary>
[Collection(ThreadSettingTests.Name)]
public sealed class ThreadIndependenceTests
{
    private static Tensor Random(ScalarType type, params long[] shape) => randn(shape, type, generator: new Generator(1));

    private static Tensor Definite(ScalarType type)
    {
        var x = Random(type, 300, 300);
        return x.mm(x.mT) + eye(300, dtype: type);
    }

    private static readonly Dictionary<string, Func<ScalarType, Tensor>> Computations = new()
    {
        ["randn"] = type => randn([100_001], type, generator: new Generator(7)),
        ["rand"] = type => rand([100_001], type, generator: new Generator(7)),
        ["randint"] = _ => randint(-5, 1000, [100_001], generator: new Generator(7)),
        ["max_pool2d"] = type => max_pool2d(Random(type, 40, 3, 31, 29), 2),
        ["avg_pool2d"] = type => avg_pool2d(Random(type, 40, 3, 31, 29), 3, 2, 1),
        ["cholesky"] = type => linalg.cholesky(Definite(type)),
        ["solve"] = type => linalg.solve(Definite(type), Random(type, 300, 70)),
        ["eigh"] = type => linalg.eigh(Definite(type)).Item2,
        ["batch_norm"] = type => batch_norm(Random(type, 40, 8, 14, 14), null, null, training: true),
        ["instance_norm"] = type => instance_norm(Random(type, 40, 8, 14, 14)),
        ["affine gradients"] = type =>
        {
            var (weight, bias) = (ones(50, type).requires_grad_(), zeros(50, type).requires_grad_());
            var y = instance_norm(Random(type, 40, 50, 9, 14), weight: weight, bias: bias);
            return cat([.. autograd.grad([y.exp().sum()], [weight, bias])]);
        },
        ["Adam"] = type =>
        {
            var p = nn.Parameter(Random(type, 100_001));
            p.grad = Random(type, 100_001);
            using var optimizer = optim.Adam([p], 0.1);
            optimizer.step();
            return p.detach();
        },
    };

    public static TheoryData<string> Names => [.. Computations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void BitsDoNotDependOnThreads(string name)
    {
        foreach (var type in new[] { float32, float64 })
        {
            using var scope = NewDisposeScope();
            var one = With(1, name, type);
            Assert.Contains(one, static v => v != 0);
            Assert.Equal(one, With(2, name, type));
            Assert.Equal(one, With(4, name, type));
        }
    }

    private static double[] With(int threads, string name, ScalarType type)
    {
        using var setting = new ThreadSetting(threads);
        return Computations[name](type).to(float64).data<double>().ToArray();
    }
}
