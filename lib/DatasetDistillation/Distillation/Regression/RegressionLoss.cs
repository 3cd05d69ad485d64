using DatasetDistillation.Kernels;
using DatasetDistillation.Models;
using DatasetDistillation.Training;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// The loss of ridge regression from the features of a support set to the labels of real images, with its gradients in closed form
/// down to the features, and by autograd from there to the images.
/// </summary>
/// <param name="Network">Whose features, φ.</param>
/// <param name="Ridge">λ and the solver.</param>
/// <param name="Outer">The loss of the predictions: squared error, or the cross-entropy of e^τ times the prediction.</param>
internal sealed record RegressionLoss(Network Network, KernelRidge Ridge, LossFunction Outer)
{
    /// <summary>Loss and gradients for one network and one real batch.</summary>
    /// <param name="theta">The network's parameters.</param>
    /// <param name="leaf">What gradients are taken with respect to, [n, …].</param>
    /// <param name="support">The distilled images as the network sees them, computed from <paramref name="leaf"/>, or the same.</param>
    /// <param name="labels">Their labels [n, C].</param>
    /// <param name="real">Real images [t, …].</param>
    /// <param name="classes">Their classes, Int64 [t].</param>
    /// <param name="temperature">τ.</param>
    /// <param name="active">The places of the distilled images that get a gradient; null: all.</param>
    public RegressionGradient Differentiate(
        Parameters theta, Tensor leaf, Tensor support, Tensor labels, Tensor real, Tensor classes, double temperature,
        IReadOnlyCollection<long>? active = null)
    {
        using var scope = NewDisposeScope();
        var (order, count) = Order(support, active);
        var phi = Network.Features(theta, order is null ? support : support.index_select(0, order.narrow(0, 0, count))).flatten(1);
        using var noGrad = no_grad();
        var features = phi.detach();
        if (order is not null && count < support.shape[0])
            features = cat([features, Constant(theta, support.detach().index_select(0, order.narrow(0, count, support.shape[0] - count)))]);
        var targets = Constant(theta, real);
        double toTemperature = 0;
        var loss = Ridge.Loss(features.matmul(features.t()), targets.matmul(features.t()),
            order is null ? labels : labels.index_select(0, order), predictions =>
        {
            var (value, gradient, slope) = Judge(predictions, classes, temperature);
            toTemperature = slope;
            return (value, gradient);
        });
        // K_ss = φ φᵀ and K_ts = φ_t φᵀ, so that dφ = 2 dK_ss φ + dK_tsᵀ φ_t.
        var (toKss, toKts) = (loss.ToKss.to_type(features.dtype), loss.ToKts.t().to_type(features.dtype));
        var toPhi = toKts.narrow(0, 0, count).matmul(targets).PlusInPlace(toKss.narrow(0, 0, count).matmul(features), 2);
        var toImages = Gradients.Of(phi, leaf, toPhi);
        var toLabels = order is null ? loss.ToLabels : loss.ToLabels.index_select(0, Inverse(order));
        return new RegressionGradient(loss.Loss, toImages.MoveToOuterDisposeScope(), toLabels.MoveToOuterDisposeScope(), toTemperature);
    }

    /// <summary>The places of all images, the active ones first, and how many those are; no places where all are active.</summary>
    private static (Tensor? Order, long Active) Order(Tensor support, IReadOnlyCollection<long>? active)
    {
        long count = support.shape[0];
        if (active is null)
            return (null, count);
        var first = active.ToHashSet();
        long[] order = [.. active, .. Enumerable.Range(0, (int)count).Select(static i => (long)i).Where(i => !first.Contains(i))];
        return (tensor(order, [count], device: support.device), active.Count);
    }

    private static Tensor Inverse(Tensor order)
    {
        var places = order.cpu().data<long>().ToArray();
        var inverse = new long[places.Length];
        for (int i = 0; i < places.Length; i++)
            inverse[places[i]] = i;
        return tensor(inverse, [inverse.Length], device: order.device);
    }

    /// <summary>Features without a graph, block by block.</summary>
    private Tensor Constant(Parameters theta, Tensor images)
    {
        using var scope = NewDisposeScope();
        var parts = Blocks.Of(images.shape[0], Blocks.Features)
            .Select(block => Network.Features(theta, images.narrow(0, block.First, block.Count)).flatten(1));
        return cat([.. parts]).MoveToOuterDisposeScope();
    }

    private (double Loss, Tensor Gradient, double ToTemperature) Judge(Tensor predictions, Tensor classes, double temperature)
    {
        var (count, width) = (predictions.shape[0], (int)predictions.shape[1]);
        if (Outer == LossFunction.SquaredError)
        {
            var difference = predictions - KernelRidge.CenteredLabels(classes, width);
            return (0.5 * difference.Squared().sum().Number() / count, difference.Over(count), 0);
        }
        double scale = Math.Exp(temperature);
        var logits = predictions.Times(scale);
        var value = nn.functional.cross_entropy(logits, classes).Number();
        var oneHot = nn.functional.one_hot(classes, width).to_type(float64);
        var gradient = (nn.functional.softmax(logits, 1) - oneHot).TimesInPlace(scale / count);
        return (value, gradient, (gradient * predictions).sum().Number());
    }
}

/// <summary>A loss and its gradients.</summary>
/// <param name="Loss">L.</param>
/// <param name="ToImages">dL/dX of the active images, of their shape and type.</param>
/// <param name="ToLabels">dL/dy_s, Float64 [n, C].</param>
/// <param name="ToTemperature">dL/dτ.</param>
internal readonly record struct RegressionGradient(double Loss, Tensor ToImages, Tensor ToLabels, double ToTemperature);
