#nullable enable
#pragma warning disable IDE0005 // The project of the tests imports some of these by itself, MSBuild does not.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Build.Framework;

namespace DatasetDistillation.Build;

/// <summary>
/// Copies a native library, and makes the copy loadable where the system's libstdc++ is older than the one it was linked with, as
/// far as that can be done without harm: a version of libstdc++ that the system lacks and that no relocation uses is marked as
/// weak, which the dynamic loader then leaves alone. The copy is written beside its destination and renamed, so that a process which
/// has the old one loaded keeps it.
/// </summary>
public sealed class RepairNative : ITask
{
    private const string CppLibrary = "libstdc++.so.6";
    private const int LoadNow = 2;

    /// <inheritdoc/>
    public IBuildEngine BuildEngine { get; set; } = null!;

    /// <inheritdoc/>
    public ITaskHost HostObject { get; set; } = null!;

    /// <summary>The file to copy, which stays as it is.</summary>
    [Required]
    public string Source { get; set; } = "";

    /// <summary>The path of the copy.</summary>
    [Required]
    public string Destination { get; set; } = "";

    /// <summary>Whether the copy may differ from its source.</summary>
    public bool IsRepairWanted { get; set; } = true;

    /// <summary>Copies the file and says so if the copy is new and another than its source, or should be.</summary>
    public bool Execute()
    {
        try
        {
            var (content, message) = Content();
            if (Copy(content, Destination) && message is not null)
                BuildEngine.LogMessageEvent(new BuildMessageEventArgs(message, "", nameof(RepairNative), MessageImportance.High));
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            BuildEngine.LogErrorEvent(new BuildErrorEventArgs("", "", Source, 0, 0, 0, 0, exception.Message, "", nameof(RepairNative)));
            return false;
        }
    }

    /// <summary>Marks as weak what can be, and says so.</summary>
    /// <param name="file">The native library; it stays as it is.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="cppLibrary">The system's libstdc++.</param>
    /// <returns>The library, and a sentence where it is or should be another than <paramref name="file"/>.</returns>
    public static (byte[] Content, string? Message) Repaired(byte[] file, string name, byte[] cppLibrary)
    {
        try
        {
            var elf = new ElfFile(file);
            var defined = new HashSet<string>(new ElfFile(cppLibrary).DefinedVersions());
            var missing = elf.NeededVersions()
                .Where(need => need.Library == CppLibrary && !need.IsWeak && !defined.Contains(need.Version)).ToList();
            if (missing.Count == 0)
                return (file, null);

            var asks = $"{name} asks for {string.Join(", ", missing.Select(need => need.Version))}, which this system's {CppLibrary} lacks";
            if (missing.Where(need => elf.IsUsed(need)).Select(need => need.Version).ToList() is { Count: > 0 } used)
                return (file, $"{asks}; {string.Join(", ", used)} is in use, so the file stays as it is and needs a newer one to load.");
            var repaired = (byte[])file.Clone();
            foreach (var need in missing)
                need.MakeWeak(repaired);
            return (repaired, $"{asks} and no relocation uses: marked as weak in the copy (-p:RepairNative=false leaves it out).");
        }
        catch (InvalidDataException exception)
        {
            return (file, $"{name} stays as it is: {exception.Message}");
        }
    }

    /// <summary>Writes the content beside the destination and renames; false where it is there already.</summary>
    public static bool Copy(byte[] content, string destination)
    {
        if (File.Exists(destination) && File.ReadAllBytes(destination).SequenceEqual(content))
            return false;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(destination))!);
        var beside = $"{destination}.{Guid.NewGuid():N}.new";
        try
        {
            File.WriteAllBytes(beside, content);
            try
            {
                File.Move(beside, destination);
            }
            catch (IOException) when (File.Exists(destination))
            {
                File.Replace(beside, destination, null);
            }
        }
        finally
        {
            File.Delete(beside);
        }
        return true;
    }

    private (byte[] Content, string? Message) Content()
    {
        var file = File.ReadAllBytes(Source);
        if (!IsRepairWanted)
            return (file, null);
        return SystemCppLibrary() is { } library
            ? Repaired(file, Path.GetFileName(Source), File.ReadAllBytes(library))
            : (file, $"{Path.GetFileName(Source)} stays as it is: this system has no {CppLibrary}, which it needs to load.");
    }

    /// <summary>The file that the dynamic loader takes here when a library asks for libstdc++.</summary>
    private static string? SystemCppLibrary()
    {
        try
        {
            Open(CppLibrary, LoadNow);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
        return File.ReadLines("/proc/self/maps")
            .Select(line => line.IndexOf('/') is var start and >= 0 ? line.Substring(start) : "")
            .FirstOrDefault(path => Path.GetFileName(path).StartsWith(CppLibrary, StringComparison.Ordinal) && File.Exists(path));
    }

#pragma warning disable CA2101, SYSLIB1054 // Compiled for .NET Standard, where neither is to be had.
    [DllImport("libc", EntryPoint = "dlopen", CharSet = CharSet.Ansi)]
    private static extern IntPtr Open(string file, int mode);
#pragma warning restore CA2101, SYSLIB1054
}

/// <summary>What the dynamic loader reads of a shared library: 64 bits, little-endian.</summary>
public sealed class ElfFile
{
    private const int ProgramHeaderSize = 56, DynamicEntrySize = 16, SymbolRelocationSize = 24, PlainRelocationSize = 16;
    private const uint LoadSegment = 1, DynamicSegment = 2;
    private const long StringTable = 5, Relocations = 7, RelocationsSize = 8, PlainRelocations = 17, PlainRelocationsSize = 18,
        JumpSlotsSize = 2, JumpSlotsKind = 20, JumpSlots = 23, SymbolVersions = 0x6ffffff0,
        VersionDefinitions = 0x6ffffffc, VersionDefinitionCount = 0x6ffffffd, VersionNeeds = 0x6ffffffe, VersionNeedCount = 0x6fffffff;

    private readonly byte[] _bytes;
    private readonly List<(long Address, long Offset, long Size)> _segments = new();
    private readonly Dictionary<long, long> _dynamic = new();

    /// <exception cref="InvalidDataException">It is no such file, with a sentence that says why.</exception>
    public ElfFile(byte[] bytes)
    {
        _bytes = bytes;
        if (bytes.Length < 64 || bytes[0] != 0x7f || bytes[1] != 'E' || bytes[2] != 'L' || bytes[3] != 'F')
            throw new InvalidDataException("it is no ELF file.");
        if (bytes[4] != 2 || bytes[5] != 1)
            throw new InvalidDataException("it is no little-endian ELF file of 64 bits.");
        ReadHeaders();
    }

    /// <summary>The versions of other libraries that this one asks for.</summary>
    public List<VersionNeed> NeededVersions()
    {
        var needs = new List<VersionNeed>();
        if (Value(VersionNeedCount) == 0)
            return needs;
        var (at, isLast) = (Table(VersionNeeds), false);
        for (long left = Value(VersionNeedCount); left > 0 && !isLast; left--)
        {
            var library = Text(UInt32(at + 4));
            var entry = at + UInt32(at + 8);
            for (int entries = UInt16(at + 2); entries > 0; entries--)
            {
                needs.Add(new VersionNeed(library, Text(UInt32(entry + 8)), UInt16(entry + 6), UInt16(entry + 4), entry + 4));
                entry += UInt32(entry + 12);
            }
            isLast = UInt32(at + 12) == 0;
            at += UInt32(at + 12);
        }
        return needs;
    }

    /// <summary>The versions that this library has.</summary>
    public List<string> DefinedVersions()
    {
        var names = new List<string>();
        if (Value(VersionDefinitionCount) == 0)
            return names;
        var (at, isLast) = (Table(VersionDefinitions), false);
        for (long left = Value(VersionDefinitionCount); left > 0 && !isLast; left--)
        {
            names.Add(Text(UInt32(at + UInt32(at + 12))));
            isLast = UInt32(at + 16) == 0;
            at += UInt32(at + 16);
        }
        return names;
    }

    /// <summary>Whether the loader has to find a symbol of that version.</summary>
    public bool IsUsed(VersionNeed need)
    {
        var jumpSlotSize = Value(JumpSlotsKind) == PlainRelocations ? PlainRelocationSize : SymbolRelocationSize;
        return Symbols(Relocations, RelocationsSize, SymbolRelocationSize)
            .Concat(Symbols(PlainRelocations, PlainRelocationsSize, PlainRelocationSize))
            .Concat(Symbols(JumpSlots, JumpSlotsSize, jumpSlotSize))
            .Distinct()
            .Any(symbol => (UInt16(Table(SymbolVersions) + 2 * symbol) & 0x7fff) == need.Index);
    }

    private void ReadHeaders()
    {
        var (start, size, count) = (Int64(32), UInt16(54), UInt16(56));
        (long Offset, long Size) dynamic = default;
        for (int i = 0; i < count; i++)
        {
            var header = start + (long)i * size;
            var kind = UInt32(header);
            if (kind == LoadSegment)
                _segments.Add((Int64(header + 16), Int64(header + 8), Int64(header + 32)));
            else if (kind == DynamicSegment)
                dynamic = (Int64(header + 8), Int64(header + 32));
        }
        if (size < ProgramHeaderSize || dynamic.Size == 0)
            throw new InvalidDataException("it is no shared library.");
        for (long at = dynamic.Offset; at < dynamic.Offset + dynamic.Size && Int64(at) != 0; at += DynamicEntrySize)
            _dynamic[Int64(at)] = Int64(at + 8);
    }

    private IEnumerable<long> Symbols(long table, long tableSize, int entrySize)
    {
        if (Value(tableSize) <= 0)
            yield break;
        var start = Table(table);
        for (long at = start; at < start + Value(tableSize); at += entrySize)
            if (UInt32(at + 12) is var symbol and not 0)
                yield return symbol;
    }

    private long Value(long tag) => _dynamic.TryGetValue(tag, out var value) ? value : 0;

    private long Table(long tag) => Offset(Value(tag));

    private long Offset(long address)
    {
        foreach (var (start, offset, size) in _segments)
            if (address >= start && address < start + size)
                return address - start + offset;
        throw Truncated();
    }

    private string Text(long index)
    {
        var start = Offset(Value(StringTable)) + index;
        var end = start;
        while (Byte(end) != 0)
            end++;
        return Encoding.ASCII.GetString(_bytes, (int)start, (int)(end - start));
    }

    private byte Byte(long at) => _bytes[At(at, 1)];

    private int UInt16(long at) => BitConverter.ToUInt16(_bytes, At(at, 2));

    private long UInt32(long at) => BitConverter.ToUInt32(_bytes, At(at, 4));

    private long Int64(long at) => BitConverter.ToInt64(_bytes, At(at, 8));

    private int At(long at, int size) => at >= 0 && at <= _bytes.Length - size ? (int)at : throw Truncated();

    private static InvalidDataException Truncated() => new("it is an ELF file that points outside itself, as one that was cut off does.");
}

/// <summary>A version of another library, and where the file asks for it.</summary>
public sealed class VersionNeed(string library, string version, int index, int flags, long flagsOffset)
{
    private const int Weak = 2;

    /// <summary>The library that has to have the version.</summary>
    public string Library => library;

    /// <summary>The version's name.</summary>
    public string Version => version;

    /// <summary>The number by which the file's symbols refer to the version.</summary>
    public int Index => index & 0x7fff;

    /// <summary>Whether the loader goes on where the library lacks the version.</summary>
    public bool IsWeak => (flags & Weak) != 0;

    /// <summary>Marks the version in the file, so that the loader goes on where the library lacks it.</summary>
    public void MakeWeak(byte[] file) => file[flagsOffset] |= Weak;
}
