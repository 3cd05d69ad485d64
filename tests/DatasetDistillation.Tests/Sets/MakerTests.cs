using System.Text.Json;
using DatasetDistillation.Data;
using DatasetDistillation.Distillation;
using DatasetDistillation.Models;
using DatasetDistillation.Tests.Data;
using DatasetDistillation.Tests.Distillation;
using DistilledSets;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Sets;

/// <summary>The command that makes the repository's sets.</summary>
public sealed class MakerTests
{
    private static readonly Corpus Strokes = new(
        "strokes", static () => SyntheticDigits.Create(600, seed: 1), static () => SyntheticDigits.Create(200, seed: 2));

    private static readonly Network Reader = Networks.SoftmaxRegression();

    private static readonly Recipe Start = new(
        "start", Strokes, 4,
        static (_, _) => new FeatureRegression { Network = Networks.Mlp(16), BatchSize = 50, Averaging = 0 },
        static _ => [new NetworkReadOut(Reader) { Steps = 20 }])
    {
        Looks = 2,
    };

    private static readonly Recipe Further = Start with
    {
        Name = "further",
        From = "start",
        Method = static (_, start) => new SharedSetDistiller
        {
            Network = Networks.Mlp(16),
            InitialSet = start!.WithHardLabels(),
            InnerSteps = 3,
            BatchSize = 50,
            Averaging = 0
        },
    };

    [Fact]
    public void A_set_is_made_after_the_one_that_it_starts_from_with_its_picture_and_record()
    {
        using var folder = new TemporaryFolder();
        var lines = new List<string>();
        var maker = Maker(folder, lines.Add);
        Assert.True(maker.Make(Further, Find, 2, default));
        foreach (var name in new[] { "start", "further" })
            foreach (var kind in new[] { "npz", "png", "json" })
                Assert.True(new FileInfo(Path.Combine(folder.Path, "sets", $"{name}.{kind}")).Length > 0, $"{name}.{kind}");
        using var start = DistilledSet.Load(Path.Combine(folder.Path, "sets", "start.npz"));
        using var set = DistilledSet.Load(Path.Combine(folder.Path, "sets", "further.npz"));
        Assert.NotEqual(start.Pixels(), set.Pixels());
        Assert.NotNull(set.Preprocessing);

        var record = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.Path, "sets", "further.json"))).RootElement;
        Assert.Equal("further", record.GetProperty("set").GetString());
        Assert.EndsWith("make further", record.GetProperty("command").GetString(), StringComparison.Ordinal);
        Assert.Equal(4, record.GetProperty("steps").GetInt64());
        Assert.Contains(record.GetProperty("best_step").GetInt64(), new long[] { 2, 4 });
        Assert.InRange(record.GetProperty("held_out_accuracy").GetDouble(), 0.05, 1);
        var accuracies = record.GetProperty("read_outs")[0]
            .GetProperty("accuracies")
            .EnumerateArray()
            .Select(static a => a.GetDouble())
            .ToArray();
        Assert.Equal(2, accuracies.Length);

        // What is read out anew is what was read out then.
        maker.ReadOut(Further, 2, default);
        Assert.Equal(
            lines.Last(static l => l.Contains("test images", StringComparison.Ordinal)).Split(',')[0],
            lines.Where(static l => l.Contains("test images", StringComparison.Ordinal)).SkipLast(1).Last().Split(',')[0]);
    }

    [Fact]
    public void A_run_that_was_stopped_goes_on_where_it_was()
    {
        using var folder = new TemporaryFolder();
        using var whole = new TemporaryFolder();
        Assert.True(Maker(whole, static _ => { }).Make(Start, Find, 1, default));
        using (var stop = new CancellationTokenSource())
        {
            // The first line of progress is that of the first evaluation, after half of the steps.
            var maker = Maker(folder, line => Cancel(line, stop));
            Assert.False(maker.Make(Start, Find, 1, stop.Token));
        }
        Assert.False(File.Exists(Path.Combine(folder.Path, "sets", "start.npz")));
        Assert.True(Maker(folder, static _ => { }).Make(Start, Find, 1, default));
        using var continued = DistilledSet.Load(Path.Combine(folder.Path, "sets", "start.npz"));
        using var uninterrupted = DistilledSet.Load(Path.Combine(whole.Path, "sets", "start.npz"));
        Assert.Equal(uninterrupted.Pixels(), continued.Pixels());

        static void Cancel(string line, CancellationTokenSource stop)
        {
            if (line.Contains("step 2", StringComparison.Ordinal))
                stop.Cancel();
        }
    }

    [Fact]
    public void What_was_not_made_cannot_be_read_out()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<FileNotFoundException>(() => Maker(folder, static _ => { }).ReadOut(Start, 1, default));
        Assert.Contains("make start", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_recipe_of_the_catalog_fits_its_data()
    {
        Assert.Equal(Catalog.All.Count, Catalog.All.Select(static recipe => recipe.Name).Distinct().Count());
        foreach (var recipe in Catalog.All)
        {
            using var data = Images(recipe.Corpus == Corpus.Cifar ? [3, 32, 32] : [1, 28, 28]);
            var from = recipe.From is null ? null : Catalog.All.Single(other => other.Name == recipe.From);
            Assert.True(from is null || from.Corpus == recipe.Corpus);
            using var start = from is null ? null : Begin(from, data, null);
            using var set = Begin(recipe, data, start);
            Assert.All([.. recipe.ReadOuts(data), .. recipe.Judges?.Invoke(data) ?? []], readOut => set.RequireFit(readOut.Network));
            Assert.InRange(recipe.Method(data, start).EstimateMemory(data), 1, 4L << 30);
            Assert.InRange(recipe.Steps, recipe.Looks, 1_000_000);
        }

        static DistilledSet Begin(Recipe recipe, ImageDataset data, DistilledSet? start)
        {
            var distiller = recipe.Method(data, start);
            using var state = distiller.Initialize(data, recipe.Seed);
            return distiller.Result(state, data);
        }

        static ImageDataset Images(long[] shape)
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(1);
            using var raw = new ImageDataset(
                rand([600, .. shape], generator: generator), arange(600).remainder(10).to(int64), "noise", classCount: 10);
            return raw.Standardize();
        }
    }

    private static Maker Maker(TemporaryFolder folder, Action<string> log) =>
        new(Path.Combine(folder.Path, "sets"), Path.Combine(folder.Path, "checkpoints"), log);

    private static Recipe Find(string name) => name == "start" ? Start : Further;
}
