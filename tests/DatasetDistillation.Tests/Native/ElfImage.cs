using System.Text;

namespace DatasetDistillation.Tests.Native;

/// <summary>Makes a shared library with nothing in it but what the dynamic loader reads of versions and relocations.</summary>
internal sealed class ElfImage
{
    /// <summary>Addresses differ from places in the file, as they do in real libraries.</summary>
    private const long LoadAddress = 0x40000;

    private const int HeaderSize = 64, ProgramHeaderSize = 56, HashSize = 4;

    private readonly List<(string Library, string Version, ushort Flags)> _needs = [];
    private readonly List<string> _definitions = [];
    private readonly List<(long Tag, string Version)> _uses = [];
    private readonly List<byte> _strings = [];

    public ElfImage Needs(string library, string version, ushort flags = 0)
    {
        _needs.Add((library, version, flags));
        return this;
    }

    public ElfImage Defines(string version)
    {
        _definitions.Add(version);
        return this;
    }

    /// <summary>A relocation with a symbol of a version: in the table of data (7) or of calls (23).</summary>
    public ElfImage Uses(string version, long table = 7)
    {
        _uses.Add((table, version));
        return this;
    }

    public byte[] ToArray()
    {
        _strings.Clear();
        _strings.Add(0);
        using var stream = new MemoryStream();
        using var file = new BinaryWriter(stream);
        file.Write(new byte[HeaderSize + 2 * ProgramHeaderSize]);

        // Symbol 0 is none, symbol i + 1 has the version of need i.
        var dynamic = new List<(long Tag, long Value)> { (0x6ffffff0, Here(file)) };
        file.Write((ushort)0);
        for (int i = 0; i < _needs.Count; i++)
            file.Write(Index(i));
        dynamic.Add((0x6ffffffe, Here(file)));
        dynamic.Add((0x6fffffff, WriteNeeds(file)));
        dynamic.Add((0x6ffffffc, Here(file)));
        dynamic.Add((0x6ffffffd, WriteDefinitions(file)));
        foreach (var (table, size) in new[] { (7L, 8L), (23L, 2L) })
        {
            dynamic.Add((table, Here(file)));
            foreach (var (_, version) in _uses.Where(use => use.Tag == table))
                WriteRelocation(file, version);
            dynamic.Add((size, Here(file) - dynamic[^1].Value));
        }
        dynamic.Add((5, Here(file)));
        file.Write(_strings.ToArray());
        WriteHeaders(file, dynamic);
        return stream.ToArray();
    }

    private void WriteRelocation(BinaryWriter file, string version)
    {
        file.Write(0L);
        file.Write(1);
        file.Write(_needs.FindIndex(need => need.Version == version) + 1);
        file.Write(0L);
    }

    private int WriteNeeds(BinaryWriter file)
    {
        var libraries = _needs.Select((need, i) => (need, i)).GroupBy(entry => entry.need.Library).ToList();
        foreach (var library in libraries)
        {
            file.Write((ushort)1);
            file.Write((ushort)library.Count());
            file.Write(Text(library.Key));
            file.Write(16);
            file.Write(16 + 16 * library.Count());
            foreach (var ((_, version, flags), i) in library)
            {
                file.Write(new byte[HashSize]);
                file.Write(flags);
                file.Write(Index(i));
                file.Write(Text(version));
                file.Write(16);
            }
        }
        return libraries.Count;
    }

    private int WriteDefinitions(BinaryWriter file)
    {
        foreach (var version in _definitions)
        {
            file.Write(new byte[6]);
            file.Write((ushort)1);
            file.Write(new byte[HashSize]);
            file.Write(20);
            file.Write(28);
            file.Write(Text(version));
            file.Write(0);
        }
        return _definitions.Count;
    }

    private static void WriteHeaders(BinaryWriter file, List<(long Tag, long Value)> dynamic)
    {
        var start = file.BaseStream.Position;
        foreach (var (tag, value) in dynamic.Append((0, 0)))
        {
            file.Write(tag);
            file.Write(value);
        }
        var length = file.BaseStream.Position;
        file.BaseStream.Position = 0;
        file.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]);
        file.BaseStream.Position = 32;
        file.Write((long)HeaderSize);
        file.BaseStream.Position = 54;
        file.Write((ushort)ProgramHeaderSize);
        file.Write((ushort)2);
        foreach (var (i, kind, from, to) in new[] { (0, 1, 0L, length), (1, 2, start, length) })
        {
            file.BaseStream.Position = HeaderSize + i * ProgramHeaderSize;
            file.Write(kind);
            file.Write(0);
            file.Write(from);
            file.Write(LoadAddress + from);
            file.Write(0L);
            file.Write(to - from);
            file.Write(to - from);
        }
    }

    private static ushort Index(int need) => (ushort)(need + 2);

    private static long Here(BinaryWriter file) => LoadAddress + file.BaseStream.Position;

    private int Text(string text)
    {
        var at = _strings.Count;
        _strings.AddRange(Encoding.ASCII.GetBytes(text + '\0'));
        return at;
    }
}
