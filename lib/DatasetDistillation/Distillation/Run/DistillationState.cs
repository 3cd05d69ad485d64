using System.Runtime.InteropServices;
using DatasetDistillation.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace DatasetDistillation.Distillation;

/// <summary>
/// Everything that changes while a distiller runs: named tensors (images, labels, optimizer moments, pooled networks), one
/// stream of random numbers, and counters. Copies, saves and restores itself. A method derives its own state from it, which gives
/// each tensor a property.
/// </summary>
public class DistillationState : IDisposable
{
    private const string TensorPrefix = "state.";
    private const string OnDevicePrefix = "device.";
    private const string ListName = "tensors";
    private Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, (ImageDataset Data, object Value)> derived = [];

    /// <summary>A state without tensors whose random stream begins at <paramref name="seed"/>.</summary>
    public DistillationState(long seed) => Random.manual_seed(seed);

    /// <summary>Outer steps taken.</summary>
    public long Step { get; set; }

    /// <summary>The factor of all learning rates; the driver lowers it after a divergence.</summary>
    public double LearningRateScale { get; set; } = 1;

    /// <summary>The stream that every random choice of the method is drawn from.</summary>
    public Generator Random { get; private set; } = new();

    /// <summary>The tensors' names in the order of their first use.</summary>
    public IReadOnlyCollection<string> Names => tensors.Keys;

    /// <summary>
    /// A tensor of the state. Setting takes ownership: the tensor leaves
    /// its dispose scope and its history, and the former one is disposed.
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

    /// <summary>
    /// What every step needs and the data alone decide, such as the places of
    /// the classes: computed once, shared by copies of the state, not saved.
    /// </summary>
    /// <typeparam name="T">Its type, of which a state remembers one.</typeparam>
    /// <param name="data">The data; of other data it is computed anew.</param>
    /// <param name="compute">Computes it.</param>
    public T Derived<T>(ImageDataset data, Func<ImageDataset, T> compute) where T : class
    {
        ArgumentNullException.ThrowIfNull(compute);
        if (!derived.TryGetValue(typeof(T), out var found) || !ReferenceEquals(found.Data, data))
            derived[typeof(T)] = found = (data, compute(data));
        return (T)found.Value;
    }

    /// <summary>An independent copy.</summary>
    public DistillationState Clone()
    {
        var copy = (DistillationState)MemberwiseClone();
        (copy.Random, copy.tensors) = (new Generator(), new Dictionary<string, Tensor>(StringComparer.Ordinal));
        using (var position = Random.get_state())
            copy.Random.set_state(position);
        foreach (var (name, tensor) in tensors)
            copy[name] = tensor.clone();
        return copy;
    }

    /// <summary>This state as the type that its method made.</summary>
    /// <typeparam name="T">The method's own.</typeparam>
    /// <exception cref="ArgumentException">It is another method's.</exception>
    public T As<T>() where T : DistillationState => GetType() == typeof(T)
        ? (T)this
        : throw new ArgumentException(
            $"A {typeof(T).Name} is wanted, as Initialize of the same method gives it; this is a {GetType().Name}.");

    /// <summary>The name of the first floating-point tensor with a NaN or an infinity; null when all are finite.</summary>
    public string? FindNotFinite()
    {
        using var scope = NewDisposeScope();
        foreach (var (name, tensor) in tensors)
            if (tensor.dtype is ScalarType.Float32 or ScalarType.Float64 && !double.IsFinite(tensor.sum(ScalarType.Float64).Number()))
                return name;
        return null;
    }

    /// <summary>Writes the state into an archive, beside whatever else it holds.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="prefix">What the names of its arrays begin with, so that one archive may hold several states.</param>
    internal void Save(Npz archive, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(archive);
        foreach (var (name, tensor) in tensors)
            archive.Add(prefix + (tensor.device.type == DeviceType.CPU ? TensorPrefix : OnDevicePrefix) + name, NpyArray.From(tensor));
        archive.Add(prefix + ListName, NpyArray.FromText(string.Join('\n', tensors.Keys)));
        using var position = Random.get_state();
        using var whole = position.to(ScalarType.Int64); // libtorch's own is of bytes
        archive.Add(prefix + "random", NpyArray.From(whole));
        archive.Add(prefix + "step", NpyArray.Scalar(Step));
        archive.Add(prefix + "rate_scale", NpyArray.Scalar(LearningRateScale));
    }

    /// <summary>
    /// Takes over what <see cref="Save"/> wrote under the same prefix. A tensor that this state has must be there, of its type and
    /// shape; so the state of <see cref="IDistiller.Initialize"/> says what a method's must hold.
    /// </summary>
    /// <param name="archive">The archive.</param>
    /// <param name="device">Where the tensors go that were on a GPU.</param>
    /// <param name="prefix">What the names of its arrays begin with.</param>
    /// <exception cref="InvalidDataException">
    /// Something is missing or does not fit, or the random generator is another libtorch's.
    /// </exception>
    /// <exception cref="InvalidOperationException">Something is of another type.</exception>
    internal void Restore(Npz archive, Device? device = null, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(archive);
        Step = archive.Get(prefix + "step").ToInt64s()[0];
        LearningRateScale = archive.Get(prefix + "rate_scale").ToDoubles()[0];
        if (Step < 0 || !(LearningRateScale > 0 && double.IsFinite(LearningRateScale)))
            throw new InvalidDataException(
                $"A state has taken 0 steps or more and has a positive scale of its rates; this one says {Step} and {LearningRateScale}.");
        RestoreRandom(archive[prefix + "random"]);
        string[] names = archive.Get(prefix + ListName).ToText().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var name in tensors.Keys.Except(names).ToArray())
            throw new InvalidDataException($"The state lacks '{name}'; it has {string.Join(", ", names)}.");
        foreach (var name in names)
        {
            var onDevice = archive.Contains(prefix + OnDevicePrefix + name);
            var stored = archive[prefix + (onDevice ? OnDevicePrefix : TensorPrefix) + name].ToTensor(onDevice ? device : null);
            if (tensors.TryGetValue(name, out var own) && (own.dtype != stored.dtype || !own.shape.SequenceEqual(stored.shape)))
                throw new InvalidDataException(
                    $"'{name}' of the state is {stored.dtype} "
                    + $"[{string.Join(", ", stored.shape)}], not {own.dtype} [{string.Join(", ", own.shape)}].");
            this[name] = stored;
        }
    }

    private void RestoreRandom(NpyArray stored)
    {
        using var fresh = Random.get_state();
        using var whole = stored.ToTensor();
        using var position = whole.to(fresh.dtype);
        if (!position.shape.SequenceEqual(fresh.shape))
            throw new InvalidDataException(
                $"The state's random generator is another libtorch's ({whole.numel()} numbers; {Compute.Version} has {fresh.numel()}). "
                + "Continue it with the version that began it, or begin anew.");
        if (!IsGenerator(position))
            throw new InvalidDataException("The state's random generator is damaged.");
        Random.set_state(position);
    }

    /// <summary>
    /// Whether libtorch takes a state of its generator on the processor; it ends the process where it does not. A Mersenne twister of 624
    /// numbers: its seed (8 bytes), the numbers left (4), whether it is seeded (4), the place of the next number (8), and the numbers.
    /// </summary>
    private static bool IsGenerator(Tensor position)
    {
        const int Numbers = 624;
        var bytes = position.bytes;
        return MemoryMarshal.Read<int>(bytes[8..]) is > 0 and <= Numbers && MemoryMarshal.Read<int>(bytes[12..]) == 1
            && MemoryMarshal.Read<ulong>(bytes[16..]) <= Numbers;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in tensors.Values)
            tensor.Dispose();
        tensors.Clear();
        Random.Dispose();
        GC.SuppressFinalize(this);
    }
}
