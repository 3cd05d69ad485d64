using static TorchSharp.torch;

namespace ManagedTorch.Tests;

/// <summary>LeNet (LeCun et al. 1998) in the form of the distillation literature, written with plain operations.</summary>
internal static class LeNet
{
    public static readonly long[][] Shapes =
        [[6, 1, 5, 5], [6], [16, 6, 5, 5], [16], [120, 400], [120], [84, 120], [84], [10, 84], [10]];

    /// <summary>The logits [n, 10] of images [n, 1, 28, 28].</summary>
    public static Tensor Forward(IReadOnlyList<Tensor> theta, Tensor x)
    {
        var first = nn.functional.max_pool2d(nn.functional.conv2d(x, theta[0], theta[1], padding: [2, 2]).relu(), 2);
        var second = nn.functional.max_pool2d(nn.functional.conv2d(first, theta[2], theta[3]).relu(), 2).flatten(1);
        var third = nn.functional.linear(second, theta[4], theta[5]).relu();
        var fourth = nn.functional.linear(third, theta[6], theta[7]).relu();
        return nn.functional.linear(fourth, theta[8], theta[9]);
    }

    /// <summary>Gradient descent on a batch, one differentiable step per learning rate.</summary>
    public static IReadOnlyList<Tensor> Unroll(IReadOnlyList<Tensor> theta, Tensor images, Tensor labels, Tensor rates)
    {
        for (var step = 0; step < rates.shape[0]; step++)
        {
            var loss = nn.functional.cross_entropy(Forward(theta, images), labels);
            var gradients = autograd.grad([loss], [.. theta], retain_graph: true, create_graph: true);
            var rate = rates[step];
            theta = [.. theta.Zip(gradients, (p, g) => p - rate * g)];
        }
        return theta;
    }
}
