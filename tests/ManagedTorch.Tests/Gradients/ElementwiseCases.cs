using static TorchSharp.torch;

namespace ManagedTorch.Tests.Gradients;

internal static class ElementwiseCases
{
    /// <summary>Pairs of shapes that broadcast in every position, with 0-dimensional, size-1 and empty tensors.</summary>
    private static readonly (long[] A, long[] B)[] Broadcasts =
    [
        ([2, 3], [2, 3]), ([2, 3], [3]), ([3], [2, 3]), ([2, 3], []), ([], [2, 3]), ([], []), ([1], [1, 1]), ([2, 1], [1, 3]),
        ([2, 1, 3], [4, 1]), ([2, 3, 1], [1, 1, 4]), ([2, 1, 3, 1], [5, 1, 2]), ([0, 3], [3]), ([3, 1], [1, 0]), ([0], []),
    ];

    private static readonly (string Name, Func<Tensor, Tensor> Function, double Low, double High)[] Unary =
    [
        ("exp", static x => x.exp(), -2, 2), ("log", static x => x.log(), 0.3, 3), ("sqrt", static x => x.sqrt(), 0.3, 3),
        ("rsqrt", static x => x.rsqrt(), 0.3, 3), ("abs", static x => x.abs(), -2, 2), ("sign", static x => x.sign() * x, -2, 2),
        ("sin", static x => x.sin(), -2, 2), ("cos", static x => x.cos(), -2, 2), ("acos", static x => x.acos(), -0.8, 0.8),
        ("tanh", static x => x.tanh(), -2, 2), ("sigmoid", static x => x.sigmoid(), -3, 3), ("relu", static x => x.relu(), -2, 2),
        ("softplus", static x => x.softplus(), -3, 3), ("softplus beta", static x => nn.functional.softplus(x, beta: 2.5), -2, 2),
        ("neg", static x => -x, -2, 2), ("square", static x => x.square(), -2, 2), ("pow 3", static x => x.pow(3), -2, 2),
        ("pow 1.7", static x => x.pow(1.7), 0.3, 2), ("pow -1", static x => x.pow(-1), 0.5, 2), ("pow 0", static x => x.pow(0), 0.5, 2),
        ("pow 1", static x => x.pow(1), -2, 2), ("clamp", static x => x.clamp(-0.5, 0.7), -2, 2), ("clamp_min", static x => x.clamp_min(0.1), -2, 2),
        ("clamp_max", static x => x.clamp_max(0.1), -2, 2), ("add scalar", static x => 2 + x, -2, 2), ("sub scalar", static x => x - 2.5, -2, 2),
        ("scalar sub", static x => 2.5 - x, -2, 2), ("mul scalar", static x => -3 * x, -2, 2), ("div scalar", static x => x / 3, -2, 2),
        ("scalar div", static x => 3 / x, 0.4, 2), ("clone", static x => x.clone(), -2, 2), ("alias", static x => x.alias(), -2, 2),
    ];

    private static readonly (string Name, Func<Tensor, Tensor, Tensor> Function, double Low, double High)[] Binary =
    [
        ("add", static (a, b) => a + b, -2, 2), ("sub", static (a, b) => a - b, -2, 2), ("mul", static (a, b) => a * b, -2, 2),
        ("div", static (a, b) => a / b, 0.5, 2), ("pow", static (a, b) => a.pow(b), 0.5, 2), ("maximum", static (a, b) => maximum(a, b), -2, 2),
        ("minimum", static (a, b) => minimum(a, b), -2, 2), ("add alpha", static (a, b) => a.add(b, 0.3), -2, 2),
        ("where", static (a, b) => where(b.detach().gt(0.2), a * a, b * b * b), -2, 2),
        ("in float64 and back", static (a, b) => (a * b).to_type(float64, copy: true), -2, 2),
    ];

    public static IEnumerable<KeyValuePair<string, GradientCase>> All =>
        Unary.SelectMany(static u => new long[][] { [3, 4], [], [0, 2], [2, 1, 3] }.Select(s =>
            KeyValuePair.Create($"{u.Name} [{Text(s)}]", new GradientCase([s], x => u.Function(x[0]), u.Low, u.High))))
        .Concat(Binary.SelectMany(static b => Broadcasts.Select(s =>
            KeyValuePair.Create($"{b.Name} [{Text(s.A)}] [{Text(s.B)}]", new GradientCase([s.A, s.B], x => b.Function(x[0], x[1]), b.Low, b.High)))))
        .Append(KeyValuePair.Create("addcmul", new GradientCase([[2, 3], [3], [2, 1]], static x => x[0].addcmul(x[1], x[2], 0.7))))
        .Append(KeyValuePair.Create("a tensor with itself", new GradientCase([[2, 3]], static x => x[0] * x[0] + x[0] / (x[0] * x[0] + 1) - x[0])));
}
