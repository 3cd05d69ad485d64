using DatasetDistillation.Data;
using Xunit;

namespace DatasetDistillation.Tests.Data;

public sealed class MirrorDownloadTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, byte[]> contents;
    private readonly MnistFiles mnist;

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
    public async Task A_cut_connection_is_taken_up_where_it_was_cut()
    {
        int length = contents["train-images-idx3-ubyte.gz"].Length;
        using var mirror = new LoopbackMirror(contents) { CutAfter = (length / 2) + 1 };

        await Download(null, mirror);

        Assert.Equal(contents.Keys.Order(), FilesInFolder());
        Assert.Contains(("train-images-idx3-ubyte.gz", (length / 2) + 1), mirror.Requests);
    }

    [Fact]
    public async Task What_an_earlier_attempt_brought_is_kept_for_the_next()
    {
        int length = contents["train-images-idx3-ubyte.gz"].Length;
        using var failing = new LoopbackMirror(contents) { CutAfter = length / 8 };
        await Assert.ThrowsAsync<HttpRequestException>(() => Download(null, failing));
        long kept = new FileInfo(folder["train-images-idx3-ubyte.gz.part"]).Length;
        using var working = new LoopbackMirror(contents);

        await Download(null, working);

        Assert.InRange(kept, length / 8, length - 1);
        Assert.Equal(("train-images-idx3-ubyte.gz", kept), working.Requests[0]);
        Assert.Equal(contents.Keys.Order(), FilesInFolder());
    }

    [Fact]
    public async Task A_whole_part_needs_no_more_bytes()
    {
        using var mirror = new LoopbackMirror(contents);
        folder.Write("train-images-idx3-ubyte.gz.part", contents["train-images-idx3-ubyte.gz"]);

        await Download(null, mirror);

        Assert.Equal(contents.Keys.Order(), FilesInFolder());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_part_that_does_not_fit_is_fetched_anew(bool servesRanges)
    {
        using var mirror = new LoopbackMirror(contents) { ServesRanges = servesRanges };
        folder.Write("train-images-idx3-ubyte.gz.part", "something else");

        await Download(null, mirror);

        Assert.Equal(contents.Keys.Order(), FilesInFolder());
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
            var error = await Assert.ThrowsAsync<HttpRequestException>(() => alone.DownloadAsync(mnist.All, folder.Path, CancellationToken.None));
            Assert.Contains(ill.Address.Authority, error.Message, StringComparison.Ordinal);
            Assert.Contains(word, error.Message, StringComparison.Ordinal);
        }
        Assert.Empty(FilesInFolder());

        using var download = new MirrorDownload([ill.Address, well.Address], null) { StallTimeout = stall };
        await download.DownloadAsync(mnist.All, folder.Path, CancellationToken.None);
        Assert.Equal(contents.Keys.Order(), FilesInFolder());
    }

    [Fact]
    public async Task Half_a_download_is_not_to_be_found_and_needs_no_network_again()
    {
        var half = contents.Where(file => file.Key.StartsWith("train", StringComparison.Ordinal)).ToDictionary();
        using (var first = new LoopbackMirror(half))
            await Assert.ThrowsAsync<HttpRequestException>(() => Download(null, first));
        Assert.All(mnist.All, file => Assert.Null(file.FindIn(folder.Path)));

        using var second = new LoopbackMirror(contents);
        await Download(null, second);
        Assert.Equal(contents.Keys.Order(), FilesInFolder());
        Assert.All(second.Requests, request => Assert.StartsWith("t10k", request.File, StringComparison.Ordinal));
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

        var error = await Assert.ThrowsAsync<HttpRequestException>(() => download.DownloadAsync(mnist.All, folder.Path, CancellationToken.None));

        Assert.Empty(FilesInFolder());
        Assert.All(gone, mirror => Assert.Contains(mirror.Authority, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_to_is_named_with_what_to_do()
    {
        using var mirror = new LoopbackMirror(contents);
        using var download = new MirrorDownload([mirror.Address], null);
        string blocked = Path.Combine(folder.Write("file", "no folder"), "mnist");

        var error = await Assert.ThrowsAsync<IOException>(() => download.DownloadAsync(mnist.All, blocked, CancellationToken.None));

        Assert.Contains(blocked, error.Message, StringComparison.Ordinal);
        Assert.Contains("DISTILLATION_DATA", error.Message, StringComparison.Ordinal);
        Assert.Empty(mirror.Requests);
    }

    [Fact]
    public async Task Cancellation_ends_a_download()
    {
        using var mirror = new LoopbackMirror(contents);
        using var download = new MirrorDownload([mirror.Address], null);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download.DownloadAsync(mnist.All, folder.Path, new CancellationToken(canceled: true)));

        Assert.DoesNotContain("train-images-idx3-ubyte.gz", FilesInFolder());
    }

    private async Task Download(IProgress<DownloadProgress>? progress, params LoopbackMirror[] mirrors)
    {
        using var download = new MirrorDownload([.. mirrors.Select(mirror => mirror.Address)], progress);
        await download.DownloadAsync(mnist.All, folder.Path, CancellationToken.None);
    }

    private IEnumerable<string?> FilesInFolder() =>
        Directory.GetFiles(folder.Path).Select(Path.GetFileName).Where(static name => name != ".download.lock").Order();

    private sealed class Reports : IProgress<DownloadProgress>
    {
        public List<DownloadProgress> All { get; } = [];

        public void Report(DownloadProgress value) => All.Add(value);
    }
}
