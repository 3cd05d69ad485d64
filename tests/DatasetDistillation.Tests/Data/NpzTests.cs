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
    [InlineData("{'descr': '>i4', 'fortran_order': False, 'shape': (2, 3), }", 1, new[] { 1L << 24, 2L << 24, 3L << 24, 4L << 24, 5L << 24, 6L << 24 })]
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
