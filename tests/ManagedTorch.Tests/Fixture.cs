using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using TorchSharp;
using Xunit;

namespace ManagedTorch.Tests;

/// <summary>Arrays of an .npz file: reference values computed by PyTorch in float64, or bytes.</summary>
internal sealed partial class Fixture
{
    private readonly Dictionary<string, (long[] Shape, double[] Values)> _arrays = [];

    public Fixture(string name)
    {
        using var archive = ZipFile.OpenRead(Path.Combine(AppContext.BaseDirectory, "fixtures", name + ".npz"));
        foreach (var entry in archive.Entries)
        {
            using var stream = entry.Open();
            using var memory = new MemoryStream();
            stream.CopyTo(memory);
            var bytes = memory.ToArray();
            var length = BitConverter.ToUInt16(bytes, 8);
            var header = System.Text.Encoding.ASCII.GetString(bytes, 10, length);
            var shape = ShapePattern().Match(header).Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(long.Parse).ToArray();
            var data = bytes.AsSpan(10 + length);
            var values = header.Contains("'|u1'", StringComparison.Ordinal) ? Array.ConvertAll(data.ToArray(), static b => (double)b)
                : header.Contains("'<f8'", StringComparison.Ordinal) ? MemoryMarshal.Cast<byte, double>(data).ToArray()
                : throw new InvalidDataException($"{name}: {entry.FullName} holds neither float64 nor bytes: {header}");
            if (header.Contains("'fortran_order': True", StringComparison.Ordinal))
                values = RowMajor(values, shape);
            _arrays[Path.GetFileNameWithoutExtension(entry.FullName)] = (shape, values);
        }
    }

    public IEnumerable<string> Names => _arrays.Keys;

    public bool Has(string name) => _arrays.ContainsKey(name);

    public double[] Values(string name) => _arrays[name].Values;

    public torch.Tensor Tensor(string name, torch.ScalarType type = torch.ScalarType.Float64) =>
        torch.tensor(_arrays[name].Values, _arrays[name].Shape, type);

    /// <summary>The largest difference from the reference, relative to the reference's largest value (or 1 where that is 0).</summary>
    public double Error(string name, torch.Tensor actual)
    {
        var expected = _arrays[name];
        Assert.Equal(expected.Shape, actual.shape);
        var values = actual.to_type(torch.ScalarType.Float64).data<double>().ToArray();
        var scale = expected.Values.Max(Math.Abs);
        return expected.Values.Zip(values, (e, a) => Math.Abs(e - a)).Max() / (scale == 0 ? 1 : scale);
    }

    private static double[] RowMajor(double[] columnMajor, long[] shape)
    {
        var values = new double[columnMajor.Length];
        for (var i = 0; i < values.Length; i++)
        {
            long target = 0;
            for (long d = 0, rest = i; d < shape.Length; rest /= shape[d++])
                target += rest % shape[d] * shape[(int)(d + 1)..].Aggregate(1L, static (a, b) => a * b);
            values[target] = columnMajor[i];
        }
        return values;
    }

    [GeneratedRegex(@"'shape': \(([^)]*)\)")]
    private static partial Regex ShapePattern();
}
