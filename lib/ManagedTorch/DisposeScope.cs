namespace TorchSharp;

/// <summary>
/// Disposes, when it is disposed itself, every tensor made on this thread since it was opened, but for those moved out.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic]
    private static DisposeScope? t_current;

    private DisposeScope? _outer;
    private List<torch.Tensor> _tensors = [];
    private int _sweepAt = 256;

    internal DisposeScope()
    {
        _outer = t_current;
        t_current = this;
    }

    internal static DisposeScope? Current => t_current;

    internal DisposeScope? Outer => _outer;

    /// <summary>The number of live tensors that this scope will dispose.</summary>
    public int DisposablesCount => _tensors.Count(t => t.Owner == this);

    internal void Add(torch.Tensor tensor)
    {
        tensor.Owner = this;
        if (_tensors.Count >= _sweepAt)
        {
            _tensors.RemoveAll(t => t.Owner != this);
            _sweepAt = Math.Max(256, 2 * _tensors.Count);
        }
        _tensors.Add(tensor);
    }

    /// <summary>Disposes what the scope holds now and keeps it open.</summary>
    public void DisposeEverything()
    {
        foreach (var tensor in _tensors)
            if (tensor.Owner == this)
                tensor.Dispose();
        _tensors.Clear();
    }

    public void Dispose()
    {
        if (t_current == this)
            t_current = _outer;
        for (var inner = t_current; inner is not null; inner = inner._outer)
            if (inner._outer == this)
                inner._outer = _outer;
        DisposeEverything();
    }
}

public static partial class torch
{
    public static DisposeScope NewDisposeScope() => new();
}
