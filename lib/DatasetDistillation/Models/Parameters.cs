using DatasetDistillation.Data;
using static TorchSharp.torch;

namespace DatasetDistillation.Models;

/// <summary>
/// The parameters θ of a network: one flat vector, seen through named views. The vector may have a history, so that a
/// network can be differentiated through the updates that its parameters went through.
/// </summary>
public sealed class Parameters : IDisposable
{
    /// <summary>Sees a flat vector through a layout.</summary>
    /// <param name="layout">Names, shapes and offsets.</param>
    /// <param name="flat">All parameters, Float32 or Float64, <c>[layout.TotalCount]</c>; shared, not copied.</param>
    /// <exception cref="ArgumentException">The vector does not fit the layout.</exception>
    internal Parameters(ParameterLayout layout, Tensor flat)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(flat);
        if (flat.shape.Length != 1 || flat.shape[0] != layout.TotalCount)
            throw new ArgumentException(
                $"The layout has {layout.TotalCount} parameters in one vector, "
                + $"but the tensor's shape is {Layer.Text(flat.shape)}.", nameof(flat));
        (Layout, Flat) = (layout, flat);
    }

    /// <summary>Names, shapes and offsets.</summary>
    internal ParameterLayout Layout { get; }

    /// <summary>All parameters, <c>[Layout.TotalCount]</c>.</summary>
    public Tensor Flat { get; }

    /// <summary>Float32 or Float64.</summary>
    public ScalarType Type => Flat.dtype;

    /// <summary>The parameter of that name, a differentiable view.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public Tensor this[string name]
    {
        get
        {
            int index = Layout.IndexOf(name);
            return Flat.narrow(0, Layout[index].Offset, Layout[index].Count).reshape(Layout.Shapes[index]);
        }
    }

    /// <summary>
    /// Views of all parameters in the layout's order. They come from one split, whose derivative puts all gradients
    /// together in one pass.
    /// </summary>
    public Tensor[] Split()
    {
        var views = Flat.split(Layout.Sizes, 0);
        for (int i = 0; i < views.Length; i++)
        {
            if (Layout.Shapes[i].Length == 1)
                continue;
            using var part = views[i];
            views[i] = part.reshape(Layout.Shapes[i]);
        }
        return views;
    }

    /// <summary>Another vector with the same layout.</summary>
    public Parameters With(Tensor flat) => new(Layout, flat);

    /// <summary>θ − η·g, one step of gradient descent; differentiable in θ, g and η.</summary>
    /// <param name="gradient">g, <c>[Layout.TotalCount]</c>.</param>
    /// <param name="rate">η, a tensor of one element.</param>
    public Parameters Descend(Tensor gradient, Tensor rate) => With(Flat - gradient.mul(rate));

    /// <summary>θ − η·g, one step of gradient descent; differentiable in θ and g.</summary>
    /// <param name="gradient">g, <c>[Layout.TotalCount]</c>.</param>
    /// <param name="rate">η.</param>
    public Parameters Descend(Tensor gradient, double rate) => With(Flat.Plus(gradient, -rate));

    /// <summary>A copy without history, in memory of its own.</summary>
    public Parameters Clone() => With(Flat.detach().clone());

    /// <summary>A copy without history of which gradients can be taken.</summary>
    public Parameters ToLeaf() => With(Flat.detach().clone().requires_grad_());

    /// <summary>The same parameters in another floating-point type.</summary>
    public Parameters To(ScalarType type) => With(Flat.to(type));

    /// <summary>The same parameters on a device.</summary>
    public Parameters To(Device device) => With(Flat.to(device));

    /// <summary>A copy of the flat vector.</summary>
    public double[] ToArray()
    {
        using var scope = NewDisposeScope();
        return Flat.detach().cpu().to(ScalarType.Float64).data<double>().ToArray();
    }

    /// <summary>Writes the parameters as arrays under their names, which NumPy reads.</summary>
    /// <param name="path">An <c>.npz</c> file.</param>
    public void Save(string path)
    {
        using var scope = NewDisposeScope();
        var file = new Npz();
        foreach (var spec in Layout)
            file.Add(spec.Name, NpyArray.From(this[spec.Name]));
        file.Save(path);
    }

    /// <summary>Reads parameters that <see cref="Save"/> wrote.</summary>
    /// <param name="network">The network that they are for.</param>
    /// <param name="path">An <c>.npz</c> file.</param>
    /// <param name="device">Where they are to lie; null: on the CPU.</param>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, or an array is missing or has another shape than the network's.
    /// </exception>
    public static Parameters Load(Network network, string path, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var scope = NewDisposeScope();
        var layout = network.Layout;
        var file = Npz.Load(path);
        var parts = layout.Select((spec, i) => file.Get(spec.Name, layout.Shapes[i]).ToTensor(device).flatten());
        return new Parameters(layout, cat([.. parts]).MoveToOuterDisposeScope());
    }

    /// <summary>The number and the type.</summary>
    public override string ToString() => FormattableString.Invariant($"{Layout.TotalCount:N0} parameters ({Type})");

    /// <summary>Frees the flat vector.</summary>
    public void Dispose() => Flat.Dispose();
}
