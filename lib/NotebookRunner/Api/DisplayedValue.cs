using NotebookRunner.Kernel;

namespace NotebookRunner.Api;

/// <summary>A value shown below a cell, which later values can replace.</summary>
public sealed class DisplayedValue
{
    private readonly CellHost _host;
    private readonly string[] _mimeTypes;

    internal DisplayedValue(CellHost host, string displayId, string[] mimeTypes)
    {
        _host = host;
        _mimeTypes = mimeTypes;
        DisplayId = displayId;
    }

    /// <summary>The identifier of this display, unique within the notebook.</summary>
    public string DisplayId { get; }

    /// <summary>Replaces what is shown. The MIME types stay those of the first display.</summary>
    public void Update(object? updatedValue) => _host.Update(DisplayId, updatedValue, _mimeTypes);
}
