using System.IO.Compression;
using System.Text;
using DatasetDistillation.Data;
using Xunit;

namespace DatasetDistillation.Tests.Data;

public sealed class NpzTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_saved_is_loaded(bool compress)
    {
        var saved = new Npz
        {
            ["single"] = NpyArray.From([1.5f, -2f, float.NaN, 4f, 5f, float.MaxValue], 2, 3),
            ["double"] = NpyArray.From([Math.PI, double.Epsilon]),
            ["long"] = NpyArray.From([long.MinValue, 7L], 2, 1),
            ["int"] = NpyArray.From([int.MinValue, 7]),
            ["byte"] = NpyArray.From<byte>([0, 255]),
            ["sbyte"] = NpyArray.From<sbyte>([-128, 127]),
            ["bool"] = NpyArray.From([true, false, true]),
            ["scalar"] = NpyArray.Scalar(0.25),
            ["empty"] = NpyArray.From<float>([], 0, 28),
            ["folder/text"] = NpyArray.FromText("{\"method\": \"König, 蒸留 🜍\"}"),
        };

        saved.Save(folder["all.npz"], compress);
        var loaded = Npz.Load(folder["all.npz"]);

        Assert.Equal(saved.Names, loaded.Names);
        foreach (var (name, array) in saved)
            Assert.Equal(array.ToString(), loaded[name].ToString());
        Assert.Equal(saved["single"].AsSpan<float>(), loaded["single"].AsSpan<float>());
        Assert.Equal(saved["double"].AsSpan<double>(), loaded["double"].AsSpan<double>());
        Assert.Equal(saved["long"].AsSpan<long>(), loaded["long"].AsSpan<long>());
        Assert.Equal(saved["int"].AsSpan<int>(), loaded["int"].AsSpan<int>());
        Assert.Equal(saved["byte"].AsSpan<byte>(), loaded["byte"].AsSpan<byte>());
        Assert.Equal(saved["sbyte"].AsSpan<sbyte>(), loaded["sbyte"].AsSpan<sbyte>());
        Assert.Equal(saved["bool"].AsSpan<bool>(), loaded["bool"].AsSpan<bool>());
        Assert.Equal([0.25], loaded["scalar"].ToDoubles());
        Assert.Equal(0, loaded["empty"].Count);
        Assert.Equal(saved["folder/text"].ToText(), loaded["folder/text"].ToText());
    }

    [Fact]
    public void The_same_arrays_give_the_same_bytes()
    {
        new Npz { ["a"] = NpyArray.From([1f, 2f]) }.Save(folder["1.npz"]);
        new Npz { ["a"] = NpyArray.From([1f, 2f]) }.Save(folder["2.npz"]);

        Assert.Equal(File.ReadAllBytes(folder["1.npz"]), File.ReadAllBytes(folder["2.npz"]));
    }

    [Fact]
    public void Files_that_numpy_wrote_are_read()
    {
        var npz = Npz.Load(Path.Combine(AppContext.BaseDirectory, "fixtures", "lenet_unroll.npz"));

        var images = npz.Get("images", 10, 1, -1, 28);

        Assert.Equal(NpyType.Float64, images.Type);
        Assert.Equal(7840, images.ToSingles().Length);
        Assert.Empty(npz["loss"].Shape);
        Assert.True(npz["loss"].ToDoubles().Single() > 0);
    }

    [Theory]
    [InlineData("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }", 1, new[] { 1L, 2, 3, 4, 5, 6 })]
    [InlineData("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }", 2, new[] { 1L, 2, 3, 4, 5, 6 })]
    [InlineData("{\"shape\": (2L, 3L), \"fortran_order\": False, \"descr\": \"<i4\"}", 3, new[] { 1L, 2, 3, 4, 5, 6 })]
    [InlineData("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3), }", 1, new[] { 1L, 3, 5, 2, 4, 6 })]
    [InlineData(
        "{'descr': '>i4', 'fortran_order': False, 'shape': (2, 3), }",
        1,
        new[] { 1L << 24, 2L << 24, 3L << 24, 4L << 24, 5L << 24, 6L << 24 })]
    public void Every_header_version_and_order_is_read(string header, int version, long[] expected)
    {
        var array = NpyArray.Read(Npy(header, version, LittleEndian(1, 2, 3, 4, 5, 6)));

        Assert.Equal([2L, 3L], array.Shape);
        Assert.Equal(expected, array.ToInt64s());
    }

    [Fact]
    public void Big_endian_doubles_are_read()
    {
        byte[] pi = [0x40, 0x09, 0x21, 0xFB, 0x54, 0x44, 0x2D, 0x18];

        var array = NpyArray.Read(Npy("{'descr': '>f8', 'fortran_order': False, 'shape': (), }", 1, pi));

        Assert.Equal([Math.PI], array.ToDoubles());
    }

    [Theory]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "pickled Python objects")]
    [InlineData("{'descr': '<c16', 'fortran_order': False, 'shape': (3,), }", "'c16' are not read")]
    [InlineData("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (3,), }", "records are not read")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", "16 bytes, but 12 bytes follow")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "8 bytes, but 12 bytes follow")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999, 9999999999), }", "12 bytes follow")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }", "'-3' is no size")]
    [InlineData("{'descr': '<U1', 'fortran_order': False, 'shape': (3, 1), }", "2 dimensions")]
    [InlineData("{'descr': '|b1', 'fortran_order': False, 'shape': (12,), }", "other than 0 and 1")]
    [InlineData("nonsense", "header is damaged")]
    public void A_header_that_cannot_be_served_is_refused(string header, string expected)
    {
        new ZipWriter { ["x.npy"] = Npy(header, 1, LittleEndian(1, 2, 3)) }.Save(folder["bad.npz"]);

        var error = Assert.Throws<InvalidDataException>(() => Npz.Load(folder["bad.npz"]));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("'x.npy'", error.Message, StringComparison.Ordinal);
        Assert.Contains(folder["bad.npz"], error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 31_000, "'shape':(", "10,000 are read at most")]
    [InlineData(1, 9_900, "'shape':(", "header is damaged")]
    [InlineData(3, 9_900, "'descr' : ", "header is damaged")]
    [InlineData(2, 3_000_000, "1,", "10,000 are read at most")]
    public void A_header_that_repeats_itself_is_refused_in_no_time(int version, int length, string pattern, string expected)
    {
        string header = string.Concat(Enumerable.Repeat(pattern, length / pattern.Length));
        new ZipWriter { ["x.npy"] = Npy(header, version, []) }.Save(folder["long.npz"]);
        var clock = System.Diagnostics.Stopwatch.StartNew();

        var error = Assert.Throws<InvalidDataException>(() => Npz.Load(folder["long.npz"]));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 1, 2000);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void Too_many_dimensions_are_refused()
    {
        string sizes = string.Join(", ", Enumerable.Repeat("1", 33));
        new ZipWriter { ["x.npy"] = Npy($"{{'descr': '|u1', 'fortran_order': False, 'shape': ({sizes}), }}", 1, [7]) }
            .Save(folder["rank.npz"]);

        Assert.Contains(
            "33 dimensions", Assert.Throws<InvalidDataException>(() => Npz.Load(folder["rank.npz"])).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => NpyArray.From([7f], [.. Enumerable.Repeat(1L, 33)]));
        Assert.Equal(32, NpyArray.From([7f], [.. Enumerable.Repeat(1L, 32)]).Shape.Count);
    }

    [Fact]
    public void More_bytes_than_the_ceiling_are_refused_before_memory_is_taken_and_the_caller_may_raise_it()
    {
        new Npz { ["a"] = NpyArray.From(new byte[3 << 20]), ["b"] = NpyArray.From(new byte[3 << 20]) }.Save(folder["bomb.npz"]);
        new Npz { ["a"] = NpyArray.From(new byte[6 << 20]) }.Save(folder["stored.npz"], compress: false);
        long before = GC.GetTotalAllocatedBytes();

        var error = Assert.Throws<InvalidDataException>(() => Npz.Load(folder["bomb.npz"], maximumBytes: 5 << 20));

        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 1 << 20);
        Assert.Contains("Raise maximumBytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(3 << 20, Npz.Load(folder["bomb.npz"], maximumBytes: 7 << 20)["b"].Count);
        Assert.Equal(6 << 20, Npz.Load(folder["stored.npz"], maximumBytes: 1000)["a"].Count); // it takes what the file takes
    }

    [Fact]
    public void Images_of_more_bytes_than_the_ceiling_are_refused()
    {
        new Npz { ["images"] = NpyArray.From(new byte[1 << 20], 1024, 32, 32), ["labels"] = NpyArray.From(new long[1024]) }
            .Save(folder["a.npz"]);

        var error = Assert.Throws<InvalidDataException>(() => ImageDataset.FromNpz(folder["a.npz"], classCount: 2, maximumBytes: 2 << 20));
        using var read = ImageDataset.FromNpz(folder["a.npz"], classCount: 2, maximumBytes: 4 << 20);

        Assert.Contains("as Float32 takes 4,194,304 bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(1024, read.Count);
    }

    [Fact]
    public void Entries_that_share_their_bytes_are_refused()
    {
        new Npz { ["a"] = NpyArray.From(new float[1000]) }.Save(folder["a.npz"], compress: false);
        var bytes = File.ReadAllBytes(folder["a.npz"]);
        int directory = bytes.AsSpan().IndexOf("PK\x01\x02"u8), end = bytes.AsSpan().IndexOf("PK\x05\x06"u8);
        byte[] first = bytes[directory..end], second = [.. first];
        second[46] = (byte)'b'; // the name of the entry, which lies where the first does
        byte[] tail = bytes[end..];
        (tail[8], tail[10]) = (2, 2);
        BitConverter.TryWriteBytes(tail.AsSpan(12), first.Length * 2);
        folder.Write("overlap.npz", [.. bytes[..directory], .. first, .. second, .. tail]);

        var error = Assert.Throws<InvalidDataException>(() => Npz.Load(folder["overlap.npz"]));

        Assert.Contains("overlap.npz", error.Message, StringComparison.Ordinal);
        Assert.Contains("its entries take", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_of_texts_are_saved_and_loaded()
    {
        string[] texts = ["bag", "", "ankle boot", "蒸留🜍"];
        new Npz { ["texts"] = NpyArray.FromTexts(texts), ["none"] = NpyArray.FromTexts([]) }.Save(folder["texts.npz"]);

        var loaded = Npz.Load(folder["texts.npz"]);

        Assert.Equal(texts, loaded["texts"].ToTexts());
        Assert.Equal("Text [4]", loaded["texts"].ToString());
        Assert.Empty(loaded["none"].ToTexts());
        Assert.Throws<InvalidOperationException>(() => loaded["texts"].ToText());
        Assert.Throws<InvalidOperationException>(() => NpyArray.FromText("one").ToTexts());
    }

    [Fact]
    public void A_truncated_file_is_refused()
    {
        new Npz { ["a"] = NpyArray.From(new float[1000]) }.Save(folder["a.npz"], compress: false);
        var bytes = File.ReadAllBytes(folder["a.npz"]);

        foreach (int length in (int[])[0, 10, bytes.Length / 2, bytes.Length - 1])
        {
            folder.Write("cut.npz", bytes[..length]);
            var error = Assert.Throws<InvalidDataException>(() => Npz.Load(folder["cut.npz"]));
            Assert.Contains("damaged or truncated", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_damaged_element_fails_the_checksum()
    {
        new Npz { ["a"] = NpyArray.From(new float[1000]) }.Save(folder["a.npz"], compress: false);
        var bytes = File.ReadAllBytes(folder["a.npz"]);
        bytes[2000] ^= 1;
        folder.Write("a.npz", bytes);

        var error = Assert.Throws<InvalidDataException>(() => Npz.Load(folder["a.npz"]));

        Assert.Contains("checksum", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_asked_for_and_is_not_there_is_named_with_what_is_there()
    {
        new Npz { ["pixels"] = NpyArray.From([1f, 2f]) }.Save(folder["a.npz"]);
        var npz = Npz.Load(folder["a.npz"]);

        var missing = Assert.Throws<InvalidDataException>(() => npz["images"]);
        var otherShape = Assert.Throws<InvalidDataException>(() => npz.Get("pixels", -1, 28));
        var otherType = Assert.Throws<InvalidOperationException>(() => npz["pixels"].AsSpan<double>().Length);

        Assert.Contains("'pixels' (Float32 [2])", missing.Message, StringComparison.Ordinal);
        Assert.Contains("Float32 [2], but the shape [any, 28]", otherShape.Message, StringComparison.Ordinal);
        Assert.Contains("Double", otherType.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => npz["pixels"].ToInt64s());
        Assert.Throws<InvalidOperationException>(() => npz["pixels"].ToText());
    }

    [Fact]
    public void A_shape_that_does_not_fit_its_elements_is_refused()
    {
        Assert.Throws<ArgumentException>(() => NpyArray.From([1f, 2f], 3));
        Assert.Throws<ArgumentException>(() => NpyArray.From([1f, 2f], -1, -2));
        Assert.Throws<ArgumentException>(() => NpyArray.From([1m]));
        Assert.Throws<ArgumentException>(() => new Npz { ["../escape"] = NpyArray.Scalar(1) });
    }

    [Fact]
    public void A_failed_save_leaves_the_old_file_and_nothing_else()
    {
        var npz = new Npz { ["a"] = NpyArray.Scalar(1) };
        string blocked = Path.Combine(folder.Write("file", "no folder"), "a.npz");

        var error = Assert.Throws<IOException>(() => npz.Save(blocked));
        Directory.CreateDirectory(folder["a.npz"]);
        Assert.Throws<IOException>(() => npz.Save(folder["a.npz"]));

        Assert.Contains("can be written to", error.Message, StringComparison.Ordinal);
        Assert.Equal(["a.npz", "file"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<FileNotFoundException>(() => Npz.Load(folder["none.npz"]));

        Assert.Contains("none.npz", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Npy(string header, int version, byte[] elements)
    {
        byte[] text = Encoding.UTF8.GetBytes(header + "\n");
        byte[] length = BitConverter.GetBytes(text.Length)[..(version == 1 ? 2 : 4)];
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. text, .. elements];
    }

    private static byte[] LittleEndian(params int[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private sealed class ZipWriter : Dictionary<string, byte[]>
    {
        public void Save(string path)
        {
            using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
            foreach (var (name, content) in this)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
        }
    }
}
