using static TorchSharp.torch;

namespace ManagedTorch.Tests.Gradients;

internal static class ProductCases
{
    private static readonly (long[] A, long[] B)[] Products =
    [
        ([3], [3]), ([3], [3, 2]), ([2, 3], [3]), ([2, 3], [3, 4]), ([1, 3], [3, 1]), ([2, 1], [1, 2]), ([4, 2, 3], [3, 2]), ([4, 2, 3], [3]),
        ([3], [4, 3, 2]), ([2, 3], [4, 3, 2]), ([4, 2, 3], [4, 3, 2]), ([4, 2, 3], [1, 3, 2]), ([2, 1, 2, 3], [3, 3, 2]), ([2, 2, 1, 2, 3], [2, 3, 1]),
        ([2, 0], [0, 3]), ([0, 2], [2, 3]), ([2, 2, 0], [0, 3]), ([0, 2, 3], [0, 3, 2]), ([2, 2, 0], [2, 0, 3]),
    ];

    private static GradientCase Convolution(long[] x, long[] w, long[]? strides = null, long[]? padding = null, long[]? dilation = null) =>
        new([x, w, [w[0]]], t => nn.functional.conv2d(t[0], t[1], t[2], strides, padding, dilation));

    public static IEnumerable<KeyValuePair<string, GradientCase>> All =>
        Products.Select(static p => KeyValuePair.Create($"matmul [{Text(p.A)}] [{Text(p.B)}]", new GradientCase([p.A, p.B], static x => x[0].matmul(x[1]))))
        .Concat(new Dictionary<string, GradientCase>
        {
            ["linear"] = new([[4, 3], [2, 3], [2]], static x => nn.functional.linear(x[0], x[1], x[2])),
            ["linear of a vector"] = new([[3], [2, 3], [2]], static x => nn.functional.linear(x[0], x[1], x[2])),
            ["linear of a stack, without bias"] = new([[2, 4, 3], [2, 3]], static x => nn.functional.linear(x[0], x[1])),
            ["gram matrix"] = new([[4, 3]], static x => x[0].mm(x[0].mT)),
            ["expanded matrix"] = new([[3], [3, 2]], static x => x[0].expand(4, 3).mm(x[1])),
            ["expanded column"] = new([[2, 1], [3, 2]], static x => x[0].expand(2, 3).mm(x[1])),
            ["outer"] = new([[3], [2]], static x => outer(x[0], x[1])),
            ["dot"] = new([[3], [3]], static x => dot(x[0], x[1])),
            ["conv2d"] = Convolution([2, 3, 5, 6], [4, 3, 3, 2]),
            ["conv2d padded"] = Convolution([2, 2, 4, 4], [3, 2, 3, 3], padding: [1, 2]),
            ["conv2d with strides"] = Convolution([2, 2, 7, 6], [3, 2, 3, 2], strides: [2, 3], padding: [1, 0]),
            ["conv2d dilated"] = Convolution([1, 2, 7, 6], [2, 2, 2, 3], dilation: [3, 2], padding: [1, 1]),
            ["conv2d 1x1"] = Convolution([2, 3, 2, 2], [4, 3, 1, 1]),
            ["conv2d of no images"] = Convolution([0, 2, 4, 4], [3, 2, 3, 3]),
            ["max_pool2d"] = new([[2, 2, 4, 6]], static x => nn.functional.max_pool2d(x[0], 2).square()),
            ["max_pool2d overlapping and padded"] = new([[1, 2, 5, 5]], static x => nn.functional.max_pool2d(x[0], 3, stride: 2, padding: 1).square()),
            ["max_pool2d with ceil_mode"] = new([[1, 2, 5, 4]], static x => nn.functional.max_pool2d(x[0], 2, ceil_mode: true).square()),
            ["max_pool2d of no images"] = new([[0, 2, 4, 4]], static x => nn.functional.max_pool2d(x[0], 2).square()),
            ["avg_pool2d"] = new([[2, 2, 4, 6]], static x => nn.functional.avg_pool2d(x[0], 2).square()),
            ["avg_pool2d padded"] = new([[1, 2, 5, 5]], static x => nn.functional.avg_pool2d(x[0], 3, stride: 2, padding: 1, count_include_pad: false).square()),
            ["avg_pool2d with ceil_mode"] = new([[1, 2, 5, 4]], static x => nn.functional.avg_pool2d(x[0], 2, ceil_mode: true).square()),
            ["avg_pool2d with a divisor"] = new([[1, 1, 4, 4]], static x => nn.functional.avg_pool2d(x[0], 2, divisor_override: 3).square()),
        });
}
