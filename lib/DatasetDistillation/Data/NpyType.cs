using System.Globalization;
using System.Text.RegularExpressions;

namespace DatasetDistillation.Data;

/// <summary>The element types of NumPy arrays that are read and written, with NumPy's names for them.</summary>
internal enum NpyType
{
    /// <summary><c>b1</c>: <see cref="bool"/>.</summary>
    Bool,

    /// <summary><c>u1</c>: <see cref="byte"/>.</summary>
    UInt8,

    /// <summary><c>i1</c>: <see cref="sbyte"/>.</summary>
    Int8,

    /// <summary><c>i4</c>: <see cref="int"/>.</summary>
    Int32,

    /// <summary><c>i8</c>: <see cref="long"/>.</summary>
    Int64,

    /// <summary><c>f4</c>: <see cref="float"/>.</summary>
    Float32,

    /// <summary><c>f8</c>: <see cref="double"/>.</summary>
    Float64,

    /// <summary><c>U</c>: texts, a single one (an array of no dimensions) or a list (one dimension).</summary>
    Text,
}

/// <summary>The header of an NPY array: element type, byte order, memory order and shape.</summary>
internal sealed partial record NpyHeader(NpyType Type, int ItemSize, bool IsLittleEndian, bool IsFortranOrder, long[] Shape)
{
    /// <summary>What an error message calls the array, e.g. <c>Float32 [10, 784]</c>.</summary>
    public static string Describe(NpyType type, IEnumerable<long> shape) => $"{type} [{string.Join(", ", shape)}]";

    /// <summary>The most bytes of a header: as many as NumPy reads.</summary>
    public const int MaximumLength = 10_000;

    /// <summary>The most dimensions of an array: as many as NumPy had until its version 2.</summary>
    public const int MaximumRank = 32;

    /// <summary>Parses the Python dictionary of an NPY header (NumPy's NEP 1).</summary>
    /// <exception cref="InvalidDataException">It is no such dictionary, or one of an array that is not read.</exception>
    public static NpyHeader Parse(string text)
    {
        var descr = DescrPattern().Match(text);
        var order = OrderPattern().Match(text);
        var shape = ShapePattern().Match(text);
        if (!order.Success || !shape.Success || !text.Contains("descr", StringComparison.Ordinal))
            throw new InvalidDataException($"the NPY header is damaged: {Quote(text)}");
        if (!descr.Success)
            throw new InvalidDataException(
                $"arrays of records are not read; save each field as an array of its own. Header: {Quote(text)}");

        string kind = descr.Groups["kind"].Value;
        if (kind.StartsWith('O'))
        {
            throw new InvalidDataException(
                "it holds pickled Python objects, which are never read because unpickling runs code. " +
                "Save plain numeric arrays (numpy.asarray(x, dtype=...)).");
        }
        var (type, itemSize) = kind switch
        {
            "b1" => (NpyType.Bool, 1),
            "u1" => (NpyType.UInt8, 1),
            "i1" => (NpyType.Int8, 1),
            "i4" => (NpyType.Int32, 4),
            "i8" => (NpyType.Int64, 8),
            "f4" => (NpyType.Float32, 4),
            "f8" => (NpyType.Float64, 8),
            _ when kind[0] == 'U' && int.TryParse(kind.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                && length < 1 << 28
                => (NpyType.Text, 4 * length),
            _ => throw new InvalidDataException(
                $"elements of type '{Quote(kind)}' are not read, only b1, u1, i1, i4, i8, f4, f8 and texts. "
                + "Convert with array.astype('f4') before saving."),
        };

        var sizes = Sizes(shape.Groups["sizes"].Value);
        if (type == NpyType.Text && sizes.Length > 1)
            throw new InvalidDataException($"texts are read as a single one or as a list, but these have {sizes.Length} dimensions.");
        if (type == NpyType.Text && sizes.Length == 1 && itemSize == 0)
            throw new InvalidDataException("it is a list of texts without room for a character.");
        return new NpyHeader(type, itemSize, descr.Groups["order"].Value != ">", order.Groups["fortran"].Value == "True", sizes);
    }

    /// <summary>
    /// The number of bytes of the array's elements; where a size is 0, those that there would be if it were 1, if they are too many.
    /// </summary>
    public Int128 ByteCount()
    {
        var bytes = Shape.Aggregate((Int128)Math.Max(ItemSize, 1),
            static (product, size) => product > long.MaxValue ? product : product * Math.Max(size, 1));
        return bytes > long.MaxValue || !(Shape.Contains(0) || ItemSize == 0) ? bytes : 0;
    }

    /// <summary>The dictionary as NumPy writes it, little-endian and in C order.</summary>
    public static string Format(NpyType type, int itemSize, IReadOnlyList<long> shape)
    {
        string kind = type switch
        {
            NpyType.Bool => "|b1",
            NpyType.UInt8 => "|u1",
            NpyType.Int8 => "|i1",
            NpyType.Int32 => "<i4",
            NpyType.Int64 => "<i8",
            NpyType.Float32 => "<f4",
            NpyType.Float64 => "<f8",
            _ => $"<U{itemSize / 4}",
        };
        string sizes = string.Join(", ", shape) + (shape.Count == 1 ? "," : "");
        return $"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}";
    }

    private static long[] Sizes(string text)
    {
        string[] sizes = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (sizes.Length > MaximumRank)
            throw new InvalidDataException($"it has {sizes.Length} dimensions; {MaximumRank} are read at most.");
        return Array.ConvertAll(sizes, static size =>
            long.TryParse(size.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                ? number
                : throw new InvalidDataException($"the NPY header is damaged: '{Quote(size)}' is no size."));
    }

    private static string Quote(string text) => text.Length <= 120 ? text.TrimEnd() : text[..120] + "…";

    [GeneratedRegex("""['"]descr['"]\s*:\s*['"](?<order>[<>|=]?)(?<kind>\w+)['"]""")]
    private static partial Regex DescrPattern();

    [GeneratedRegex("""['"]fortran_order['"]\s*:\s*(?<fortran>True|False)""")]
    private static partial Regex OrderPattern();

    [GeneratedRegex("""['"]shape['"]\s*:\s*\((?<sizes>[^()]*)\)""")]
    private static partial Regex ShapePattern();
}
