using DatasetDistillation.Data;
using Xunit;

namespace DatasetDistillation.Tests.Data;

public sealed class ReaderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Idx_files_are_read_gzipped_or_not_whatever_they_are_called(bool gzipImages, bool gzipLabels)
    {
        byte[] images = IdxFiles.Images(3, 4, 5), labels = IdxFiles.Labels(7, 0, 9);
        string imagesPath = folder.Write("images", gzipImages ? IdxFiles.Gzip(images) : images);
        string labelsPath = folder.Write("labels", gzipLabels ? IdxFiles.Gzip(labels) : labels);

        var read = IdxReader.Read(imagesPath, labelsPath, 10);

        Assert.Equal((4, 5), (read.Height, read.Width));
        Assert.Equal(images[16..], read.Pixels);
        Assert.Equal([7L, 0, 9], read.Labels);
    }

    [Fact]
    public void Idx_labels_may_be_any_byte_where_there_are_as_many_classes()
    {
        string images = folder.Write("images", IdxFiles.Images(2, 4, 5)), labels = folder.Write("labels", IdxFiles.Labels(7, 255));
        Assert.Equal([7L, 255], IdxReader.Read(images, labels, 300).Labels);
        Assert.Throws<InvalidDataException>(() => IdxReader.Read(images, labels, 255));
    }

    [Fact]
    public void A_truncated_gzip_is_refused()
    {
        var gzip = IdxFiles.Gzip(IdxFiles.Images(50));

        foreach (int length in (int[])[3, 12, gzip.Length / 2])
            Assert.Contains("truncated", IdxError(gzip[..length], IdxFiles.Labels(new byte[50])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_or_overlong_idx_is_refused()
    {
        var images = IdxFiles.Images(2);

        Assert.Contains(
            "more than it can hold",
            IdxError(images[..^1], IdxFiles.Labels(1, 2)) + IdxError(images[..900], IdxFiles.Labels(1, 2)),
            StringComparison.Ordinal);
        Assert.Contains("truncated", IdxError(images[..10], IdxFiles.Labels(1, 2)), StringComparison.Ordinal);
        Assert.Contains("longer", IdxError([.. images, 0], IdxFiles.Labels(1, 2)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_magic_number_is_quoted()
    {
        Assert.Contains(
            "0x00000801, but IDX images begin with 0x00000803",
            IdxError(IdxFiles.Labels(1, 2, 3, 4, 5, 6, 7, 8), IdxFiles.Labels(1)),
            StringComparison.Ordinal);
        Assert.Contains("but IDX labels begin with 0x00000801", IdxError(IdxFiles.Images(1), IdxFiles.Images(1)), StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_must_be_as_many_as_images_and_in_range()
    {
        Assert.Contains("has 3 images, but", IdxError(IdxFiles.Images(3), IdxFiles.Labels(1, 2)), StringComparison.Ordinal);
        Assert.Contains("Label 1 of", IdxError(IdxFiles.Images(3), IdxFiles.Labels(1, 10, 2)), StringComparison.Ordinal);
        Assert.Contains("is 10; labels must be 0 to 9", IdxError(IdxFiles.Images(3), IdxFiles.Labels(1, 10, 2)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_that_the_file_cannot_hold_is_refused_before_memory_is_taken()
    {
        var images = IdxFiles.Images(1);
        images[4] = 0x7F;

        Assert.Contains("more than it can hold", IdxError(images, IdxFiles.Labels(1)), StringComparison.Ordinal);
        Assert.Contains("more than it can hold", IdxError(IdxFiles.Gzip(images), IdxFiles.Labels(1)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gzipped_idx_that_unpacks_to_more_than_the_ceiling_is_refused()
    {
        string images = folder.Write("images", IdxFiles.Gzip([0, 0, 8, 3, 0, 0, 4, 0, 0, 0, 0, 32, 0, 0, 0, 32, .. new byte[1 << 20]]));
        string labels = folder.Write("labels", IdxFiles.Gzip(IdxFiles.Labels(new byte[1024])));
        long before = GC.GetTotalAllocatedBytes();

        var error = Assert.Throws<InvalidDataException>(() => ImageDataset.FromIdx(images, labels, 2, maximumBytes: 1 << 19));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 1 << 18);
        using var read = ImageDataset.FromIdx(images, labels, 2, maximumBytes: 1 << 20);

        Assert.Contains("Raise maximumBytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(1024, read.Count);
    }

    [Fact]
    public void A_number_of_classes_that_is_none_is_refused_for_what_it_is()
    {
        string images = folder.Write("images", IdxFiles.Images(1)), labels = folder.Write("labels", IdxFiles.Labels(0));

        Assert.Contains(
            "2 to 65,536 classes",
            Assert.Throws<ArgumentOutOfRangeException>(() => ImageDataset.FromIdx(images, labels, 0)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "2 to 65,536 classes",
            Assert.Throws<ArgumentOutOfRangeException>(() => ImageDataset.FromCsv(images, classCount: 1)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_checksum_mismatch_says_what_to_do()
    {
        string[] paths = [folder.Write("images", IdxFiles.Images(1)), folder.Write("labels", IdxFiles.Labels(1))];

        var error = Assert.Throws<InvalidDataException>(
            () => IdxReader.Read(paths, [new DataFile("images", 800, new string('0', 64)), new DataFile("labels", 9, "")], 10));

        Assert.Contains("checksum", error.Message, StringComparison.Ordinal);
        Assert.Contains("Delete it", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n", "")]
    [InlineData("\r\n", "\r\n\r\n")]
    public void A_csv_of_digits_is_read(string newLine, string end)
    {
        string path = folder.Write(
            "train.csv", string.Join(newLine, "label,pixel0,pixel1,pixel2,pixel3", "3,0,255,1,2", "\"9\",9,8,7,6") + end);

        var read = CsvPixelReader.Read(path, 2, 2, 10);

        Assert.Equal([3L, 9], read.Labels);
        Assert.Equal([0, 255, 1, 2, 9, 8, 7, 6], read.Pixels);
    }

    [Theory]
    [InlineData("3,0,255,1\n", "Line 3", "has 4 fields")]
    [InlineData("3,0,255,1,2,5\n", "Line 3", "has 6 fields")]
    [InlineData("3,0,x,1,2\n", "Line 3", "'x' for pixel1")]
    [InlineData("3,0,,1,2\n", "Line 3", "'' for pixel1")]
    [InlineData("3,0,256,1,2\n", "Line 3", "'256' for pixel1")]
    [InlineData("3,0,1.5,1,2\n", "Line 3", "'1.5' for pixel1")]
    [InlineData("3,0,-1,1,2\n", "Line 3", "'-1' for pixel1")]
    [InlineData("10,0,1,1,2\n", "Line 3", "label '10'")]
    [InlineData("\n\n3,0,1,1\n", "Line 5", "has 4 fields")]
    public void A_bad_line_of_a_csv_is_named_by_its_number(string line, string where, string what)
    {
        string path = folder.Write("train.csv", "label,pixel0,pixel1,pixel2,pixel3\n1,2,3,4,5\n" + line);

        var error = Assert.Throws<InvalidDataException>(() => CsvPixelReader.Read(path, 2, 2, 10));

        Assert.Contains(where, error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pixel0,pixel1,pixel2,pixel3\n1,2,3,4\n", "use train.csv")]
    [InlineData("label,pixel0,pixel1\n1,2,3\n", "has 3 fields")]
    [InlineData("label,pixel0,pixel1,pixel2,pixel3\n", "no images")]
    [InlineData("", "Line 1")]
    public void A_csv_without_the_right_header_or_lines_is_refused(string content, string what)
    {
        string path = folder.Write("test.csv", content);

        var error = Assert.Throws<InvalidDataException>(() => CsvPixelReader.Read(path, 2, 2, 10));

        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    private string IdxError(byte[] images, byte[] labels)
    {
        string imagesPath = folder.Write("images", images), labelsPath = folder.Write("labels", labels);
        return Assert.Throws<InvalidDataException>(() => IdxReader.Read(imagesPath, labelsPath, 10)).Message;
    }
}
