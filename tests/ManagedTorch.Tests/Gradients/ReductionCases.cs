using static TorchSharp.torch;

namespace ManagedTorch.Tests.Gradients;

internal static class ReductionCases
{
    private static readonly (string Name, Func<Tensor, Tensor> Function)[] Whole =
    [
        ("sum", static x => x.sum()), ("mean", static x => x.square().mean()), ("var", static x => x.var()), ("var biased", static x => x.var(unbiased: false)),
        ("std", static x => x.std()), ("norm", static x => x.norm()), ("max", static x => x.max()), ("min", static x => x.min()),
    ];

    private static readonly (string Name, Func<Tensor, long, bool, Tensor> Function)[] Along =
    [
        ("sum", static (x, d, k) => x.square().sum(d, k)), ("mean", static (x, d, k) => x.square().mean([d], k)), ("var", static (x, d, k) => x.var(d, keepdim: k)),
        ("logsumexp", static (x, d, k) => x.logsumexp(d, k)), ("max", static (x, d, k) => x.max(d, k).values.square()), ("min", static (x, d, k) => x.min(d, k).values.square()),
    ];

    private static readonly bool[] KeepDim = [false, true];

    public static IEnumerable<KeyValuePair<string, GradientCase>> All =>
        Whole.SelectMany(static r => new long[][] { [7], [2, 3, 4], [2, 1, 3] }.Select(s =>
            KeyValuePair.Create($"{r.Name} of [{Text(s)}]", new GradientCase([s], x => r.Function(x[0])))))
        .Concat(Along.SelectMany(static r => from s in new long[][] { [5], [2, 3, 4], [3, 2, 3, 2] }
                                             from d in Enumerable.Range(0, s.Length)
                                             from keep in KeepDim
                                             select KeyValuePair.Create(
                                                 $"{r.Name} of [{Text(s)}] along {d - (keep ? s.Length : 0)}{(keep ? " keeping it" : "")}",
                                                 new GradientCase([s], x => r.Function(x[0], keep ? d - s.Length : d, keep)))))
        .Concat(new Dictionary<string, GradientCase>
        {
            ["sum over [0, 2]"] = new([[2, 3, 4]], static x => x[0].square().sum([0, 2])),
            ["sum over [0, 2] keeping them"] = new([[2, 3, 4]], static x => x[0].square().sum([0, 2], keepdim: true)),
            ["sum over [0, 1, 3]"] = new([[2, 3, 2, 2]], static x => x[0].square().sum([0, 1, 3])),
            ["mean over [1, 2]"] = new([[2, 3, 4]], static x => x[0].square().mean([1, 2])),
            ["var over [0, 2] keeping them"] = new([[2, 3, 4]], static x => x[0].var([0, 2], unbiased: false, keepdim: true)),
            ["sum of a 0-dimensional tensor"] = new([[]], static x => x[0].square().sum()),
            ["sum of a 0-dimensional tensor along 0"] = new([[]], static x => x[0].square().sum(dim: 0)),
            ["logsumexp of a 0-dimensional tensor"] = new([[]], static x => x[0].square().logsumexp(0)),
            ["sum of an empty tensor"] = new([[0, 3]], static x => x[0].square().sum()),
            ["sum of an empty tensor along 0"] = new([[0, 3]], static x => x[0].square().sum(dim: 0)),
            ["sum of an empty tensor along 1"] = new([[0, 3]], static x => x[0].square().sum(1, keepdim: true)),
            ["sum over two empty dimensions"] = new([[2, 0, 3, 0]], static x => x[0].sum([1, 3])),
            ["logsumexp of large values"] = new([[2, 3]], static x => x[0].mul(tensor([1e4, 1, -1e4])).logsumexp(1).mul(1e-4), 0.9, 1.1),
            ["trace"] = new([[3, 3]], static x => x[0].mm(x[0]).trace()),
        });
}
