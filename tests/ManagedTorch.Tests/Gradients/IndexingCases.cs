using static TorchSharp.torch;

namespace ManagedTorch.Tests.Gradients;

internal static class IndexingCases
{
    public static Dictionary<string, GradientCase> All { get; } = new()
    {
        ["index: number and range"] = new([[3, 4, 2]], static x => x[0][1, 1..3].square()),
        ["index: from the end"] = new([[5, 2]], static x => x[0][^3..^1].square()),
        ["index: ellipsis"] = new([[3, 4, 2]], static x => x[0][TensorIndex.Ellipsis, 0].square()),
        ["index: new dimension"] = new([[3, 2]], static x => x[0][TensorIndex.Colon, TensorIndex.Null].square()),
        ["index: positions"] = new([[4, 3]], static x => x[0][tensor([2L, 0, 2])].square()),
        ["index: mask"] = new([[4, 3]], static x => x[0][tensor([true, false, true, true])].square()),
        ["index_select with repeats"] = new([[2, 4, 3]], static x => x[0].index_select(1, tensor([3L, 0, 3, 3])).square()),
        ["index_select of nothing"] = new([[4, 3]], static x => x[0].index_select(0, zeros(0, int64)).square()),
        ["gather along 1"] = new([[3, 4]], static x => x[0].gather(1, tensor([0L, 3, 1, 1, 2, 0], [3, 2])).square()),
        ["gather along 0"] = new([[3, 4]], static x => x[0].gather(0, tensor([0L, 2, 1, 1], [1, 4])).square()),
        ["gather in three dimensions"] = new([[2, 3, 2]], static x => x[0].gather(1, tensor([0L, 2, 2, 2], [2, 1, 2])).square()),
        ["scatter_add"] = new([[3, 4], [3, 2]], static x => x[0].scatter_add(1, tensor([0L, 3, 1, 1, 2, 0], [3, 2]), x[1]).square()),
        ["scatter_add along 0"] = new([[3, 2], [2, 2]], static x => x[0].scatter_add(0, tensor([2L, 2, 2, 0], [2, 2]), x[1]).square()),
    };
}
