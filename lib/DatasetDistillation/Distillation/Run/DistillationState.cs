using DatasetDistillation.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// Everything that changes while a distiller runs: named tensors (images, labels, optimizer moments, pooled networks), one
/// stream of random numbers, and counters. Copies, saves and restores itself.
/// </summary>
public sealed class DistillationState : IDisposable
{
    private const string TensorPrefix = "state.";
    private const string OnDevicePrefix = "device.";
    private readonly Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);

    /// <summary>A state without tensors whose random stream begins at <paramref name="seed"/>.</summary>
    public DistillationState(long seed) => Random.manual_seed(seed);

    /// <summary>Outer steps taken.</summary>
    public long Step { get; set; }

    /// <summary>By how much learning rates are scaled; the driver lowers it after a divergence.</summary>
    public double LearningRateScale { get; set; } = 1;

    /// <summary>The stream that every random choice of the method is drawn from.</summary>
    public Generator Random { get; } = new();

    /// <summary>The tensors' names in the order of their first use.</summary>
    public IReadOnlyCollection<string> Names => tensors.Keys;

    /// <summary>
    /// A tensor of the state. Setting takes ownership: the tensor leaves its dispose scope and its history, and the former
    /// one is disposed.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    public Tensor this[string name]
    {
        get => tensors.TryGetValue(name, out var tensor)
            ? tensor
            : throw new KeyNotFoundException($"The distillation state has no '{name}'; it has {string.Join(", ", tensors.Keys)}.");
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            var kept = value.requires_grad ? value.detach() : value;
            kept.DetachFromDisposeScope();
            if (tensors.TryGetValue(name, out var former) && !ReferenceEquals(former, kept))
                former.Dispose();
            tensors[name] = kept;
        }
    }

    /// <summary>Whether there is a tensor of that name.</summary>
    public bool Contains(string name) => tensors.ContainsKey(name);

    /// <summary>An independent copy.</summary>
    public DistillationState Clone()
    {
        var copy = new DistillationState(0) { Step = Step, LearningRateScale = LearningRateScale };
        using (var position = Random.get_state())
            copy.Random.set_state(position);
        foreach (var (name, tensor) in tensors)
            copy[name] = tensor.clone();
        return copy;
    }

    /// <summary>The name of the first floating-point tensor with a NaN or an infinity; null when all are finite.</summary>
    public string? FindNotFinite()
    {
        using var scope = NewDisposeScope();
        foreach (var (name, tensor) in tensors)
            if (tensor.dtype is ScalarType.Float32 or ScalarType.Float64 && !double.IsFinite(tensor.sum(ScalarType.Float64).ToDouble()))
                return name;
        return null;
    }

    /// <summary>Writes the state into an archive, beside whatever else it holds.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="prefix">What the names of its arrays begin with, so that one archive may hold several states.</param>
    public void Save(Npz archive, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(archive);
        foreach (var (name, tensor) in tensors)
            archive.Add(prefix + (tensor.device.type == DeviceType.CPU ? TensorPrefix : OnDevicePrefix) + name, NpyArray.From(tensor));
        using var position = Random.get_state();
        using var whole = position.to(ScalarType.Int64); // libtorch's own is of bytes
        archive.Add(prefix + "random", NpyArray.From(whole));
        archive.Add(prefix + "step", NpyArray.Scalar(Step));
        archive.Add(prefix + "rate_scale", NpyArray.Scalar(LearningRateScale));
    }

    /// <summary>Reads back what <see cref="Save"/> wrote under the same prefix.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="device">Where the tensors go that were on a GPU.</param>
    /// <param name="prefix">What the names of its arrays begin with.</param>
    /// <exception cref="InvalidDataException">Something is missing, or the random generator is another libtorch's.</exception>
    /// <exception cref="InvalidOperationException">Something is of another type.</exception>
    public static DistillationState Load(Npz archive, Device? device = null, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(archive);
        var state = new DistillationState(0)
        {
            Step = archive.Get(prefix + "step").ToInt64s()[0],
            LearningRateScale = archive.Get(prefix + "rate_scale").ToDoubles()[0],
        };
        using (var fresh = state.Random.get_state())
        using (var whole = archive[prefix + "random"].ToTensor())
        using (var position = whole.to(fresh.dtype))
        {
            if (!position.shape.SequenceEqual(fresh.shape))
                throw new InvalidDataException(
                    $"The state's random generator is another libtorch's ({whole.numel()} numbers; {Compute.Version} has {fresh.numel()}). "
                    + "Continue it with the version that began it, or begin anew.");
            state.Random.set_state(position);
        }
        foreach (var (name, array) in archive)
            if (name.StartsWith(prefix + TensorPrefix, StringComparison.Ordinal))
                state[name[(prefix.Length + TensorPrefix.Length)..]] = array.ToTensor();
            else if (name.StartsWith(prefix + OnDevicePrefix, StringComparison.Ordinal))
                state[name[(prefix.Length + OnDevicePrefix.Length)..]] = array.ToTensor(device);
        return state;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in tensors.Values)
            tensor.Dispose();
        tensors.Clear();
        Random.Dispose();
    }
}
