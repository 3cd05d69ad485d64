using System.Collections;
using DatasetDistillation.Data;
using DatasetDistillation.Models;
using static TorchSharp.torch;

namespace DatasetDistillation.Training;

/// <summary>
/// Trained networks of one architecture that differ in their seeds, and so in their weights: the networks that distilled
/// images are made for, or judged on, when the network that will be trained is not known. Owns the parameters.
/// </summary>
public sealed class NetworkPool : IReadOnlyList<Parameters>, IDisposable
{
    private readonly List<Parameters> members;

    internal NetworkPool(Network network, IEnumerable<Parameters> members) => (Network, this.members) = (network, [.. members]);

    /// <summary>The architecture of all of them.</summary>
    public Network Network { get; }

    /// <summary>The number of networks.</summary>
    public int Count => members.Count;

    /// <summary>The parameters of a network.</summary>
    public Parameters this[int index] => members[index];

    /// <summary>The accuracies of all networks, in their order.</summary>
    /// <param name="test">Labeled images, standardized as those that the networks were trained on.</param>
    /// <exception cref="ArgumentException">The images do not fit the network.</exception>
    public Spread Accuracies(ImageDataset test) => new(members.Select(theta => Evaluation.Evaluate(Network, theta, test).Accuracy));

    /// <inheritdoc/>
    public IEnumerator<Parameters> GetEnumerator() => members.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The number and the architecture.</summary>
    public override string ToString() => $"{Count} networks, {Network.Name}";

    /// <summary>Frees the parameters.</summary>
    public void Dispose()
    {
        foreach (var theta in members)
            theta.Dispose();
    }

    /// <summary>Writes the weights as one array [n, parameters], atomically.</summary>
    internal void Save(string path, string identity)
    {
        using var scope = NewDisposeScope();
        new Npz
        {
            ["weights"] = NpyArray.From(stack(members.Select(static theta => theta.Flat))),
            ["layout"] = NpyArray.FromText(Network.Layout.ToString()),
            ["training"] = NpyArray.FromText(identity),
        }.Save(path, compress: false);
    }

    /// <summary>Reads what <see cref="Save"/> wrote, or as much of it as is wanted.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or holds other networks.</exception>
    internal static NetworkPool Load(Network network, string path, string identity, int atMost, Device device)
    {
        var file = Npz.Load(path);
        if (file["layout"].ToText() is var layout && layout != network.Layout.ToString())
            throw new InvalidDataException(
                $"The networks in '{path}' are of another {network.Name}: wanted {network.Layout}; got {layout}. "
                + "Delete it or choose another path.");
        if (file["training"].ToText() is var found && found != identity)
            throw new InvalidDataException(
                $"The networks in '{path}' were trained otherwise. It holds «{found}»; wanted «{identity}». "
                + "Delete it or choose another path.");
        using var scope = NewDisposeScope();
        var weights = file.Get("weights", -1, network.ParameterCount).ToTensor(device);
        var count = Math.Min(atMost, (int)weights.shape[0]);
        Parameters Copy(int i) => new(network.Layout, weights[i].clone().DetachFromDisposeScope());
        return new NetworkPool(network, Enumerable.Range(0, count).Select(Copy));
    }
}
