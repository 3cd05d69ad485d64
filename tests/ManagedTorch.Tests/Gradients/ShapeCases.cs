using static TorchSharp.torch;

namespace ManagedTorch.Tests.Gradients;

/// <summary>Views and joins, each followed by a nonlinear step so that its second derivative is tested too.</summary>
internal static class ShapeCases
{
    public static Dictionary<string, GradientCase> All { get; } = new()
    {
        ["reshape"] = new([[2, 3, 4]], static x => x[0].reshape(4, -1).square()),
        ["reshape to a scalar"] = new([[1, 1]], static x => x[0].reshape([]).square()),
        ["flatten"] = new([[2, 3, 4]], static x => x[0].flatten(1).square()),
        ["permute"] = new([[2, 3, 4]], static x => x[0].permute(2, 0, 1).square()),
        ["transpose"] = new([[2, 3, 4]], static x => x[0].transpose(0, -1).square()),
        ["expand"] = new([[2, 1, 3]], static x => x[0].expand(4, 2, 5, -1).square()),
        ["expand then product"] = new([[1, 3], [4, 3]], static x => x[0].expand(4, 3) * x[1]),
        ["expand a scalar"] = new([[]], static x => x[0].expand(2, 3).square()),
        ["unsqueeze"] = new([[2, 3]], static x => x[0].unsqueeze(1).square()),
        ["squeeze"] = new([[2, 1, 3]], static x => x[0].squeeze(1).square()),
        ["squeeze all"] = new([[1, 2, 1, 3]], static x => x[0].squeeze().square()),
        ["narrow"] = new([[4, 5]], static x => x[0].narrow(1, 1, 3).square()),
        ["narrow to nothing"] = new([[4, 5]], static x => x[0].narrow(0, 2, 0).square()),
        ["slice by steps"] = new([[7, 3]], static x => x[0].slice(0, 1, 7, 3).square()),
        ["slice by steps to nothing"] = new([[7, 3]], static x => x[0].slice(0, 0, 0, 3).square()),
        ["select"] = new([[3, 4]], static x => x[0].select(1, -2).square()),
        ["split"] = new([[5, 3]], static x => Join(x[0].split(2))),
        ["split with unused parts"] = new([[3, 6]], static x => x[0].split([1, 3, 2], 1)[1].square()),
        ["split into one part"] = new([[3, 2]], static x => x[0].split([3])[0].square()),
        ["split with an empty part"] = new([[3, 2]], static x => Join(x[0].split([1, 0, 2]))),
        ["chunk"] = new([[5, 3]], static x => Join(x[0].chunk(3))),
        ["unbind"] = new([[3, 4]], static x => x[0].unbind(1)[2].square()),
        ["diagonal"] = new([[3, 3]], static x => x[0].diagonal().square()),
        ["diag"] = new([[3]], static x => diag(x[0]).square()),
        ["tril"] = new([[3, 4]], static x => x[0].tril(1).square()),
        ["triu"] = new([[4, 3]], static x => x[0].triu(-1).square()),
        ["pad"] = new([[2, 3, 4]], static x => nn.functional.pad(x[0], [1, 2, 0, 3]).square()),
        ["cat"] = new([[2, 3], [2, 1], [2, 0]], static x => cat([x[0], x[1], x[2], x[0]], 1).square()),
        ["stack"] = new([[2, 3], [2, 3]], static x => stack([x[0], x[1], x[0]], 1).square()),
        ["contiguous"] = new([[2, 3]], static x => x[0].mT.contiguous().square()),
        ["contiguous of an expanded tensor"] = new([[3]], static x => x[0].expand(2, 3).contiguous().square()),
    };

    private static Tensor Join(Tensor[] parts) => cat([.. parts.Reverse().Select(static (p, i) => p.square() * (i + 1))], 0);
}
