using DatasetDistillation.Kernels;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Kernels;

/// <summary>The kernels of infinite width beside those of wide networks drawn at random.</summary>
public class EmpiricalKernelTests
{
    private const int Width = 256;
    private const int Draws = 60;
    private const double WeightVariance = 2, BiasVariance = 0.3;

    [Theory]
    [InlineData(1, WideLimit.Ntk)]
    [InlineData(2, WideLimit.Ntk)]
    [InlineData(1, WideLimit.Nngp)]
    [InlineData(2, WideLimit.Nngp)]
    public void Wide_random_networks_have_this_kernel_within_sampling_error(int depth, WideLimit limit)
    {
        using var scope = NewDisposeScope();
        var random = new Generator().manual_seed(depth);
        var x = randn([4, 6], float64, generator: random);
        var samples = stack(Enumerable.Range(0, Draws).Select(
            _ => limit == WideLimit.Ntk ? Tangents(x, depth, random) : Covariances(x, depth, random)));
        var mean = samples.mean([0]);
        var standardError = samples.var([0]).sqrt() / Math.Sqrt(Draws);
        using var gram = new FullyConnectedKernel(depth, limit, WeightVariance, BiasVariance).Gram(x);

        // At a finite width a kernel of several layers is off by O(1/width).
        var allowed = standardError * 4 + gram.Value.abs() * (4.0 / Width);
        Assert.True(((mean - gram.Value).abs() <= allowed).all().ToBoolean(), $"{mean.data<double>().ToArray()[0]} beside " +
            $"{gram.Value[0, 0].ToDouble()}");
        Assert.InRange((allowed / gram.Value.diagonal().mean()).max().ToDouble(), 0, 0.15);
    }

    [Theory]
    [InlineData(1, 0, WideLimit.Ntk)]
    [InlineData(2, 0, WideLimit.Ntk)]
    [InlineData(2, 1, WideLimit.Ntk)]
    [InlineData(1, 1, WideLimit.Nngp)]
    [InlineData(2, 1, WideLimit.Nngp)]
    public void Wide_random_convolutional_networks_have_this_kernel_within_sampling_error(int depth, int poolRadius, WideLimit limit)
    {
        const int width = 32, draws = 80;
        using var scope = NewDisposeScope();
        var random = new Generator().manual_seed(depth);
        var x = randn([4, 2, 4, 4], float64, generator: random);
        var samples = stack(Enumerable.Range(0, draws).Select(_ => ConvolutionalSample(x, depth, poolRadius, width, limit, random)));
        var mean = samples.mean([0]);
        var standardError = samples.var([0]).sqrt() / Math.Sqrt(draws);
        using var gram = new ConvolutionalKernel(depth, limit, poolRadius, WeightVariance, BiasVariance).Gram(x);
        var allowed = standardError * 4 + gram.Value.abs() * (2.0 / width);
        Assert.True(((mean - gram.Value).abs() <= allowed).all().ToBoolean(), $"{mean.data<double>().ToArray()[0]} beside " +
            $"{gram.Value[0, 0].ToDouble()}");
        Assert.InRange((allowed / gram.Value.diagonal().mean()).max().ToDouble(), 0, 0.2);
    }

    /// <summary>What one random network of that width has for a kernel; its pooling takes all windows that touch the image.</summary>
    private static Tensor ConvolutionalSample(Tensor x, int depth, int poolRadius, int width, WideLimit limit, Generator random)
    {
        using var scope = NewDisposeScope();
        var parameters = new List<Tensor>();
        var hidden = x;
        for (int l = 0; l < depth; l++)
        {
            long inputs = hidden.shape[1];
            var weight = randn([width, inputs, 3, 3], float64, generator: random).requires_grad_();
            var bias = randn([width], float64, generator: random).requires_grad_();
            parameters.AddRange([weight, bias]);
            hidden = nn.functional.conv2d(
                hidden, weight * Math.Sqrt(WeightVariance / (9 * inputs)), bias * Math.Sqrt(BiasVariance), padding: [1, 1]).relu();
        }
        if (poolRadius > 0)
            hidden = nn.functional.avg_pool2d(hidden, poolRadius + 1, stride: 1, padding: poolRadius);
        hidden = hidden.flatten(1);
        if (limit == WideLimit.Nngp)
            return (hidden.matmul(hidden.t()) * (WeightVariance / hidden.shape[1]) + BiasVariance).detach().MoveToOuterDisposeScope();
        Tensor[] head =
        [
            randn([1, hidden.shape[1]], float64, generator: random).requires_grad_(),
            randn([1], float64, generator: random).requires_grad_(),
        ];
        return Tangents(Affine(head[0], head[1], hidden).squeeze(1), [.. parameters, .. head]).MoveToOuterDisposeScope();
    }

    private static Tensor Tangents(Tensor x, int depth, Generator random)
    {
        using var scope = NewDisposeScope();
        var parameters = Parameters(x.shape[1], depth, random);
        foreach (var p in parameters)
            p.requires_grad_();
        return Tangents(Output(parameters, Hidden(parameters, x)), parameters).MoveToOuterDisposeScope();
    }

    /// <summary>Σ over parameters of ∂f(x)/∂θ · ∂f(x′)/∂θ.</summary>
    private static Tensor Tangents(Tensor f, Tensor[] parameters)
    {
        using var scope = NewDisposeScope();
        var outputs = f.unbind();
        var gradients = outputs.Select(f => cat([.. autograd.grad([f], parameters, retain_graph: true).Select(static g => g.flatten())]));
        var jacobian = stack(gradients);
        return jacobian.matmul(jacobian.t()).MoveToOuterDisposeScope();
    }

    /// <summary>The covariance of outputs over their last layer, given all others: σ_w² h(x)·h(x′)/width + σ_b².</summary>
    private static Tensor Covariances(Tensor x, int depth, Generator random)
    {
        using var scope = NewDisposeScope();
        var hidden = Hidden(Parameters(x.shape[1], depth, random), x);
        return (hidden.matmul(hidden.t()) * (WeightVariance / Width) + BiasVariance).MoveToOuterDisposeScope();
    }

    private static Tensor[] Parameters(long inputs, int depth, Generator random)
    {
        var parameters = new List<Tensor>();
        for (int l = 0; l <= depth; l++)
        {
            parameters.Add(randn([l == depth ? 1 : Width, l == 0 ? inputs : Width], float64, generator: random));
            parameters.Add(randn([l == depth ? 1 : Width], float64, generator: random));
        }
        return [.. parameters];
    }

    private static Tensor Hidden(Tensor[] parameters, Tensor x)
    {
        for (int l = 0; l < parameters.Length / 2 - 1; l++)
            x = Affine(parameters[2 * l], parameters[2 * l + 1], x).relu();
        return x;
    }

    private static Tensor Output(Tensor[] parameters, Tensor hidden) => Affine(parameters[^2], parameters[^1], hidden).squeeze(1);

    private static Tensor Affine(Tensor weight, Tensor bias, Tensor x) =>
        x.matmul(weight.t()) * Math.Sqrt(WeightVariance / weight.shape[1]) + bias * Math.Sqrt(BiasVariance);
}
