using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace DatasetDistillation.Data;

/// <summary>An array as NumPy stores it: an element type, a shape, and the elements in C order. Immutable.</summary>
internal sealed partial class NpyArray
{
    private readonly ReadOnlyMemory<byte> bytes; // in this machine's byte order
    private readonly long[] shape;

    private NpyArray(NpyType type, long[] shape, ReadOnlyMemory<byte> bytes)
    {
        Type = type;
        this.shape = shape;
        this.bytes = bytes;
    }

    /// <summary>The element type.</summary>
    public NpyType Type { get; }

    /// <summary>The sizes of the dimensions, at most 32 of them; none for a single number or text.</summary>
    public IReadOnlyList<long> Shape => shape;

    /// <summary>The number of elements: the product of <see cref="Shape"/>.</summary>
    public long Count => shape.Aggregate(1L, static (product, size) => product * size);

    private int ItemSize => Type != NpyType.Text ? SizeOf(Type) : Count == 0 ? SizeOf(Type) : (int)(bytes.Length / Count);

    /// <summary>An array of the given elements, which are copied.</summary>
    /// <typeparam name="T">bool, byte, sbyte, int, long, float or double.</typeparam>
    /// <param name="values">The elements in C order (last dimension fastest).</param>
    /// <param name="shape">The sizes of the dimensions; left out, the array has one dimension.</param>
    /// <exception cref="ArgumentException">The shape does not have as many elements, or the type is none of those.</exception>
    public static NpyArray From<T>(ReadOnlySpan<T> values, params long[] shape)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shape.Length, NpyHeader.MaximumRank);
        long[] sizes = shape.Length == 0 ? [values.Length] : [.. shape];
        if (sizes.Any(size => size < 0) || sizes.Aggregate((Int128)1, (product, size) => product * size) != values.Length)
            throw new ArgumentException(
                $"The shape [{string.Join(", ", sizes)}] does not hold the {values.Length} elements given.", nameof(shape));
        return new NpyArray(TypeOf<T>(), sizes, MemoryMarshal.AsBytes(values).ToArray());
    }

    /// <inheritdoc cref="From{T}(ReadOnlySpan{T}, long[])"/>
    public static NpyArray From<T>(T[] values, params long[] shape)
        where T : unmanaged => From((ReadOnlySpan<T>)values, shape);

    /// <summary>A single number: an array of no dimensions.</summary>
    /// <typeparam name="T">bool, byte, sbyte, int, long, float or double.</typeparam>
    /// <param name="value">The number.</param>
    public static NpyArray Scalar<T>(T value)
        where T : unmanaged => new(TypeOf<T>(), [], MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray());

    /// <summary>A single text, which NumPy shows as a <c>str_</c> of no dimensions.</summary>
    /// <param name="text">The text. NumPy drops NUL characters at its end.</param>
    public static NpyArray FromText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new NpyArray(NpyType.Text, [], Utf32.GetBytes(text));
    }

    /// <summary>A list of texts, which NumPy shows as an array of <c>str_</c>: all take the room of the longest.</summary>
    /// <param name="texts">The texts. NumPy drops NUL characters at their ends.</param>
    public static NpyArray FromTexts(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var encoded = texts.Select(Utf32.GetBytes).ToArray();
        int itemSize = encoded.Select(static text => text.Length).Append(SizeOf(NpyType.Text)).Max();
        var all = new byte[checked(itemSize * encoded.Length)];
        foreach (var (i, text) in encoded.Index())
            text.CopyTo(all, i * itemSize);
        return new NpyArray(NpyType.Text, [encoded.Length], all);
    }

    /// <summary>The elements themselves, not copied.</summary>
    /// <typeparam name="T">The type that <see cref="Type"/> names.</typeparam>
    /// <exception cref="InvalidOperationException">The elements are of another type.</exception>
    public ReadOnlySpan<T> AsSpan<T>()
        where T : unmanaged
    {
        if (Type == NpyType.Text || TypeOf<T>() != Type)
            throw new InvalidOperationException(
                $"The array is {this}; its elements cannot be read as {typeof(T).Name}. Use ToSingles, ToDoubles or ToInt64s to convert.");
        return MemoryMarshal.Cast<byte, T>(bytes.Span);
    }

    /// <summary>The elements as float, converted from any numeric type.</summary>
    /// <exception cref="InvalidOperationException">The array is a text.</exception>
    public float[] ToSingles() => Convert<float>();

    /// <summary>The elements as double, converted from any numeric type.</summary>
    /// <exception cref="InvalidOperationException">The array is a text.</exception>
    public double[] ToDoubles() => Convert<double>();

    /// <summary>The elements as long, converted from any integer type or bool.</summary>
    /// <exception cref="InvalidOperationException">The elements are not integers.</exception>
    public long[] ToInt64s() => Type is NpyType.Float32 or NpyType.Float64
        ? throw new InvalidOperationException($"The array is {this}, but integers are wanted.")
        : Convert<long>();

    /// <summary>The text of an array made by <see cref="FromText"/>.</summary>
    /// <exception cref="InvalidOperationException">The array holds numbers, or a list of texts.</exception>
    public string ToText() => Type == NpyType.Text && shape.Length == 0
        ? Utf32.GetString(bytes.Span).TrimEnd('\0')
        : throw new InvalidOperationException($"The array is {this}, but a text is wanted.");

    /// <summary>The texts of an array made by <see cref="FromTexts"/>.</summary>
    /// <exception cref="InvalidOperationException">The array holds numbers, or a single text.</exception>
    public string[] ToTexts()
    {
        if (Type != NpyType.Text || shape.Length != 1)
            throw new InvalidOperationException($"The array is {this}, but a list of texts is wanted.");
        var texts = new string[Count];
        for (int i = 0; i < texts.Length; i++)
            texts[i] = Utf32.GetString(bytes.Span.Slice(i * ItemSize, ItemSize)).TrimEnd('\0');
        return texts;
    }

    /// <summary>Element type and shape, e.g. <c>Float32 [10, 1, 28, 28]</c>.</summary>
    public override string ToString() => NpyHeader.Describe(Type, shape);

    /// <summary>Writes the array in the NPY format, version 1.0, little-endian.</summary>
    /// <param name="stream">Where to write.</param>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        const int Prefix = 10;
        string header = NpyHeader.Format(Type, ItemSize, shape);
        int padded = ((Prefix + header.Length + 1 + 63) / 64 * 64) - Prefix; // the elements begin at a multiple of 64

        var start = new byte[Prefix + padded];
        Magic.CopyTo(start);
        start[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(start.AsSpan(8), (ushort)padded);
        var text = start.AsSpan(Prefix);
        text.Fill((byte)' ');
        Encoding.ASCII.GetBytes(header, text);
        text[^1] = (byte)'\n';

        stream.Write(start);
        stream.Write(BitConverter.IsLittleEndian ? bytes.Span : Reversed(bytes, Type).Span);
    }

    /// <summary>
    /// Reads an array in the NPY format, versions 1 to 3, of either byte order, with a header of at most 10,000 bytes and at most 32
    /// dimensions; Fortran order is turned into C order.
    /// </summary>
    /// <param name="file">The whole of an NPY file, which the array may keep: it must not change any more.</param>
    /// <exception cref="InvalidDataException">
    /// The bytes are no such array, hold Python objects, or are fewer or more than the header declares.
    /// </exception>
    public static NpyArray Read(ReadOnlyMemory<byte> file)
    {
        var start = file.Span;
        if (!start.StartsWith(Magic) || start.Length < 12)
            throw new InvalidDataException("it is no NPY array: it does not begin with the NPY signature.");
        int version = start[6];
        if (version is < 1 or > 3)
            throw new InvalidDataException($"NPY version {version} is not read, only 1 to 3.");

        int prefix = version == 1 ? 10 : 12;
        long headerLength = version == 1
            ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (headerLength > start.Length - prefix)
            throw new InvalidDataException("it is truncated: it ends within the NPY header.");
        if (headerLength > NpyHeader.MaximumLength)
            throw new InvalidDataException($"its NPY header has {headerLength:N0} bytes; {NpyHeader.MaximumLength:N0} are read at most.");
        var headerBytes = start.Slice(prefix, (int)headerLength);
        var header = NpyHeader.Parse(version < 3 ? Encoding.Latin1.GetString(headerBytes) : Encoding.UTF8.GetString(headerBytes));

        var elements = file[(prefix + (int)headerLength)..];
        var declared = header.ByteCount();
        if (declared != elements.Length)
        {
            throw new InvalidDataException(
                $"it declares {NpyHeader.Describe(header.Type, header.Shape)}, which is {declared:N0} bytes, "
                + $"but {elements.Length:N0} bytes follow. The file is damaged or truncated.");
        }

        if (header.IsLittleEndian != BitConverter.IsLittleEndian)
            elements = Reversed(elements, header.Type);
        if (header.IsFortranOrder && header.Shape.Length > 1)
            elements = ToCOrder(elements.Span, header.Shape, header.ItemSize);
        if (header.Type == NpyType.Bool && elements.Span.IndexOfAnyExcept((byte)0, (byte)1) >= 0)
            throw new InvalidDataException("it declares bools, but holds bytes other than 0 and 1.");
        return new NpyArray(header.Type, header.Shape, elements);
    }

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    private static UTF32Encoding Utf32 { get; } = new(bigEndian: !BitConverter.IsLittleEndian, byteOrderMark: false);

    private static int SizeOf(NpyType type) => type switch
    {
        NpyType.Int32 or NpyType.Float32 or NpyType.Text => 4,
        NpyType.Int64 or NpyType.Float64 => 8,
        _ => 1,
    };

    private static NpyType TypeOf<T>() => default(T) switch
    {
        bool => NpyType.Bool,
        byte => NpyType.UInt8,
        sbyte => NpyType.Int8,
        int => NpyType.Int32,
        long => NpyType.Int64,
        float => NpyType.Float32,
        double => NpyType.Float64,
        _ => throw new ArgumentException(
            $"Arrays of {typeof(T).Name} are not stored, only bool, byte, sbyte, int, long, float and double."),
    };

    private T[] Convert<T>()
        where T : unmanaged, System.Numerics.INumber<T>
    {
        return Type switch
        {
            NpyType.Bool or NpyType.UInt8 => Each(bytes.Span),
            NpyType.Int8 => Each(AsSpan<sbyte>()),
            NpyType.Int32 => Each(AsSpan<int>()),
            NpyType.Int64 => Each(AsSpan<long>()),
            NpyType.Float32 => Each(AsSpan<float>()),
            NpyType.Float64 => Each(AsSpan<double>()),
            _ => throw new InvalidOperationException("The array is a text, but numbers are wanted."),
        };

        static T[] Each<TFrom>(ReadOnlySpan<TFrom> from)
            where TFrom : unmanaged, System.Numerics.INumber<TFrom>
        {
            if (typeof(T) == typeof(TFrom))
                return MemoryMarshal.Cast<TFrom, T>(from).ToArray();
            var to = new T[from.Length];
            for (int i = 0; i < to.Length; i++)
                to[i] = T.CreateTruncating(from[i]);
            return to;
        }
    }

    private static ReadOnlyMemory<byte> Reversed(ReadOnlyMemory<byte> bytes, NpyType type)
    {
        var reversed = new byte[bytes.Length];
        switch (SizeOf(type))
        {
            case 4:
                BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<byte, int>(bytes.Span),
                    MemoryMarshal.Cast<byte, int>(reversed.AsSpan()));
                return reversed;
            case 8:
                BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<byte, long>(bytes.Span),
                    MemoryMarshal.Cast<byte, long>(reversed.AsSpan()));
                return reversed;
            default:
                return bytes;
        }
    }

    /// <summary>Moves elements whose first index runs fastest to where the last one does.</summary>
    private static byte[] ToCOrder(ReadOnlySpan<byte> fortran, long[] shape, int itemSize)
    {
        var ordered = new byte[fortran.Length];
        var index = new long[shape.Length];
        for (int from = 0; from < fortran.Length; from += itemSize)
        {
            long to = 0;
            for (int d = 0; d < shape.Length; d++)
                to = (to * shape[d]) + index[d];
            fortran.Slice(from, itemSize).CopyTo(ordered.AsSpan((int)to * itemSize));

            for (int d = 0; d < shape.Length && ++index[d] == shape[d]; d++)
                index[d] = 0;
        }
        return ordered;
    }
}
