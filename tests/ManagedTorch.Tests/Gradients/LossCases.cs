using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ManagedTorch.Tests.Gradients;

internal static class LossCases
{
    private static Tensor Classes => tensor([1L, 0, 3]);

    public static Dictionary<string, GradientCase> All { get; } = new()
    {
        ["log_softmax along 0"] = new([[3, 4]], static x => functional.log_softmax(x[0], 0)),
        ["log_softmax along -1"] = new([[2, 3, 4]], static x => functional.log_softmax(x[0], -1)),
        ["log_softmax of large values"] = new([[3, 4]], static x => functional.log_softmax(x[0] * 400, 1) * 1e-3),
        ["softmax along 0"] = new([[3, 4]], static x => functional.softmax(x[0], 0)),
        ["softmax along 1"] = new([[2, 3, 4]], static x => functional.softmax(x[0], 1)),
        ["cross_entropy"] = new([[3, 4]], static x => functional.cross_entropy(x[0], Classes)),
        ["cross_entropy, sum"] = new([[3, 4]], static x => functional.cross_entropy(x[0], Classes, reduction: Reduction.Sum)),
        ["cross_entropy, none"] = new([[3, 4]], static x => functional.cross_entropy(x[0], Classes, reduction: Reduction.None)),
        ["cross_entropy, smoothed"] = new([[3, 4]], static x => functional.cross_entropy(x[0], Classes, label_smoothing: 0.1)),
        ["cross_entropy, soft labels"] = new([[3, 4], [3, 4]], static x => functional.cross_entropy(x[0], x[1])),
        ["cross_entropy, soft labels, smoothed, none"] = new([[3, 4], [3, 4]], static x => functional.cross_entropy(x[0], x[1].softplus(), reduction: Reduction.None, label_smoothing: 0.2)),
        ["cross_entropy, soft labels, sum"] = new([[3, 4], [3, 4]], static x => functional.cross_entropy(x[0], x[1].square(), reduction: Reduction.Sum)),
        ["mse_loss"] = new([[3, 4], [3, 4]], static x => functional.mse_loss(x[0], x[1])),
        ["mse_loss, sum"] = new([[3, 4], [3, 4]], static x => functional.mse_loss(x[0], x[1], Reduction.Sum)),
        ["mse_loss, none"] = new([[3, 4], [3, 4]], static x => functional.mse_loss(x[0], x[1], Reduction.None)),
    };
}
