using System.Formats.Tar;
using System.IO.Compression;
using DatasetDistillation.Data;
using Xunit;

namespace DatasetDistillation.Tests.Data;

public sealed class MirrorDownloadTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, byte[]> contents;
    private readonly DataSource mnist;

    public MirrorDownloadTests() => (mnist, contents) = IdxFiles.SmallMnist();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_file_is_downloaded_once_and_progress_is_told()
    {
        using var mirror = new LoopbackMirror(contents);
        var reports = new Reports();

        await Download(reports, mirror);
        await Download(reports, mirror);

        Assert.Equal(contents.Keys.Order(), FilesInFolder());
        foreach (var (name, content) in contents)
            Assert.Equal(content, File.ReadAllBytes(folder[name]));
        Assert.Equal(4, mirror.Requests.Count);
        Assert.Equal(1, reports.All[^1].Fraction);
        Assert.Equal(reports.All.Select(report => report.Fraction).Order(), reports.All.Select(report => report.Fraction));
        Assert.Contains("(4 of 4)", reports.All[^1].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mirror_that_is_cut_is_passed_over_and_leaves_nothing()
    {
        using var cut = new LoopbackMirror(contents) { CutAfter = contents["train-images-idx3-ubyte.gz"].Length / 2 };
        using var whole = new LoopbackMirror(contents);
        await Assert.ThrowsAsync<HttpRequestException>(() => Download(null, cut));
        Assert.Empty(FilesInFolder());

        await Download(null, cut, whole);

        Assert.Equal(contents.Keys.Order(), FilesInFolder());
    }

    [Fact]
    public async Task An_answer_without_end_is_left_once_it_is_longer_than_the_file()
    {
        using var endless = new LoopbackMirror(contents) { Trouble = LoopbackMirror.Endless };

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Download(null, endless));

        Assert.Contains("bytes that are wanted at most", error.Message, StringComparison.Ordinal);
        Assert.InRange(endless.Sent, 1, 32 << 20);
        Assert.Empty(FilesInFolder());
    }

    [Fact]
    public async Task An_answer_that_trickles_is_left_when_its_time_is_over()
    {
        using var slow = new LoopbackMirror(contents) { Trouble = LoopbackMirror.Trickle };
        using var download = new MirrorDownload([slow.Address], null) { FileTimeout = TimeSpan.FromSeconds(1) };
        var clock = System.Diagnostics.Stopwatch.StartNew();

        var error = await Assert.ThrowsAsync<HttpRequestException>(
            () => download.DownloadAsync(mnist.Files, folder.Path, CancellationToken.None));

        Assert.Contains("takes more than 1 seconds", error.Message, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.5, 10);
        Assert.Empty(FilesInFolder());
    }

    [Fact]
    public async Task A_file_that_unpacks_to_more_than_it_should_is_refused()
    {
        var bombs = contents.ToDictionary(static file => file.Key, static _ => IdxFiles.Gzip(new byte[100 << 20]));
        using var mirror = new LoopbackMirror(bombs);
        long before = GC.GetTotalAllocatedBytes();

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Download(null, mirror));

        Assert.Contains("more than the 15,696 bytes of train-images", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 50 << 20);
    }

    [Theory]
    [InlineData("file:///etc/hosts")]
    [InlineData("ftp://127.0.0.1/mnist")]
    [InlineData("http://example.org/mnist/train-images-idx3-ubyte.gz")]
    [InlineData("http://")]
    [InlineData("//")]
    public async Task A_redirect_elsewhere_than_to_https_is_not_followed_and_the_next_mirror_is_asked(string elsewhere)
    {
        using var redirecting = new LoopbackMirror(contents) { RedirectTo = elsewhere };
        using var well = new LoopbackMirror(contents);

        var error = await Assert.ThrowsAsync<HttpRequestException>(() => Download(null, redirecting));
        await Download(null, redirecting, well);

        Assert.Contains($"redirects to '{elsewhere}'", error.Message, StringComparison.Ordinal);
        Assert.Equal(contents.Keys.Order(), FilesInFolder());
    }

    [Fact]
    public async Task A_redirect_is_followed_a_few_times_and_not_for_ever()
    {
        using var well = new LoopbackMirror(contents);
        using var near = new LoopbackMirror(contents) { RedirectTo = $"{well.Address}train-images-idx3-ubyte.gz" };
        using var circle = new LoopbackMirror(contents) { RedirectTo = "/again" };

        var error = await Assert.ThrowsAsync<HttpRequestException>(() => Download(null, circle));
        using var download = new MirrorDownload([near.Address], null);
        await download.DownloadAsync([mnist.Files[0]], folder.Path, CancellationToken.None);

        Assert.Contains("redirects more than", error.Message, StringComparison.Ordinal);
        Assert.Equal(["train-images-idx3-ubyte.gz"], FilesInFolder());
    }

    [Theory]
    [InlineData("http://example.org/mnist/")]
    [InlineData("ftp://example.org/mnist/")]
    [InlineData("file:///data/")]
    public void A_mirror_that_is_not_https_is_refused(string mirror) =>
        Assert.Throws<ArgumentException>(() => new MirrorDownload([new Uri(mirror)], null));

    [Theory]
    [InlineData("whole")]
    [InlineData("lacking")]
    [InlineData("damaged")]
    [InlineData("truncated")]
    public async Task An_archive_brings_all_files_or_none(string kind)
    {
        using var packed = new MemoryStream();
        using (var writer = new TarWriter(packed, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "folder/"));
            foreach (var (name, content) in contents.Skip(kind == "lacking" ? 1 : 0))
            {
                using var unpacked = new MemoryStream();
                using (var gzip = new GZipStream(new MemoryStream(content), CompressionMode.Decompress))
                    gzip.CopyTo(unpacked);
                if (kind == "damaged")
                    unpacked.GetBuffer()[20] ^= 1;
                unpacked.Position = 0;
                string entry = $"folder/{Path.GetFileNameWithoutExtension(name)}";
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, entry) { DataStream = unpacked });
            }
        }
        byte[] tar = packed.ToArray();
        using var mirror = new LoopbackMirror(
            new Dictionary<string, byte[]> { ["all.tar.gz"] = IdxFiles.Gzip(kind == "truncated" ? tar[..(tar.Length / 2)] : tar) });
        using var download = new MirrorDownload([new Uri(mirror.Address, "all.tar.gz")], null);

        if (kind == "whole")
            await download.DownloadAsync(mnist.Files, folder.Path, CancellationToken.None);
        else
            await Assert.ThrowsAsync<InvalidDataException>(() => download.DownloadAsync(mnist.Files, folder.Path, CancellationToken.None));

        Assert.Single(mirror.Requests);
        Assert.Equal(kind == "whole" ? mnist.Files.Select(static file => file.Name).Order() : [], FilesInFolder());
    }

    [Fact]
    public async Task A_mirror_that_has_not_the_file_is_passed_over()
    {
        using var empty = new LoopbackMirror(new Dictionary<string, byte[]>());
        using var full = new LoopbackMirror(contents);

        await Download(null, empty, full);

        Assert.Single(empty.Requests);
        Assert.Equal(contents.Keys.Order(), FilesInFolder());
    }

    [Fact]
    public async Task A_mirror_that_serves_something_else_is_passed_over()
    {
        using var wrong = new LoopbackMirror(contents.ToDictionary(file => file.Key, _ => "<html>Please log in</html>"u8.ToArray()));
        using var right = new LoopbackMirror(contents);

        await Download(null, wrong, right);

        Assert.Equal(contents.Keys.Order(), FilesInFolder());
    }

    [Fact]
    public async Task A_wrong_checksum_everywhere_is_an_error_and_leaves_nothing()
    {
        using var wrong = new LoopbackMirror(contents.ToDictionary(file => file.Key, _ => IdxFiles.Gzip([1, 2, 3])));

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Download(null, wrong));

        Assert.Contains("checksum", error.Message, StringComparison.Ordinal);
        Assert.Contains(wrong.Address.Authority, error.Message, StringComparison.Ordinal);
        Assert.Empty(FilesInFolder());
    }

    [Theory]
    [InlineData("404 Not Found", "404")]
    [InlineData("503 Service Unavailable", "503")]
    [InlineData(LoopbackMirror.Silence, "does not answer")]
    [InlineData(LoopbackMirror.Hangup, "fails")]
    public async Task A_mirror_in_trouble_is_passed_over_and_named_where_it_is_the_last(string trouble, string word)
    {
        using var ill = new LoopbackMirror(contents) { Trouble = trouble };
        using var well = new LoopbackMirror(contents);
        var stall = TimeSpan.FromSeconds(trouble == LoopbackMirror.Silence ? 2 : 20);
        using (var alone = new MirrorDownload([ill.Address], null) { StallTimeout = stall })
        {
            var error = await Assert.ThrowsAsync<HttpRequestException>(
                () => alone.DownloadAsync(mnist.Files, folder.Path, CancellationToken.None));
            Assert.Contains(ill.Address.Authority, error.Message, StringComparison.Ordinal);
            Assert.Contains(word, error.Message, StringComparison.Ordinal);
        }
        Assert.Empty(FilesInFolder());

        using var download = new MirrorDownload([ill.Address, well.Address], null) { StallTimeout = stall };
        await download.DownloadAsync(mnist.Files, folder.Path, CancellationToken.None);
        Assert.Equal(contents.Keys.Order(), FilesInFolder());
    }

    [Fact]
    public async Task Half_a_download_leaves_nothing()
    {
        using var half = new LoopbackMirror(contents.Where(file => file.Key.StartsWith("train", StringComparison.Ordinal)).ToDictionary());
        await Assert.ThrowsAsync<HttpRequestException>(() => Download(null, half));
        Assert.Empty(FilesInFolder());
    }

    [Fact]
    public async Task Two_downloads_at_once_wait_for_each_other_and_fetch_each_file_once()
    {
        using var mirror = new LoopbackMirror(contents);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Download(null, mirror))));
        Assert.Equal(contents.Keys.Order(), FilesInFolder());
        Assert.Equal(4, mirror.Requests.Count);
    }

    [Fact]
    public async Task Without_a_mirror_that_answers_the_error_names_them_all()
    {
        Uri[] gone;
        using (LoopbackMirror one = new(contents), two = new(contents))
            gone = [one.Address, two.Address];
        using var download = new MirrorDownload(gone, null);

        var error = await Assert.ThrowsAsync<HttpRequestException>(
            () => download.DownloadAsync(mnist.Files, folder.Path, CancellationToken.None));

        Assert.Empty(FilesInFolder());
        Assert.All(gone, mirror => Assert.Contains(mirror.Authority, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_to_is_named_with_what_to_do()
    {
        using var mirror = new LoopbackMirror(contents);
        using var download = new MirrorDownload([mirror.Address], null);
        string blocked = Path.Combine(folder.Write("file", "no folder"), "mnist");

        var error = await Assert.ThrowsAsync<IOException>(() => download.DownloadAsync(mnist.Files, blocked, CancellationToken.None));

        Assert.Contains(blocked, error.Message, StringComparison.Ordinal);
        Assert.Contains("DISTILLATION_DATA", error.Message, StringComparison.Ordinal);
        Assert.Empty(mirror.Requests);
    }

    [Fact]
    public async Task Cancellation_ends_a_download_and_leaves_nothing()
    {
        using var slow = new LoopbackMirror(contents) { Trouble = LoopbackMirror.Trickle };
        using var source = new CancellationTokenSource();
        using var download = new MirrorDownload([slow.Address], null);

        var running = download.DownloadAsync(mnist.Files, folder.Path, source.Token);
        while (slow.Sent < 2)
            await Task.Delay(10);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Empty(FilesInFolder());
    }

    private async Task Download(IProgress<DownloadProgress>? progress, params LoopbackMirror[] mirrors)
    {
        using var download = new MirrorDownload([.. mirrors.Select(mirror => mirror.Address)], progress);
        await download.DownloadAsync(mnist.Files, folder.Path, CancellationToken.None);
    }

    private IEnumerable<string?> FilesInFolder() =>
        Directory.GetFiles(folder.Path).Select(Path.GetFileName).Where(static name => name != ".download.lock").Order();

    private sealed class Reports : IProgress<DownloadProgress>
    {
        public List<DownloadProgress> All { get; } = [];

        public void Report(DownloadProgress value) => All.Add(value);
    }
}
