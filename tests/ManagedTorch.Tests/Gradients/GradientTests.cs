using Xunit;

namespace ManagedTorch.Tests.Gradients;

/// <summary>Derivatives of every operation against finite differences, for each memory layout of its inputs.</summary>
public sealed class GradientTests
{
    private static readonly Dictionary<string, GradientCase> Cases = new(
    [
        .. ElementwiseCases.All, .. ReductionCases.All, .. ShapeCases.All, .. IndexingCases.All, .. ProductCases.All, .. LossCases.All,
    ]);

    public static TheoryData<string, Layout> Theory
    {
        get
        {
            var data = new TheoryData<string, Layout>();
            foreach (var name in Cases.Keys)
                foreach (var layout in Enum.GetValues<Layout>())
                    data.Add(name, layout);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Theory))]
    public void MatchCentralDifferences(string name, Layout layout)
    {
        for (ulong seed = 1; seed <= 3; seed++)
            GradientCheck.Run(Cases[name], layout, seed);
    }
}
