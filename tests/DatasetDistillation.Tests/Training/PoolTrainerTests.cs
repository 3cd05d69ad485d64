using DatasetDistillation.Data;
using DatasetDistillation.Models;
using DatasetDistillation.Tests.Data;
using DatasetDistillation.Training;
using TorchSharp;
using Xunit;

namespace DatasetDistillation.Tests.Training;

public sealed class PoolTrainerTests : IDisposable
{
    private static readonly Network Small = Networks.Mlp(16);
    private readonly TemporaryFolder folder = new();
    private readonly ImageDataset data = SyntheticDigits.Create(400, seed: 1).Standardize();

    public void Dispose()
    {
        folder.Dispose();
        data.Dispose();
    }

    [Fact]
    public void Networks_of_a_pool_have_learned_and_are_not_the_same()
    {
        using var pool = Trainer(3).Train(data);
        using var test = SyntheticDigits.Create(200, seed: 1, first: 400).Standardize(data.Standardization);

        var accuracies = pool.Accuracies(test);
        Assert.True(accuracies.Minimum > 0.4, $"{accuracies}");
        Assert.Equal(3, pool.Select(static theta => theta.ToArray()[0]).Distinct().Count());
        Assert.Equal("3 networks, MLP", pool.ToString());
    }

    [Fact]
    public void A_stopped_pool_goes_on_where_it_stood_and_ends_as_one_that_was_not()
    {
        using var whole = Trainer(3, stored: false).Train(data);
        using var stop = new CancellationTokenSource();
        using var part = Trainer(3, progress: new Calls(p => { if (p.Networks == 2) stop.Cancel(); })).Train(data, stop.Token);
        Assert.Equal(2, part.Count);

        var calls = new List<int>();
        using var rest = Trainer(3, progress: new Calls(p => calls.Add(p.Networks))).Train(data);
        Assert.Equal([2, 3], calls);
        Assert.Equal(whole.Select(static theta => theta.ToArray()), rest.Select(static theta => theta.ToArray()));

        using var again = Trainer(2, progress: new Calls(p => calls.Add(p.Networks))).Train(data);
        Assert.Equal(2, again.Count);
        Assert.Equal([2, 3, 2], calls);
    }

    [Fact]
    public void Networks_that_were_trained_otherwise_are_not_taken()
    {
        using var first = Trainer(1).Train(data);
        var error = Assert.Throws<InvalidDataException>(() => Trainer(1, epochs: 2).Train(data));
        Assert.Contains(folder["pool.npz"], error.Message, StringComparison.Ordinal);
        Assert.Contains("2 epochs", error.Message, StringComparison.Ordinal);

        using var others = SyntheticDigits.Create(400, seed: 2).Standardize();
        Assert.Throws<InvalidDataException>(() => Trainer(1).Train(others));
    }

    [Fact]
    public void Networks_of_another_shape_are_not_taken_though_they_have_the_name_and_as_many_parameters()
    {
        Network Shaped(int first, int second) =>
            new("shaped", [1, 28, 28], [new MaxPool(14), new Flatten(), new Linear(first), new Linear(second), new Linear(10)]);
        PoolTrainer Of(Network network) => new() { Network = network, Count = 1, Epochs = 1, File = folder["shaped.npz"] };
        var (one, other) = (Shaped(7, 3), Shaped(5, 4));
        Assert.Equal(one.ParameterCount, other.ParameterCount);
        Of(one).Train(data).Dispose();
        var error = Assert.Throws<InvalidDataException>(() => Of(other).Train(data));
        Assert.Contains("[5, 4]", error.Message, StringComparison.Ordinal);
        Assert.Contains("[7, 4]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pool_outlives_the_scope_in_which_it_was_trained()
    {
        NetworkPool trained;
        using (torch.NewDisposeScope())
            trained = Trainer(1, epochs: 1, stored: false).Train(data);
        using (trained)
            Assert.Equal(Small.ParameterCount, trained[0].ToArray().Length);
    }

    [Fact]
    public void Each_network_may_learn_from_images_of_its_own()
    {
        using var twenty = data.Take(20);
        var (all, own) = (
            new PoolTrainer { Network = Small, Count = 1, Epochs = 3 },
            new PoolTrainer { Network = Small, Count = 1, Epochs = 3, ImagesEach = 10 });
        using var ofAll = all.Train(twenty);
        using var ofOwn = own.Train(twenty);
        Assert.NotEqual(ofAll[0].ToArray(), ofOwn[0].ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => new PoolTrainer { Network = Small, ImagesEach = 21 }.Train(twenty));
    }

    private PoolTrainer Trainer(
        int count, int epochs = 8, IProgress<(int Networks, int Wanted)>? progress = null, bool stored = true) => new()
        {
            Network = Small,
            Count = count,
            Epochs = epochs,
            BatchSize = 50,
            LearningRate = 0.01,
            File = stored ? folder["pool.npz"] : null,
            Progress = progress,
        };

    private sealed class Calls(Action<(int Networks, int Wanted)> call) : IProgress<(int Networks, int Wanted)>
    {
        public void Report((int Networks, int Wanted) value) => call(value);
    }
}
