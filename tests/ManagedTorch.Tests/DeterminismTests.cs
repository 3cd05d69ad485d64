using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;

namespace ManagedTorch.Tests;

/// <summary>The same bits with any number of threads, wherever in memory the numbers lie.</summary>
[Collection(Exclusive.Name)]
public sealed class DeterminismTests : IDisposable
{
    private static readonly int[] ThreadCounts = [1, 2, 4];

    private readonly int _threads = get_num_threads();

    private static readonly Dictionary<string, Func<IEnumerable<Tensor>>> Computations = new()
    {
        ["LeNet: outputs, gradients and second derivatives"] = LeNetStep,
        ["sums"] = static () =>
        {
            var x = randn([300, 7, 501], generator: new Generator(1));
            return [x.sum(), x.sum(dim: 0), x.sum(1), x.sum(2), x.mean([0, 2]), x.logsumexp(0), x.reshape(-1, 7).sum(dim: 0), x.var()];
        },
        ["element-wise"] = static () =>
        {
            var x = randn([300_001], generator: new Generator(2));
            return [x.exp(), x * x, x.tanh() + 1, x.sigmoid(), x.softplus(), x.reshape(1, -1).expand(3, -1) * ones(3, 1)];
        },
        ["products"] = static () =>
        {
            var g = new Generator(3);
            var (a, b, c) = (randn(200, 3000, generator: g), randn(3000, 150, generator: g), randn([40, 30, 50], generator: g));
            return [a.mm(b), b.mT.mm(a.mT), c.bmm(c.mT), a[..1].mm(b), a.to_type(float64).mm(b.to_type(float64))];
        },
        ["random numbers"] = static () =>
        {
            var g = new Generator(4);
            manual_seed(5);
            return [randn([300_001], generator: g), rand([300_001], float64, generator: g), randperm(5000, generator: g).to_type(float64), nn.functional.dropout(ones(300_001), 0.3)];
        },
    };

    public static TheoryData<string> Names => [.. Computations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void ResultsDoNotDependOnTheNumberOfThreads(string name)
    {
        using var scope = NewDisposeScope();
        var results = ThreadCounts.Select(threads =>
        {
            set_num_threads(threads);
            return Computations[name]().Select(Bits).ToArray();
        }).ToArray();
        Assert.All(results[0], static bits => Assert.Contains(bits, static b => b != 0));
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    public void Dispose() => set_num_threads(_threads);

    private static byte[] Bits(Tensor t) => t.dtype == float32
        ? MemoryMarshal.AsBytes<float>(t.data<float>().ToArray()).ToArray()
        : MemoryMarshal.AsBytes<double>(t.data<double>().ToArray()).ToArray();

    private static Tensor[] LeNetStep()
    {
        var generator = new Generator(1);
        var theta = LeNet.Shapes.Select(s => (randn(s, generator: generator) * 0.1).detach().requires_grad_()).ToArray();
        var images = randn([128, 1, 28, 28], generator: generator).requires_grad_();
        var logits = LeNet.Forward(theta, images);
        var loss = nn.functional.cross_entropy(logits, arange(128) - arange(128).to_type(float64).div(10).to_type(int64) * 10);
        var first = autograd.grad([loss], theta, retain_graph: true, create_graph: true);
        var second = autograd.grad([.. first.Select(static g => g.square().sum())], [images, .. theta]);
        return [logits, loss, .. first, .. second];
    }

    public static TheoryData<string> Functions => [.. ByElement.Keys];

    [Theory]
    [MemberData(nameof(Functions))]
    public void AnElementDoesNotDependOnWhereItLies(string name)
    {
        using var scope = NewDisposeScope();
        foreach (var type in new[] { float32, float64 })
        {
            var x = rand([1000], type, generator: new Generator(1)) * (2 * Math.PI);
            var whole = ByElement[name](x).to(float64).data<double>().ToArray();
            for (var shift = 1; shift < 8; shift++)
                Assert.Equal(whole[shift..], ByElement[name](x.narrow(0, shift, 1000 - shift)).to(float64).data<double>().ToArray());
        }
    }

    private static readonly Dictionary<string, Func<Tensor, Tensor>> ByElement = new()
    {
        ["cos"] = static x => x.cos(),
        ["sin"] = static x => x.sin(),
        ["exp"] = static x => x.exp(),
        ["log"] = static x => x.log(),
        ["tanh"] = static x => x.tanh(),
        ["sigmoid"] = static x => x.sigmoid(),
    };
}
