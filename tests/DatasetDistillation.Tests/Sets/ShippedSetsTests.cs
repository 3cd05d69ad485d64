using System.Text.Json;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Tests.Distillation;
using DistilledSets;
using Xunit;

namespace DatasetDistillation.Tests.Sets;

/// <summary>The sets that the repository carries are those of the catalog, each with its picture and its record.</summary>
public sealed class ShippedSetsTests
{
    private static string Folder => Path.Combine(DataFolders.OfRepository, "distilled");

    public static TheoryData<string> Sets =>
        [.. Directory.EnumerateFiles(Folder, "*.npz").Select(static path => Path.GetFileNameWithoutExtension(path)!).Order()];

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_set_is_whole_and_its_record_says_how_it_was_made_and_what_it_is_worth(string name)
    {
        var recipe = Catalog.All.Single(recipe => recipe.Name == name);
        using var set = DistilledSet.Load(Path.Combine(Folder, $"{name}.npz"));
        Assert.Equal(10, set.ClassCount);
        Assert.Contains($"-{set.Count}", name, StringComparison.Ordinal);
        Assert.NotNull(set.Preprocessing);
        Assert.All(set.Pixels(), static pixel => Assert.True(float.IsFinite(pixel)));
        Assert.True(new FileInfo(Path.Combine(Folder, $"{name}.png")).Length > 0);

        var record = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, $"{name}.json"))).RootElement;
        Assert.Equal(recipe.Name, record.GetProperty("set").GetString());
        Assert.Equal(recipe.Corpus.Name, record.GetProperty("data").GetString());
        Assert.Equal(recipe.Steps, record.GetProperty("steps").GetInt64());
        Assert.Matches("^[0-9a-f]{40}$", record.GetProperty("commit").GetString());
        Assert.EndsWith($"make {name}", record.GetProperty("command").GetString(), StringComparison.Ordinal);
        Assert.All(record.GetProperty("read_outs").EnumerateArray(), static readOut =>
            Assert.All(readOut.GetProperty("accuracies").EnumerateArray(), static a => Assert.InRange(a.GetDouble(), 0.1, 1)));
    }
}
