using DatasetDistillation.Data;
using DatasetDistillation.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <content>Probabilities of a network whose outputs are not log-probabilities.</content>
public static partial class Evaluation
{
    private const int GoldenSections = 60; // each leaves 0.618 of the interval

    /// <summary>
    /// The temperature, in [1/1000, 1000]: dividing the outputs by it makes the labels of held-out images most probable (Guo
    /// et al. 2017, "On calibration of modern neural networks", arXiv:1706.04599, section 4.2). The outputs of a network
    /// trained with the squared error are near the labels, and their softmax is far too even. No prediction changes.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="theta">Its parameters.</param>
    /// <param name="heldOut">Images that the network did not learn from; a few hundred are enough.</param>
    /// <exception cref="ArgumentException">The images or the parameters do not fit the network.</exception>
    public static double Temperature(Network network, Parameters theta, ImageDataset heldOut)
    {
        ArgumentNullException.ThrowIfNull(heldOut);
        using var scope = NewDisposeScope();
        var outputs = Outputs(network, theta, heldOut.Images).to(ScalarType.Float64);
        var (low, high) = (Math.Log(1e-3), Math.Log(1e3));
        var golden = (Math.Sqrt(5) - 1) / 2;
        for (var i = 0; i < GoldenSections; i++)
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
