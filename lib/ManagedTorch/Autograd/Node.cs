using System.Runtime.CompilerServices;

namespace TorchSharp;

/// <summary>
/// The derivative of an operation: given the cotangent <paramref name="g"/> of its output and the tensors that it saved,
/// the cotangent of its input number <paramref name="input"/>, or null where that is zero. Written with differentiable
/// operations, so that it can be differentiated again; it returns a new tensor or <paramref name="g"/> itself.
/// </summary>
internal delegate torch.Tensor? Derivative(torch.Tensor g, torch.Tensor[] saved, int input);

/// <summary>The same for an operation with several outputs; a cotangent is null where nothing depends on that output.</summary>
internal delegate torch.Tensor? JointDerivative(torch.Tensor?[] g, torch.Tensor[] saved, int input);

/// <summary>
/// One recorded operation, or (without a derivative) the place where a leaf's gradient arrives. Its owners are the tensors that
/// it is the history of and the operations that read them; when the last is gone, it frees what it saved.
/// </summary>
internal sealed class Node
{
    private static readonly torch.Tensor[] Nothing = [];

    [ThreadStatic]
    private static Queue<Node>? t_orphans;

    private readonly Derivative? _derivative;
    private readonly JointDerivative? _joint;
    private torch.Tensor[]? _saved;
    private int[] _versions = [];
    private int _owners;
    private int _savedOutputs; // owners that are among what the node saved itself
    private bool _orphaned;

    public Node(string name, ReadOnlySpan<torch.Tensor> inputs, ReadOnlySpan<torch.Tensor> saved, Derivative? derivative, JointDerivative? joint = null, int outputs = 1)
    {
        Name = name;
        Outputs = outputs;
        _derivative = derivative;
        _joint = joint;
        Next = new (Node?, int)[inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            Next[i] = inputs[i].Edge();
            Next[i].Node?.AddOwner();
        }
        Save(saved);
    }

    public Node(torch.Tensor leaf)
    {
        Name = "leaf";
        Outputs = 1;
        Leaf = leaf;
        Next = [];
        _saved = Nothing;
    }

    public string Name { get; }

    public int Outputs { get; }

    public torch.Tensor? Leaf { get; }

    public (Node? Node, int Output)[] Next { get; }

    // What a backward pass notes on the node while it runs (passes take turns).
    internal long Pass;
    internal int Dependants;
    internal bool Needed;
    internal int Wanted;
    internal torch.Tensor? Cotangent;
    internal torch.Tensor?[]? Cotangents;

    public torch.Tensor? Differentiate(int input)
    {
        var saved = _saved ?? throw new InvalidOperationException(
            $"The graph of '{Name}' was freed by an earlier backward pass; ask that pass for retain_graph: true to go through it again.");
        return _joint is not null ? _joint(Cotangents ?? [Cotangent], saved, input) : _derivative!(Cotangent!, saved, input);
    }

    public void CheckSaved()
    {
        for (var i = 0; _saved is not null && i < _saved.Length; i++)
            if (_saved[i].StorageVersion != _versions[i])
                throw new InvalidOperationException(
                    $"A tensor of shape [{string.Join(", ", _saved[i].shape)}] that the gradient of '{Name}' needs was modified in place after it was used.");
    }

    public void DropCotangents()
    {
        Cotangent?.Dispose();
        foreach (var cotangent in Cotangents ?? [])
            cotangent?.Dispose();
        (Cotangent, Cotangents) = (null, null);
    }

    public void AddOwner()
    {
        if (Leaf is null)
            Interlocked.Increment(ref _owners);
    }

    /// <summary>With the last owner goes what the node saved and its hold on the nodes below, one after the other: chains are long.</summary>
    public void RemoveOwner()
    {
        if (Leaf is not null || Interlocked.Decrement(ref _owners) != _savedOutputs || _orphaned)
            return;
        _orphaned = true;
        var orphans = t_orphans ??= new Queue<Node>();
        orphans.Enqueue(this);
        if (orphans.Count > 1)
            return; // to the loop below, which led here
        while (orphans.TryPeek(out var node))
        {
            node.Free();
            foreach (var (next, _) in node.Next)
                next?.RemoveOwner();
            orphans.Dequeue();
        }
    }

    public void Free()
    {
        if (_saved is null or { Length: 0 })
            return; // what saved nothing can be gone through again
        _savedOutputs = 0;
        var saved = Interlocked.Exchange(ref _saved, Leaf is null ? null : Nothing);
        foreach (var tensor in saved ?? Nothing)
            tensor.Dispose();
    }

    public void SaveOutput(torch.Tensor output)
    {
        _saved = [.. _saved!, output.Alias()];
        _savedOutputs++;
        _versions = [.. _versions, output.StorageVersion];
    }

    private void Save(ReadOnlySpan<torch.Tensor> tensors)
    {
        _saved = tensors.Length == 0 ? Nothing : new torch.Tensor[tensors.Length];
        if (tensors.Length > 0)
            _versions = new int[tensors.Length];
        for (var i = 0; i < tensors.Length; i++)
        {
            _saved[i] = tensors[i].Alias();
            _versions[i] = tensors[i].StorageVersion;
        }
    }
}

/// <summary>Whether operations are recorded on this thread.</summary>
internal static class GradMode
{
    [ThreadStatic]
    private static bool t_disabled;

    public static bool Enabled
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !t_disabled;
        set => t_disabled = !value;
    }

    /// <summary>Sets the mode and restores the former one on dispose.</summary>
    internal sealed class Switch : IDisposable
    {
        private readonly bool _former = Enabled;

        public Switch(bool enabled) => Enabled = enabled;

        public void Dispose() => Enabled = _former;
    }
}
