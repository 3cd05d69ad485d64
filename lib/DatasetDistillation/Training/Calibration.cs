using DatasetDistillation.Data;
using DatasetDistillation.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>
/// Makes probabilities of a network's outputs where these are none: those of a network trained with the squared error are near the labels, and
/// their softmax is far too even. Outputs are divided by one number, the temperature, under which images that were held out are most
/// probable (Guo et al. 2017, "On calibration of modern neural networks", arXiv:1706.04599, section 4.2). No prediction changes.
/// </summary>
public static class Calibration
{
    private const int Steps = 60; // each leaves 0.618 of the interval

    /// <summary>The temperature with the least cross-entropy on labelled images, between 1/1000 and 1000.</summary>
    /// <param name="network">The network.</param>
    /// <param name="theta">Its parameters.</param>
    /// <param name="heldOut">Images that the network did not learn from; a few hundred are enough.</param>
    /// <exception cref="ArgumentException">The images or the parameters do not fit the network.</exception>
    public static double Temperature(Network network, Parameters theta, ImageDataset heldOut)
    {
        ArgumentNullException.ThrowIfNull(heldOut);
        using var scope = NewDisposeScope();
        var outputs = Evaluation.Outputs(network, theta, heldOut.Images).to(ScalarType.Float64);
        var (low, high) = (Math.Log(1e-3), Math.Log(1e3));
        var golden = (Math.Sqrt(5) - 1) / 2;
        for (var i = 0; i < Steps; i++)
        {
            var (left, right) = (high - (golden * (high - low)), low + (golden * (high - low)));
            (low, high) = Loss(left) < Loss(right) ? (low, right) : (left, high);
        }
        return Math.Exp((low + high) / 2);

        double Loss(double logarithm)
        {
            using var inner = NewDisposeScope();
            return nn.functional.cross_entropy(outputs / Math.Exp(logarithm), heldOut.Labels).ToDouble();
        }
    }
}
